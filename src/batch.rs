//! Retrying what a batch left over. The SDK retries failed requests; a batch that succeeds in part is not one.

use tokio::time::sleep;

use crate::backoff::jittered;

/// Keys per BatchGetItem: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
pub(crate) const MAX_GETS: usize = 100;

/// Writes per BatchWriteItem: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>
pub(crate) const MAX_WRITES: usize = 25;

/// The most bytes of items in a batch of writes, so that one moves on a slow link in a few seconds. A single item may be
/// close to half of it.
pub(crate) const MAX_WRITTEN_BYTES: usize = 1 << 20;

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

#[cfg(test)]
mod tests {
    use super::*;

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
