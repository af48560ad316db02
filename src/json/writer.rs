//! Writes long text faster than `serde_json`, which looks at every byte of a string by itself.

use std::io::{Result, Write};

use serde::ser::Serializer;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};

/// Serializes text for [`TextFormatter`].
pub(super) fn text<S: Serializer>(text: &str, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_bytes(text.as_bytes())
}

/// Compact JSON, in which bytes are text: only [`text`] serializes bytes, as binary values are base64.
pub(super) struct TextFormatter;

impl Formatter for TextFormatter {
    fn write_byte_array<W: ?Sized + Write>(&mut self, writer: &mut W, text: &[u8]) -> Result<()> {
        writer.write_all(b"\"")?;
        let mut rest = text;
        while let Some((plain, byte, after)) = split_at_escape(rest) {
            writer.write_all(plain)?;
            CompactFormatter.write_char_escape(writer, escape(byte))?;
            rest = after;
        }
        writer.write_all(rest)?;
        writer.write_all(b"\"")
    }
}

/// The length of text in JSON, except that control characters without a short escape need more.
pub(super) fn written_len(text: &str) -> usize {
    /// Fewer than a counter of 8 bits counts, which keeps the loop in vector registers.
    const COUNTED: usize = 128;
    let escapes = |block: &[u8]| {
        let count = block.iter().fold(0_u8, |count, byte| count.wrapping_add(u8::from(is_escaped(*byte))));
        usize::from(count)
    };
    text.len() + text.as_bytes().chunks(COUNTED).map(escapes).sum::<usize>()
}

fn is_escaped(byte: u8) -> bool {
    matches!(byte, ..0x20 | b'"' | b'\\')
}

/// Splits text at the first byte that JSON escapes.
fn split_at_escape(text: &[u8]) -> Option<(&[u8], u8, &[u8])> {
    let position = escape_position(text)?;
    let (plain, rest) = text.split_at_checked(position)?;
    let (byte, after) = rest.split_first()?;
    Some((plain, *byte, after))
}

/// Looks at eight bytes at a time: a subtraction from each byte sets its highest bit if it is smaller.
/// <https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord>
fn escape_position(text: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    const HIGHEST: u64 = ONES << 7;
    let (blocks, last) = text.as_chunks::<8>();
    for (index, block) in blocks.iter().enumerate() {
        let bytes = u64::from_le_bytes(*block);
        let control = bytes.wrapping_sub(ONES * 0x20) & !bytes;
        let quote = bytes ^ (ONES * u64::from(b'"'));
        let backslash = bytes ^ (ONES * u64::from(b'\\'));
        let quote = quote.wrapping_sub(ONES) & !quote;
        let backslash = backslash.wrapping_sub(ONES) & !backslash;
        // A borrow can mark only bytes after the first match.
        let found = (control | quote | backslash) & HIGHEST;
        if found != 0 {
            return Some(index * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let start = text.len() - last.len();
    last.iter().position(|byte| is_escaped(*byte)).map(|position| start + position)
}

fn escape(byte: u8) -> CharEscape {
    match byte {
        b'"' => CharEscape::Quote,
        b'\\' => CharEscape::ReverseSolidus,
        0x08 => CharEscape::Backspace,
        0x0c => CharEscape::FormFeed,
        b'\n' => CharEscape::LineFeed,
        b'\r' => CharEscape::CarriageReturn,
        b'\t' => CharEscape::Tab,
        other => CharEscape::AsciiControl(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(text: &str) -> String {
        let mut json = Vec::new();
        TextFormatter.write_byte_array(&mut json, text.as_bytes()).expect("a vector takes everything");
        String::from_utf8(json).expect("text")
    }

    proptest! {
        #[test]
        fn text_is_written_as_serde_json_writes_it(text in r"([\x00-\x24]|[a-c\\]|\PC){0,40}") {
            prop_assert_eq!(written(&text), serde_json::to_string(&text).expect("text"));
        }

        #[test]
        fn the_length_is_exact_without_unusual_control_characters(text in r#"(["\\\n\r\ta-c]|\PC){0,300}"#) {
            prop_assert_eq!(written_len(&text) + 2, written(&text).len());
        }
    }

    #[test]
    fn each_byte_is_escaped_as_serde_json_escapes_it_at_any_position() {
        for byte in 0..0x80_u8 {
            for (before, after) in (0..17).map(|before| (before, 17 - before)) {
                let text = ["a".repeat(before), char::from(byte).into(), "\u{20ac}".repeat(after)].concat();
                assert_eq!(written(&text), serde_json::to_string(&text).expect("text"));
            }
        }
    }
}
