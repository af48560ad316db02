//! Limits an exchange by the call's deadline and by the time without progress.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::meter::Meter;

/// The timeouts of one exchange.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timeouts {
    /// The deadline of the call, if any.
    pub(super) deadline: Option<Instant>,
    /// The maximum time without progress in either direction, if any.
    pub(super) stall_timeout: Option<Duration>,
    /// Whether the request is a write. Once a write has been sent completely, only the deadline applies: a retry while
    /// the first attempt is in flight could overwrite a later write.
    pub(super) is_write: bool,
    /// The size of the request's body.
    pub(super) body: usize,
}

/// The timeout that expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimedOut {
    Deadline,
    Stalled(Duration),
}

impl Timeouts {
    /// Waits for `work` on a connection with this meter.
    pub(super) async fn wait<T>(self, meter: &Meter, work: impl Future<Output = T>) -> Result<T, TimedOut> {
        let Some(stall_timeout) = self.stall_timeout else { return self.until_deadline(work).await };
        let mut work = pin!(work);
        let mut end = Instant::now() + stall_timeout;
        loop {
            if self.deadline.is_some_and(|deadline| deadline <= end) {
                return self.until_deadline(work).await;
            }
            if let Ok(done) = timeout_at(end, work.as_mut()).await {
                return Ok(done);
            }
            if self.is_write && meter.has_sent(self.body) {
                return self.until_deadline(work).await;
            }
            end = meter.last_progress() + stall_timeout;
            if end <= Instant::now() {
                return Err(TimedOut::Stalled(stall_timeout));
            }
        }
    }

    /// Waits for `work` on a transport without a meter.
    pub(super) async fn unmetered<T>(self, work: impl Future<Output = T>) -> Result<T, TimedOut> {
        match self.stall_timeout {
            Some(stall_timeout) if !self.is_write => {
                match tokio::time::timeout(stall_timeout, self.until_deadline(work)).await {
                    Ok(done) => done,
                    Err(_) => Err(TimedOut::Stalled(stall_timeout)),
                }
            }
            _ => self.until_deadline(work).await,
        }
    }

    /// Waits for `work` until the deadline, even without progress.
    pub(super) async fn until_deadline<T>(self, work: impl Future<Output = T>) -> Result<T, TimedOut> {
        match self.deadline {
            Some(deadline) => timeout_at(deadline, work).await.map_err(|_| TimedOut::Deadline),
            None => Ok(work.await),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STALL_TIMEOUT: Duration = Duration::from_millis(200);

    fn timeouts(is_write: bool) -> Timeouts {
        Timeouts { deadline: None, stall_timeout: Some(STALL_TIMEOUT), is_write, body: 10 }
    }

    /// Makes progress `times` times at a quarter of the timeout, then stalls.
    async fn progressing(meter: &Meter, times: u32) {
        for _ in 0..times {
            tokio::time::sleep(STALL_TIMEOUT / 4).await;
            meter.progress();
        }
        std::future::pending::<()>().await;
    }

    /// [OPT-14]
    #[tokio::test]
    async fn progress_extends_the_stall_timeout() {
        let meter = Meter::new();
        meter.begin();
        let begun = Instant::now();
        let waited = timeouts(false).wait(&meter, progressing(&meter, 12)).await;
        assert_eq!(waited, Err(TimedOut::Stalled(STALL_TIMEOUT)));
        assert!(begun.elapsed() >= STALL_TIMEOUT * 3);
    }

    /// [OPT-14]
    #[tokio::test]
    async fn a_completely_sent_write_is_awaited_until_the_deadline() {
        for sent in [9, 10] {
            let meter = Meter::new();
            meter.begin();
            meter.wrote(sent);
            meter.flush();
            let begun = Instant::now();
            let timeouts = Timeouts { deadline: Some(begun + STALL_TIMEOUT * 4), ..timeouts(true) };
            let waited = timeouts.wait(&meter, std::future::pending::<()>()).await;
            let expected = if sent == 10 { TimedOut::Deadline } else { TimedOut::Stalled(STALL_TIMEOUT) };
            assert_eq!(waited, Err(expected));
        }
    }

    #[tokio::test]
    async fn the_deadline_applies_despite_progress() {
        let meter = Meter::new();
        let timeouts = Timeouts { deadline: Some(Instant::now() + STALL_TIMEOUT * 2), ..timeouts(false) };
        assert_eq!(timeouts.wait(&meter, progressing(&meter, 1_000)).await, Err(TimedOut::Deadline));
    }
}
