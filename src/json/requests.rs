//! The bodies of the requests.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::attribute::{Each, Row};
use super::row::{KeyRow, NewRow, Text, Whole};
use crate::item::{Attributes, Content};
use crate::key::Key;

/// Writes a body. Fails for a value of a type that this version does not know.
pub(crate) fn body(request: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    // A request for one item fits.
    let mut body = Vec::with_capacity(256);
    serde_json::to_writer(&mut body, request)?;
    Ok(body)
}

/// Placeholders of an expression: `{ "#v": "value" }`. Names such as `key`, `value` and `ttl` are reserved words.
type Names<'a> = &'a [(&'static str, &'a str)];

fn names<S: Serializer>(names: &Names<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(names.iter().copied())
}

/// A GetItem.
pub(crate) struct GetItem<'a> {
    pub(crate) table: &'a str,
    pub(crate) attributes: &'a Attributes,
    pub(crate) key: &'a Key,
    pub(crate) consistent: bool,
    /// An attribute beside value and TTL.
    pub(crate) more: Option<&'a str>,
}

impl Serialize for GetItem<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Body<'a> {
            table_name: &'a str,
            key: KeyRow<'a>,
            projection_expression: &'static str,
            #[serde(serialize_with = "names")]
            expression_attribute_names: Names<'a>,
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            consistent_read: bool,
        }
        let Self { table, attributes, key, consistent, more } = *self;
        let all = [("#v", attributes.value.as_str()), ("#t", &attributes.ttl), ("#m", more.unwrap_or_default())];
        Body {
            table_name: table,
            key: KeyRow { name: &attributes.key, key },
            projection_expression: if more.is_some() { "#v, #t, #m" } else { "#v, #t" },
            expression_attribute_names: if more.is_some() {
                &all
            } else {
                all.split_last().map_or(&[], |(_, two)| two)
            },
            consistent_read: consistent,
        }
        .serialize(serializer)
    }
}

/// A PutItem.
pub(crate) struct PutItem<'a> {
    pub(crate) table: &'a str,
    pub(crate) attributes: &'a Attributes,
    pub(crate) key: &'a Key,
    pub(crate) content: &'a Content,
}

impl Serialize for PutItem<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { table, attributes, key, content } = *self;
        let mut body = serializer.serialize_map(Some(2))?;
        body.serialize_entry("TableName", table)?;
        body.serialize_entry("Item", &NewRow { names: attributes, key, content })?;
        body.end()
    }
}

/// A DeleteItem.
pub(crate) struct DeleteItem<'a> {
    pub(crate) table: &'a str,
    pub(crate) attributes: &'a Attributes,
    pub(crate) key: &'a Key,
}

impl Serialize for DeleteItem<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_map(Some(2))?;
        body.serialize_entry("TableName", self.table)?;
        body.serialize_entry("Key", &KeyRow { name: &self.attributes.key, key: self.key })?;
        body.end()
    }
}

/// A BatchGetItem, of the keys' rows the key, the value and the TTL.
pub(crate) struct BatchGet<'a, I> {
    pub(crate) table: &'a str,
    pub(crate) attributes: &'a Attributes,
    pub(crate) keys: I,
    pub(crate) consistent: bool,
}

impl<'a, I: Iterator<Item = &'a Key> + Clone> Serialize for BatchGet<'a, I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Body<'a, K: Serialize> {
            keys: K,
            projection_expression: &'static str,
            #[serde(serialize_with = "names")]
            expression_attribute_names: Names<'a>,
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            consistent_read: bool,
        }
        let Attributes { key, value, ttl, .. } = self.attributes;
        let body = Body {
            keys: Each(self.keys.clone().map(|one| KeyRow { name: key, key: one })),
            projection_expression: "#k, #v, #t",
            expression_attribute_names: &[("#k", key.as_str()), ("#v", value), ("#t", ttl)],
            consistent_read: self.consistent,
        };
        serializer.collect_map([("RequestItems", OfTable(self.table, &body))])
    }
}

/// A BatchWriteItem: of each key the content to put, or none to delete what is there.
pub(crate) struct BatchWrite<'a, I> {
    pub(crate) table: &'a str,
    pub(crate) attributes: &'a Attributes,
    pub(crate) writes: I,
}

