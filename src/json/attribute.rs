//! One attribute value: `{ "S": "text" }`.

use std::collections::HashMap;
use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_types::{Blob, base64};
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{self, Serialize, SerializeMap, Serializer};

/// A value to be written.
pub(super) struct Written<'a>(pub(super) &'a AttributeValue);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self.0 {
            AttributeValue::S(text) => map.serialize_entry("S", text)?,
            AttributeValue::N(number) => map.serialize_entry("N", number)?,
            AttributeValue::B(bytes) => map.serialize_entry("B", &base64::encode(bytes))?,
            AttributeValue::Bool(on) => map.serialize_entry("BOOL", on)?,
            AttributeValue::Null(null) => map.serialize_entry("NULL", null)?,
            AttributeValue::L(list) => map.serialize_entry("L", &Each(list.iter().map(Written)))?,
            AttributeValue::M(entries) => map.serialize_entry("M", &Row(entries))?,
            AttributeValue::Ss(texts) => map.serialize_entry("SS", texts)?,
            AttributeValue::Ns(numbers) => map.serialize_entry("NS", numbers)?,
            AttributeValue::Bs(blobs) => map.serialize_entry("BS", &Each(blobs.iter().map(base64::encode)))?,
            _ => return Err(ser::Error::custom("a value of a type that this version does not know")),
        }
        map.end()
    }
}

/// A whole map of attributes.
pub(super) struct Row<'a>(pub(super) &'a HashMap<String, AttributeValue>);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, Written(value))))
    }
}

/// An array, from an iterator.
pub(super) struct Each<I>(pub(super) I);

impl<I: Iterator<Item: Serialize> + Clone> Serialize for Each<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.clone())
    }
}

/// A value that was read. An unknown type is no error, as a later DynamoDB may have one, and reads as null.
pub(super) struct Read(pub(super) AttributeValue);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ReadVisitor)
    }
}

struct ReadVisitor;

impl<'de> Visitor<'de> for ReadVisitor {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an attribute value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Read, A::Error> {
        let mut found = None;
        while let Some(kind) = map.next_key()? {
            // A member that is null is none, as for the SDK.
            let value = match kind {
                Kind::S => map.next_value::<Option<String>>()?.map(AttributeValue::S),
                Kind::N => map.next_value::<Option<String>>()?.map(AttributeValue::N),
                Kind::B => map.next_value::<Option<Base64>>()?.map(|bytes| AttributeValue::B(bytes.0)),
                Kind::Bool => map.next_value::<Option<bool>>()?.map(AttributeValue::Bool),
                Kind::Null => map.next_value::<Option<bool>>()?.map(AttributeValue::Null),
                Kind::L => map.next_value::<Option<Vec<Read>>>()?.map(|list| AttributeValue::L(plain(list))),
                Kind::M => map.next_value::<Option<ReadRow>>()?.map(|map| AttributeValue::M(map.0)),
                Kind::Ss => map.next_value::<Option<Vec<String>>>()?.map(AttributeValue::Ss),
                Kind::Ns => map.next_value::<Option<Vec<String>>>()?.map(AttributeValue::Ns),
                Kind::Bs => map.next_value::<Option<Vec<Base64>>>()?.map(|set| AttributeValue::Bs(blobs(set))),
                Kind::Unknown => map.next_value::<Option<IgnoredAny>>()?.map(|_| AttributeValue::Null(true)),
                Kind::Annotation => {
                    map.next_value::<IgnoredAny>()?;
                    None
                }
            };
            if let Some(value) = value
                && found.replace(value).is_some()
            {
                return Err(de::Error::custom("an attribute value of two types"));
            }
        }
        found.map(Read).ok_or_else(|| de::Error::custom("an attribute value without a type"))
    }
}

fn plain(list: Vec<Read>) -> Vec<AttributeValue> {
    list.into_iter().map(|item| item.0).collect()
}

fn blobs(set: Vec<Base64>) -> Vec<Blob> {
    set.into_iter().map(|item| item.0).collect()
}

/// The type of a value, which is the name of its one member.
enum Kind {
    S,
    N,
    B,
    Bool,
    Null,
    L,
    M,
    Ss,
    Ns,
    Bs,
    /// What AWS's protocols add to a union, and say is to be passed over.
    Annotation,
    Unknown,
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KindVisitor;
        impl Visitor<'_> for KindVisitor {
            type Value = Kind;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a type")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Kind, E> {
                Ok(match name {
                    "S" => Kind::S,
                    "N" => Kind::N,
                    "B" => Kind::B,
                    "BOOL" => Kind::Bool,
                    "NULL" => Kind::Null,
                    "L" => Kind::L,
                    "M" => Kind::M,
                    "SS" => Kind::Ss,
                    "NS" => Kind::Ns,
                    "BS" => Kind::Bs,
                    "__type" => Kind::Annotation,
                    _ => Kind::Unknown,
                })
            }
        }
        deserializer.deserialize_identifier(KindVisitor)
    }
}

/// Bytes, written in base64.
struct Base64(Blob);

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Base64Visitor;
        impl Visitor<'_> for Base64Visitor {
            type Value = Base64;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes in base64")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Base64, E> {
                let bytes = base64::decode(text).map_err(|_| E::custom("bytes that are no base64"))?;
                Ok(Base64(Blob::new(bytes)))
            }
        }
        deserializer.deserialize_str(Base64Visitor)
    }
}

/// A whole map of attributes that was read.
pub(super) struct ReadRow(pub(super) HashMap<String, AttributeValue>);

impl<'de> Deserialize<'de> for ReadRow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RowVisitor;
        impl<'de> Visitor<'de> for RowVisitor {
            type Value = ReadRow;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of attributes")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ReadRow, A::Error> {
                let mut row = HashMap::new();
                while let Some((name, Read(value))) = map.next_entry()? {
                    row.insert(name, value);
                }
                Ok(ReadRow(row))
            }
        }
        deserializer.deserialize_map(RowVisitor)
    }
}
