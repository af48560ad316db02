//! Keys and bases: what may be a key, and what lies under a base.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::input::Input;

/// The longest partition key, in bytes of UTF-8:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-partition-sort-keys>
pub const MAX_KEY_BYTES: usize = 2_048;

/// unstorage's separator between the parts of a key.
const SEPARATOR: char = ':';

/// A key that DynamoDB takes: 1 to 2,048 bytes of UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(String);

/// Why an input is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// DynamoDB has no empty keys.
    #[error("the key is empty; a key is 1 to {MAX_KEY_BYTES} bytes of UTF-8")]
    Empty,
    /// Over [`MAX_KEY_BYTES`].
    #[error("the key is {bytes} bytes of UTF-8, the limit is {MAX_KEY_BYTES}")]
    TooLong {
        /// The whole key, for `error.key`.
        key: String,
        /// Its size.
        bytes: usize,
    },
    /// A lone surrogate has no UTF-8 form.
    #[error("the key holds a lone surrogate; a key is well-formed text of 1 to {MAX_KEY_BYTES} bytes of UTF-8")]
    IllFormed,
    /// Not a string at all.
    #[error("the key is {0}; a key is a string of 1 to {MAX_KEY_BYTES} bytes of UTF-8")]
    NotText(&'static str),
}

impl Key {
    /// Checks a key.
    ///
    /// # Errors
    /// [`KeyError`] for an empty, too long or ill-formed key, or no string.
    pub fn parse(input: Input) -> Result<Self, KeyError> {
        match input {
            Input::Text(text) if text.is_empty() => Err(KeyError::Empty),
            Input::Text(text) if text.len() > MAX_KEY_BYTES => Err(KeyError::TooLong { bytes: text.len(), key: text }),
            Input::Text(text) => Ok(Self(text)),
            Input::IllFormedText => Err(KeyError::IllFormed),
            other => Err(KeyError::NotText(other.kind())),
        }
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Gives the text away.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// The key as DynamoDB takes it.
    pub(crate) fn attribute(&self) -> AttributeValue {
        AttributeValue::S(self.0.clone())
    }

    /// A key that DynamoDB sent: whatever is in the table, so only its type is checked.
    pub(crate) fn from_attribute(attribute: AttributeValue) -> Option<Self> {
        match attribute {
            AttributeValue::S(text) => Some(Self(text)),
            _ => None,
        }
    }
}

/// A prefix of keys that ends at a separator, or nothing: every key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Base(String);

/// Why an input is no base; reads on after "… must be".
pub const BASE_ALLOWED: &str = "well-formed text or undefined";

impl Base {
    /// Reads a base. `"a"` and `"a:"` are the same; absent and empty mean every key.
    ///
    /// # Errors
    /// The kind of an input that is no well-formed text.
    pub fn parse(input: Input) -> Result<Self, &'static str> {
        match input {
            Input::Absent => Ok(Self::default()),
            Input::Text(mut text) => {
                let name = text.trim_end_matches(SEPARATOR).len();
                text.truncate(name);
                if !text.is_empty() {
                    text.push(SEPARATOR);
                }
                Ok(Self(text))
            }
            other => Err(other.kind()),
        }
    }

    /// The prefix to match literally; `None` where every key matches.
    #[must_use]
    pub fn prefix(&self) -> Option<&str> {
        (!self.0.is_empty()).then_some(self.0.as_str())
    }
}

/// How many separators a key may hold and still be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxDepth(Option<usize>);

/// Why an input is no depth; reads on after "… must be".
pub const MAX_DEPTH_ALLOWED: &str = "a whole number of 0 or more, or undefined";

impl MaxDepth {
    /// Reads a depth; absent and infinite mean no limit.
    ///
    /// # Errors
    /// The kind of an input that is no whole number of 0 or more.
    pub fn parse(input: &Input) -> Result<Self, &'static str> {
        match input {
            Input::Absent => Ok(Self(None)),
            Input::Number(depth) if *depth == f64::INFINITY => Ok(Self(None)),
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; 0 or more")]
            Input::Number(depth) if *depth >= 0.0 && depth.fract() == 0.0 => Ok(Self(Some(*depth as usize))),
            Input::Number(depth) if depth.fract() != 0.0 && depth.is_finite() => Err("a fraction"),
            other => Err(other.kind()),
        }
    }

    /// Whether a key is not too deep.
    #[must_use]
    pub fn admits(self, key: &str) -> bool {
        self.0.is_none_or(|limit| key.bytes().filter(|byte| *byte == SEPARATOR as u8).count() <= limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn takes_1_to_2048_bytes() {
        assert!(Key::parse("k".into()).is_ok());
        assert!(Key::parse(Input::Text("é".repeat(1_024))).is_ok());
        assert_eq!(Key::parse("".into()), Err(KeyError::Empty));
        let long = format!("{}é", "x".repeat(2_047));
        assert_eq!(Key::parse(Input::Text(long.clone())), Err(KeyError::TooLong { key: long, bytes: 2_049 }));
        assert_eq!(Key::parse(Input::IllFormedText), Err(KeyError::IllFormed));
        assert_eq!(Key::parse(Input::Number(1.0)), Err(KeyError::NotText("a number")));
        assert_eq!(Key::parse(Input::Absent), Err(KeyError::NotText("nothing")));
    }

    #[test]
    fn a_base_ends_at_one_separator() {
        for (given, prefix) in [("a", "a:"), ("a:", "a:"), ("a:b", "a:b:"), ("a::", "a:")] {
            assert_eq!(Base::parse(given.into()).expect("valid").prefix(), Some(prefix));
        }
        for everything in [Input::Absent, "".into(), ":".into()] {
            assert_eq!(Base::parse(everything).expect("valid").prefix(), None);
        }
        assert_eq!(Base::parse(Input::Number(1.0)), Err("a number"));
        assert_eq!(Base::parse(Input::IllFormedText), Err("a string with a lone surrogate"));
    }

    #[test]
    fn depth_counts_separators() {
        let depth = |input| MaxDepth::parse(&input).expect("valid");
        assert!(depth(Input::Absent).admits("a:b:c:d"));
        assert!(depth(Input::Number(f64::INFINITY)).admits("a:b:c:d"));
        assert!(depth(Input::Number(0.0)).admits("a"));
        assert!(!depth(Input::Number(0.0)).admits("a:b"));
        assert!(depth(Input::Number(1.0)).admits("a:b"));
        assert!(!depth(Input::Number(1.0)).admits("a:b:c"));
        for input in [Input::Number(-1.0), Input::Number(1.5), Input::Number(f64::NAN), "1".into()] {
            assert!(MaxDepth::parse(&input).is_err());
        }
    }

    proptest! {
        #[test]
        fn a_key_comes_back_exactly(text in "\\PC{1,500}|[\\x00-\\x7f]{1,2048}") {
            prop_assert_eq!(Key::parse(Input::Text(text.clone())).expect("valid").into_string(), text);
        }

        #[test]
        fn a_base_is_the_same_with_and_without_its_separator(text in "[a-z:]{0,8}[a-z]") {
            prop_assert_eq!(Base::parse(Input::Text(text.clone())), Base::parse(Input::Text(format!("{text}:"))));
        }
    }
}
