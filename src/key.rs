//! Keys and bases: validation, and which keys belong to a base.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::input::Input;
use crate::large::ID_DIGITS;

/// The maximum size of a partition key in bytes of UTF-8:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-partition-sort-keys>
pub const MAX_KEY_BYTES: usize = 2_048;

/// unstorage's separator between the parts of a key.
const SEPARATOR: char = ':';

/// A valid DynamoDB key: 1 to 2,048 bytes of UTF-8, including the store's base.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    stored: String,
    /// The offset of the caller's key, after the store's base.
    own: usize,
}

/// Why a key is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// DynamoDB does not allow empty keys.
    #[error("the key is empty; a key is 1 to {MAX_KEY_BYTES} bytes of UTF-8")]
    Empty,
    /// Longer than [`MAX_KEY_BYTES`].
    #[error("the key is {bytes} bytes of UTF-8{}, the limit is {MAX_KEY_BYTES}", with_base(*.base_bytes))]
    TooLong {
        /// The caller's key, for `error.key`.
        key: String,
        /// The size including the store's base.
        bytes: usize,
        /// The size of the store's base.
        base_bytes: usize,
    },
    /// A lone surrogate has no UTF-8 form.
    #[error("the key holds a lone surrogate; a key is well-formed text of 1 to {MAX_KEY_BYTES} bytes of UTF-8")]
    IllFormed,
    /// Reserved for a chunk of a large value.
    #[error("the key ends like that of a chunk of a large value, which the driver manages itself")]
    Chunk {
        /// The caller's key, for `error.key`.
        key: String,
    },
    /// Not a string.
    #[error("the key is {0}; a key is a string of 1 to {MAX_KEY_BYTES} bytes of UTF-8")]
    NotText(&'static str),
}

/// Separates the key of a large value from the name of a chunk.
const CHUNK_MARK: char = '\0';

/// Splits the key of a chunk into the key of the item and the id.
fn chunk_parts(stored: &str) -> Option<(&str, &str)> {
    // Most keys do not end with a digit.
    let name = stored.trim_end_matches(|digit: char| digit.is_ascii_digit());
    let (name, is_numbered) = (name.strip_suffix('.')?, name.len() < stored.len());
    let (key, id) = name.split_at_checked(name.len().checked_sub(ID_DIGITS)?)?;
    let key = key.strip_suffix(CHUNK_MARK)?;
    let is_id = id.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    (is_numbered && is_id && !key.is_empty()).then_some((key, id))
}

/// Describes the base's share of a size, if there is a base.
fn with_base(base_bytes: usize) -> String {
    if base_bytes == 0 { String::new() } else { format!(", {base_bytes} of them the option `base`") }
}

impl Key {
    /// Validates a key and prepends the store's base.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if the key is empty, too long, ill-formed or not a string.
    pub fn parse(input: Input, base: &Base) -> Result<Self, KeyError> {
        let own = base.0.len();
        match input {
            Input::Text(text) if text.is_empty() => Err(KeyError::Empty),
            Input::Text(text) if own + text.len() > MAX_KEY_BYTES => {
                Err(KeyError::TooLong { bytes: own + text.len(), base_bytes: own, key: text })
            }
            Input::Text(text) => {
                let stored = if own == 0 { text } else { [base.0.as_str(), text.as_str()].concat() };
                let key = Self { stored, own };
                if key.is_chunk() { Err(KeyError::Chunk { key: key.into_string() }) } else { Ok(key) }
            }
            Input::IllFormedText(_) => Err(KeyError::IllFormed),
            other => Err(KeyError::NotText(other.kind())),
        }
    }

    /// Validates a key to look up. A key that cannot exist is not an error, because nothing is stored under it.
    ///
    /// # Errors
    ///
    /// [`KeyError::NotText`] if the key is not a string.
    pub fn seek(input: Input, base: &Base) -> Result<Sought, KeyError> {
        match input {
            Input::Text(text) if text.is_empty() => Ok(Sought::Nowhere(KeyText::Text(text))),
            Input::IllFormedText(units) => Ok(Sought::Nowhere(KeyText::IllFormed(units))),
            _ => match Self::parse(input, base) {
                Err(KeyError::TooLong { key, .. } | KeyError::Chunk { key }) => Ok(Sought::Nowhere(KeyText::Text(key))),
                parsed => parsed.map(Sought::Key),
            },
        }
    }

