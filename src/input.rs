//! A value that the caller passed, before validation.
//!
//! The boundary (src/node/) only converts a JavaScript value to an [`Input`]; the core decides what is allowed. It
//! has no `Debug`, because it may be a secret.

/// The allowed values of a flag.
pub(crate) const FLAG_ALLOWED: &str = "true or false, or one of these words as a string";

/// A value that the caller passed.
#[derive(Clone, Default, PartialEq)]
pub enum Input {
    /// `undefined` or `null`.
    #[default]
    Absent,
    /// Well-formed text.
    Text(String),
    /// Text with a lone surrogate, as UTF-16. It has no UTF-8 form, and replacing the surrogate would let two keys
    /// collide.
    IllFormedText(Vec<u16>),
    /// A number, including NaN and infinities.
    Number(f64),
    /// A boolean.
    Boolean(bool),
    /// Anything else, with the name of its kind ("function", "object", …).
    Other(&'static str),
}

impl Input {
    /// Describes the kind of the value for an error message, never the value itself.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Absent => "nothing",
            Self::Text(text) if text.is_empty() => "an empty string",
            Self::Text(_) => "a string",
            Self::IllFormedText(_) => "a string with a lone surrogate",
            Self::Number(number) if number.is_nan() => "NaN",
            Self::Number(number) if number.is_infinite() => "an infinite number",
            Self::Number(number) if *number < 0.0 => "a negative number",
            Self::Number(_) => "a number",
            Self::Boolean(_) => "a boolean",
            Self::Other(kind) => kind,
        }
    }

    /// Returns a boolean, or the one that the text spells out, because configurations often take flags from the
    /// environment.
    #[must_use]
    pub fn as_boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(flag) => Some(*flag),
            Self::Text(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
            Self::Text(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// Returns well-formed text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the flag, or the kind of the value if it is not a flag.
    pub(crate) fn as_flag(&self, default: bool) -> Result<bool, &'static str> {
        if self.is_absent() {
            return Ok(default);
        }
        self.as_boolean().ok_or(match self {
            Self::Text(_) => "another string",
            other => other.kind(),
        })
    }

    /// Replaces an empty string by `Absent`.
    #[must_use]
    pub fn given(self) -> Self {
        if self.is_absent() { Self::Absent } else { self }
    }

    /// Whether the value is absent. An empty string counts as absent, because configurations produce it from unset
    /// variables.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        match self {
            Self::Absent => true,
            Self::Text(text) => text.is_empty(),
            _ => false,
        }
    }

    /// Returns a number, or the one that the text spells out, because configurations often take numbers from the
    /// environment.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            // Rust also parses "inf" and "nan", which are not meant as numbers here.
            Self::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }
}

impl From<&str> for Input {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numeric_text_is_a_number() {
        assert_eq!(Input::from("300").as_number(), Some(300.0));
        assert_eq!(Input::from(" 1.5 ").as_number(), Some(1.5));
        for text in ["", " ", "5m", "inf", "NaN", "0x10", "1,5"] {
            assert_eq!(Input::from(text).as_number(), None, "{text:?}");
        }
        assert_eq!(Input::Boolean(true).as_number(), None);
    }

    #[test]
    fn the_texts_true_and_false_are_flags() {
        for (text, flag) in [("true", true), ("false", false), (" TRUE ", true), ("False", false)] {
            assert_eq!(Input::from(text).as_flag(!flag), Ok(flag), "{text:?}");
        }
        for absent in [Input::Absent, Input::from("")] {
            assert_eq!(absent.as_flag(true), Ok(true));
            assert_eq!(absent.as_flag(false), Ok(false));
        }
        for refused in ["yes", "1", "0", "on", " ", "truee"] {
            assert_eq!(Input::from(refused).as_flag(true), Err("another string"), "{refused:?}");
        }
        assert_eq!(Input::Number(1.0).as_flag(true), Err("a number"));
    }

    #[test]
    fn kind_never_contains_the_value() {
        assert_eq!(Input::from("hunter2").kind(), "a string");
        assert_eq!(Input::Number(-1.0).kind(), "a negative number");
    }
}
