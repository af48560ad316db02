//! The options that are names: `profile` and `userAgent`.

use crate::error::Error;
use crate::input::Input;

/// The maximum size of a profile name in bytes. AWS documents no limit; this one keeps messages readable.
const MAX_PROFILE_BYTES: usize = 255;

/// The maximum size of the addition to the user agent in bytes. AWS logs keep about a thousand bytes of the user agent.
const MAX_USER_AGENT_BYTES: usize = 256;

/// Validates `profile`, the name of a section of the shared config files.
pub(super) fn parse_profile(profile: Input) -> Result<Option<String>, Error> {
    const ALLOWED: &str = "the name of an AWS profile: 1 to 255 bytes without control characters";
    match profile {
        Input::Absent => Ok(None),
        Input::Text(name) if (1..=MAX_PROFILE_BYTES).contains(&name.len()) && !name.contains(char::is_control) => {
            Ok(Some(name))
        }
        Input::Text(name) if !name.is_empty() => Err(Error::option("profile", ALLOWED, "another string")),
        other => Err(Error::option("profile", ALLOWED, other.kind())),
    }
}

/// Validates `userAgent`: products as defined by RFC 9110, section 10.1.5, without comments.
pub(super) fn parse_user_agent(user_agent: Input) -> Result<Option<String>, Error> {
    const ALLOWED: &str = "words of the form `name` or `name/version`, one space between them, 256 bytes at most, out \
                           of letters, digits and ! # $ % & ' * + - . ^ _ ` | ~";
    match user_agent {
        Input::Absent => Ok(None),
        Input::Text(text) if text.len() <= MAX_USER_AGENT_BYTES && text.split(' ').all(is_product) => Ok(Some(text)),
        Input::Text(text) if !text.is_empty() => Err(Error::option("userAgent", ALLOWED, "another string")),
        other => Err(Error::option("userAgent", ALLOWED, other.kind())),
    }
}

fn is_product(word: &str) -> bool {
    let mut parts = word.splitn(2, '/');
    parts.by_ref().all(is_token)
}

/// <https://www.rfc-editor.org/rfc/rfc9110.html#section-5.6.2>
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_a_name() {
        assert_eq!(parse_profile(Input::Absent).expect("valid"), None);
        assert_eq!(parse_profile("my profile".into()).expect("valid").as_deref(), Some("my profile"));
        for refused in ["".into(), "a\nb".into(), Input::Text("x".repeat(256)), Input::Boolean(true)] {
            assert!(parse_profile(refused).expect_err("refused").to_string().contains("`profile`"));
        }
    }

    #[test]
    fn a_user_agent_fits_into_a_header() {
        assert_eq!(parse_user_agent(Input::Absent).expect("valid"), None);
        for fine in ["shop", "shop/1.2.3-beta+4", "shop/1 edge"] {
            assert_eq!(parse_user_agent(fine.into()).expect("valid").as_deref(), Some(fine));
        }
        let refused = [
            "".into(),
            " ".into(),
            "shop ".into(),
            "a  b".into(),
            "shop/".into(),
            "/1".into(),
            "a/b/c".into(),
            "shop (linux)".into(),
            "shop\r\nx-evil: 1".into(),
            "schöp".into(),
            Input::Text("x".repeat(257)),
            Input::Number(1.0),
        ];
        for refused in refused {
            assert!(parse_user_agent(refused).expect_err("refused").to_string().contains("`userAgent`"));
        }
    }
}
