//! Compressed values: gzip, which any language can read, by libdeflate.
//!
//! The compressed content is the bytes of the value attribute, and the encoding attribute says what they are. Without
//! that attribute a value is what it seems, so gzip that a user stored stays bytes.

use std::cell::RefCell;

use aws_sdk_dynamodb::types::AttributeValue;
use libdeflater::{CompressionLvl, Compressor, Decompressor};

/// The largest value that is compressed, and that is decompressed: a row of 400 KB could otherwise claim 400 MB.
pub const MAX_ORIGINAL_BYTES: usize = 16 << 20;

/// What gzip takes around the compressed data, at least: <https://www.rfc-editor.org/rfc/rfc1952#section-2.3>
const GZIP_BYTES: usize = 18;

/// Its end: the checksum and the size of the original.
const TRAILER_BYTES: usize = 8;

/// The bytes that one byte of deflate can stand for at most: two bits for 258.
const MAX_RATIO: usize = 1_032;

thread_local! {
    // Making one takes longer than compressing a small value. The default level is 6.
    static COMPRESSOR: RefCell<Compressor> = RefCell::new(Compressor::new(CompressionLvl::default()));
    static DECOMPRESSOR: RefCell<Decompressor> = RefCell::new(Decompressor::new());
}

/// What a value attribute holds where it is not the value itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Text, compressed by gzip.
    GzipText,
    /// Bytes, compressed by gzip.
    GzipBytes,
}

/// Why a value cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The encoding attribute holds something else.
    #[error("the encoding attribute holds no encoding that this version knows")]
    UnknownEncoding,
    /// The value attribute is not binary.
    #[error("an encoding is given for a value that is not binary")]
    NotBinary,
    /// Over [`MAX_ORIGINAL_BYTES`], or more than gzip can hold.
    #[error("the compressed value claims to be larger than it can be")]
    TooLarge,
    /// Checksum or length differ, or it is not gzip.
    #[error("the compressed value is damaged")]
    Damaged,
    /// Not UTF-8.
    #[error("the compressed text is not UTF-8")]
    NotText,
}

impl Encoding {
    /// What the encoding attribute holds.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::GzipText => "gz1s",
            Self::GzipBytes => "gz1b",
        }
    }

    fn of(attribute: &AttributeValue) -> Option<Self> {
        let AttributeValue::S(code) = attribute else { return None };
        [Self::GzipText, Self::GzipBytes].into_iter().find(|encoding| encoding.code() == code)
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

/// The value in at most `limit` bytes, if that is possible.
#[must_use]
pub fn compress(value: &AttributeValue, limit: usize) -> Option<(AttributeValue, Encoding)> {
    let (bytes, encoding) = content(value)?;
    let mut compressed = vec![0; limit];
    let length = COMPRESSOR.with_borrow_mut(|compressor| compressor.gzip_compress(bytes, &mut compressed)).ok()?;
    compressed.truncate(length);
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
    /// Takes value and encoding attribute of a row.
    ///
    /// # Errors
    /// What can be seen without decompressing.
    pub fn new(value: AttributeValue, encoding: &AttributeValue) -> Result<Self, Flaw> {
        let encoding = Encoding::of(encoding).ok_or(Flaw::UnknownEncoding)?;
        let AttributeValue::B(bytes) = value else { return Err(Flaw::NotBinary) };
        let bytes = bytes.into_inner();
        let (Some(trailer), GZIP_BYTES..) = (bytes.last_chunk(), bytes.len()) else { return Err(Flaw::Damaged) };
        let original_size = usize::try_from(u32::from_le_bytes(*trailer)).map_err(|_| Flaw::TooLarge)?;
        if original_size > MAX_ORIGINAL_BYTES.min(bytes.len().saturating_mul(MAX_RATIO)) {
            return Err(Flaw::TooLarge);
        }
        Ok(Self { bytes, encoding, original_size })
    }

    /// The bytes of the value before it was compressed, as its trailer says. [`decompress`](Self::decompress) checks it.
    #[must_use]
    pub fn original_size(&self) -> usize {
        self.original_size
    }

    /// The value itself.
    ///
    /// # Errors
    /// A wrong checksum or length, or text that is not UTF-8.
    pub fn decompress(&self) -> Result<AttributeValue, Flaw> {
        let mut original = vec![0; self.original_size];
        let length = DECOMPRESSOR
            .with_borrow_mut(|decompressor| decompressor.gzip_decompress(&self.bytes, &mut original))
            .map_err(|_| Flaw::Damaged)?;
        if length != self.original_size || !self.ends_with_member(libdeflater::crc32(&original)) {
            return Err(Flaw::Damaged);
        }
        match self.encoding {
            Encoding::GzipText => String::from_utf8(original).map(AttributeValue::S).map_err(|_| Flaw::NotText),
            Encoding::GzipBytes => Ok(AttributeValue::B(original.into())),
        }
    }

    /// Whether nothing follows the first member, which libdeflate would ignore: its trailer, of the checksum and the size,
    /// is at the end and nowhere else.
    fn ends_with_member(&self, checksum: u32) -> bool {
        let Some((data, trailer)) = self.bytes.split_last_chunk::<TRAILER_BYTES>() else { return false };
        trailer.starts_with(&checksum.to_le_bytes()) && !data.windows(TRAILER_BYTES).any(|part| part == trailer)
    }
}

#[cfg(test)]
mod tests;
