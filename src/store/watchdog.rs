//! The limit on a call of many requests: not how long it takes, but for how long nothing moves.

use std::future::Future;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::error::{Error, ErrorKind};

/// Watches one call.
pub(super) struct Watchdog {
    limit: Duration,
    state: Mutex<State>,
}

struct State {
    moved: Instant,
    /// What DynamoDB has said since, where it was that the table is over its capacity.
    throttle: Option<Error>,
}

impl Watchdog {
    /// A watchdog that barks when nothing has moved for `limit`.
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, state: Mutex::new(State { moved: Instant::now(), throttle: None }) }
    }

    /// A request was answered.
    pub(super) fn moved(&self) {
        *self.state() = State { moved: Instant::now(), throttle: None };
    }

    /// A request was throttled, and will be sent again.
    pub(super) fn throttled(&self, error: Error) {
        self.state().throttle = Some(error);
    }

    /// Does `work` for as long as anything moves.
    pub(super) async fn watch<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let mut work = pin!(work);
        loop {
            let end = self.state().moved + self.limit;
            if let Ok(result) = timeout_at(end, work.as_mut()).await {
                return result;
            }
            let mut state = self.state();
            if state.moved + self.limit <= Instant::now() {
                return Err(self.bark(state.throttle.take()));
            }
        }
    }

    fn bark(&self, throttle: Option<Error>) -> Error {
        let seconds = self.limit.as_secs();
        match throttle {
            Some(error) => error.adding(&format!("; nothing else came for {seconds} s")),
            None => Error::new(ErrorKind::Timeout, format!("no answer came for {seconds} s")),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::sleep;

    const LIMIT: Duration = Duration::from_millis(200);

    #[tokio::test]
    async fn work_that_moves_may_take_longer_than_the_limit() {
        let watchdog = Watchdog::new(LIMIT);
        let begin = Instant::now();
        let work = async {
            for _ in 0..8 {
                sleep(LIMIT / 4).await;
                watchdog.moved();
            }
            Ok(7)
        };
        assert_eq!(watchdog.watch(work).await, Ok(7));
        assert!(begin.elapsed() >= LIMIT * 2);
    }

    #[tokio::test]
    async fn work_that_does_not_move_is_given_up() {
        let watchdog = Watchdog::new(LIMIT);
        let begin = Instant::now();
        let error = watchdog.watch(std::future::pending::<Result<(), _>>()).await.expect_err("given up");
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(begin.elapsed() >= LIMIT);
    }

    #[tokio::test]
    async fn the_error_is_what_dynamodb_said_last() {
        let watchdog = Watchdog::new(LIMIT);
        watchdog.throttled(Error::new(ErrorKind::Throttled, "slow down"));
        let error = watchdog.watch(std::future::pending::<Result<(), _>>()).await.expect_err("given up");
        assert_eq!(error.kind(), ErrorKind::Throttled);

        // What was said before the last answer is no reason any more.
        watchdog.throttled(Error::new(ErrorKind::Throttled, "slow down"));
        watchdog.moved();
        let error = watchdog.watch(std::future::pending::<Result<(), _>>()).await.expect_err("given up");
        assert_eq!(error.kind(), ErrorKind::Timeout);
    }
}
