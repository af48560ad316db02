//! Limits a call for many items by its time without progress instead of its duration.

use std::future::Future;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::client::Traffic;
use crate::error::{Error, ErrorKind};

/// The minimum traffic that counts as progress if no request completes, in bytes per second on one connection. A large
/// batch over a slow link exceeds it; an endpoint that trickles bytes does not.
const LEAST_BYTES_PER_SECOND: u64 = 4096;

/// Watches one call.
pub(super) struct Watchdog {
    /// `None` if there is no limit.
    limit: Option<Duration>,
    state: Mutex<State>,
    traffic: Traffic,
}

struct State {
    progress: Instant,
    /// The last throttle since the last progress, if any.
    throttle: Option<Error>,
}

impl Watchdog {
    /// Creates a watchdog that ends a call after `limit` without progress.
    pub(super) fn new(limit: Option<Duration>) -> Self {
        let state = State { progress: Instant::now(), throttle: None };
        Self { limit, state: Mutex::new(state), traffic: Traffic::default() }
    }

    /// The traffic of the call's requests.
    pub(super) fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Records that items were read, written or listed.
    pub(super) fn progress(&self) {
        *self.state() = State { progress: Instant::now(), throttle: None };
    }

    /// Records that DynamoDB processed only a part of a request, which will be retried.
    pub(super) fn throttled(&self, error: Error) {
        self.state().throttle = Some(error);
    }

    /// Runs `work` while it makes progress. `waits` describes what the call waits for otherwise.
    pub(super) async fn watch<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
        waits: impl FnOnce() -> Option<String>,
    ) -> Result<T, Error> {
        let Some(limit) = self.limit else { return work.await };
        let mut work = pin!(work);
        loop {
            let end = self.state().progress + limit;
            if let Ok(result) = timeout_at(end, work.as_mut()).await {
                return result;
            }
            let mut state = self.state();
            if state.progress + limit > Instant::now() {
                continue;
            }
            // If DynamoDB keeps leaving items unprocessed, the traffic of its requests is not progress, except for a
            // single request that takes most of the time.
            let begun_before = state.throttle.as_ref().map(|_| state.progress + limit / 2);
            if self.traffic.has_moved(least_bytes(limit), begun_before) {
                state.progress = Instant::now();
            } else {
                let throttle = state.throttle.take();
                drop(state);
                return Err(stalled(limit, throttle, waits()));
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn least_bytes(limit: Duration) -> u64 {
    limit.as_secs().max(1).saturating_mul(LEAST_BYTES_PER_SECOND)
}

fn stalled(limit: Duration, throttle: Option<Error>, waits: Option<String>) -> Error {
    let milliseconds = limit.as_millis();
    match (throttle, waits) {
        (Some(error), _) => error.adding(&format!("; no progress for {milliseconds} ms")),
        (None, Some(waits)) => {
            Error::new(ErrorKind::Timeout, format!("no progress for {milliseconds} ms: the call waited for {waits}"))
        }
        (None, None) => Error::new(ErrorKind::Timeout, format!("no progress for {milliseconds} ms")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::sleep;

    const LIMIT: Duration = Duration::from_millis(200);

    fn nothing() -> Option<String> {
        None
    }

    /// [SCAN-7]
    #[tokio::test]
    async fn work_with_progress_may_take_longer_than_the_limit() {
        let watchdog = Watchdog::new(Some(LIMIT));
        let begin = Instant::now();
        let work = async {
            while begin.elapsed() < LIMIT * 2 {
                sleep(LIMIT / 20).await;
                watchdog.progress();
            }
            Ok(7)
        };
        assert_eq!(watchdog.watch(work, nothing).await, Ok(7));
    }

    /// [SCAN-7]
    #[tokio::test]
    async fn work_without_progress_ends() {
        let watchdog = Watchdog::new(Some(LIMIT));
        let begin = Instant::now();
        let pending = std::future::pending::<Result<(), _>>();
        let error = watchdog.watch(pending, || Some("a connection".to_owned())).await.expect_err("stalled");
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(error.to_string().contains("waited for a connection"), "{error}");
        assert!(begin.elapsed() >= LIMIT);
    }

    #[tokio::test]
    async fn the_error_is_the_last_throttle() {
        let watchdog = Watchdog::new(Some(LIMIT));
        watchdog.throttled(Error::new(ErrorKind::Throttled, "slow down"));
        let error = watchdog.watch(std::future::pending::<Result<(), _>>(), nothing).await.expect_err("stalled");
        assert_eq!(error.kind(), ErrorKind::Throttled);

        // A throttle before the last progress is no longer the reason.
        watchdog.throttled(Error::new(ErrorKind::Throttled, "slow down"));
        watchdog.progress();
        let error = watchdog.watch(std::future::pending::<Result<(), _>>(), nothing).await.expect_err("stalled");
        assert_eq!(error.kind(), ErrorKind::Timeout);
    }
}
