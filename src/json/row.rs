//! Rows: of one that is read, the attributes asked for; of one that is written, the driver's own.

use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::attribute::{Read, Written};
use crate::item::{Attributes, Content};
use crate::key::Key;

/// Reads a row, and of it the attributes of these names, in this order. Everything else is skipped unread.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a, const N: usize>(pub(super) [&'a str; N]);

/// The attributes of a row that were asked for; `None` for what it does not have.
pub(super) type Cells<const N: usize> = [Option<AttributeValue>; N];

impl<'de, const N: usize> DeserializeSeed<'de> for Wanted<'_, N> {
    type Value = Cells<N>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Wanted<'_, N> {
    type Value = Cells<N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut cells = [const { None }; N];
        while let Some(place) = map.next_key_seed(Place(self.0))? {
            match cells.get_mut(place) {
                Some(cell) => *cell = Some(map.next_value::<Read>()?.0),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(cells)
    }
}

/// Reads a name, and tells its place among those asked for; beyond their end where it is none of them.
pub(super) struct Place<'a, const N: usize>(pub(super) [&'a str; N]);

impl<'de, const N: usize> DeserializeSeed<'de> for Place<'_, N> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<const N: usize> Visitor<'_> for Place<'_, N> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of an attribute")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<usize, E> {
        Ok(self.0.iter().position(|wanted| *wanted == name).unwrap_or(N))
    }
}

/// Reads what the seed reads, or null.
pub(super) struct Optional<S>(pub(super) S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Optional<S> {
    type Value = Option<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Optional<S> {
    type Value = Option<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or null")
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.0.deserialize(deserializer).map(Some)
    }
}

/// Reads a list of what the seed reads, each into what `keep` makes of it; what it makes nothing of is dropped.
pub(super) struct List<S, F> {
    pub(super) each: S,
    pub(super) keep: F,
}

impl<'de, S, F, T> DeserializeSeed<'de> for List<S, F>
where
    S: DeserializeSeed<'de> + Copy,
    F: FnMut(S::Value) -> T,
{
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, S, F, T> Visitor<'de> for List<S, F>
where
    S: DeserializeSeed<'de> + Copy,
    F: FnMut(S::Value) -> T,
{
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = seq.next_element_seed(self.each)? {
            list.push((self.keep)(item));
        }
        Ok(list)
    }
}

/// The row that stores `content` under `key`.
pub(super) struct NewRow<'a> {
    pub(super) names: &'a Attributes,
    pub(super) key: &'a Key,
    pub(super) content: &'a Content,
}

impl Serialize for NewRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { names, key, content } = self;
        let mut row = serializer.serialize_map(None)?;
        row.serialize_entry(&names.key, &Text(key.stored()))?;
        row.serialize_entry(&names.value, &Written(&content.value))?;
        if let Some(second) = content.expires_at {
            row.serialize_entry(&names.ttl, &Whole(second.into()))?;
        }
        if let Some(mtime) = &names.mtime {
            row.serialize_entry(mtime, &Whole(content.written_at.as_millis()))?;
        }
        row.end()
    }
}

/// A row's key alone.
pub(super) struct KeyRow<'a> {
    pub(super) name: &'a str,
    pub(super) key: &'a Key,
}

impl Serialize for KeyRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.name, Text(self.key.stored()))])
    }
}

/// Text as an attribute value.
pub(super) struct Text<'a>(pub(super) &'a str);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([("S", self.0)])
    }
}

/// A whole number as an attribute value.
pub(super) struct Whole(pub(super) u128);

impl Serialize for Whole {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([("N", self.0.to_string())])
    }
}
