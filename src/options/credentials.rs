//! The option `credentials`: static ones, who to ask for some, or none, which means the AWS default chain.

mod provided;

use std::fmt;

use aws_credential_types::provider::SharedCredentialsProvider;

pub use provided::RawProvided;

use crate::error::Error;
use crate::input::Input;

const ALLOWED: &str = "{ accessKeyId, secretAccessKey, sessionToken? }, a function that gives such an object or a \
                       promise of one, or absent for the AWS default chain";

/// `credentials` as the caller gave it. No `Debug`: it is a secret.
#[derive(Clone)]
pub enum RawCredentials {
    /// Not given.
    Absent,
    /// An object with these properties.
    Object {
        /// `credentials.accessKeyId`
        access_key_id: Input,
        /// `credentials.secretAccessKey`
        secret_access_key: Input,
        /// `credentials.sessionToken`
        session_token: Input,
    },
    /// A function, as something to ask.
    Provider(SharedCredentialsProvider),
    /// Anything else, by the name of its kind.
    Other(&'static str),
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

/// The option, checked.
#[derive(Debug, Clone)]
pub enum GivenCredentials {
    /// Credentials that never change.
    Static(StaticCredentials),
    /// Who to ask for some.
    Provider(SharedCredentialsProvider),
}

/// Checks the option.
pub(super) fn parse(credentials: RawCredentials) -> Result<Option<GivenCredentials>, Error> {
    let (access_key_id, secret_access_key, session_token) = match credentials {
        RawCredentials::Absent => return Ok(None),
        RawCredentials::Other(kind) => return Err(Error::option("credentials", ALLOWED, kind)),
        RawCredentials::Provider(provider) => return Ok(Some(GivenCredentials::Provider(provider))),
        RawCredentials::Object { access_key_id, secret_access_key, session_token } => {
            (access_key_id, secret_access_key, session_token)
        }
    };
    let refused =
        |name: &str, allowed: &str, found: &str| Error::option(&format!("credentials.{name}"), allowed, found);
    read(access_key_id, secret_access_key, session_token, refused).map(|keys| Some(GivenCredentials::Static(keys)))
}

fn read<E>(
    access_key_id: Input,
    secret_access_key: Input,
    session_token: Input,
    refused: impl Fn(&str, &str, &str) -> E,
) -> Result<StaticCredentials, E> {
    let text = |name: &str, input| text(input).map_err(|(allowed, found)| refused(name, allowed, found));
    Ok(StaticCredentials {
        access_key_id: text("accessKeyId", access_key_id)?,
        secret_access_key: text("secretAccessKey", secret_access_key)?,
        session_token: match session_token {
            Input::Absent => None,
            given => Some(text("sessionToken", given)?),
        },
    })
}

fn text(input: Input) -> Result<String, (&'static str, &'static str)> {
    match input {
        // A control character (the newline of a pasted key, say) could not be sent in a header.
        Input::Text(text) if !text.is_empty() && !text.contains(char::is_control) => Ok(text),
        Input::Text(text) if !text.is_empty() => Err(("a string without control characters", "a string with one")),
        other => Err(("a string", other.kind())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(id: Input, secret: Input, token: Input) -> RawCredentials {
        RawCredentials::Object { access_key_id: id, secret_access_key: secret, session_token: token }
    }

    #[test]
    fn takes_keys_with_and_without_a_token() {
        let token = |given: Input| match parse(raw("id".into(), "secret".into(), given)) {
            Ok(Some(GivenCredentials::Static(keys))) => keys.session_token,
            _ => panic!("not taken"),
        };
        assert_eq!(token(Input::Absent), None);
        assert_eq!(token("token".into()).as_deref(), Some("token"));
        assert!(parse(RawCredentials::Absent).expect("valid").is_none());
    }

    #[test]
    fn refuses_the_rest_by_name_and_never_shows_it() {
        let refused = [
            (raw(Input::Absent, "CANARY".into(), Input::Absent), "credentials.accessKeyId"),
            (raw("CANARY".into(), "".into(), Input::Absent), "credentials.secretAccessKey"),
            (raw("CANARY".into(), "CANARY\n".into(), Input::Absent), "credentials.secretAccessKey"),
            (raw("CANARY".into(), "CANARY".into(), Input::Number(1.0)), "credentials.sessionToken"),
            (RawCredentials::Other("a string"), "credentials"),
        ];
        for (given, option) in refused {
            let message = parse(given).map(drop).expect_err("refused").to_string();
            assert!(message.contains(&format!("`{option}`")), "{message}");
            assert!(!message.contains("CANARY"), "{message}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let parsed = parse(raw("CANARY".into(), "CANARY".into(), "CANARY".into())).expect("valid");
        assert!(!format!("{parsed:?}").contains("CANARY"));
    }
}
