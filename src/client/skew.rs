//! Clock skew correction. AWS rejects signatures whose time is too far off and reports its own time in the response.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// The smallest difference that counts as clock skew. Below it, a rejection has another cause.
const THRESHOLD_SECONDS: i64 = 4 * 60;

/// The error names that clock skew can cause, as listed in the SDK.
const NAMES: [&str; 5] = [
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "AuthFailure",
    "RequestTimeTooSkewed",
    "AccessDeniedException",
];

/// The offset of AWS's clock from the local one. Zero until a rejection reveals a difference.
#[derive(Debug, Default)]
pub(super) struct Skew {
    seconds: AtomicI64,
}

impl Skew {
    /// Converts local time to AWS's time.
    pub(super) fn apply(&self, now: Duration) -> Duration {
        let seconds = self.seconds.load(Ordering::Relaxed);
        let by = Duration::from_secs(seconds.unsigned_abs());
        if seconds >= 0 { now.saturating_add(by) } else { now.saturating_sub(by) }
    }

    /// Updates the offset from the `date` of a response that rejected a request signed at `signed`. Responses from a
    /// cache (`cached`) are ignored. Returns whether the request should be signed again with AWS's time and retried.
    pub(super) fn learn(
        &self,
        name: Option<&str>,
        date: Option<&str>,
        cached: bool,
        signed: Duration,
        now: Duration,
    ) -> bool {
        if cached || !name.is_some_and(|name| NAMES.contains(&name)) {
            return false;
        }
        let Some(server) = date.and_then(|date| DateTime::from_str(date, Format::HttpDate).ok()) else {
            return false;
        };
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        if server.secs().abs_diff(seconds(signed)) <= THRESHOLD_SECONDS.unsigned_abs() {
            return false;
        }
        self.seconds.store(server.secs().saturating_sub(seconds(now)), Ordering::Relaxed);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_hours(500_000);
    /// `NOW`, and ten minutes later.
    const ON_TIME: &str = "Fri, 15 Jan 2027 08:00:00 GMT";
    const LATER: &str = "Fri, 15 Jan 2027 08:10:00 GMT";
    const REFUSED: Option<&str> = Some("InvalidSignatureException");

    #[test]
    fn a_rejection_with_a_different_time_sets_the_offset() {
        let skew = Skew::default();
        assert_eq!(skew.apply(NOW), NOW);
        assert!(skew.learn(REFUSED, Some(LATER), false, NOW, NOW));
        assert_eq!(skew.apply(NOW), NOW + Duration::from_mins(10));
        // The request was already signed with this offset, so a retry would not help.
        assert!(!skew.learn(REFUSED, Some(LATER), false, skew.apply(NOW), NOW));
        // The local clock has been corrected in the meantime.
        assert!(skew.learn(REFUSED, Some(ON_TIME), false, skew.apply(NOW), NOW));
        assert_eq!(skew.apply(NOW), NOW);
    }

    #[test]
    fn a_local_clock_that_is_ahead_is_corrected() {
        let skew = Skew::default();
        let ahead = NOW + Duration::from_hours(1);
        assert!(skew.learn(REFUSED, Some(ON_TIME), false, ahead, ahead));
        assert_eq!(skew.apply(ahead), NOW);
        assert_eq!(skew.apply(Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn other_responses_do_not_change_the_offset() {
        let skew = Skew::default();
        for (name, date, cached) in [
            (Some("ValidationException"), Some(LATER), false),
            (None, Some(LATER), false),
            (REFUSED, None, false),
            (REFUSED, Some("yesterday"), false),
            (REFUSED, Some(LATER), true),
            (REFUSED, Some("Fri, 15 Jan 2027 08:04:00 GMT"), false),
        ] {
            assert!(!skew.learn(name, date, cached, NOW, NOW), "{name:?} {date:?}");
        }
        assert_eq!(skew.apply(NOW), NOW);
    }
}
