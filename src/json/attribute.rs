//! Attribute values, `{ "S": "text" }`, and objects that contain them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_types::{Blob, base64};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use super::reader::read_text;
use super::writer::{self, text};
use crate::value::size;

/// The JSON form of the SDK's `AttributeValue`: an object with one member, named after the type.
///
/// No type, several types, or an unknown type are errors: treating them as null would lose a value unnoticed.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(remote = "AttributeValue", rename_all = "UPPERCASE")]
#[non_exhaustive]
enum AttributeValueJson {
    S(#[serde(serialize_with = "text", deserialize_with = "read_text")] String),
    N(String),
    B(#[serde(serialize_with = "binary", deserialize_with = "read_binary")] Blob),
    Bool(bool),
    Null(#[serde(deserialize_with = "read_null")] bool),
    L(#[serde(serialize_with = "list", deserialize_with = "read_list")] Vec<AttributeValue>),
    M(#[serde(serialize_with = "map", deserialize_with = "read_map")] HashMap<String, AttributeValue>),
    Ss(Vec<String>),
    Ns(Vec<String>),
    Bs(#[serde(serialize_with = "binary_set", deserialize_with = "read_binary_set")] Vec<Blob>),
}

/// A value in a request.
#[derive(serde::Serialize)]
#[serde(transparent)]
pub(super) struct AttributeRef<'a>(
    #[serde(serialize_with = "AttributeValueJson::serialize")] pub(super) &'a AttributeValue,
);

/// The approximate length of a value in a request. Exact for large text.
pub(super) fn written_len(value: &AttributeValue) -> usize {
    /// Counting the escapes of smaller text takes longer than it saves.
    const COUNTED: usize = 4096;
    match value {
        AttributeValue::S(text) if text.len() < COUNTED => text.len() / 8 * 9,
        AttributeValue::S(text) => writer::written_len(text),
        AttributeValue::B(bytes) => bytes.as_ref().len().div_ceil(3) * 4,
        other => size(other),
    }
}

/// A map of attributes in a request.
pub(super) struct AttributesRef<'a>(pub(super) &'a HashMap<String, AttributeValue>);

impl Serialize for AttributesRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        map(self.0, serializer)
    }
}

/// A value in a response.
#[derive(serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct Attribute(#[serde(with = "AttributeValueJson")] AttributeValue);

/// Text in a response. Borrowed unless it contains escapes.
#[derive(serde::Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// The members of an object in a response, in their order. They are few and each is looked up once, so a map would not
/// pay off; a row of a scan has a single member, which needs no allocation.
pub(crate) struct Members<'a, V> {
    first: Option<(Text<'a>, V)>,
    others: Vec<(Text<'a>, V)>,
}

/// The attributes of an item or a key.
pub(crate) type Item<'a> = Members<'a, Attribute>;

impl<'a, V> Members<'a, V> {
    /// Iterates over names and values.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &V)> {
        self.first.iter().chain(&self.others).map(|(Text(name), value)| (&**name, value))
    }

    fn into_iter(self) -> impl Iterator<Item = (Text<'a>, V)> {
        self.first.into_iter().chain(self.others)
    }

    /// Returns the values without their names.
    pub(crate) fn into_values(self) -> impl Iterator<Item = V> + use<'a, V> {
        self.into_iter().map(|(_, value)| value)
    }
}

impl Item<'_> {
    /// Removes and returns the attribute with this name, the last one if the name is repeated.
    pub(crate) fn take(&mut self, name: &str) -> Option<AttributeValue> {
        let (_, Attribute(value)) = match self.others.iter().rposition(|(Text(of), _)| of == name) {
            Some(position) => self.others.swap_remove(position),
            None => self.first.take_if(|(Text(of), _)| of == name)?,
        };
        Some(value)
    }

    /// Returns all attributes.
    pub(crate) fn into_map(self) -> HashMap<String, AttributeValue> {
        self.into_iter().map(|(Text(name), Attribute(value))| (name.into_owned(), value)).collect()
    }
}

impl<'de: 'a, 'a, V: Deserialize<'de>> Deserialize<'de> for Members<'a, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor<V>(PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for MembersVisitor<V> {
            type Value = Members<'de, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Members { first: map.next_entry()?, others: Vec::new() };
                while let Some(member) = map.next_entry()? {
                    members.others.push(member);
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(MembersVisitor(PhantomData))
    }
}

fn binary<S: Serializer>(blob: &Blob, serializer: S) -> Result<S::Ok, S::Error> {
    text(&base64::encode(blob), serializer)
}

fn binary_set<S: Serializer>(set: &[Blob], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(set.iter().map(base64::encode))
}

fn list<S: Serializer>(list: &[AttributeValue], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(list.iter().map(AttributeRef))
}

fn map<S: Serializer>(map: &HashMap<String, AttributeValue>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(map.iter().map(|(name, value)| (name, AttributeRef(value))))
}

fn read_binary<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Blob, D::Error> {
    let Text(text) = Text::deserialize(deserializer)?;
    decoded(&text)
}

fn read_binary_set<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Blob>, D::Error> {
    let set: Vec<Text<'_>> = Vec::deserialize(deserializer)?;
    set.iter().map(|Text(text)| decoded(text)).collect()
}

fn decoded<E: Error>(text: &str) -> Result<Blob, E> {
    base64::decode(text).map(Blob::new).map_err(|_| E::custom("binary that is not base64"))
}

/// DynamoDB rejects `"NULL": false`, which has no meaning.
fn read_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    if bool::deserialize(deserializer)? {
        Ok(true)
    } else {
        Err(D::Error::invalid_value(Unexpected::Bool(false), &"true"))
    }
}

fn read_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<AttributeValue>, D::Error> {
    let list: Vec<Attribute> = Vec::deserialize(deserializer)?;
    Ok(list.into_iter().map(|Attribute(value)| value).collect())
}

fn read_map<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HashMap<String, AttributeValue>, D::Error> {
    Item::deserialize(deserializer).map(Item::into_map)
}
