//! The bodies of the requests on items.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::attribute::{AttributeRef, AttributesRef, written_len};
use super::condition::ConditionInput;
use super::writer::TextFormatter;
use crate::item::{Attributes, Content};
use crate::key::Key;

/// The room for everything in the body of a request on one item but the value.
const WITHOUT_VALUE: usize = 256;

/// Serializes a body. Fails if a value has a type that this version does not know.
pub(crate) fn body(request: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    body_of(request, None)
}

fn body_of(request: &impl Serialize, value: Option<&AttributeValue>) -> serde_json::Result<Vec<u8>> {
    let mut body = Vec::with_capacity(WITHOUT_VALUE + value.map_or(0, written_len));
    request.serialize(&mut serde_json::Serializer::with_formatter(&mut body, TextFormatter))?;
    Ok(body)
}

/// Which capacity units a response reports. The total includes those of indexes in both cases.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Consumed {
    Total,
    /// Also reports the units of the table and of each index separately.
    Indexes,
}

/// Serializes the body of a request on items that asks for the consumed capacity units. Reserves room for `value`, which
/// is part of the request: a large body that grows would be copied several times.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ConsumedCapacity.html>
pub(crate) fn metered_body(
    request: &impl Serialize,
    consumed: Consumed,
    value: Option<&AttributeValue>,
) -> serde_json::Result<Vec<u8>> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Metered<'a, T> {
        #[serde(flatten)]
        request: &'a T,
        return_consumed_capacity: Consumed,
    }
    body_of(&Metered { request, return_consumed_capacity: consumed }, value)
}

/// Reads the value, its encoding and the TTL of an item and, if requested, its metadata.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetItemInput<'a> {
    table_name: &'a str,
    key: ItemKey<'a>,
    projection_expression: &'static str,
    expression_attribute_names: Names<'a, 5>,
    #[serde(skip_serializing_if = "is_false")]
    consistent_read: bool,
}

impl<'a> GetItemInput<'a> {
    pub(crate) fn new(
        table_name: &'a str,
        attributes: &'a Attributes,
        key: &'a Key,
        consistent_read: bool,
        has_metadata: bool,
    ) -> Self {
        let Attributes { key: key_name, value, ttl, encoding, .. } = attributes;
        let stored = |name: &'a Option<String>| name.as_deref().filter(|_| has_metadata);
        let mtime = stored(&attributes.mtime).map(|name| ("#m", name));
        let etag = stored(&attributes.etag).map(|name| ("#g", name));
        Self {
            table_name,
            key: ItemKey { name: key_name, key },
            projection_expression: match (mtime, etag) {
                (None, None) => "#v, #t, #e",
                (Some(_), None) => "#v, #t, #e, #m",
                (None, Some(_)) => "#v, #t, #e, #g",
                (Some(_), Some(_)) => "#v, #t, #e, #m, #g",
            },
            expression_attribute_names: Names([
                Some(("#v", value)),
                Some(("#t", ttl)),
                Some(("#e", encoding)),
                mtime,
                etag,
            ]),
            consistent_read,
        }
    }
}

/// Which attributes the response to a write contains.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ReturnValues {
    /// Those of the item before the write.
    AllOld,
}

/// Puts a whole item.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PutItemInput<'a> {
    table_name: &'a str,
    item: NewItem<'a>,
    #[serde(flatten)]
    pub(crate) condition: Option<ConditionInput<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) return_values: Option<ReturnValues>,
}

impl<'a> PutItemInput<'a> {
    pub(crate) fn new(table_name: &'a str, attributes: &'a Attributes, key: &'a Key, content: &'a Content) -> Self {
        Self { table_name, item: NewItem { attributes, key, content }, condition: None, return_values: None }
    }
}

/// Deletes an item.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteItemInput<'a> {
    table_name: &'a str,
    key: ItemKey<'a>,
    #[serde(flatten)]
    pub(crate) condition: Option<ConditionInput<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) return_values: Option<ReturnValues>,
}

