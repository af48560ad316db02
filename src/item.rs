//! A row of the table: its attribute names, its content and its size limit.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::compression::Encoding;
use crate::key::Key;
use crate::value::{certain_size, size_of_number};

/// The largest item, names and values together, in bytes:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items>
pub const MAX_ITEM_BYTES: usize = 409_600;

/// The number of bytes of an item that a write unit covers:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>
const WRITE_UNIT_BYTES: usize = 1_024;

/// The names of the attributes that the driver reads and writes. They are distinct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes {
    /// The partition key. Default: `key`.
    pub key: String,
    /// The content. Default: `value`.
    pub value: String,
    /// The expiry, a Number of epoch seconds. Default: `ttl`.
    pub ttl: String,
    /// The time of the last write, a Number of epoch milliseconds. Default: not stored.
    pub mtime: Option<String>,
    /// The encoding of a compressed value. Default: `enc`.
    pub encoding: String,
    /// The etag, a random text that every write replaces. Default: not stored.
    pub etag: Option<String>,
}

/// A whole row, or the key of one, as DynamoDB returns it.
pub type Row = HashMap<String, AttributeValue>;

/// The content of a row, apart from its key.
#[derive(Clone, PartialEq)]
pub struct Content {
    /// The value.
    pub value: AttributeValue,
    /// The epoch second at which it expires, or `None` if it never does.
    pub expires_at: Option<u64>,
    /// The time of the write. Stored only if [`Attributes::mtime`] is set.
    pub written_at: Duration,
    /// The encoding, if the value is compressed or stored in chunks.
    pub encoding: Option<Encoding>,
    /// The size of the value before compression, if it is compressed.
    pub uncompressed_size: Option<usize>,
    /// The etag. Present exactly if [`Attributes::etag`] is set.
    pub etag: Option<String>,
}

impl Content {
    /// A copy without value and encoding.
    pub(crate) fn without_value(&self) -> Self {
        let Self { expires_at, written_at, etag, .. } = self;
        let (expires_at, written_at, etag) = (*expires_at, *written_at, etag.clone());
        let value = AttributeValue::Null(true);
        Self { value, expires_at, written_at, encoding: None, uncompressed_size: None, etag }
    }
}

impl Attributes {
    /// A lower bound of the item's size: names, key, text and bytes. The size of numbers is not specified exactly, so
    /// DynamoDB itself decides about items within a few bytes of the limit.
    #[must_use]
    pub fn size(&self, key: &Key, content: &Content) -> usize {
        let expiry = content.expires_at.map_or(0, |_| self.ttl.len());
        let encoding = content.encoding.map_or(0, |encoding| self.encoding.len() + encoding.code().len());
        let name = |attribute: &Option<String>| attribute.as_ref().map_or(0, String::len);
        let etag = content.etag.as_ref().map_or(0, |etag| name(&self.etag) + etag.len());
        let names = self.key.len() + self.value.len() + expiry + name(&self.mtime);
        names + encoding + etag + key.stored_len() + certain_size(&content.value)
    }

    /// The size to which text or bytes must be compressed to save a write unit and not to exceed `most` bytes of the item,
    /// or `None` if compression cannot save one. Together with `compress`, which fails above this size, it decides whether a value is stored compressed.
    #[must_use]
    pub fn worthwhile_bytes(&self, key: &Key, content: &Content, most: usize) -> Option<usize> {
        let expiry = content.expires_at.map_or(0, |second| size_of_number(&second.to_string()));
        let mtime = self.mtime.as_ref().map_or(0, |_| size_of_number(&content.written_at.as_millis().to_string()));
        let plain = self.size(key, content) + expiry + mtime;
        let cheaper = (plain.div_ceil(WRITE_UNIT_BYTES) - 1) * WRITE_UNIT_BYTES;
        // The codes of both encodings have the same length.
        let besides = plain - certain_size(&content.value) + self.encoding.len() + Encoding::GzipText.code().len();
        cheaper.min(most).checked_sub(besides)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Base;

    const NOW: Duration = Duration::from_millis(1_000_250);

    fn names() -> Attributes {
        Attributes {
            key: "key".into(),
            value: "value".into(),
            ttl: "ttl".into(),
            mtime: None,
            encoding: "enc".into(),
            etag: None,
        }
    }

    fn content(text: &str, expires_at: Option<u64>) -> Content {
        Content {
            value: AttributeValue::S(text.into()),
            expires_at,
            written_at: NOW,
            encoding: None,
            uncompressed_size: None,
            etag: None,
        }
    }

    fn key() -> Key {
        Key::parse("k".into(), &Base::default()).expect("valid")
    }

    #[test]
    fn size_counts_names_key_and_text_in_bytes() {
        assert_eq!(names().size(&key(), &content("", None)), 3 + 5 + 1);
        assert_eq!(names().size(&key(), &content("é", Some(1))), 3 + 5 + 3 + 1 + 2);
        let timed = Attributes { mtime: Some("written".into()), ..names() };
        assert_eq!(timed.size(&key(), &content("é", Some(1))), 3 + 5 + 3 + 7 + 1 + 2);
        let tagged = Content { etag: Some("0123".into()), ..content("é", Some(1)) };
        let names = Attributes { etag: Some("tag".into()), ..timed };
        assert_eq!(names.size(&key(), &tagged), 3 + 5 + 3 + 7 + 3 + 4 + 1 + 2);
    }
}
