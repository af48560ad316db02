//! The option `largeValues`.

use super::limits::count;
use super::source::{Nested, options};
use crate::error::Error;
use crate::input::Input;
use crate::item::MAX_ITEM_BYTES;
use crate::large::MAX_LARGE_BYTES;

/// The allowed values of the option.
const ALLOWED: &str = "false or an object { maxSize? }";

/// The default of `maxSize`.
const DEFAULT_MAX_SIZE: usize = 8 << 20;

/// What is written in several items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LargeValues {
    /// The largest value in bytes.
    pub max_size: usize,
    /// The largest item in bytes. Only tests set a smaller one than DynamoDB's, so that a large value need not be large.
    pub item_bytes: usize,
}

options! {
    /// The option `largeValues` before validation.
    RawLargeValues {
        max_size: Input = "maxSize",
    }
}

/// Validates the option. `None` means that no value is written in several items.
pub(super) fn parse(raw: &Nested<RawLargeValues>) -> Result<Option<LargeValues>, Error> {
    match raw {
        Nested::Plain(input) if input.is_absent() || input.as_boolean() == Some(false) => Ok(None),
        Nested::Plain(Input::Text(_)) => Err(Error::option("largeValues", ALLOWED, "another string")),
        Nested::Plain(other) => Err(Error::option("largeValues", ALLOWED, other.kind())),
        Nested::Object(RawLargeValues { max_size }) => {
            let number = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
            let size = count("largeValues.maxSize", max_size, number(MAX_ITEM_BYTES)..=number(MAX_LARGE_BYTES))?;
            let max_size = size.map_or(DEFAULT_MAX_SIZE, |size| size as usize);
            Ok(Some(LargeValues { max_size, item_bytes: MAX_ITEM_BYTES }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [BIG-9]
    #[test]
    fn is_off_or_has_a_size() {
        let size = |max_size| {
            let parsed = parse(&RawLargeValues { max_size }.into())?;
            Ok::<_, Error>(parsed.map(|LargeValues { max_size, .. }| max_size))
        };
        for off in [Input::Absent, "".into(), Input::Boolean(false), "false".into()] {
            assert_eq!(parse(&Nested::Plain(off)), Ok(None));
        }
        assert_eq!(size(Input::Absent).expect("valid"), Some(8 << 20));
        assert_eq!(size(Input::Number(409_600.0)).expect("valid"), Some(409_600));
        assert_eq!(size("16777216".into()).expect("valid"), Some(16 << 20));
        for refused in [Input::Boolean(true), "yes".into(), Input::Number(1e6), Input::Other("an array")] {
            let message = parse(&Nested::Plain(refused)).expect_err("refused").to_string();
            assert!(message.contains("`largeValues`") && message.contains(ALLOWED), "{message}");
        }
        for refused in [Input::Number(409_599.0), Input::Number(16_777_217.0), Input::Number(5e5 + 0.5), "big".into()] {
            let message = size(refused).expect_err("refused").to_string();
            assert!(message.contains("`largeValues.maxSize`") && message.contains("409600 to 16777216"), "{message}");
        }
    }
}
