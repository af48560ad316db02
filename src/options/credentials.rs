//! The option `credentials`: static credentials, a provider, or nothing, which selects the AWS default chain.

mod provided;

use std::fmt;

use aws_credential_types::provider::SharedCredentialsProvider;

pub use provided::RawProvided;

use super::source::{Nested, options};
use crate::error::Error;
use crate::input::Input;

const ALLOWED: &str = "{ accessKeyId, secretAccessKey, sessionToken? }, a function that gives such an object or a \
                       promise of one, or absent for the AWS default chain";

options! {
    /// Static credentials before validation. Has no `Debug`, because they are secret.
    RawKeys {
        access_key_id: Input = "accessKeyId",
        secret_access_key: Input = "secretAccessKey",
        session_token: Input = "sessionToken",
    }
}

/// The option `credentials` before validation.
#[derive(Clone)]
pub enum RawCredentials {
    /// Anything but a function.
    Given(Nested<RawKeys>),
    /// A function, wrapped as a provider.
    Provider(SharedCredentialsProvider),
}

impl Default for RawCredentials {
    fn default() -> Self {
        Self::Given(Nested::default())
    }
}

impl From<RawKeys> for RawCredentials {
    fn from(keys: RawKeys) -> Self {
        Self::Given(keys.into())
    }
}

/// Credentials that never change.
#[derive(Clone, PartialEq, Eq)]
pub struct StaticCredentials {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: Option<String>,
}

impl fmt::Debug for StaticCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StaticCredentials(redacted)")
    }
}

/// The validated option.
#[derive(Debug, Clone)]
pub enum GivenCredentials {
    /// Credentials that never change.
    Static(StaticCredentials),
    /// A provider that is asked for credentials.
    Provider(SharedCredentialsProvider),
}

/// Validates the option.
pub(super) fn parse(credentials: RawCredentials) -> Result<Option<GivenCredentials>, Error> {
    let keys = match credentials {
        RawCredentials::Provider(provider) => return Ok(Some(GivenCredentials::Provider(provider))),
        RawCredentials::Given(Nested::Plain(Input::Absent)) => return Ok(None),
        RawCredentials::Given(Nested::Plain(other)) => return Err(Error::option("credentials", ALLOWED, other.kind())),
        RawCredentials::Given(Nested::Object(keys)) => keys,
    };
    let refused =
        |name: &str, allowed: &str, found: &str| Error::option(&format!("credentials.{name}"), allowed, found);
    read(keys, refused).map(|keys| Some(GivenCredentials::Static(keys)))
}

fn read<E>(keys: RawKeys, refused: impl Fn(&str, &str, &str) -> E) -> Result<StaticCredentials, E> {
    let RawKeys { access_key_id, secret_access_key, session_token } = keys;
    let text = |name: &str, input| text(input).map_err(|(allowed, found)| refused(name, allowed, found));
    Ok(StaticCredentials {
        access_key_id: text("accessKeyId", access_key_id)?,
        secret_access_key: text("secretAccessKey", secret_access_key)?,
        session_token: match session_token {
            given if given.is_absent() => None,
            given => Some(text("sessionToken", given)?),
        },
    })
}

fn text(input: Input) -> Result<String, (&'static str, &'static str)> {
    match input {
        Input::Text(text) if !text.is_empty() => match flaw(&text) {
            None => Ok(text),
            Some(flaw) => Err(flaw),
        },
        other => Err(("a string", other.kind())),
    }
}

/// Describes what a part of credentials must be and what it is, if it is invalid. AWS uses printable ASCII without
/// spaces, and nothing else can be sent.
pub(crate) fn flaw(text: &str) -> Option<(&'static str, &'static str)> {
    let found = match text.chars().find(|character| !character.is_ascii_graphic()) {
        None if text.is_empty() => "an empty string",
        None => return None,
        Some('\u{feff}') => "a string with a byte-order mark",
        Some('\n' | '\r') => "a string with a line break",
        Some(character) if character.is_control() => "a string with a control character",
        Some(character) if character.is_whitespace() => "a string with a space",
        Some(_) => "a string with a character that is not ASCII",
    };
    Some(("printable ASCII without spaces", found))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(id: Input, secret: Input, token: Input) -> RawCredentials {
        RawKeys { access_key_id: id, secret_access_key: secret, session_token: token }.into()
    }

    #[test]
    fn accepts_keys_with_and_without_a_token() {
        let token = |given: Input| match parse(raw("id".into(), "secret".into(), given)) {
            Ok(Some(GivenCredentials::Static(keys))) => keys.session_token,
            _ => panic!("not taken"),
        };
        assert_eq!(token(Input::Absent), None);
        assert_eq!(token("".into()), None);
        assert_eq!(token("token".into()).as_deref(), Some("token"));
        assert!(parse(RawCredentials::default()).expect("valid").is_none());
    }

    #[test]
    fn rejects_invalid_parts_by_name_without_showing_them() {
        let refused = [
            (raw(Input::Absent, "CANARY".into(), Input::Absent), "credentials.accessKeyId"),
            (raw("CANARY".into(), "".into(), Input::Absent), "credentials.secretAccessKey"),
            (raw("CANARY".into(), "CANARY\n".into(), Input::Absent), "credentials.secretAccessKey"),
            (raw("CANARY".into(), "CANARY".into(), Input::Number(1.0)), "credentials.sessionToken"),
            (RawCredentials::Given(Nested::Plain("CANARY".into())), "credentials"),
        ];
        for (given, option) in refused {
            let message = parse(given).map(drop).expect_err("refused").to_string();
            assert!(message.contains(&format!("`{option}`")), "{message}");
            assert!(!message.contains("CANARY"), "{message}");
        }
    }

    /// [CRED-12]
    #[test]
    fn only_printable_ascii_can_be_sent() {
        for (given, found) in [
            ("key\n", "line break"),
            ("\rkey", "line break"),
            ("\u{feff}key", "byte-order mark"),
            (" key", "space"),
            ("a key", "space"),
            ("key\u{a0}", "space"),
            ("key\t", "control"),
            ("key\0", "control"),
            ("key\u{7f}", "control"),
            ("k\u{e9}y", "not ASCII"),
            ("\u{200b}key", "not ASCII"),
            ("", "empty"),
        ] {
            assert!(flaw(given).is_some_and(|(_, said)| said.contains(found)), "{given:?}");
        }
        let printable: String = ('!'..='~').collect();
        assert_eq!(flaw(&printable), None);
    }

    #[test]
    fn debug_shows_nothing() {
        let parsed = parse(raw("CANARY".into(), "CANARY".into(), "CANARY".into())).expect("valid");
        assert!(!format!("{parsed:?}").contains("CANARY"));
    }
}
