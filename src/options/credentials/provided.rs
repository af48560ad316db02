//! The result of the function in the option `credentials`.

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use super::{RawKeys, read};
use crate::error::CredentialsFailure;
use crate::input::Input;

/// Epoch numbers below this are seconds (up to the year 5138), others are milliseconds (from 1973 on).
const FIRST_MILLISECONDS: f64 = 1e11;

/// The result of the function. Has no `Debug`, because it is a secret.
pub struct RawProvided {
    /// `accessKeyId`
    pub access_key_id: Input,
    /// `secretAccessKey`
    pub secret_access_key: Input,
    /// `sessionToken`
    pub session_token: Input,
    /// `expiration`: an ISO string or an epoch number. A `Date` is passed as a number.
    pub expiration: Input,
}

impl RawProvided {
    /// Validates the result.
    ///
    /// # Errors
    ///
    /// Names the first invalid property.
    pub fn parse(self) -> Result<Credentials, CredentialsFailure> {
        let Self { access_key_id, secret_access_key, session_token, expiration } = self;
        let keys = read(RawKeys { access_key_id, secret_access_key, session_token }, refused)?;
        let expiry = match expiration {
            Input::Absent => None,
            Input::Text(text) if text.is_empty() => None,
            given => {
                let time = since_epoch(&given).ok_or_else(|| {
                    refused("expiration", "a Date, an ISO 8601 date and time, or an epoch number", given.kind())
                })?;
                Some(UNIX_EPOCH + time)
            }
        };
        let name = "function in the option `credentials`";
        Ok(Credentials::new(keys.access_key_id, keys.secret_access_key, keys.session_token, expiry, name))
    }

    /// The failure of a function that returned no object.
    #[must_use]
    pub fn no_object(found: &Input) -> CredentialsFailure {
        CredentialsFailure::new(format!(
            "the function in the option `credentials` gave no object; it gave {}",
            found.kind()
        ))
    }
}

fn refused(name: &str, allowed: &str, found: &str) -> CredentialsFailure {
    CredentialsFailure::new(format!(
        "the function in the option `credentials` gave no credentials: `{name}` must be {allowed}; it is {found}"
    ))
}

/// Parses a time since the epoch. Earlier times count as the epoch.
fn since_epoch(given: &Input) -> Option<Duration> {
    let seconds = match given {
        Input::Number(number) if *number >= FIRST_MILLISECONDS => *number / 1_000.0,
        Input::Number(number) => *number,
        Input::Text(text) => DateTime::from_str(text.trim(), Format::DateTimeWithOffset).ok()?.as_secs_f64(),
        _ => return None,
    };
    if seconds.is_nan() {
        return None;
    }
    Duration::try_from_secs_f64(seconds.max(0.0)).ok().filter(|time| UNIX_EPOCH.checked_add(*time).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provided(expiration: Input) -> RawProvided {
        RawProvided {
            access_key_id: "id".into(),
            secret_access_key: "CANARY".into(),
            session_token: "CANARY".into(),
            expiration,
        }
    }

    fn seconds(expiration: Input) -> Option<u64> {
        let credentials = provided(expiration).parse().expect("valid");
        credentials.expiry().map(|expiry| expiry.duration_since(UNIX_EPOCH).expect("after 1970").as_secs())
    }

    /// [CRED-9]
    #[test]
    fn accepts_an_expiration_in_every_form() {
        assert_eq!(seconds(Input::Absent), None);
        assert_eq!(seconds("".into()), None);
        assert_eq!(seconds(Input::Number(1_800_000_000.0)), Some(1_800_000_000));
        assert_eq!(seconds(Input::Number(1_800_000_000_500.0)), Some(1_800_000_000));
        for text in ["2027-01-15T08:00:00Z", "2027-01-15T08:00:00.000Z", "2027-01-15T10:00:00+02:00"] {
            assert_eq!(seconds(text.into()), Some(1_800_000_000), "{text}");
        }
        assert_eq!(seconds(Input::Number(-5.0)), Some(0));
    }

    #[test]
    fn names_the_invalid_part_and_shows_no_value() {
        for refused in ["soon".into(), Input::Number(f64::NAN), Input::Number(f64::INFINITY), Input::Boolean(true)] {
            let message = provided(refused).parse().expect_err("refused").to_string();
            assert!(message.contains("`expiration`") && message.contains("`credentials`"), "{message}");
            assert!(!message.contains("CANARY"), "{message}");
        }
        let keyless = RawProvided { secret_access_key: Input::Absent, ..provided(Input::Absent) };
        let message = keyless.parse().expect_err("refused").to_string();
        assert!(message.contains("`secretAccessKey` must be a string; it is nothing"), "{message}");
    }
}
