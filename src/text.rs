//! Conversion of text between UTF-8 and the two forms in which JavaScript stores strings.
//!
//! V8 converts UTF-8 many times slower than it copies its own forms, and it does so on the JavaScript thread.

mod utf16;

pub use utf16::Utf16;

/// The length of the blocks in which runs of ASCII are searched. Shorter ones are not compiled to vector instructions.
const BLOCK: usize = 64;

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
}

impl From<String> for JsText {
    fn from(text: String) -> Self {
        /// The first byte of the last characters of Latin-1, U+00C0 to U+00FF.
        const LAST_LATIN1: u8 = 0xc3;
        let last = text.bytes().fold(0, u8::max);
        if last.is_ascii() {
            return Self::Latin1(text.into_bytes());
        }
        // No form has more units than UTF-8 has bytes.
        if last <= LAST_LATIN1 {
            let mut units = Vec::with_capacity(text.len());
            for (ascii, others) in runs(&text) {
                units.extend_from_slice(ascii.as_bytes());
                units.extend(others.encode_utf16().map(|unit| unit.to_le_bytes()[0]));
            }
            return Self::Latin1(units);
        }
        let mut units = Utf16::with_capacity(text.len());
        for (ascii, others) in runs(&text) {
            units.extend(ascii.bytes().map(u16::from));
            units.extend(others.encode_utf16());
        }
        Self::Utf16(units)
    }
}

/// Splits text into pairs of a run of ASCII and a run of other characters, either of which may be empty.
fn runs(mut text: &str) -> impl Iterator<Item = (&str, &str)> {
    std::iter::from_fn(move || {
        let bytes = text.as_bytes();
        let blocks = bytes.as_chunks::<BLOCK>().0.iter().take_while(|block| block.is_ascii()).count() * BLOCK;
        let ascii = blocks + bytes.iter().skip(blocks).take_while(|byte| byte.is_ascii()).count();
        let (ascii, rest) = text.split_at(ascii);
        let others = rest.bytes().position(|byte| byte.is_ascii()).unwrap_or(rest.len());
        let (others, rest) = rest.split_at(others);
        text = rest;
        (!ascii.is_empty() || !others.is_empty()).then_some((ascii, others))
    })
}

/// Converts UTF-16. Returns `None` if a surrogate is not part of a pair.
#[must_use]
pub fn from_utf16(mut units: &[u16]) -> Option<String> {
    let mut text = Vec::with_capacity(units.len() + 2 * others_in(units));
    while !units.is_empty() {
        let blocks = units.as_chunks::<BLOCK>().0.iter().take_while(|block| is_ascii(block)).count() * BLOCK;
        let ascii = blocks + units.iter().skip(blocks).take_while(|unit| **unit < 0x80).count();
        let (ascii, rest) = units.split_at(ascii);
        text.extend(ascii.iter().map(|unit| unit.to_le_bytes()[0]));
        // A pair is never split, because both of its units are above ASCII.
        let others = rest.iter().position(|unit| *unit < 0x80).unwrap_or(rest.len());
        let (others, rest) = rest.split_at(others);
        for character in char::decode_utf16(others.iter().copied()) {
            text.extend_from_slice(character.ok()?.encode_utf8(&mut [0; 4]).as_bytes());
        }
        units = rest;
    }
    String::from_utf8(text).ok()
}

fn is_ascii(block: &[u16; BLOCK]) -> bool {
    block.iter().fold(0, |all, unit| all | unit) < 0x80
}

/// The number of units outside ASCII. Each needs three bytes at most.
fn others_in(units: &[u16]) -> usize {
    /// Fits into a counter of 16 bits, which keeps the loop in vector registers.
    const COUNTED: usize = 1 << 14;
    let others = |block: &[u16]| block.iter().fold(0_u16, |sum, unit| sum.wrapping_add(u16::from(*unit >= 0x80)));
    units.chunks(COUNTED).map(|block| usize::from(others(block))).sum()
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
            prop_assert_eq!(others_in(&units), units.iter().filter(|unit| **unit > 127).count());
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
    fn the_count_of_long_text_does_not_overflow() {
        assert_eq!(others_in(&vec![0xffff; 100_000]), 100_000);
    }
}
