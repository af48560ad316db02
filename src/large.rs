//! Values that do not fit one item: stored in chunks, which are items of their own, and found by the manifest in the item.
//!
//! Chunks are written once, under an id that no other write uses, before the manifest that names them. So an item is
//! replaced as a whole, by a single write of its manifest. `docs/ARCHITECTURE.md` describes the protocol.

use std::num::NonZeroU32;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use crate::compression::{Compressed, Encoding, Flaw, MAX_ORIGINAL_BYTES};
use crate::key::Key;
use crate::random;

/// The content of a chunk in bytes. Leaves room for the longest key and attribute names below DynamoDB's limit.
pub(crate) const CHUNK_BYTES: usize = 380_000;

/// The largest `maxSize`, which is also what a reader accepts.
pub(crate) const MAX_LARGE_BYTES: usize = MAX_ORIGINAL_BYTES;

/// How much longer chunks live than their item. A reader that has read the manifest still finds the chunks.
pub(crate) const EXTRA_LIFETIME: u64 = 3_600;

/// The age at which a chunk whose item does not name it is an orphan. Until then, the item may be about to be written.
const ORPHAN_AGE: Duration = Duration::from_hours(1);

/// The age in seconds at which chunks may no longer be named by a new manifest. The difference to [`ORPHAN_AGE`] covers
/// clocks that disagree, and the 15 minutes for which AWS accepts a signed manifest that is delayed on its way.
const MAX_WRITE_SECONDS: u32 = 15 * 60;

/// Digits of the time in an id: a second of the epoch, until 2106.
const TIME_DIGITS: usize = 8;

/// Random bytes in an id.
const RANDOM_BYTES: usize = 12;

/// Digits of an id.
pub(crate) const ID_DIGITS: usize = TIME_DIGITS + 2 * RANDOM_BYTES;

/// The id of the chunks of one write: the time of the write and 96 random bits, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct ChunksId(String);

impl ChunksId {
    /// Returns a new id, or `None` if the operating system has no randomness.
    pub(crate) fn new(now: Duration) -> Option<Self> {
        let random = random::id::<RANDOM_BYTES>()?;
        Some(Self(format!("{:0TIME_DIGITS$x}{random}", now.as_secs())))
    }

    /// An id of the size of every id.
    pub(crate) fn longest() -> Self {
        Self("0".repeat(ID_DIGITS))
    }

    /// Reads an id that [`Key::chunk_of`] found.
    pub(crate) fn from_key(id: &str) -> Self {
        Self(id.to_owned())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The second of the epoch in which the write began.
    fn begun(&self) -> u32 {
        self.0.get(..TIME_DIGITS).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or_default()
    }

    /// Whether a chunk with this id is an orphan unless an item names it.
    pub(crate) fn is_settled(&self, now: Duration) -> bool {
        now.saturating_sub(Duration::from_secs(self.begun().into())) > ORPHAN_AGE
    }

    /// The second of the epoch from which on no manifest may be sent that names these chunks.
    pub(crate) fn usable_until(&self) -> NonZeroU32 {
        NonZeroU32::new(self.begun().saturating_add(MAX_WRITE_SECONDS)).unwrap_or(NonZeroU32::MIN)
    }

    fn is_valid(&self) -> bool {
        self.0.len() == ID_DIGITS && self.0.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    }
}

/// What the item of a large value contains instead of the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) id: ChunksId,
    /// The number of chunks.
    pub(crate) chunks: usize,
    /// The size of all chunks together.
    bytes: usize,
    /// The checksum of all chunks together, as in gzip.
    crc32: u32,
    /// The encoding of all chunks together.
    encoding: Form,
    /// The size of the original value.
    pub(crate) size: usize,
}

/// The encoding of a large value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Form {
    #[serde(rename = "s")]
    Text,
    #[serde(rename = "b")]
    Bytes,
    #[serde(rename = "gz1s")]
    GzipText,
    #[serde(rename = "gz1b")]
    GzipBytes,
}

impl Form {
    fn of(value: &AttributeValue, encoding: Option<Encoding>) -> Option<Self> {
        match (value, encoding) {
            (AttributeValue::S(_), None) => Some(Self::Text),
            (AttributeValue::B(_), None) => Some(Self::Bytes),
            (AttributeValue::B(_), Some(Encoding::GzipText)) => Some(Self::GzipText),
            (AttributeValue::B(_), Some(Encoding::GzipBytes)) => Some(Self::GzipBytes),
            _ => None,
        }
    }
}

