//! Conversion of text between UTF-8 and the two forms in which JavaScript stores strings.
//!
//! V8 converts UTF-8 many times slower than it copies its own forms, and it does so on the JavaScript thread.

mod utf16;

use encoding_rs::mem;

pub use utf16::Utf16;

/// The size of the buffers on the stack through which text is converted. Large vectors are filled with units, not with zeros
/// first.
const CHUNK: usize = 4096;

/// Text in the form in which V8 stores it.
#[derive(Clone, PartialEq, Eq)]
pub enum JsText {
    /// The characters of Latin-1, one byte each.
    Latin1(Vec<u8>),
    /// UTF-16. Contains a character that Latin-1 does not have.
    Utf16(Utf16),
}

impl JsText {
    /// The size in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Latin1(units) => units.len(),
            Self::Utf16(units) => units.len() * size_of::<u16>(),
        }
    }

    /// The memory that it takes, in bytes. Often more than its size: a character takes up to three bytes in UTF-8 and one
    /// unit in UTF-16, and buffers are used again.
    #[must_use]
    pub fn memory(&self) -> usize {
        match self {
            Self::Latin1(units) => units.capacity(),
            Self::Utf16(units) => units.capacity() * size_of::<u16>(),
        }
    }

    /// Releases unused memory if it is more than a quarter of the size, for text that is kept.
    #[must_use]
    pub fn fitted(self) -> Self {
        if self.memory() - self.size() <= self.size() / 4 {
            return self;
        }
        match self {
            Self::Latin1(mut units) => {
                units.shrink_to_fit();
                Self::Latin1(units)
            }
            Self::Utf16(units) => Self::Utf16(units.fitted()),
        }
    }
}

impl From<String> for JsText {
    fn from(text: String) -> Self {
        if text.is_ascii() {
            return Self::Latin1(text.into_bytes());
        }
        // No form has more units than UTF-8 has bytes.
        if mem::is_str_latin1(&text) {
            let mut units = Vec::with_capacity(text.len());
            let mut buffer = [0; CHUNK];
            for chunk in chunks(&text) {
                let length = mem::convert_utf8_to_latin1_lossy(chunk.as_bytes(), &mut buffer);
                units.extend_from_slice(buffer.get(..length).unwrap_or_default());
            }
            return Self::Latin1(units);
        }
        let mut units = Utf16::with_capacity(text.len());
        let mut buffer = [0; CHUNK];
        for chunk in chunks(&text) {
            let length = mem::convert_str_to_utf16(chunk, &mut buffer);
            units.extend_from_slice(buffer.get(..length).unwrap_or_default());
        }
        Self::Utf16(units)
    }
}

/// Splits text into chunks of at most [`CHUNK`] bytes.
fn chunks(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (chunk, rest) = text.split_at(text.floor_char_boundary(CHUNK));
        text = rest;
        (!chunk.is_empty()).then_some(chunk)
    })
}

/// Converts UTF-16. Returns `None` if a surrogate is not part of a pair.
///
/// `encoding_rs` takes a sixth longer (bench/text.rs).
#[must_use]
pub fn from_utf16(units: &[u16]) -> Option<String> {
    // Rarely too small by much: most text is markup, source code or JSON.
    let mut text = String::with_capacity(units.len() + units.len() / 8);
    let mut buffer = [0; 3 * UNITS + STEP];
    let mut rest = units;
    while !rest.is_empty() {
        let (read, written) = encode(rest.get(..UNITS).unwrap_or(rest), &mut buffer)?;
        text.push_str(simdutf8::basic::from_utf8(buffer.get(..written)?).ok()?);
        rest = rest.get(read..).filter(|_| read > 0)?;
    }
    Some(text)
}

/// The number of units that are converted at once.
const UNITS: usize = 512;

/// The number of ASCII characters that are copied at once.
const STEP: usize = 8;

