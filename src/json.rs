//! DynamoDB's JSON: the bodies of requests, and the parts of responses that the store needs.
//!
//! The structs have the names and shapes of the API reference, reduced to the members that the driver uses; others are
//! ignored. Every read has a projection, so responses contain little else. Any response can be parsed safely:
//! `serde_json` limits the nesting, and memory is allocated only for data that has arrived.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB.html>

mod attribute;
mod condition;
mod errors;
mod reader;
mod requests;
mod responses;
mod tables;
mod writer;

pub(crate) use attribute::Item;
pub(crate) use condition::ConditionInput;
pub(crate) use errors::{ErrorBody, ResponseError, error_body};
pub(crate) use requests::{
    BatchGetItemInput, BatchWriteItemInput, Consumed, DeleteItemInput, Filter, GetItemInput, PutItemInput,
    ReturnValues, ScanInput, body, metered_body,
};
pub(crate) use responses::{
    BatchGetItemOutput, BatchWriteItemOutput, GetItemOutput, ScanOutput, Units, acknowledged, read, replaced,
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