    /// The caller's key, without the store's base.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.stored.get(self.own..).unwrap_or_default()
    }

    /// Returns the caller's key, without the store's base.
    #[must_use]
    pub fn into_string(mut self) -> String {
        self.stored.drain(..self.own);
        self.stored
    }

    /// The key in the table.
    pub(crate) fn stored(&self) -> &str {
        &self.stored
    }

    /// The size of the key in the table, in bytes.
    pub(crate) fn stored_len(&self) -> usize {
        self.stored.len()
    }

    /// The key of a chunk of a large value, or `None` if it is too long.
    pub(crate) fn chunk(&self, id: &str, number: usize) -> Option<Self> {
        let stored = format!("{}{CHUNK_MARK}{id}.{number}", self.stored);
        (stored.len() <= MAX_KEY_BYTES).then_some(Self { stored, own: self.own })
    }

    /// The key of the item and the id, if this is the key of a chunk.
    pub(crate) fn chunk_of(&self) -> Option<(Self, &str)> {
        let (stored, id) = chunk_parts(&self.stored)?;
        Some((Self { stored: stored.to_owned(), own: self.own }, id))
    }

    /// Whether this is the key of a chunk.
    pub(crate) fn is_chunk(&self) -> bool {
        chunk_parts(&self.stored).is_some()
    }

    /// Reads a key that DynamoDB returned. The table may contain any key, so only its type and the store's base are
    /// checked.
    pub(crate) fn from_attribute(attribute: AttributeValue, base: &Base) -> Option<Self> {
        match attribute {
            AttributeValue::S(stored) if stored.starts_with(&base.0) => Some(Self { stored, own: base.0.len() }),
            _ => None,
        }
    }
}

/// A key to look up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sought {
    /// A key that may exist.
    Key(Key),
    /// A key that cannot exist: empty, too long or ill-formed.
    Nowhere(KeyText),
}

/// A key as the caller passed it, to be returned unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyText {
    /// Well-formed text.
    Text(String),
    /// Text with a lone surrogate, as UTF-16.
    IllFormed(Vec<u16>),
}

impl From<&str> for KeyText {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// A key prefix that ends at a separator. If empty, it matches every key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Base(String);

/// The allowed bases, worded to follow "… must be".
pub const BASE_ALLOWED: &str = "well-formed text or undefined";

impl Base {
    /// Parses a base. `"a"` and `"a:"` are equivalent; an absent or empty base matches every key.
    ///
    /// # Errors
    ///
    /// Returns the kind of an input that is not well-formed text.
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

    /// Parses the option `base` and normalises it as unstorage's own drivers do: `/` and `\\` are separators like `:`,
    /// and repeated, leading and trailing separators are removed.
    ///
    /// # Errors
    ///
    /// Returns the kind of an input that is not well-formed text.
    pub fn parse_option(input: Input) -> Result<Self, &'static str> {
        match input {
            Input::Text(text) => {
                let parts: Vec<&str> = text.split([SEPARATOR, '/', '\\']).filter(|part| !part.is_empty()).collect();
                Self::parse(Input::Text(parts.join(":")))
            }
            other => Self::parse(other),
        }
    }

    /// Appends this base to an outer one.
    #[must_use]
    pub fn below(&self, outer: &Self) -> Self {
        Self([outer.0.as_str(), self.0.as_str()].concat())
    }

    /// The prefix to match literally, or `None` if every key matches.
    #[must_use]
    pub fn prefix(&self) -> Option<&str> {
        (!self.0.is_empty()).then_some(self.0.as_str())
    }
}

/// The maximum number of separators in a listed key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxDepth(Option<usize>);

/// The allowed depths, worded to follow "… must be".
pub const MAX_DEPTH_ALLOWED: &str = "a whole number of 0 or more, or undefined";

impl MaxDepth {
    /// Parses a depth. Absent and infinite mean no limit.
    ///
    /// # Errors
    ///
    /// Returns the kind of an input that is not a whole number of 0 or more.
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