/// Converts at most [`UNITS`] units. Returns how many it has read and how many bytes it has written. Leaves the first half
/// of a pair whose other half is missing.
fn encode(units: &[u16], utf8: &mut [u8; 3 * UNITS + STEP]) -> Option<(usize, usize)> {
    /// Stands for a unit that is not ASCII.
    const OTHER: u8 = 0x80;
    let mut bytes = [OTHER; UNITS + STEP];
    for (byte, unit) in bytes.iter_mut().zip(units) {
        *byte = if *unit < 0x80 { unit.to_le_bytes()[0] } else { OTHER };
    }
    let (mut read, mut written) = (0, 0);
    while read < units.len() {
        let step = bytes.get(read..)?.first_chunk()?;
        *utf8.get_mut(written..)?.first_chunk_mut()? = *step;
        let others = u64::from_le_bytes(*step) & u64::from_le_bytes([OTHER; STEP]);
        if others == 0 {
            (read, written) = (read + STEP, written + STEP);
            continue;
        }
        let ascii = others.trailing_zeros() as usize / 8;
        (read, written) = (read + ascii, written + ascii);
        for character in char::decode_utf16(units.get(read..)?.iter().copied()) {
            match character {
                Ok(character) if character.is_ascii() => break,
                Ok(character) => {
                    read += character.len_utf16();
                    written += character.encode_utf8(utf8.get_mut(written..)?).len();
                }
                Err(_) if read + 1 == units.len() => return Some((read, written)),
                Err(_) => return None,
            }
        }
    }
    Some((read, written))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Text whose runs end before, at and after the ends of blocks.
    fn texts() -> impl Strategy<Value = String> {
        let run = prop_oneof![
            "[ -~]{0,140}",
            "[\u{80}-\u{ff}]{0,5}",
            "[\u{100}-\u{7ff}]{0,5}",
            "[\u{800}-\u{ffff}]{0,40}",
            "[\u{10000}-\u{10ffff}]{0,40}",
            "\\PC{0,5}",
        ];
        proptest::collection::vec(run, 0..8).prop_map(|runs| runs.concat())
    }

    proptest! {
        #[test]
        fn text_becomes_latin1_if_possible_and_utf16_otherwise(text in texts()) {
            let expected: Vec<u16> = text.encode_utf16().collect();
            match JsText::from(text.clone()) {
                JsText::Latin1(units) => prop_assert_eq!(units.into_iter().map(u16::from).collect::<Vec<_>>(), expected),
                JsText::Utf16(units) => {
                    prop_assert_eq!(&*units, &expected);
                    prop_assert!(units.iter().any(|unit| *unit > 0xff));
                }
            }
        }

        #[test]
        fn utf16_is_read_as_it_was_written(text in texts()) {
            let units: Vec<u16> = text.encode_utf16().collect();
            prop_assert_eq!(from_utf16(&units), Some(text));
        }

        /// [VAL-3]
        #[test]
        fn a_lone_surrogate_is_found_anywhere(before in texts(), unit in 0xd800_u16..0xe000, after in texts()) {
            let units: Vec<u16> = before.encode_utf16().chain([unit]).chain(after.encode_utf16()).collect();
            prop_assert_eq!(from_utf16(&units), None);
        }

        #[test]
        fn any_utf16_is_read_as_the_standard_library_reads_it(units in proptest::collection::vec(any::<u16>(), 0..100)) {
            prop_assert_eq!(from_utf16(&units), String::from_utf16(&units).ok());
        }
    }

    #[test]
    fn the_size_does_not_depend_on_the_buffer() {
        drop(Utf16::with_capacity(400_000));
        let text = JsText::from("€".repeat(20_000));
        assert_eq!(text.size(), 40_000);
        assert!(text.memory() >= 60_000 * size_of::<u16>());
    }

    #[test]
    fn fitted_text_takes_at_most_a_quarter_more_memory_than_its_size() {
        drop(Utf16::with_capacity(400_000));
        let mut with_room = String::with_capacity(400_000);
        with_room.push_str(&"x".repeat(200_000));
        let wide = ["本".repeat(130_000), "€".repeat(100_000), "é".repeat(200_000), "😀".repeat(90_000)];
        for text in wide.into_iter().chain([with_room]) {
            let units: Vec<u16> = text.encode_utf16().collect();
            let fitted = JsText::from(text).fitted();
            assert!(fitted.memory() <= fitted.size() / 4 * 5);
            match fitted {
                JsText::Latin1(bytes) => assert!(bytes.into_iter().map(u16::from).eq(units)),
                JsText::Utf16(fitted) => assert_eq!(*fitted, units),
            }
        }
    }

    #[test]
    fn text_is_converted_whatever_the_end_of_a_chunk_splits() {
        for character in ["a", "é", "€", "😀"] {
            for before in [UNITS, CHUNK].into_iter().flat_map(|end| end - 9..=end + 1) {
                let text = ["x".repeat(before), character.repeat(2 * UNITS)].concat();
                let mut units: Vec<u16> = text.encode_utf16().collect();
                assert_eq!(from_utf16(&units).as_deref(), Some(&*text));
                match JsText::from(text) {
                    JsText::Latin1(found) => assert!(found.into_iter().map(u16::from).eq(units.iter().copied())),
                    JsText::Utf16(found) => assert_eq!(*found, units),
                }
                units.push(0xd83d);
                assert_eq!(from_utf16(&units), None);
            }
        }
    }
}
