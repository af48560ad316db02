//! Exponential backoff with full jitter: any wait up to a scale that doubles each time, so that many callers do not return at
//! the same moment. <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>

use std::time::Duration;

/// The scale of the first wait. (The SDK's general default of 1 s is some 20 times a DynamoDB response.)
pub(crate) const INITIAL: Duration = Duration::from_millis(50);

/// The longest wait.
pub(crate) const LONGEST: Duration = Duration::from_secs(5);

/// The wait after so many others.
pub(crate) fn jittered(waits: u32) -> Duration {
    let scale = INITIAL.saturating_mul(2_u32.saturating_pow(waits)).min(LONGEST);
    scale.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit() {
        for (waits, limit) in [(0, 50), (1, 100), (3, 400), (6, 3_200), (7, 5_000), (u32::MAX, 5_000)] {
            let longest = (0..200).map(|_| jittered(waits)).max().expect("some");
            let limit = Duration::from_millis(limit);
            assert!(longest <= limit && longest > limit / 2, "{waits}: {longest:?}");
        }
    }
}
