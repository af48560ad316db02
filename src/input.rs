//! What a caller handed over, before anything is known about it.
//!
//! The boundary (src/bridge/) turns a JavaScript value into an [`Input`] and nothing more; the core decides what is
//! allowed. There is no `Debug`: an input may be a secret.

/// What a flag may be.
pub(crate) const FLAG_ALLOWED: &str = "true or false, or one of these words as a string";

/// A value as the caller gave it.
#[derive(Clone, Default, PartialEq)]
pub enum Input {
    /// Not given: `undefined` or `null`.
    #[default]
    Absent,
    /// Well-formed text.
    Text(String),
    /// Text with a lone surrogate, as UTF-16: it has no UTF-8 form, and replacing the surrogate would let two keys collide.
    IllFormedText(Vec<u16>),
    /// A number, NaN and infinities included.
    Number(f64),
    /// A boolean.
    Boolean(bool),
    /// Anything else, by the name of its kind ("function", "object", …).
    Other(&'static str),
}

impl Input {
    /// What the value is, for an error message: never the value itself.
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

    /// The flag that the value is or, as text, spells out (configurations take flags from the environment).
    #[must_use]
    pub fn as_boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(flag) => Some(*flag),
            Self::Text(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
            Self::Text(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// The well-formed text that the value is.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The flag that the value is, or its kind where it is none.
    pub(crate) fn as_flag(&self, default: bool) -> Result<bool, &'static str> {
        if self.is_absent() {
            return Ok(default);
        }
        self.as_boolean().ok_or(match self {
            Self::Text(_) => "another string",
            other => other.kind(),
        })
    }

    /// The value, or nothing where it is an empty string.
    #[must_use]
    pub fn given(self) -> Self {
        if self.is_absent() { Self::Absent } else { self }
    }

    /// Whether nothing was given. An empty string counts as nothing: it is what a variable that is not set becomes in a
    /// configuration.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        match self {
            Self::Absent => true,
            Self::Text(text) => text.is_empty(),
            _ => false,
        }
    }

    /// The number that the value is or, as text, spells out (configurations take numbers from the environment).
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            // Rust also reads "inf" and "nan"; a person who writes those did not mean a number of seconds.
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
    fn the_words_true_and_false_are_flags() {
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
    fn kind_never_holds_the_value() {
        assert_eq!(Input::from("hunter2").kind(), "a string");
        assert_eq!(Input::Number(-1.0).kind(), "a negative number");
    }
}