impl<'a> DeleteItemInput<'a> {
    pub(crate) fn new(table_name: &'a str, attributes: &'a Attributes, key: &'a Key) -> Self {
        Self { table_name, key: ItemKey { name: &attributes.key, key }, condition: None, return_values: None }
    }
}

/// Reads the key, the value, its encoding and the TTL of several items.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BatchGetItemInput<'a> {
    request_items: OfTable<'a, KeysAndAttributes<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeysAndAttributes<'a> {
    keys: Vec<ItemKey<'a>>,
    projection_expression: &'static str,
    expression_attribute_names: Names<'a, 4>,
    #[serde(skip_serializing_if = "is_false")]
    consistent_read: bool,
}

impl<'a> BatchGetItemInput<'a> {
    pub(crate) fn new(
        table_name: &'a str,
        attributes: &'a Attributes,
        keys: impl IntoIterator<Item = &'a Key>,
        consistent_read: bool,
    ) -> Self {
        let Attributes { key: name, value, ttl, encoding, .. } = attributes;
        let names = [("#k", name), ("#v", value), ("#t", ttl), ("#e", encoding)];
        let keys_and_attributes = KeysAndAttributes {
            keys: keys.into_iter().map(|key| ItemKey { name, key }).collect(),
            projection_expression: "#k, #v, #t, #e",
            expression_attribute_names: Names(names.map(|(placeholder, name)| Some((placeholder, name.as_str())))),
            consistent_read,
        };
        Self { request_items: OfTable(table_name, keys_and_attributes) }
    }
}

/// Puts or deletes several items.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BatchWriteItemInput<'a> {
    request_items: OfTable<'a, Vec<WriteRequest<'a>>>,
}

#[derive(Serialize)]
enum WriteRequest<'a> {
    PutRequest {
        #[serde(rename = "Item")]
        item: NewItem<'a>,
    },
    DeleteRequest {
        #[serde(rename = "Key")]
        key: ItemKey<'a>,
    },
}

impl<'a> BatchWriteItemInput<'a> {
    /// The content to put for each key, or `None` to delete the item.
    pub(crate) fn new(
        table_name: &'a str,
        attributes: &'a Attributes,
        writes: impl IntoIterator<Item = (&'a Key, Option<&'a Content>)>,
    ) -> Self {
        let requests = writes.into_iter().map(|(key, content)| match content {
            Some(content) => WriteRequest::PutRequest { item: NewItem { attributes, key, content } },
            None => WriteRequest::DeleteRequest { key: ItemKey { name: &attributes.key, key } },
        });
        Self { request_items: OfTable(table_name, requests.collect()) }
    }
}

/// Reads the keys of a page of a table or an index, or of one of its segments.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ScanInput<'a> {
    table_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    index_name: Option<&'a str>,
    projection_expression: &'static str,
    expression_attribute_names: Names<'a, 3>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_expression: Option<String>,
    #[serde(skip_serializing_if = "Filter::is_empty")]
    expression_attribute_values: Filter<'a>,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) consistent_read: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) segment: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) total_segments: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exclusive_start_key: Option<AttributesRef<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<i32>,
}

impl<'a> ScanInput<'a> {
    /// Starts at the beginning of the table or segment, or after the key `start`.
    pub(crate) fn new(
        table_name: &'a str,
        index_name: Option<&'a str>,
        attributes: &'a Attributes,
        filter: Filter<'a>,
        start: Option<&'a HashMap<String, AttributeValue>>,
    ) -> Self {
        let Attributes { key, ttl, .. } = attributes;
        let needs_ttl = index_name.is_some() || filter.alive_at.is_some();
        Self {
            table_name,
            index_name,
            // DynamoDB rejects the projection of an attribute that an index does not project, but a filter treats it as
            // absent.
            projection_expression: if index_name.is_some() { "#k, #t" } else { "#k" },
            expression_attribute_names: Names([Some(("#k", key)), needs_ttl.then_some(("#t", ttl)), None]),
            filter_expression: filter.expression(),
            expression_attribute_values: filter,
            consistent_read: false,
            segment: None,
            total_segments: None,
            exclusive_start_key: start.map(AttributesRef),
            limit: None,
        }
    }

