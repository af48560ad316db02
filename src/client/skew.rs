//! Clocks that differ: AWS refuses a signature of another time than its own, and says what time it has.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// Below this, a refusal is not about the time.
const THRESHOLD_SECONDS: i64 = 4 * 60;

/// AWS's names of refusals that a wrong time can be behind: those of the SDK.
const NAMES: [&str; 5] = [
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "AuthFailure",
    "RequestTimeTooSkewed",
    "AccessDeniedException",
];

/// By how much AWS's clock is ahead of ours, as far as it mattered.
#[derive(Debug, Default)]
pub(super) struct Skew {
    seconds: AtomicI64,
}

impl Skew {
    /// AWS's time.
    pub(super) fn apply(&self, now: Duration) -> Duration {
        let seconds = self.seconds.load(Ordering::Relaxed);
        let by = Duration::from_secs(seconds.unsigned_abs());
        if seconds >= 0 { now.saturating_add(by) } else { now.saturating_sub(by) }
    }

    /// Learns from a refusal of what was signed at `signed`, by the answer's `date`; `cached` where the answer is an
    /// old one. Tells whether signing at AWS's time is worth another attempt.
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
    /// 2027-01-15, 08:00:00 and ten minutes later.
    const ON_TIME: &str = "Fri, 15 Jan 2027 08:00:00 GMT";
    const LATER: &str = "Fri, 15 Jan 2027 08:10:00 GMT";
    const REFUSED: Option<&str> = Some("InvalidSignatureException");

    #[test]
    fn a_refusal_over_another_time_is_learnt_from() {
        let skew = Skew::default();
        assert_eq!(skew.apply(NOW), NOW);
        assert!(skew.learn(REFUSED, Some(LATER), false, NOW, NOW));
        assert_eq!(skew.apply(NOW), NOW + Duration::from_mins(10));
        // The same time again is no reason for another attempt.
        assert!(!skew.learn(REFUSED, Some(LATER), false, skew.apply(NOW), NOW));
        // Our clock was set right meanwhile.
        assert!(skew.learn(REFUSED, Some(ON_TIME), false, skew.apply(NOW), NOW));
        assert_eq!(skew.apply(NOW), NOW);
    }

    #[test]
    fn a_clock_that_is_ahead_is_put_back() {
        let skew = Skew::default();
        let ahead = NOW + Duration::from_hours(1);
        assert!(skew.learn(REFUSED, Some(ON_TIME), false, ahead, ahead));
        assert_eq!(skew.apply(ahead), NOW);
        assert_eq!(skew.apply(Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn nothing_else_moves_the_clock() {
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
