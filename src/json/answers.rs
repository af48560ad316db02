//! What the store needs of the answers to its operations on items.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::{DeserializeSeed, Deserializer};
use serde_json::Result;

use super::attribute::ReadRow;
use super::object::{Every, Nothing, Two};
use super::row::{Cells, List, Optional, Wanted};

/// A key, as far as it is one.
pub(crate) type FoundKey = Option<AttributeValue>;

/// The end of a scan's page, and what is in it.
pub(crate) struct ScanAnswer {
    /// The key attribute of each row.
    pub(crate) keys: Vec<FoundKey>,
    /// Behind which key the next page begins.
    pub(crate) last: Option<HashMap<String, AttributeValue>>,
}

/// What a batch read, and what it left over.
pub(crate) struct BatchGetAnswer<const N: usize> {
    /// Of each row, the attributes asked for.
    pub(crate) rows: Vec<Cells<N>>,
    /// The keys that were not read.
    pub(crate) left: Vec<FoundKey>,
}

/// What a batch of writes left over.
pub(crate) struct BatchWriteAnswer {
    /// The keys that were not written.
    pub(crate) left: Vec<FoundKey>,
}

/// Reads the attributes of these names; `None` where there is no item.
pub(crate) fn get_item<const N: usize>(answer: &[u8], names: [&str; N]) -> Result<Option<Cells<N>>> {
    let members = Two { names: ["Item", "ConsumedCapacity"], first: Optional(Wanted(names)), second: Nothing };
    Ok(read(answer, members)?.0.flatten())
}

/// Reads an answer that says nothing but that it is one.
pub(crate) fn done(answer: &[u8]) -> Result<()> {
    let members = Two { names: ["Attributes", "ConsumedCapacity"], first: Nothing, second: Nothing };
    read(answer, members).map(|_| ())
}

/// Reads a page of a scan: of its rows the attribute `key`.
pub(crate) fn scan(answer: &[u8], key: &str) -> Result<ScanAnswer> {
    let (rows, last) = read(
        answer,
        Two {
            names: ["Items", "LastEvaluatedKey"],
            first: Optional(List { each: Wanted([key]), keep: |[key]: Cells<1>| key }),
            second: Optional(Whole),
        },
    )?;
    Ok(ScanAnswer { keys: rows.flatten().unwrap_or_default(), last: last.flatten() })
}

/// Reads rows of a batch, and the keys that it left over.
pub(crate) fn batch_get<const N: usize>(answer: &[u8], key: &str, names: [&str; N]) -> Result<BatchGetAnswer<N>> {
    let (rows, left) = read(
        answer,
        Two {
            names: ["Responses", "UnprocessedKeys"],
            first: Optional(Every(Rows(Wanted(names)))),
            second: Optional(Every(LeftKeys(key))),
        },
    )?;
    Ok(BatchGetAnswer { rows: rows.flatten().unwrap_or_default(), left: left.flatten().unwrap_or_default() })
}

/// Reads the keys that a batch of writes left over.
pub(crate) fn batch_write(answer: &[u8], key: &str) -> Result<BatchWriteAnswer> {
    let members = Two {
        names: ["UnprocessedItems", "ConsumedCapacity"],
        first: Optional(Every(LeftWrites(key))),
        second: Nothing,
    };
    Ok(BatchWriteAnswer { left: read(answer, members)?.0.flatten().unwrap_or_default() })
}

/// Reads one whole JSON text.
fn read<'de, S: DeserializeSeed<'de>>(answer: &'de [u8], seed: S) -> Result<S::Value> {
    let mut json = serde_json::Deserializer::from_slice(answer);
    let value = seed.deserialize(&mut json)?;
    json.end()?;
    Ok(value)
}

/// A row with all of its attributes.
struct Whole;

impl<'de> DeserializeSeed<'de> for Whole {
    type Value = HashMap<String, AttributeValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Self::Value, D::Error> {
        serde::Deserialize::deserialize(deserializer).map(|row: ReadRow| row.0)
    }
}

/// The rows of one table.
#[derive(Clone, Copy)]
struct Rows<'a, const N: usize>(Wanted<'a, N>);

impl<'de, const N: usize> DeserializeSeed<'de> for Rows<'_, N> {
    type Value = Vec<Cells<N>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Self::Value, D::Error> {
        List { each: self.0, keep: |row| row }.deserialize(deserializer)
    }
}

/// The keys of one table: `{ "Keys": [{ … }], … }`.
#[derive(Clone, Copy)]
struct LeftKeys<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for LeftKeys<'_> {
    type Value = Vec<FoundKey>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Self::Value, D::Error> {
        let keys = List { each: Wanted([self.0]), keep: |[key]: Cells<1>| key };
        let members = Two { names: ["Keys", "ConsistentRead"], first: keys, second: Nothing };
        members.deserialize(deserializer).map(|(keys, _)| keys.unwrap_or_default())
    }
}

/// The writes of one table: `[{ "PutRequest": { "Item": { … } } }, { "DeleteRequest": { "Key": { … } } }]`.
#[derive(Clone, Copy)]
struct LeftWrites<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for LeftWrites<'_> {
    type Value = Vec<FoundKey>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Self::Value, D::Error> {
        List { each: LeftWrite(self.0), keep: |key| key }.deserialize(deserializer)
    }
}

#[derive(Clone, Copy)]
struct LeftWrite<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for LeftWrite<'_> {
    type Value = FoundKey;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<FoundKey, D::Error> {
        let row =
            |name| Two { names: [name, "ReturnConsumedCapacity"], first: Optional(Wanted([self.0])), second: Nothing };
        let members =
            Two { names: ["PutRequest", "DeleteRequest"], first: Optional(row("Item")), second: Optional(row("Key")) };
        let (put, delete) = members.deserialize(deserializer)?;
        let of = |found: Option<Option<(Option<Option<Cells<1>>>, _)>>| found.flatten()?.0.flatten();
        Ok(of(put).or_else(|| of(delete)).and_then(|[key]| key))
    }
}
