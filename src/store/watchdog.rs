//! The limit on a call for many items: not how long it takes, but for how long it makes no progress.

use std::future::Future;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::client::Traffic;
use crate::error::{Error, ErrorKind};

/// The least that counts as progress where no request is answered: the bytes that a connection moves in a second. A large
/// batch over a slow link moves more; an endpoint that sends a byte now and then does not.
const LEAST_BYTES_PER_SECOND: u64 = 4096;

/// Watches one call.
pub(super) struct Watchdog {
    /// `None`: no limit.
    limit: Option<Duration>,
    state: Mutex<State>,
    traffic: Traffic,
}

struct State {
    progress: Instant,
    /// What DynamoDB has said since, where it was that the table is over its capacity.
    throttle: Option<Error>,
}

impl Watchdog {
    /// Ends a call that makes no progress for `limit`.
    pub(super) fn new(limit: Option<Duration>) -> Self {
        let state = State { progress: Instant::now(), throttle: None };
        Self { limit, state: Mutex::new(state), traffic: Traffic::default() }
    }

    /// What the call's requests move.
    pub(super) fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Items were read, written or listed.
    pub(super) fn progress(&self) {
        *self.state() = State { progress: Instant::now(), throttle: None };
    }

    /// DynamoDB did less than it was asked, and will be asked again.
    pub(super) fn throttled(&self, error: Error) {
        self.state().throttle = Some(error);
    }

    /// Does `work` for as long as there is progress. `waits` says what the call waits for where there is none.
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
            // Where DynamoDB leaves over what it is asked for, each request moves bytes and none of them is progress, unless
            // one takes most of the time by itself.
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
    async fn the_error_is_what_dynamodb_said_last() {
        let watchdog = Watchdog::new(Some(LIMIT));
        watchdog.throttled(Error::new(ErrorKind::Throttled, "slow down"));
        let error = watchdog.watch(std::future::pending::<Result<(), _>>(), nothing).await.expect_err("stalled");
        assert_eq!(error.kind(), ErrorKind::Throttled);

        // What was said before the last progress is no longer the reason.
        watchdog.throttled(Error::new(ErrorKind::Throttled, "slow down"));
        watchdog.progress();
        let error = watchdog.watch(std::future::pending::<Result<(), _>>(), nothing).await.expect_err("stalled");
        assert_eq!(error.kind(), ErrorKind::Timeout);
    }
}
