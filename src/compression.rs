//! Compressed values: gzip, which every language can read, implemented by libdeflate.
//!
//! The value attribute holds the compressed bytes, and the encoding attribute says what they decode to. A value without
//! that attribute is returned unchanged, so gzip data that a user stored remains bytes.

use std::cell::RefCell;

use aws_sdk_dynamodb::types::AttributeValue;
use libdeflater::{CompressionLvl, Compressor, Decompressor};

/// The largest value that is compressed or decompressed. Without a limit, a row of 400 KB could expand to 400 MB.
pub const MAX_ORIGINAL_BYTES: usize = 16 << 20;

/// The minimum size of gzip's header and trailer: <https://www.rfc-editor.org/rfc/rfc1952#section-2.3>
const GZIP_BYTES: usize = 18;

/// The size of the trailer: the checksum and the size of the original.
const TRAILER_BYTES: usize = 8;

/// The maximum compression ratio of deflate: two bits can represent 258 bytes.
const MAX_RATIO: usize = 1_032;

thread_local! {
    // Creating a compressor takes longer than compressing a small value. The default level is 6.
    static COMPRESSOR: RefCell<Compressor> = RefCell::new(Compressor::new(CompressionLvl::default()));
    static DECOMPRESSOR: RefCell<Decompressor> = RefCell::new(Decompressor::new());
}

/// The encoding of a compressed value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Text, compressed with gzip.
    GzipText,
    /// Bytes, compressed with gzip.
    GzipBytes,
    /// The manifest of a large value.
    Manifest,
    /// A chunk of a large value.
    Chunk,
}

/// Why a value cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The encoding attribute has an unknown value.
    #[error("the encoding is not known to this version")]
    UnknownEncoding,
    /// The value attribute is not binary.
    #[error("an encoding is given for a value that is not binary")]
    NotBinary,
    /// Larger than [`MAX_ORIGINAL_BYTES`], or than gzip's compression ratio allows.
    #[error("the stored value claims to be larger than it can be")]
    TooLarge,
    /// Not gzip, or with a wrong checksum or length.
    #[error("the stored value is damaged")]
    Damaged,
    /// A chunk of a large value does not exist.
    #[error("a part of the large value is missing")]
    MissingChunk,
    /// Not UTF-8.
    #[error("the stored text is not UTF-8")]
    NotText,
}

impl Encoding {
    /// The value of the encoding attribute.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::GzipText => "gz1s",
            Self::GzipBytes => "gz1b",
            Self::Manifest => "ch1",
            Self::Chunk => "ch1p",
        }
    }

    /// Reads an encoding attribute. Returns `None` if its value is unknown.
    pub(crate) fn of(attribute: &AttributeValue) -> Option<Self> {
        let AttributeValue::S(code) = attribute else { return None };
        let all = [Self::GzipText, Self::GzipBytes, Self::Manifest, Self::Chunk];
        all.into_iter().find(|encoding| encoding.code() == code)
    }
}

/// Whether [`compress`] may make the value smaller.
#[must_use]
pub fn is_compressible(value: &AttributeValue) -> bool {
    content(value).is_some()
}

fn content(value: &AttributeValue) -> Option<(&[u8], Encoding)> {
    let (bytes, encoding) = match value {
        AttributeValue::S(text) => (text.as_bytes(), Encoding::GzipText),
        AttributeValue::B(bytes) => (bytes.as_ref(), Encoding::GzipBytes),
        _ => return None,
    };
    (bytes.len() <= MAX_ORIGINAL_BYTES).then_some((bytes, encoding))
}

/// Compresses the value to at most `limit` bytes. Returns `None` if that is not possible.
#[must_use]
pub fn compress(value: &AttributeValue, limit: usize) -> Option<(AttributeValue, Encoding)> {
    let (bytes, encoding) = content(value)?;
    let mut compressed = vec![0; limit];
    let length = COMPRESSOR.with_borrow_mut(|compressor| compressor.gzip_compress(bytes, &mut compressed)).ok()?;
    compressed.truncate(length);
    // [`Compressed::decompress`] would take it for several members.
    if !has_one_trailer(&compressed) {
        return None;
    }
    compressed.shrink_to_fit();
    Some((AttributeValue::B(compressed.into()), encoding))
}

/// A compressed value of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Compressed {
    bytes: Vec<u8>,
    encoding: Encoding,
    original_size: usize,
}

impl Compressed {
    /// Reads the value and the encoding attribute of a row.
    ///
    /// # Errors
    /// Fails if the value is found to be invalid without decompressing it.
    pub fn new(value: AttributeValue, encoding: &AttributeValue) -> Result<Self, Flaw> {
        let gzip = |encoding: &Encoding| matches!(encoding, Encoding::GzipText | Encoding::GzipBytes);
        let encoding = Encoding::of(encoding).filter(gzip).ok_or(Flaw::UnknownEncoding)?;
        let AttributeValue::B(bytes) = value else { return Err(Flaw::NotBinary) };
        Self::from_bytes(bytes.into_inner(), encoding)
    }

    /// Reads compressed bytes.
    ///
    /// # Errors
    /// Fails if they are found to be invalid without decompressing them.
    pub(crate) fn from_bytes(bytes: Vec<u8>, encoding: Encoding) -> Result<Self, Flaw> {
        let (Some(trailer), GZIP_BYTES..) = (bytes.last_chunk(), bytes.len()) else { return Err(Flaw::Damaged) };
        let original_size = usize::try_from(u32::from_le_bytes(*trailer)).map_err(|_| Flaw::TooLarge)?;
        if original_size > MAX_ORIGINAL_BYTES.min(bytes.len().saturating_mul(MAX_RATIO)) {
            return Err(Flaw::TooLarge);
        }
        Ok(Self { bytes, encoding, original_size })
    }

    /// The size of the value before compression, as stated in its trailer. [`decompress`](Self::decompress) verifies
    /// it.
    #[must_use]
    pub fn original_size(&self) -> usize {
        self.original_size
    }

    /// Returns the original value.
    ///
    /// # Errors
    /// Fails if the checksum or length is wrong, or if text is not UTF-8.
    pub fn decompress(&self) -> Result<AttributeValue, Flaw> {
        let mut original = vec![0; self.original_size];
        let length = DECOMPRESSOR
            .with_borrow_mut(|decompressor| decompressor.gzip_decompress(&self.bytes, &mut original))
            .map_err(|_| Flaw::Damaged)?;
        let checksum = libdeflater::crc32(&original).to_le_bytes();
        let is_at_end = self.bytes.last_chunk().is_some_and(|end: &[u8; TRAILER_BYTES]| end.starts_with(&checksum));
        if length != self.original_size || !is_at_end || !has_one_trailer(&self.bytes) {
            return Err(Flaw::Damaged);
        }
        match self.encoding {
            Encoding::GzipText => String::from_utf8(original).map(AttributeValue::S).map_err(|_| Flaw::NotText),
            _ => Ok(AttributeValue::B(original.into())),
        }
    }
}

/// Whether the trailer (checksum and size) occurs only at the end, as in a single gzip member. libdeflate ignores
/// anything after the first member.
fn has_one_trailer(gzip: &[u8]) -> bool {
    let Some((data, trailer)) = gzip.split_last_chunk::<TRAILER_BYTES>() else { return false };
    !data.windows(TRAILER_BYTES).any(|part| part == trailer)
}

#[cfg(test)]
mod tests;
