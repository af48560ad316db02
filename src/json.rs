//! DynamoDB's JSON: the body of every request that the store sends, and what it needs of every answer.
//!
//! Written and read by `serde_json` without a tree in between. Of a row, only the attributes asked for are kept; the
//! rest is skipped where it stands. Whatever an answer holds, reading it ends in a value or an error: `serde_json`
//! bounds the nesting, and nothing is counted on before it was seen.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html>

mod answers;
mod attribute;
mod failure;
mod object;
mod requests;
mod row;
mod tables;

pub(crate) use answers::{batch_get, batch_write, done, get_item, scan};
pub(crate) use failure::{AnswerError, ErrorBody, error_body};
pub(crate) use requests::{BatchGet, BatchWrite, DeleteItem, Filter, GetItem, PutItem, Scan, body};

#[cfg(test)]
pub(crate) use tables::AttributeDefinition;
pub(crate) use tables::{
    CreateTable, Describe, KeyElement, TableDescription, TimeToLive, UpdateTimeToLive, describe_table, describe_ttl,
};

#[cfg(test)]
mod tests;
