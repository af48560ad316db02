//! Which failures are retried and with what backoff, following the SDK's standard mode.
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>

use std::time::Duration;

use aws_runtime::retries::classifiers::TRANSIENT_ERRORS;
use aws_smithy_runtime_api::client::result::ConnectorError;

use super::explain::is_throttle;
use crate::backoff;

/// Why a request may be retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The request was throttled.
    Throttled,
    /// A network failure or a temporary server error. The connection is not reused.
    Transient,
    /// Another failure of the service.
    Server,
    /// AWS rejected the credentials, and new ones can be looked up.
    Credentials,
}

/// The decision to retry a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Retry {
    pub(super) kind: Kind,
    /// The delay that the response requested for.
    pub(super) requested: Option<Duration>,
}

impl Retry {
    pub(super) const TRANSIENT: Self = Self { kind: Kind::Transient, requested: None };

    /// A retry without a requested delay.
    pub(super) fn for_kind(kind: Option<Kind>) -> Option<Self> {
        kind.map(|kind| Self { kind, requested: None })
    }

    /// Whether a failure to connect or to send should be retried.
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

    /// The backoff after `attempts` attempts: the requested delay, or exponential backoff with full jitter.
    pub(super) fn delay(self, attempts: u32) -> Duration {
        if let Some(requested) = self.requested {
            return requested.min(backoff::LONGEST);
        }
        backoff::jittered(attempts.saturating_sub(1))
    }
}

/// A write that conflicts with one in another region of a global table.
const REPLICA_CONFLICT: &str = "ReplicatedWriteConflictException";

/// The error names for expired or revoked credentials.
const REJECTIONS: [&str; 3] = ["ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException"];

/// Whether an error response should be retried, and why. The error name takes precedence over the status.
pub(super) fn of_response(name: Option<&str>, status: u16) -> Option<Kind> {
    match name {
        _ if is_throttle(name, status) => Some(Kind::Throttled),
        Some(name) if TRANSIENT_ERRORS.contains(&name) => Some(Kind::Transient),
        Some(REPLICA_CONFLICT) => Some(Kind::Server),
        _ if matches!(status, 500 | 502 | 503 | 504) => Some(Kind::Transient),
        _ => None,
    }
}

/// The delay that a response asks for: AWS's own header in milliseconds or, as in the SDK for JavaScript, the standard
/// header in seconds.
pub(super) fn requested_delay(milliseconds: Option<&str>, seconds: Option<&str>) -> Option<Duration> {
    let of_aws = milliseconds.and_then(|text| text.trim().parse().ok()).map(Duration::from_millis);
    of_aws.or_else(|| Duration::try_from_secs_f64(seconds?.trim().parse().ok()?).ok())
}

/// Whether AWS rejected the credentials, so that a retry with new ones may succeed.
pub(super) fn is_rejection(name: Option<&str>, status: u16) -> bool {
    (400..500).contains(&status) && name.is_some_and(|name| REJECTIONS.contains(&name))
}

// tests/equivalence.rs compares the retried failures with those of the SDK.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_is_jittered_and_doubles_up_to_a_limit() {
        for (attempts, scale) in [(1, 50), (2, 100), (3, 200), (7, 3_200), (8, 5_000), (u32::MAX, 5_000)] {
            let longest = (0..200).map(|_| Retry::TRANSIENT.delay(attempts)).max().expect("some");
            let scale = Duration::from_millis(scale);
            assert!(longest <= scale && longest > scale / 2, "{attempts}: {longest:?}");
        }
    }

    #[test]
    fn a_requested_delay_takes_precedence_up_to_the_limit() {
        for (requested, waited) in [(0, 0), (1_200, 1_200), (60_000, 5_000), (u64::MAX, 5_000)] {
            assert_eq!(
                Retry { requested: Some(Duration::from_millis(requested)), ..Retry::TRANSIENT }.delay(3),
                Duration::from_millis(waited)
            );
        }
    }

    /// [ANS-7]
    #[test]
    fn status_429_with_an_unknown_name_is_a_throttle() {
        for name in [None, Some("Unheard"), Some("")] {
            assert_eq!(of_response(name, 429), Some(Kind::Throttled), "{name:?}");
        }
    }

    #[test]
    fn the_error_name_takes_precedence_over_the_status() {
        assert_eq!(of_response(Some("SlowDown"), 503), Some(Kind::Throttled));
        assert_eq!(of_response(Some("Unheard"), 503), Some(Kind::Transient));
        assert_eq!(of_response(Some("ValidationException"), 400), None);
        assert_eq!(of_response(Some("ValidationException"), 429), None);
        assert!(is_rejection(Some("ExpiredTokenException"), 400));
        assert!(!is_rejection(Some("ExpiredTokenException"), 500) && !is_rejection(None, 400));
    }

    #[test]
    fn a_response_may_request_a_delay() {
        let delay = |milliseconds: &'static str, seconds: &'static str| {
            let given = |text: &'static str| Some(text).filter(|text| !text.is_empty());
            requested_delay(given(milliseconds), given(seconds)).map(|delay| delay.as_millis())
        };
        assert_eq!(delay("250", "7"), Some(250));
        assert_eq!(delay("", "7"), Some(7_000));
        assert_eq!(delay("soon", "0.5"), Some(500));
        for odd in ["-1", "NaN", "inf", "1e300", "Wed, 21 Oct 2026 07:28:00 GMT", " "] {
            assert_eq!(delay("", odd), None, "{odd}");
        }
        assert_eq!(delay("", ""), None);
    }
}