    /// Whether the key is within the depth.
    #[must_use]
    pub fn admits(self, key: &str) -> bool {
        self.0.is_none_or(|limit| key.bytes().filter(|byte| *byte == SEPARATOR as u8).count() <= limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(input: Input) -> Result<Key, KeyError> {
        Key::parse(input, &Base::default())
    }

    #[test]
    fn takes_1_to_2048_bytes() {
        assert!(parse("k".into()).is_ok());
        assert!(parse(Input::Text("é".repeat(1_024))).is_ok());
        assert_eq!(parse("".into()), Err(KeyError::Empty));
        let long = format!("{}é", "x".repeat(2_047));
        assert_eq!(parse(Input::Text(long.clone())), Err(KeyError::TooLong { key: long, bytes: 2_049, base_bytes: 0 }));
        assert_eq!(parse(Input::IllFormedText(vec![0xd800])), Err(KeyError::IllFormed));
        assert_eq!(parse(Input::Number(1.0)), Err(KeyError::NotText("a number")));
        assert_eq!(parse(Input::Absent), Err(KeyError::NotText("nothing")));
    }

    /// [KEY-3]
    #[test]
    fn a_key_that_cannot_exist_is_not_looked_up() {
        let base = Base::parse("app".into()).expect("valid");
        let seek = |input: Input| Key::seek(input, &base);
        for text in ["", &"x".repeat(2_045)] {
            assert_eq!(seek(text.into()), Ok(Sought::Nowhere(text.into())));
        }
        let ill_formed = vec![0xd800, 0];
        assert_eq!(seek(Input::IllFormedText(ill_formed.clone())), Ok(Sought::Nowhere(KeyText::IllFormed(ill_formed))));
        assert!(matches!(seek(Input::Text("x".repeat(2_044))), Ok(Sought::Key(key)) if key.stored_len() == 2_048));
        for refused in [Input::Absent, Input::Number(1.0), Input::Boolean(false)] {
            assert!(matches!(seek(refused), Err(KeyError::NotText(_))));
        }
    }

    /// [BASE-4]
    #[test]
    fn the_option_base_is_normalised() {
        let base = |text: &str| Base::parse_option(text.into()).expect("valid").prefix().map(str::to_owned);
        for same in ["app:cache", "app/cache", "app/cache/", "/app\\cache\\", "::app:://cache::", "app:cache:"] {
            assert_eq!(base(same).as_deref(), Some("app:cache:"), "{same:?}");
        }
        for none in ["", ":", "/", "\\/::"] {
            assert_eq!(base(none), None, "{none:?}");
        }
        // `.` is not a separator, and `?` does not start a query.
        assert_eq!(base(" a.b?c ").as_deref(), Some(" a.b?c :"));
    }

    #[test]
    fn the_base_counts_towards_the_size_and_is_not_shown() {
        let base = Base::parse("app".into()).expect("valid");
        let key = Key::parse("a:b".into(), &base).expect("valid");
        assert_eq!(key.stored(), "app:a:b");
        assert_eq!(key.as_str(), "a:b");
        assert_eq!(Key::from_attribute(AttributeValue::S(key.stored().into()), &base), Some(key.clone()));
        assert_eq!(key.into_string(), "a:b");
        assert_eq!(Key::from_attribute(AttributeValue::S("other:a".into()), &base), None);
        assert!(Key::parse(Input::Text("x".repeat(2_044)), &base).is_ok());
        let error = Key::parse(Input::Text("x".repeat(2_045)), &base).expect_err("too long");
        assert!(error.to_string().contains("2049 bytes of UTF-8, 4 of them the option `base`"), "{error}");
        assert_eq!(Key::parse("".into(), &base), Err(KeyError::Empty));
        let inner = Base::parse("x".into()).expect("valid");
        assert_eq!(inner.below(&base).prefix(), Some("app:x:"));
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
        assert_eq!(Base::parse(Input::IllFormedText(vec![0xd800])), Err("a string with a lone surrogate"));
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
        for (input, kind) in [
            (Input::Number(-1.0), "a negative number"),
            (Input::Number(1.5), "a fraction"),
            (Input::Number(f64::NAN), "NaN"),
            (Input::Number(f64::NEG_INFINITY), "an infinite number"),
            ("1".into(), "a string"),
        ] {
            assert_eq!(MaxDepth::parse(&input).err(), Some(kind));
        }
    }

    proptest! {
        #[test]
        fn a_key_is_read_back_unchanged(text in "\\PC{1,500}|[\\x00-\\x7f]{1,2048}") {
            prop_assert_eq!(parse(Input::Text(text.clone())).expect("valid").into_string(), text);
        }

        #[test]
        fn a_trailing_separator_does_not_change_a_base(text in "[a-z:]{0,8}[a-z]") {
            prop_assert_eq!(Base::parse(Input::Text(text.clone())), Base::parse(Input::Text(format!("{text}:"))));
        }

        /// A store reads back its own keys unchanged, and never reads those under another base.
        #[test]
        fn a_key_is_read_back_only_under_its_base(base in "\\PC{0,20}|[ab:]{0,4}", other in "[ab:]{0,4}", text in "\\PC{1,20}|[ab:]{1,4}") {
            let base = Base::parse(Input::Text(base)).expect("valid");
            let other = Base::parse(Input::Text(other)).expect("valid");
            let key = Key::parse(Input::Text(text.clone()), &base).expect("valid");
            let read = |base| Key::from_attribute(AttributeValue::S(key.stored().to_owned()), base);
            prop_assert_eq!(read(&base), Some(key.clone()));
            prop_assert_eq!(read(&base).map(Key::into_string), Some(text));
            let is_below = key.stored().starts_with(other.prefix().unwrap_or_default());
            prop_assert_eq!(read(&other).is_some(), is_below);
        }
    }
}
