//! DynamoDB's JSON: the bodies of the requests that the store sends, and what it needs of the responses.
//!
//! The structs are named and shaped as in the API reference, with the members that the driver uses; others are ignored.
//! Every read has a projection, so a response holds little else. Whatever it holds, reading it ends in a value or an
//! error: `serde_json` limits the nesting, and nothing is allocated before it was seen.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB.html>

mod attribute;
mod errors;
mod requests;
mod responses;
mod tables;

pub(crate) use attribute::Item;
pub(crate) use errors::{AnswerError, ErrorBody, error_body};
pub(crate) use requests::{
    BatchGetItemInput, BatchWriteItemInput, Consumed, DeleteItemInput, Filter, GetItemInput, PutItemInput, ScanInput,
    body, metered_body,
};
pub(crate) use responses::{
    BatchGetItemOutput, BatchWriteItemOutput, GetItemOutput, ScanOutput, Units, acknowledged, read,
};
#[cfg(test)]
pub(crate) use tables::{AttributeDefinition, Projection};
pub(crate) use tables::{
    AttributeDefinitionInput, CreateTableInput, DescribeTableOutput, DescribeTimeToLiveOutput, IndexDescription,
    KeyIndexInput, KeySchemaElement, NewIndex, TableDescription, TableNameInput, TimeToLiveDescription,
    UpdateTimeToLiveInput,
};

#[cfg(test)]
mod tests;