/// The bytes of a value that can be stored in chunks: text or bytes.
pub(crate) fn content(value: &AttributeValue) -> Option<&[u8]> {
    match value {
        AttributeValue::S(text) => Some(text.as_bytes()),
        AttributeValue::B(bytes) => Some(bytes.as_ref()),
        _ => None,
    }
}

impl Manifest {
    /// The maximum number of chunks. Even with the longest attribute names, the largest value has fewer.
    pub(crate) const MAX_CHUNKS: usize = 999;

    /// Describes a value, which may be compressed. Returns `None` if it is neither text nor bytes.
    pub(crate) fn new(
        id: ChunksId,
        value: &AttributeValue,
        encoding: Option<Encoding>,
        original_size: usize,
        chunk_bytes: usize,
    ) -> Option<Self> {
        let content = content(value)?;
        Some(Self {
            id,
            chunks: content.len().div_ceil(chunk_bytes),
            bytes: content.len(),
            crc32: libdeflater::crc32(content),
            encoding: Form::of(value, encoding)?,
            size: original_size,
        })
    }

    /// The value of the item.
    pub(crate) fn to_value(&self) -> serde_json::Result<AttributeValue> {
        serde_json::to_string(self).map(AttributeValue::S)
    }

    /// Reads the value of an item.
    ///
    /// # Errors
    /// Fails if no write of this version can have stored it.
    pub(crate) fn parse(value: &AttributeValue) -> Result<Self, Flaw> {
        let text = value.as_s().map_err(|_| Flaw::Damaged)?;
        let manifest: Self = serde_json::from_str(text).map_err(|_| Flaw::Damaged)?;
        if manifest.bytes.max(manifest.size) > MAX_LARGE_BYTES {
            return Err(Flaw::TooLarge);
        }
        if !manifest.id.is_valid() || manifest.chunks == 0 || manifest.chunks > Self::MAX_CHUNKS {
            return Err(Flaw::Damaged);
        }
        Ok(manifest)
    }

    /// The size of all chunks together.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The keys of the chunks, or `None` if they are too long.
    pub(crate) fn keys(&self, key: &Key) -> Option<Vec<Key>> {
        (0..self.chunks).map(|number| key.chunk(self.id.as_str(), number)).collect()
    }

