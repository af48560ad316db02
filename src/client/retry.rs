//! What is worth another attempt, and after which wait: as in the SDK's standard mode.
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>

use std::time::Duration;

use aws_runtime::retries::classifiers::TRANSIENT_ERRORS;
use aws_smithy_runtime_api::client::result::ConnectorError;

use super::explain::is_throttle;

/// Why an attempt may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// AWS asks to slow down.
    Throttled,
    /// The network, or a server that is briefly not itself. The connection is not used again.
    Transient,
    /// Another failure of the service's.
    Server,
    /// Credentials that AWS refused, where others may be looked up.
    Credentials,
}

/// That a failure is worth another attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Retry {
    pub(super) kind: Kind,
    /// The wait that AWS asked for.
    pub(super) asked: Option<Duration>,
}

impl Retry {
    pub(super) const TRANSIENT: Self = Self { kind: Kind::Transient, asked: None };

    /// For this reason, if there is one.
    pub(super) fn for_kind(kind: Option<Kind>) -> Option<Self> {
        kind.map(|kind| Self { kind, asked: None })
    }

    /// Whether a failure to connect or to send is worth another attempt.
    pub(super) fn of_connector(error: &ConnectorError) -> Option<Self> {
        use aws_smithy_types::retry::ErrorKind;
        Self::for_kind(match error.as_other() {
            _ if error.is_timeout() || error.is_io() => Some(Kind::Transient),
            Some(ErrorKind::TransientError) => Some(Kind::Transient),
            Some(ErrorKind::ThrottlingError) => Some(Kind::Throttled),
            Some(ErrorKind::ServerError | ErrorKind::ClientError) => Some(Kind::Server),
            _ => None,
        })
    }

    /// The wait after so many attempts: what AWS asked for, else anything up to a scale that doubles each time.
    pub(super) fn wait(self, attempts: u32) -> Duration {
        if let Some(asked) = self.asked {
            return asked.min(MAX_BACKOFF);
        }
        let power = 2_u32.saturating_pow(attempts.saturating_sub(1));
        INITIAL_BACKOFF.saturating_mul(power).min(MAX_BACKOFF).mul_f64(fastrand::f64())
    }
}

/// A write that another region's replica was just doing as well.
const REPLICA_CONFLICT: &str = "ReplicatedWriteConflictException";

/// AWS's names for credentials that have expired or were withdrawn.
const REFUSALS: [&str; 3] = ["ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException"];

/// Why the request of an error answer may be sent again, if it may. The name takes precedence over the status.
pub(super) fn of_answer(name: Option<&str>, status: u16) -> Option<Kind> {
    match name {
        _ if is_throttle(name, status) => Some(Kind::Throttled),
        Some(name) if TRANSIENT_ERRORS.contains(&name) => Some(Kind::Transient),
        Some(REPLICA_CONFLICT) => Some(Kind::Server),
        _ if matches!(status, 500 | 502 | 503 | 504) => Some(Kind::Transient),
        _ => None,
    }
}

/// The wait that a response asks for: in milliseconds by AWS's own header, else in seconds by the standard one, which the
/// SDK for JavaScript honours as well.
pub(super) fn asked_wait(milliseconds: Option<&str>, seconds: Option<&str>) -> Option<Duration> {
    let of_aws = milliseconds.and_then(|text| text.trim().parse().ok()).map(Duration::from_millis);
    of_aws.or_else(|| Duration::try_from_secs_f64(seconds?.trim().parse().ok()?).ok())
}

/// Whether AWS refused the credentials, so that others may be accepted.
pub(super) fn is_refusal(name: Option<&str>, status: u16) -> bool {
    (400..500).contains(&status) && name.is_some_and(|name| REFUSALS.contains(&name))
}

/// The scale of the first jittered wait. (The SDK's general default of 1 s is some 20 times a DynamoDB answer.)
pub(super) const INITIAL_BACKOFF: Duration = Duration::from_millis(50);

/// The longest wait between two attempts.
pub(super) const MAX_BACKOFF: Duration = Duration::from_secs(5);

// Which failures are repeated is compared with the SDK itself in tests/equivalence.rs.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_jittered_and_double_up_to_a_limit() {
        for (attempts, scale) in [(1, 50), (2, 100), (3, 200), (7, 3_200), (8, 5_000), (u32::MAX, 5_000)] {
            let longest = (0..200).map(|_| Retry::TRANSIENT.wait(attempts)).max().expect("some");
            let scale = Duration::from_millis(scale);
            assert!(longest <= scale && longest > scale / 2, "{attempts}: {longest:?}");
        }
    }

    #[test]
    fn what_aws_asks_for_goes_first_but_not_beyond_the_limit() {
        for (asked, waited) in [(0, 0), (1_200, 1_200), (60_000, 5_000), (u64::MAX, 5_000)] {
            assert_eq!(
                Retry { asked: Some(Duration::from_millis(asked)), ..Retry::TRANSIENT }.wait(3),
                Duration::from_millis(waited)
            );
        }
    }

    /// [ANS-7]
    #[test]
    fn a_status_of_429_is_a_throttle_whatever_unknown_name_it_has() {
        for name in [None, Some("Unheard"), Some("")] {
            assert_eq!(of_answer(name, 429), Some(Kind::Throttled), "{name:?}");
        }
    }

    #[test]
    fn a_name_says_more_than_a_status() {
        assert_eq!(of_answer(Some("SlowDown"), 503), Some(Kind::Throttled));
        assert_eq!(of_answer(Some("Unheard"), 503), Some(Kind::Transient));
        assert_eq!(of_answer(Some("ValidationException"), 400), None);
        assert_eq!(of_answer(Some("ValidationException"), 429), None);
        assert!(is_refusal(Some("ExpiredTokenException"), 400));
        assert!(!is_refusal(Some("ExpiredTokenException"), 500) && !is_refusal(None, 400));
    }

    #[test]
    fn a_response_may_ask_for_a_wait() {
        let wait = |milliseconds: &'static str, seconds: &'static str| {
            let given = |text: &'static str| Some(text).filter(|text| !text.is_empty());
            asked_wait(given(milliseconds), given(seconds)).map(|wait| wait.as_millis())
        };
        assert_eq!(wait("250", "7"), Some(250));
        assert_eq!(wait("", "7"), Some(7_000));
        assert_eq!(wait("soon", "0.5"), Some(500));
        for odd in ["-1", "NaN", "inf", "1e300", "Wed, 21 Oct 2026 07:28:00 GMT", " "] {
            assert_eq!(wait("", odd), None, "{odd}");
        }
        assert_eq!(wait("", ""), None);
    }
}
