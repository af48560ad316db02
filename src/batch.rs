//! Retrying what a batch left over. The SDK retries failed requests; a batch that succeeds in part is not one.

use std::time::Duration;

use tokio::time::sleep;

/// Keys per BatchGetItem: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
pub(crate) const MAX_GETS: usize = 100;

/// Writes per BatchWriteItem: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>
pub(crate) const MAX_WRITES: usize = 25;

/// The most bytes of items in a batch of writes, so that one moves on a slow link in a few seconds. A single item may be
/// close to half of it.
pub(crate) const MAX_WRITTEN_BYTES: usize = 1 << 20;

/// The scale of the first wait. AWS asks for exponential backoff between batches.
const BASE: Duration = Duration::from_millis(50);

/// The longest wait.
const MAX: Duration = Duration::from_secs(5);

/// The waits before the rest of a batch is asked for again.
#[derive(Debug)]
pub(crate) struct Backoff {
    waits: u32,
    least_left: usize,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { waits: 0, least_left: usize::MAX }
    }
}

impl Backoff {
    /// Waits before the `left` items of a batch are asked for again: longer each time that none was done.
    pub(crate) async fn wait(&mut self, left: usize) {
        if left < self.least_left {
            self.waits = 0;
            self.least_left = left;
        }
        let wait = jittered(self.waits);
        self.waits = self.waits.saturating_add(1);
        sleep(wait).await;
    }
}

/// A wait after so many others. Full jitter: anything up to the scale, so that many callers do not come back at once.
pub(crate) fn jittered(waits: u32) -> Duration {
    let scale = BASE.saturating_mul(2_u32.saturating_pow(waits)).min(MAX);
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

    #[tokio::test]
    async fn progress_makes_the_next_wait_short_again() {
        let mut backoff = Backoff::default();
        backoff.wait(3).await;
        backoff.wait(3).await;
        assert_eq!(backoff.waits, 2);
        backoff.wait(2).await;
        assert_eq!(backoff.waits, 1);
    }
}
