//! Values: their sizes, how they are read, and conversion of numbers.
//!
//! A value is a DynamoDB attribute value throughout the core; src/node/ converts it to and from JavaScript.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_types::base64;

use crate::text::{self, Utf16};

/// The prefix of text in which unstorage encodes bytes for drivers that store only text.
const BASE64_PREFIX: &str = "base64:";

/// A value that the caller passed.
#[derive(Clone, PartialEq)]
pub enum Given {
    /// A value that can be stored.
    Value(AttributeValue),
    /// Text in UTF-16, which may hold a lone surrogate.
    Utf16(Utf16),
    /// A value that cannot be stored. The text continues "the value " with the position, what was found, and what is
    /// allowed.
    Refused(String),
}

impl Given {
    /// Returns the value to store, or the reason why it cannot be stored.
    ///
    /// # Errors
    /// Fails with the text of [`Given::Refused`].
    pub fn checked(self) -> Result<AttributeValue, String> {
        match self {
            Self::Value(value) => Ok(value),
            Self::Utf16(units) => text::from_utf16(&units)
                .map(AttributeValue::S)
                .ok_or_else(|| "holds a lone surrogate; text must be well-formed".to_owned()),
            Self::Refused(reason) => Err(reason),
        }
    }
}

impl From<&str> for Given {
    fn from(text: &str) -> Self {
        Self::Value(AttributeValue::S(text.to_owned()))
    }
}

/// How stored values are returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// As it was stored.
    Plain,
    /// Bytes if they were stored as such or as unstorage's `base64:` text.
    Raw,
}

impl Reading {
    /// Converts a stored value.
    #[must_use]
    pub fn apply(self, value: AttributeValue) -> AttributeValue {
        match (self, value) {
            (Self::Raw, AttributeValue::S(text)) => {
                match text.strip_prefix(BASE64_PREFIX).map(base64::decode) {
                    Some(Ok(bytes)) => AttributeValue::B(bytes.into()),
                    // Other text that happens to have the prefix.
                    _ => AttributeValue::S(text),
                }
            }
            (_, value) => value,
        }
    }
}

/// The size of a value in bytes. Exact for text and bytes; otherwise as DynamoDB documents it, to within a few bytes
/// per number:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
#[must_use]
pub fn size(value: &AttributeValue) -> usize {
    /// The overhead of every list and map, and of every element in it.
    const CONTAINER: usize = 3;
    const ELEMENT: usize = 1;
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::N(text) => size_of_number(text),
        AttributeValue::Ss(set) => set.iter().map(String::len).sum(),
        AttributeValue::Ns(set) => set.iter().map(|text| size_of_number(text)).sum(),
        AttributeValue::Bs(set) => set.iter().map(|bytes| bytes.as_ref().len()).sum(),
        AttributeValue::L(list) => CONTAINER + list.iter().map(|item| size(item) + ELEMENT).sum::<usize>(),
        AttributeValue::M(map) => {
            CONTAINER + map.iter().map(|(name, item)| name.len() + size(item) + ELEMENT).sum::<usize>()
        }
        _ => 1,
    }
}

/// The size of a number in bytes.
pub(crate) fn size_of_number(digits: &str) -> usize {
    digits.bytes().filter(u8::is_ascii_digit).count().div_ceil(2) + 1
}

/// The part of a value's size that is certain: text and bytes. How DynamoDB counts numbers, lists and maps is not
/// specified exactly.
#[must_use]
pub fn certain_size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(_) | AttributeValue::B(_) | AttributeValue::Ss(_) | AttributeValue::Bs(_) => size(value),
        AttributeValue::L(list) => list.iter().map(certain_size).sum(),
        AttributeValue::M(map) => map.iter().map(|(name, item)| name.len() + certain_size(item)).sum(),
        _ => 0,
    }
}

/// A DynamoDB number as JavaScript can represent it.
#[derive(Debug, Clone, PartialEq)]
pub enum Number {
    /// A double whose shortest notation has exactly these digits.
    Double(f64),
    /// The digits of an integer that doubles cannot represent exactly, for a `BigInt`.
    Integer(String),
    /// Anything else, as DynamoDB wrote it.
    Text(String),
}

/// The largest exponent of a DynamoDB number. DynamoDB never returns a larger one.
const MAX_EXPONENT: i64 = 125;

/// Parses a number without rounding it.
#[must_use]
pub fn number(text: &str) -> Number {
    let Some(exact) = Decimal::parse(text) else {
        return Number::Text(text.to_owned());
    };
    let double: f64 = text.parse().unwrap_or(f64::NAN);
    let safe = double.fract() != 0.0 || double.abs() <= crate::expiry::MAX_TTL_SECONDS;
    // Like JavaScript, Rust writes the shortest digits that parse to the same double.
    if safe && Decimal::parse(&format!("{double:e}")).as_ref() == Some(&exact) {
        return Number::Double(double);
    }
    exact.integer().map_or_else(|| Number::Text(text.to_owned()), Number::Integer)
}

/// A normalised decimal number: digits without leading or trailing zeros, times a power of ten.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, text.get(1..)?),
            b'+' => (false, text.get(1..)?),
            _ => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all: String = [whole, fraction].concat();
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let trailing = all.len() - all.trim_end_matches('0').len();
        let digits = all.trim_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self { negative: false, digits, exponent: 0 });
        }
        let exponent = i64::from(exponent) - i64::try_from(fraction.len()).ok()? + i64::try_from(trailing).ok()?;
        Some(Self { negative, digits, exponent })
    }

    /// The digits of an integer; `None` for a fraction, or if it exceeds DynamoDB's range.
    fn integer(&self) -> Option<String> {
        if !(0..=MAX_EXPONENT).contains(&self.exponent) {
            return None;
        }
        let sign = if self.negative { "-" } else { "" };
        let zeros = "0".repeat(usize::try_from(self.exponent).ok()?);
        Some(format!("{sign}{}{zeros}", self.digits))
    }
}