impl<'a, I: Iterator<Item = (&'a Key, Option<&'a Content>)> + Clone> Serialize for BatchWrite<'a, I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        enum Write<'a> {
            #[serde(rename = "PutRequest")]
            Put {
                #[serde(rename = "Item")]
                item: NewRow<'a>,
            },
            #[serde(rename = "DeleteRequest")]
            Delete {
                #[serde(rename = "Key")]
                key: KeyRow<'a>,
            },
        }
        let names = self.attributes;
        let writes = self.writes.clone().map(|(key, content)| match content {
            Some(content) => Write::Put { item: NewRow { names, key, content } },
            None => Write::Delete { key: KeyRow { name: &names.key, key } },
        });
        serializer.collect_map([("RequestItems", OfTable(self.table, &Each(writes)))])
    }
}

struct OfTable<'a, T>(&'a str, &'a T);

impl<T: Serialize> Serialize for OfTable<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.0, self.1)])
    }
}

/// Which rows a Scan yields.
#[derive(Default)]
pub(crate) struct Filter<'a> {
    /// The current second: rows that expired before it are left out. `None`: all.
    pub(crate) alive_at: Option<u64>,
    /// What their keys begin with.
    pub(crate) prefix: Option<&'a str>,
}

/// An item without a Number in its TTL attribute never expires, see [`crate::expiry::is_alive`].
const ALIVE: &str = "(attribute_not_exists(#t) OR NOT attribute_type(#t, :number) OR #t >= :now)";

/// A literal prefix: the base is a value, never part of the expression.
const UNDER_BASE: &str = "begins_with(#k, :base)";

impl Filter<'_> {
    fn expression(&self) -> Option<String> {
        let parts = [self.alive_at.map(|_| ALIVE), self.prefix.map(|_| UNDER_BASE)];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" AND "))
    }
}

struct Values<'a>(&'a Filter<'a>);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut values = serializer.serialize_map(None)?;
        if let Some(now) = self.0.alive_at {
            values.serialize_entry(":number", &Text("N"))?;
            values.serialize_entry(":now", &Whole(now.into()))?;
        }
        if let Some(prefix) = self.0.prefix {
            values.serialize_entry(":base", &Text(prefix))?;
        }
        values.end()
    }
}

/// A Scan of keys.
pub(crate) struct Scan<'a> {
    pub(crate) table: &'a str,
    pub(crate) attributes: &'a Attributes,
    pub(crate) filter: Filter<'a>,
    pub(crate) consistent: bool,
    /// Number and count of segments.
    pub(crate) segment: Option<(i32, i32)>,
    pub(crate) start: Option<&'a HashMap<String, AttributeValue>>,
    pub(crate) limit: Option<i32>,
}

impl Serialize for Scan<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Body<'a> {
            table_name: &'a str,
            projection_expression: &'static str,
            #[serde(serialize_with = "names")]
            expression_attribute_names: Names<'a>,
            #[serde(skip_serializing_if = "Option::is_none")]
            filter_expression: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            expression_attribute_values: Option<Values<'a>>,
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            consistent_read: bool,
            #[serde(skip_serializing_if = "Option::is_none")]
            segment: Option<i32>,
            #[serde(skip_serializing_if = "Option::is_none")]
            total_segments: Option<i32>,
            #[serde(skip_serializing_if = "Option::is_none")]
            exclusive_start_key: Option<Row<'a>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            limit: Option<i32>,
        }
        let filter = self.filter.expression();
        let all = [("#k", self.attributes.key.as_str()), ("#t", &self.attributes.ttl)];
        Body {
            table_name: self.table,
            projection_expression: "#k",
            expression_attribute_names: match self.filter.alive_at {
                Some(_) => &all,
                None => all.split_last().map_or(&[], |(_, one)| one),
            },
            expression_attribute_values: filter.is_some().then_some(Values(&self.filter)),
            filter_expression: filter,
            consistent_read: self.consistent,
            segment: self.segment.map(|(number, _)| number),
            total_segments: self.segment.map(|(_, of)| of),
            exclusive_start_key: self.start.map(Row),
            limit: self.limit,
        }
        .serialize(serializer)
    }
}
