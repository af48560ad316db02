//! One row of the table: which attributes hold what, and how large it may be.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::expiry;
use crate::input::Input;
use crate::key::Key;

/// The largest item, names and values together, in bytes:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items>
pub const MAX_ITEM_BYTES: usize = 409_600;

/// The names of the attributes that the driver reads and writes. All differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes {
    /// The partition key. Default: `key`.
    pub key: String,
    /// The content. Default: `value`.
    pub value: String,
    /// The expiry, a Number of epoch seconds. Default: `ttl`.
    pub ttl: String,
}

/// A row as DynamoDB returns it.
pub type Row = HashMap<String, AttributeValue>;

/// A value to store.
#[derive(Clone, PartialEq, Eq)]
pub struct Value(String);

/// Why an input is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// A lone surrogate has no UTF-8 form.
    #[error("the value holds a lone surrogate; a value is well-formed text")]
    IllFormed,
    /// Not a string.
    #[error("the value is {0}; a value is a string (storage.setItem() of unstorage makes one of any JSON value)")]
    NotText(&'static str),
}

impl Value {
    /// Checks a value.
    ///
    /// # Errors
    /// [`ValueError`] for what is no well-formed text.
    pub fn parse(input: Input) -> Result<Self, ValueError> {
        match input {
            Input::Text(text) => Ok(Self(text)),
            Input::IllFormedText => Err(ValueError::IllFormed),
            other => Err(ValueError::NotText(other.kind())),
        }
    }
}

/// A row's content, where there is one and it is alive.
#[derive(Debug, PartialEq)]
pub enum Content {
    /// The text stored.
    Text(String),
    /// Another DynamoDB type, by its name.
    Other(&'static str),
}

impl Attributes {
    /// The row that stores `value` under `key`.
    #[must_use]
    pub fn row(&self, key: Key, value: Value, expires_at: Option<u64>) -> Row {
        let mut row = Row::with_capacity(3);
        row.insert(self.key.clone(), AttributeValue::S(key.into_string()));
        row.insert(self.value.clone(), AttributeValue::S(value.0));
        if let Some(second) = expires_at {
            row.insert(self.ttl.clone(), AttributeValue::N(second.to_string()));
        }
        row
    }

    /// The bytes that DynamoDB counts for certain: names, key and text. (How it counts the expiry's digits is its
    /// own business, so an item within some bytes of the limit is left for it to judge.)
    #[must_use]
    pub fn size(&self, key: &Key, value: &Value, expires: bool) -> usize {
        let names = self.key.len() + self.value.len() + if expires { self.ttl.len() } else { 0 };
        names + key.as_str().len() + value.0.len()
    }

    /// What a row holds; `None` where it has no value or is over.
    #[must_use]
    pub fn content(&self, mut row: Row, now: Duration) -> Option<Content> {
        if !expiry::is_alive(row.get(&self.ttl), now) {
            return None;
        }
        row.remove(&self.value).map(|value| match value {
            AttributeValue::S(text) => Content::Text(text),
            other => Content::Other(type_name(&other)),
        })
    }
}

/// What DynamoDB calls the type of a value.
fn type_name(value: &AttributeValue) -> &'static str {
    match value {
        AttributeValue::S(_) => "String",
        AttributeValue::N(_) => "Number",
        AttributeValue::B(_) => "Binary",
        AttributeValue::Bool(_) => "Boolean",
        AttributeValue::Null(_) => "Null",
        AttributeValue::L(_) => "List",
        AttributeValue::M(_) => "Map",
        AttributeValue::Ss(_) => "String Set",
        AttributeValue::Ns(_) => "Number Set",
        AttributeValue::Bs(_) => "Binary Set",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Attributes {
        Attributes { key: "key".into(), value: "value".into(), ttl: "ttl".into() }
    }

    fn text(content: &str) -> Value {
        Value::parse(content.into()).unwrap_or_else(|error| panic!("{error}"))
    }

    fn key() -> Key {
        Key::parse("k".into()).expect("valid")
    }

    #[test]
    fn a_row_holds_the_expiry_only_where_there_is_one() {
        let row = names().row(key(), text("v"), None);
        assert_eq!(row.len(), 2);
        let row = names().row(key(), text("v"), Some(1_300));
        assert_eq!(row.get("ttl"), Some(&AttributeValue::N("1300".into())));
    }

    #[test]
    fn size_counts_names_key_and_text_in_bytes() {
        assert_eq!(names().size(&key(), &text(""), false), 3 + 5 + 1);
        assert_eq!(names().size(&key(), &text("é"), true), 3 + 5 + 3 + 1 + 2);
    }

    #[test]
    fn content_is_what_is_alive_and_has_a_value() {
        let now = Duration::from_secs(1_000);
        let content = |row: Row| names().content(row, now);
        assert_eq!(content(names().row(key(), text(""), None)), Some(Content::Text(String::new())));
        assert_eq!(content(names().row(key(), text("v"), Some(1_000))), Some(Content::Text("v".into())));
        assert_eq!(content(names().row(key(), text("v"), Some(999))), None);
        assert_eq!(content(Row::from([("key".into(), AttributeValue::S("k".into()))])), None);
        let foreign = Row::from([("value".into(), AttributeValue::N("1".into()))]);
        assert_eq!(content(foreign), Some(Content::Other("Number")));
    }

    #[test]
    fn only_well_formed_text_is_a_value() {
        assert_eq!(Value::parse(Input::IllFormedText).err(), Some(ValueError::IllFormed));
        assert_eq!(Value::parse(Input::Absent).err(), Some(ValueError::NotText("nothing")));
        assert_eq!(Value::parse(Input::Other("an object")).err(), Some(ValueError::NotText("an object")));
    }
}