    /// Also reads the encoding of each row, unless an index is read, which does not contain it.
    pub(crate) fn add_encoding(&mut self, attributes: &'a Attributes) {
        if self.index_name.is_none() {
            self.projection_expression = "#k, #e";
            let Names([.., last]) = &mut self.expression_attribute_names;
            *last = Some(("#e", &attributes.encoding));
        }
    }
}

/// Selects the items that a scan returns. Serialized as the values of the filter expression.
#[derive(Default)]
pub(crate) struct Filter<'a> {
    /// The current second, to omit expired items. `None` to include them.
    pub(crate) alive_at: Option<u64>,
    /// The prefix of the keys.
    pub(crate) prefix: Option<&'a str>,
}

/// An item without a Number in its TTL attribute never expires, see [`crate::expiry::is_alive`].
pub(super) const ALIVE: &str = "(attribute_not_exists(#t) OR NOT attribute_type(#t, :number) OR #t >= :now)";

/// A literal prefix: the base is a value, never part of the expression.
const UNDER_BASE: &str = "begins_with(#k, :base)";

impl Filter<'_> {
    fn is_empty(&self) -> bool {
        self.alive_at.is_none() && self.prefix.is_none()
    }

    fn expression(&self) -> Option<String> {
        let parts = [self.alive_at.map(|_| ALIVE), self.prefix.map(|_| UNDER_BASE)];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" AND "))
    }
}

impl Serialize for Filter<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut values = serializer.serialize_map(None)?;
        if let Some(now) = self.alive_at {
            values.serialize_entry(":number", &Scalar::S("N"))?;
            values.serialize_entry(":now", &Scalar::N(now.into()))?;
        }
        if let Some(prefix) = self.prefix {
            values.serialize_entry(":base", &Scalar::S(prefix))?;
        }
        values.end()
    }
}

/// Placeholders of an expression: `{ "#v": "value" }`. Names such as `key`, `value` and `ttl` are reserved words.
pub(super) struct Names<'a, const N: usize>(pub(super) [Option<(&'static str, &'a str)>; N]);

impl<const N: usize> Serialize for Names<'_, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().flatten().copied())
    }
}

/// The parameters for one table: `{ "table": … }`.
struct OfTable<'a, T>(&'a str, T);

impl<T: Serialize> Serialize for OfTable<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.0, &self.1)])
    }
}

/// The item that stores `content` under `key`.
struct NewItem<'a> {
    attributes: &'a Attributes,
    key: &'a Key,
    content: &'a Content,
}

impl Serialize for NewItem<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { attributes, key, content } = self;
        let mut item = serializer.serialize_map(None)?;
        item.serialize_entry(&attributes.key, &Scalar::S(key.stored()))?;
        item.serialize_entry(&attributes.value, &AttributeRef(&content.value))?;
        if let Some(encoding) = content.encoding {
            item.serialize_entry(&attributes.encoding, &Scalar::S(encoding.code()))?;
        }
        if let Some(second) = content.expires_at {
            item.serialize_entry(&attributes.ttl, &Scalar::N(second.into()))?;
        }
        if let (Some(name), Some(etag)) = (&attributes.etag, &content.etag) {
            item.serialize_entry(name, &Scalar::S(etag))?;
        }
        if let Some(mtime) = &attributes.mtime {
            item.serialize_entry(mtime, &Scalar::N(content.written_at.as_millis()))?;
        }
        item.end()
    }
}

/// The key of an item, which is only the partition key.
struct ItemKey<'a> {
    name: &'a str,
    key: &'a Key,
}

impl Serialize for ItemKey<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.name, Scalar::S(self.key.stored()))])
    }
}

/// A scalar attribute value.
#[derive(Serialize)]
pub(super) enum Scalar<'a> {
    S(&'a str),
    N(#[serde(serialize_with = "digits")] u128),
}

fn digits<S: Serializer>(number: &u128, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}