    /// The content of a chunk. Chunks have the same size, except the last one.
    pub(crate) fn part<'a>(&self, value: &'a AttributeValue, number: usize) -> &'a [u8] {
        let size = self.bytes.div_ceil(self.chunks.max(1)).max(1);
        content(value).and_then(|content| content.chunks(size).nth(number)).unwrap_or_default()
    }

    /// Returns the value that the chunks contain.
    ///
    /// # Errors
    /// Fails if they do not match the manifest.
    pub(crate) fn restore(&self, bytes: Vec<u8>) -> Result<AttributeValue, Flaw> {
        if bytes.len() != self.bytes || libdeflater::crc32(&bytes) != self.crc32 {
            return Err(Flaw::Damaged);
        }
        let encoding = match self.encoding {
            Form::Text => return String::from_utf8(bytes).map(AttributeValue::S).map_err(|_| Flaw::NotText),
            Form::Bytes => return Ok(AttributeValue::B(bytes.into())),
            Form::GzipText => Encoding::GzipText,
            Form::GzipBytes => Encoding::GzipBytes,
        };
        Compressed::from_bytes(bytes, encoding)?.decompress()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compression::compress;
    use crate::key::{Base, KeyError, Sought};
    use proptest::prelude::*;

    const NOW: Duration = Duration::from_millis(1_800_000_000_250);

    fn id() -> ChunksId {
        ChunksId::new(NOW).expect("random")
    }

    fn manifest(value: &AttributeValue, encoding: Option<Encoding>) -> Manifest {
        Manifest::new(id(), value, encoding, content(value).expect("bytes").len(), CHUNK_BYTES).expect("text or bytes")
    }

    #[test]
    fn an_id_tells_its_age() {
        let id = id();
        assert!(id.is_valid() && id.as_str().starts_with("6b49d200"), "{id:?}");
        let after = |seconds: i64| Duration::from_secs(1_800_000_000u64.saturating_add_signed(seconds));
        assert_eq!(u64::from(id.usable_until().get()), after(900).as_secs());
        assert!(!id.is_settled(after(3_600)) && id.is_settled(after(3_601)));
        // The clock of another machine is behind.
        assert!(!id.is_settled(after(-60)));
    }

    /// [BIG-6]
    #[test]
    fn a_manifest_that_no_write_stored_is_rejected() {
        let good = manifest(&AttributeValue::S("x".repeat(CHUNK_BYTES + 1)), None);
        assert_eq!(good.chunks, 2);
        assert_eq!(Manifest::parse(&good.to_value().expect("JSON")), Ok(good.clone()));
        let changed = |change: fn(&mut Manifest)| {
            let mut manifest = good.clone();
            change(&mut manifest);
            Manifest::parse(&manifest.to_value().expect("JSON"))
        };
        assert_eq!(changed(|manifest| manifest.bytes = MAX_LARGE_BYTES + 1), Err(Flaw::TooLarge));
        assert_eq!(changed(|manifest| manifest.size = usize::MAX), Err(Flaw::TooLarge));
        assert_eq!(changed(|manifest| manifest.chunks = 0), Err(Flaw::Damaged));
        assert_eq!(changed(|manifest| manifest.chunks = usize::MAX), Err(Flaw::Damaged));
        assert_eq!(changed(|manifest| manifest.id.0.push('0')), Err(Flaw::Damaged));
        assert_eq!(changed(|manifest| manifest.id.0 = "/".repeat(ID_DIGITS)), Err(Flaw::Damaged));
        for odd in [AttributeValue::S("{}".into()), AttributeValue::S(String::new()), AttributeValue::N("1".into())] {
            assert_eq!(Manifest::parse(&odd), Err(Flaw::Damaged));
        }
    }

    /// [BIG-4] With another base, or none, this is a chunk of the item `app:`.
    #[test]
    fn a_key_that_only_the_base_makes_a_chunk_is_reserved() {
        let (base, none) = (Base::parse("app".into()).expect("valid"), Base::default());
        let text = format!("\0{}.1", "0".repeat(ID_DIGITS));
        assert!(matches!(Key::parse(text.as_str().into(), &base), Err(KeyError::Chunk { key }) if key == text));
        assert_eq!(Key::seek(text.as_str().into(), &base), Ok(Sought::Nowhere(text.as_str().into())));
        assert!(Key::parse(text.as_str().into(), &none).is_ok_and(|key| !key.is_chunk()));
    }

    proptest! {
        /// [BIG-6]
        #[test]
        fn only_the_same_bytes_are_restored(text in "\\PC{1,200}", at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let texts = AttributeValue::S(text.repeat(40));
            let (compressed, encoding) = compress(&texts, usize::MAX >> 44).expect("compressible");
            for (value, encoding) in [(texts.clone(), None), (compressed, Some(encoding))] {
                let manifest = manifest(&value, encoding);
                let bytes = content(&value).expect("bytes").to_vec();
                prop_assert_eq!(manifest.restore(bytes.clone()), Ok(texts.clone()));
                let mut changed = bytes.clone();
                changed[at.index(bytes.len())] ^= 1 << bit;
                prop_assert!(manifest.restore(changed).is_err());
                prop_assert!(manifest.restore(bytes[..bytes.len() - 1].to_vec()).is_err());
            }
        }

        #[test]
        fn chunk_keys_are_recognised_and_distinct(text in "\\PC{1,40}|[\\x00-\\x7f]{1,40}", chunks in 1usize..50) {
            let key = Key::parse(text.as_str().into(), &Base::default());
            prop_assume!(key.is_ok());
            let (key, mut manifest) = (key.expect("valid"), manifest(&AttributeValue::S("x".into()), None));
            manifest.chunks = chunks;
            let keys = manifest.keys(&key).expect("short");
            prop_assert_eq!(keys.iter().collect::<std::collections::HashSet<_>>().len(), chunks);
            for chunk in keys {
                prop_assert_eq!(chunk.chunk_of(), Some((key.clone(), manifest.id.as_str())));
            }
        }
    }
}
