//! The limits of a batch, and the backoff before its unprocessed items are sent again. The SDK retries only failed
//! requests, and a partly processed batch is a successful one. `store/watchdog.rs` ends a call without progress.

use tokio::time::sleep;

use crate::backoff::jittered;

/// The maximum number of keys per BatchGetItem:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
pub(crate) const MAX_GETS: usize = 100;

/// The maximum number of writes per BatchWriteItem:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>
pub(crate) const MAX_WRITES: usize = 25;

/// The maximum total size of the items in a batch, so that a slow link transfers it within a few seconds. A single item
/// may take up almost half of it.
pub(crate) const MAX_WRITTEN_BYTES: usize = 1 << 20;

/// The delays between the requests of a batch.
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
    /// Waits before the `left` unprocessed items are requested again. The delay grows if no item was processed.
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
    async fn progress_resets_the_delay() {
        let mut backoff = Backoff::default();
        backoff.wait(3).await;
        backoff.wait(3).await;
        assert_eq!(backoff.waits, 2);
        backoff.wait(2).await;
        assert_eq!(backoff.waits, 1);
    }
}
