//! One row of the table: which attributes hold what, and how large it may be.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::expiry;
use crate::key::Key;
use crate::value::certain_size;

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
    /// The time of the last write, a Number of epoch milliseconds. Default: not kept.
    pub mtime: Option<String>,
}

/// A row as DynamoDB returns it.
pub type Row = HashMap<String, AttributeValue>;

/// What is to be stored in a row besides its key.
#[derive(Clone, PartialEq)]
pub struct Content {
    /// The value.
    pub value: AttributeValue,
    /// The epoch second at which it expires, if ever.
    pub expires_at: Option<u64>,
    /// The time of the write, where the table keeps it.
    pub written_at: Duration,
}

impl Attributes {
    /// The row that stores `content` under `key`.
    #[must_use]
    pub fn row(&self, key: &Key, content: Content) -> Row {
        let mut row = Row::with_capacity(4);
        row.insert(self.key.clone(), key.attribute());
        row.insert(self.value.clone(), content.value);
        if let Some(second) = content.expires_at {
            row.insert(self.ttl.clone(), AttributeValue::N(second.to_string()));
        }
        if let Some(mtime) = &self.mtime {
            row.insert(mtime.clone(), AttributeValue::N(content.written_at.as_millis().to_string()));
        }
        row
    }

    /// The bytes that DynamoDB counts for certain: names, key, text and bytes. (How it counts digits is its own
    /// business, so an item within some bytes of the limit is left for it to judge.)
    #[must_use]
    pub fn size(&self, key: &Key, content: &Content) -> usize {
        let expiry = content.expires_at.map_or(0, |_| self.ttl.len());
        let mtime = self.mtime.as_ref().map_or(0, String::len);
        self.key.len() + self.value.len() + expiry + mtime + key.stored_len() + certain_size(&content.value)
    }

    /// The value that a row holds; `None` where it has none or is over.
    #[must_use]
    pub fn value(&self, mut row: Row, now: Duration) -> Option<AttributeValue> {
        if !expiry::is_alive(row.get(&self.ttl), now) {
            return None;
        }
        row.remove(&self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Base;

    const NOW: Duration = Duration::from_millis(1_000_250);

    fn names() -> Attributes {
        Attributes { key: "key".into(), value: "value".into(), ttl: "ttl".into(), mtime: None }
    }

    fn content(text: &str, expires_at: Option<u64>) -> Content {
        Content { value: AttributeValue::S(text.into()), expires_at, written_at: NOW }
    }

    fn key() -> Key {
        Key::parse("k".into(), &Base::default()).expect("valid")
    }

    #[test]
    fn a_row_holds_expiry_and_mtime_only_where_asked() {
        assert_eq!(names().row(&key(), content("v", None)).len(), 2);
        let row = names().row(&key(), content("v", Some(1_300)));
        assert_eq!(row.get("ttl"), Some(&AttributeValue::N("1300".into())));
        let with_mtime = Attributes { mtime: Some("at".into()), ..names() };
        let row = with_mtime.row(&key(), content("v", None));
        assert_eq!(row.get("at"), Some(&AttributeValue::N("1000250".into())));
    }

    #[test]
    fn size_counts_names_key_and_text_in_bytes() {
        assert_eq!(names().size(&key(), &content("", None)), 3 + 5 + 1);
        assert_eq!(names().size(&key(), &content("é", Some(1))), 3 + 5 + 3 + 1 + 2);
    }

    #[test]
    fn a_value_is_what_is_alive_and_there() {
        let value = |row: Row| names().value(row, NOW);
        assert_eq!(value(names().row(&key(), content("", None))), Some(AttributeValue::S(String::new())));
        assert_eq!(value(names().row(&key(), content("v", Some(1_000)))), Some(AttributeValue::S("v".into())));
        assert_eq!(value(names().row(&key(), content("v", Some(999)))), None);
        assert_eq!(value(Row::from([("key".into(), AttributeValue::S("k".into()))])), None);
    }
}
