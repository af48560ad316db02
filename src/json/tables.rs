//! Requests about the table itself, and what is needed of their answers.

use serde::{Deserialize, Serialize};
use serde_json::Result;

/// A DescribeTable or a DescribeTimeToLive.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Describe<'a> {
    pub(crate) table_name: &'a str,
}

/// A CreateTable: one key, a text, and capacity as it is used.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateTable<'a> {
    table_name: &'a str,
    key_schema: [NewElement<'a>; 1],
    attribute_definitions: [NewDefinition<'a>; 1],
    billing_mode: &'static str,
}

impl<'a> CreateTable<'a> {
    pub(crate) fn new(table: &'a str, key: &'a str) -> Self {
        Self {
            table_name: table,
            key_schema: [NewElement { attribute_name: key, key_type: "HASH" }],
            attribute_definitions: [NewDefinition { attribute_name: key, attribute_type: "S" }],
            billing_mode: "PAY_PER_REQUEST",
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NewElement<'a> {
    attribute_name: &'a str,
    key_type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NewDefinition<'a> {
    attribute_name: &'a str,
    attribute_type: &'static str,
}

/// An UpdateTimeToLive that turns TTL on.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateTimeToLive<'a> {
    table_name: &'a str,
    time_to_live_specification: Specification<'a>,
}

impl<'a> UpdateTimeToLive<'a> {
    pub(crate) fn new(table: &'a str, attribute: &'a str) -> Self {
        let specification = Specification { enabled: true, attribute_name: attribute };
        Self { table_name: table, time_to_live_specification: specification }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Specification<'a> {
    enabled: bool,
    attribute_name: &'a str,
}

/// A table, as far as the driver looks at it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TableDescription {
    pub(crate) table_status: Option<String>,
    pub(crate) key_schema: Option<Vec<KeyElement>>,
    /// Of the key, and of the keys of indexes.
    pub(crate) attribute_definitions: Option<Vec<AttributeDefinition>>,
}

/// An attribute of the key.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct KeyElement {
    pub(crate) attribute_name: String,
    /// `HASH` or `RANGE`.
    pub(crate) key_type: String,
}

/// The type of an attribute: `S`, `N` or `B`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AttributeDefinition {
    pub(crate) attribute_name: String,
    pub(crate) attribute_type: String,
}

/// A table's TTL.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TimeToLive {
    pub(crate) time_to_live_status: Option<String>,
    pub(crate) attribute_name: Option<String>,
}

/// Reads the answer to a DescribeTable.
pub(crate) fn describe_table(answer: &[u8]) -> Result<Option<TableDescription>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answer {
        table: Option<TableDescription>,
    }
    serde_json::from_slice(answer).map(|Answer { table }| table)
}

/// Reads the answer to a DescribeTimeToLive.
pub(crate) fn describe_ttl(answer: &[u8]) -> Result<Option<TimeToLive>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answer {
        time_to_live_description: Option<TimeToLive>,
    }
    serde_json::from_slice(answer).map(|Answer { time_to_live_description }| time_to_live_description)
}
