//! Exponential backoff with full jitter: a random delay up to a limit that doubles each time, so that many callers do
//! not retry at the same moment. <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>

use std::time::Duration;

/// The limit of the first delay. (The SDK's general default of 1 s is about 20 times as long as a DynamoDB request.)
pub(crate) const INITIAL: Duration = Duration::from_millis(50);

/// The maximum delay.
pub(crate) const LONGEST: Duration = Duration::from_secs(5);

/// Returns the next delay after this number of earlier ones.
pub(crate) fn jittered(delays: u32) -> Duration {
    let scale = INITIAL.saturating_mul(2_u32.saturating_pow(delays)).min(LONGEST);
    scale.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_up_to_a_limit() {
        for (delays, limit) in [(0, 50), (1, 100), (3, 400), (6, 3_200), (7, 5_000), (u32::MAX, 5_000)] {
            let longest = (0..200).map(|_| jittered(delays)).max().expect("some");
            let limit = Duration::from_millis(limit);
            assert!(longest <= limit && longest > limit / 2, "{delays}: {longest:?}");
        }
    }
}
