//! Requests about the table, and the parts of their responses that the driver needs.

use serde::{Deserialize, Serialize};

/// The input of DescribeTable and DescribeTimeToLive.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TableNameInput<'a> {
    pub(crate) table_name: &'a str,
}

/// Creates a table with one partition key of type String, on-demand capacity and an optional key index.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateTableInput<'a> {
    table_name: &'a str,
    key_schema: [KeySchemaElementInput<'a>; 1],
    attribute_definitions: [AttributeDefinitionInput<'a>; 1],
    billing_mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) global_secondary_indexes: Option<[KeyIndexInput<'a>; 1]>,
}

impl<'a> CreateTableInput<'a> {
    pub(crate) fn new(table: &'a str, key: &'a str) -> Self {
        Self {
            table_name: table,
            key_schema: [KeySchemaElementInput { attribute_name: key, key_type: "HASH" }],
            attribute_definitions: [AttributeDefinitionInput::text(key)],
            billing_mode: "PAY_PER_REQUEST",
            global_secondary_indexes: None,
        }
    }
}

/// A key index: an index with the table's own key that projects the expiry.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct KeyIndexInput<'a> {
    index_name: &'a str,
    key_schema: [KeySchemaElementInput<'a>; 1],
    projection: ProjectionInput<'a>,
}

impl<'a> KeyIndexInput<'a> {
    pub(crate) fn new(index: &'a str, key: &'a str, ttl: &'a str) -> Self {
        Self {
            index_name: index,
            key_schema: [KeySchemaElementInput { attribute_name: key, key_type: "HASH" }],
            projection: ProjectionInput { projection_type: "INCLUDE", non_key_attributes: [ttl] },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ProjectionInput<'a> {
    projection_type: &'static str,
    non_key_attributes: [&'a str; 1],
}

/// The argument of `UpdateTable` that adds an index. Shown to the user only.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NewIndex<'a> {
    pub(crate) create: KeyIndexInput<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeySchemaElementInput<'a> {
    attribute_name: &'a str,
    key_type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AttributeDefinitionInput<'a> {
    attribute_name: &'a str,
    attribute_type: &'static str,
}

impl<'a> AttributeDefinitionInput<'a> {
    pub(crate) fn text(name: &'a str) -> Self {
        Self { attribute_name: name, attribute_type: "S" }
    }
}

/// Enables TTL.
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

/// The properties of a table that the driver checks.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TableDescription {
    pub(crate) table_arn: Option<String>,
    pub(crate) table_status: Option<String>,
    pub(crate) key_schema: Option<Vec<KeySchemaElement>>,
    /// The key attributes of the table and of its indexes.
    pub(crate) attribute_definitions: Option<Vec<AttributeDefinition>>,
    pub(crate) global_secondary_indexes: Option<Vec<IndexDescription>>,
}

/// The properties of an index that the driver checks.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct IndexDescription {
    pub(crate) index_name: Option<String>,
    pub(crate) index_status: Option<String>,
    /// Present while the index is being built for an existing table.
    pub(crate) backfilling: Option<bool>,
    pub(crate) key_schema: Option<Vec<KeySchemaElement>>,
    pub(crate) projection: Option<Projection>,
}

/// The attributes that an index contains in addition to the keys.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Projection {
    /// `ALL`, `INCLUDE` or `KEYS_ONLY`.
    pub(crate) projection_type: Option<String>,
    pub(crate) non_key_attributes: Option<Vec<String>>,
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

/// The TTL setting of a table.
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
