//! Objects of which one or two members are wanted.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::row::Place;

/// Reads an object's members of these two names; `None` for what it does not have. The rest is skipped.
pub(super) struct Two<F, S> {
    pub(super) names: [&'static str; 2],
    pub(super) first: F,
    pub(super) second: S,
}

impl<'de, F: DeserializeSeed<'de>, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Two<F, S> {
    type Value = (Option<F::Value>, Option<S::Value>);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: DeserializeSeed<'de>, S: DeserializeSeed<'de>> Visitor<'de> for Two<F, S> {
    type Value = (Option<F::Value>, Option<S::Value>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut first, mut second) = (Some(self.first), Some(self.second));
        let mut found = (None, None);
        while let Some(place) = map.next_key_seed(Place(self.names))? {
            match place {
                0 => found.0 = Some(map.next_value_seed(once(&mut first)?)?),
                1 => found.1 = Some(map.next_value_seed(once(&mut second)?)?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

/// A member that comes twice says nothing for certain.
fn once<T, E: de::Error>(seed: &mut Option<T>) -> Result<T, E> {
    seed.take().ok_or_else(|| E::custom("a member that comes twice"))
}

/// Reads an object of any members, each by the same seed, into one list.
#[derive(Clone, Copy)]
pub(super) struct Every<S>(pub(super) S);

impl<'de, S, T> DeserializeSeed<'de> for Every<S>
where
    S: DeserializeSeed<'de, Value = Vec<T>> + Copy,
{
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S, T> Visitor<'de> for Every<S>
where
    S: DeserializeSeed<'de, Value = Vec<T>> + Copy,
{
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of tables")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<T>, A::Error> {
        let mut all = Vec::new();
        while map.next_key::<IgnoredAny>()?.is_some() {
            let more = map.next_value_seed(self.0)?;
            if all.is_empty() { all = more } else { all.extend(more) }
        }
        Ok(all)
    }
}

/// Skips anything.
#[derive(Clone, Copy)]
pub(super) struct Nothing;

impl<'de> DeserializeSeed<'de> for Nothing {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_ignored_any(IgnoredAny).map(|_| ())
    }
}
