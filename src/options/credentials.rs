//! The option `credentials`: static ones, or none, which means the AWS default chain.

use std::fmt;

use crate::error::Error;
use crate::input::Input;

const ALLOWED: &str = "{ accessKeyId, secretAccessKey, sessionToken? }, or absent for the AWS default chain";

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

/// Checks the option.
pub(super) fn parse(credentials: RawCredentials) -> Result<Option<StaticCredentials>, Error> {
    let (access_key_id, secret_access_key, session_token) = match credentials {
        RawCredentials::Absent => return Ok(None),
        RawCredentials::Other(kind) => return Err(Error::option("credentials", ALLOWED, kind)),
        RawCredentials::Object { access_key_id, secret_access_key, session_token } => {
            (access_key_id, secret_access_key, session_token)
        }
    };
    Ok(Some(StaticCredentials {
        access_key_id: text("credentials.accessKeyId", access_key_id)?,
        secret_access_key: text("credentials.secretAccessKey", secret_access_key)?,
        session_token: match session_token {
            Input::Absent => None,
            given => Some(text("credentials.sessionToken", given)?),
        },
    }))
}

fn text(option: &str, input: Input) -> Result<String, Error> {
    match input {
        // A control character (the newline of a pasted key, say) could not be sent in a header.
        Input::Text(text) if !text.is_empty() && !text.contains(char::is_control) => Ok(text),
        Input::Text(text) if !text.is_empty() => {
            Err(Error::option(option, "a string without control characters", "a string with one"))
        }
        other => Err(Error::option(option, "a string", other.kind())),
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
        let parsed = parse(raw("id".into(), "secret".into(), Input::Absent)).expect("valid").expect("given");
        assert_eq!(parsed.session_token, None);
        let parsed = parse(raw("id".into(), "secret".into(), "token".into())).expect("valid").expect("given");
        assert_eq!(parsed.session_token.as_deref(), Some("token"));
        assert_eq!(parse(RawCredentials::Absent).expect("valid"), None);
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
            let message = parse(given).expect_err("refused").to_string();
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
