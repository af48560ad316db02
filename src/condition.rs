//! The conditions of a write, `ifMatch` and `ifNoneMatch`, as in HTTP:
//! <https://www.rfc-editor.org/rfc/rfc9110.html#section-13.1>

use crate::input::Input;

/// The maximum size of an etag in bytes. The driver's own are shorter.
const MAX_ETAG_BYTES: usize = 1_024;

/// The allowed conditions, worded to follow "… must be".
pub(crate) const CONDITION_ALLOWED: &str = "an etag, a string of 1 to 1024 bytes, or \"*\"";

/// The conditions before validation.
#[derive(Default)]
pub struct RawConditions {
    /// `ifMatch`.
    pub if_match: Input,
    /// `ifNoneMatch`.
    pub if_none_match: Input,
}

impl RawConditions {
    /// Whether there is no condition. An empty string is not absent: it would turn a conditional write with a missing
    /// etag into an unconditional one.
    #[must_use]
    pub fn are_absent(&self) -> bool {
        matches!((&self.if_match, &self.if_none_match), (Input::Absent, Input::Absent))
    }
}

/// Which stored items a condition matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Matcher {
    /// `"*"`: any live item.
    Any,
    /// The live item with this etag.
    Etag(String),
}

/// The conditions of a write, both of which must be met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conditions {
    /// The stored item must match.
    pub(crate) if_match: Option<Matcher>,
    /// The stored item must not match.
    pub(crate) if_none_match: Option<Matcher>,
}

impl Conditions {
    /// Validates conditions. Returns `None` if there is none.
    ///
    /// # Errors
    /// Returns the name of an invalid condition and the kind of its value.
    pub(crate) fn parse(raw: RawConditions) -> Result<Option<Self>, (&'static str, &'static str)> {
        if raw.are_absent() {
            return Ok(None);
        }
        let parse = |name, input| Matcher::parse(input).map_err(|found| (name, found));
        Ok(Some(Self {
            if_match: parse("ifMatch", raw.if_match)?,
            if_none_match: parse("ifNoneMatch", raw.if_none_match)?,
        }))
    }

    /// Whether a condition compares etags.
    pub(crate) fn needs_etag(&self) -> bool {
        [&self.if_match, &self.if_none_match].into_iter().any(|matcher| matches!(matcher, Some(Matcher::Etag(_))))
    }
}

/// Whether a condition can name this stored etag. The driver's own are such, those of other code may not be: `"*"` would
/// match any item.
pub(crate) fn is_etag(stored: &str) -> bool {
    matches!(Matcher::parse(stored.into()), Ok(Some(Matcher::Etag(_))))
}

impl Matcher {
    fn parse(input: Input) -> Result<Option<Self>, &'static str> {
        match input {
            Input::Absent => Ok(None),
            Input::Text(text) if text == "*" => Ok(Some(Self::Any)),
            Input::Text(text) if text.len() > MAX_ETAG_BYTES => Err("a longer string"),
            Input::Text(text) if !text.is_empty() => Ok(Some(Self::Etag(text))),
            other => Err(other.kind()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [CAS-4]
    #[test]
    fn a_condition_is_an_etag_or_an_asterisk() {
        let parse = |input| Matcher::parse(input);
        assert_eq!(parse(Input::Absent), Ok(None));
        assert_eq!(parse("*".into()), Ok(Some(Matcher::Any)));
        for etag in ["a", "**", " * ", &"x".repeat(MAX_ETAG_BYTES)] {
            assert_eq!(parse(etag.into()), Ok(Some(Matcher::Etag(etag.to_owned()))));
        }
        for (refused, kind) in [
            ("".into(), "an empty string"),
            (Input::Text("x".repeat(MAX_ETAG_BYTES + 1)), "a longer string"),
            (Input::IllFormedText(vec![0xd800]), "a string with a lone surrogate"),
            (Input::Boolean(true), "a boolean"),
            (Input::Number(1.0), "a number"),
            (Input::Other("null"), "null"),
        ] {
            assert_eq!(parse(refused), Err(kind));
        }
    }
}