/// Formats a double for DynamoDB.
///
/// # Errors
/// Fails for NaN, infinities, and numbers beyond ±(2^53 - 1).
pub fn number_text(double: f64) -> Result<String, &'static str> {
    /// Smaller numbers are written with an exponent.
    const SMALL: f64 = 1e-15;
    if !double.is_finite() {
        return Err("NaN or infinite");
    }
    if double.abs() > crate::expiry::MAX_TTL_SECONDS {
        return Err("a number beyond 2^53 - 1, which a double does not hold exactly");
    }
    Ok(if double == 0.0 {
        "0".to_owned()
    } else if double.abs() < SMALL {
        format!("{double:e}")
    } else {
        double.to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// [VAL-2]
    #[test]
    fn a_number_is_never_rounded() {
        for (text, double) in
            [("0", 0.0), ("-0", 0.0), ("1", 1.0), ("1.50", 1.5), ("0.1", 0.1), ("1E-130", 1e-130), ("-2.5E+2", -250.0)]
        {
            assert_eq!(number(text), Number::Double(double), "{text}");
        }
        assert_eq!(number("9007199254740991"), Number::Double(9_007_199_254_740_991.0));
        for (text, integer) in [
            ("9007199254740992", "9007199254740992"),
            ("9007199254740993", "9007199254740993"),
            ("-12345678901234567890123456789012345678", "-12345678901234567890123456789012345678"),
            ("1E+30", "1000000000000000000000000000000"),
            ("1.5E+20", "150000000000000000000"),
        ] {
            assert_eq!(number(text), Number::Integer(integer.to_owned()), "{text}");
        }
        for text in ["0.12345678901234567890", "NaN", "Infinity", "", "-", "1e", "1E+9999", "0x10"] {
            assert_eq!(number(text), Number::Text(text.to_owned()));
        }
        assert!(matches!(number(&"9".repeat(10_000)), Number::Integer(digits) if digits.len() == 10_000));
    }

    #[test]
    fn a_double_is_written_with_all_its_digits() {
        for (double, text) in [(0.0, "0"), (-0.0, "0"), (1.5, "1.5"), (-3.0, "-3"), (1e-7, "0.0000001")] {
            assert_eq!(number_text(double).as_deref(), Ok(text));
        }
        assert_eq!(number_text(5e-100).as_deref(), Ok("5e-100"));
        assert_eq!(number_text(1e-15).as_deref(), Ok("0.000000000000001"));
        assert_eq!(number_text(-9_007_199_254_740_991.0).as_deref(), Ok("-9007199254740991"));
        for refused in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 9_007_199_254_740_992.0, -1e300] {
            assert!(number_text(refused).is_err(), "{refused}");
        }
    }

    /// [RAW-3]
    #[test]
    fn raw_reads_decode_base64_text_of_unstorage() {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        assert_eq!(Reading::Raw.apply(text("base64:AQID")), AttributeValue::B(vec![1, 2, 3].into()));
        assert_eq!(Reading::Raw.apply(text("base64:")), AttributeValue::B(vec![].into()));
        assert_eq!(Reading::Raw.apply(text("base64:no base64")), text("base64:no base64"));
        assert_eq!(Reading::Raw.apply(text("AQID")), text("AQID"));
        assert_eq!(Reading::Plain.apply(text("base64:AQID")), text("base64:AQID"));
    }

    #[test]
    fn sizes_match_the_documentation() {
        assert_eq!(size(&AttributeValue::S("é".into())), 2);
        assert_eq!(size(&AttributeValue::N("1234567890".into())), 6);
        assert_eq!(size(&AttributeValue::Bool(true)), 1);
        let list = AttributeValue::L(vec![AttributeValue::S("ab".into()), AttributeValue::Null(true)]);
        assert_eq!(size(&list), 3 + 3 + 2);
        assert_eq!(certain_size(&list), 2);
        let map = AttributeValue::M([("name".to_owned(), AttributeValue::B(vec![0; 5].into()))].into());
        assert_eq!(size(&map), 3 + 4 + 5 + 1);
        assert_eq!(certain_size(&map), 9);
    }

    proptest! {
        #[test]
        fn every_safe_double_is_read_back_unchanged(double in -9_007_199_254_740_991.0f64..9_007_199_254_740_991.0) {
            let text = number_text(double).expect("finite");
            prop_assert_eq!(number(&text), Number::Double(double));
        }

        #[test]
        fn every_integer_is_read_back_unchanged(integer in any::<i128>()) {
            let digits = match number(&integer.to_string()) {
                Number::Double(double) => format!("{double}"),
                Number::Integer(digits) => digits,
                Number::Text(text) => return Err(TestCaseError::fail(text)),
            };
            prop_assert_eq!(digits, integer.to_string());
        }

        #[test]
        fn any_text_is_parsed_without_a_panic(text in "\\PC{0,40}|-?[0-9]{1,40}(\\.[0-9]{0,40})?([eE][+-]?[0-9]{1,4})?") {
            let _any = number(&text);
        }
    }
}
