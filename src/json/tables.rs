//! Requests about the table itself, and what is needed of their responses.

use serde::{Deserialize, Serialize};

/// The input of DescribeTable and DescribeTimeToLive.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TableNameInput<'a> {
    pub(crate) table_name: &'a str,
}

/// Creates a table with one partition key of type String and on-demand capacity.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateTableInput<'a> {
    table_name: &'a str,
    key_schema: [KeySchemaElementInput<'a>; 1],
    attribute_definitions: [AttributeDefinitionInput<'a>; 1],
    billing_mode: &'static str,
}

impl<'a> CreateTableInput<'a> {
    pub(crate) fn new(table: &'a str, key: &'a str) -> Self {
        Self {
            table_name: table,
            key_schema: [KeySchemaElementInput { attribute_name: key, key_type: "HASH" }],
            attribute_definitions: [AttributeDefinitionInput { attribute_name: key, attribute_type: "S" }],
            billing_mode: "PAY_PER_REQUEST",
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeySchemaElementInput<'a> {
    attribute_name: &'a str,
    key_type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeDefinitionInput<'a> {
    attribute_name: &'a str,
    attribute_type: &'static str,
}

/// Turns TTL on.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateTimeToLiveInput<'a> {
    table_name: &'a str,
    time_to_live_specification: TimeToLiveSpecification<'a>,
}

impl<'a> UpdateTimeToLiveInput<'a> {
    pub(crate) fn new(table: &'a str, attribute: &'a str) -> Self {
        let specification = TimeToLiveSpecification { enabled: true, attribute_name: attribute };
        Self { table_name: table, time_to_live_specification: specification }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TimeToLiveSpecification<'a> {
    enabled: bool,
    attribute_name: &'a str,
}

/// What the driver checks of a table.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TableDescription {
    pub(crate) table_status: Option<String>,
    pub(crate) key_schema: Option<Vec<KeySchemaElement>>,
    /// Of the key, and of the keys of indexes.
    pub(crate) attribute_definitions: Option<Vec<AttributeDefinition>>,
}

/// An attribute of the key.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct KeySchemaElement {
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
pub(crate) struct TimeToLiveDescription {
    pub(crate) time_to_live_status: Option<String>,
    pub(crate) attribute_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeTableOutput {
    pub(crate) table: Option<TableDescription>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeTimeToLiveOutput {
    pub(crate) time_to_live_description: Option<TimeToLiveDescription>,
}
