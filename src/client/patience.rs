//! How long an exchange may take: until the call's deadline, and for no longer than a while without a byte moved.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::meter::Meter;

/// The limits of one exchange.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// The end of the call's own time; `None`: no limit.
    pub(super) deadline: Option<Instant>,
    /// The longest time without a byte moved either way; `None`: no limit.
    pub(super) silence: Option<Duration>,
    /// Whether a response is waited for until the deadline once the request was sent whole: a write that is sent again
    /// while its first attempt is still under way could undo a later one.
    pub(super) is_write: bool,
    /// The size of the request's body.
    pub(super) body: usize,
}

/// Which limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimedOut {
    Deadline,
    Silence(Duration),
}

impl Patience {
    /// Waits for `work` on a connection with this meter.
    pub(super) async fn wait<T>(self, meter: &Meter, work: impl Future<Output = T>) -> Result<T, TimedOut> {
        let Some(silence) = self.silence else { return self.until_deadline(work).await };
        let mut work = pin!(work);
        let mut end = Instant::now() + silence;
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
            end = meter.last_progress() + silence;
            if end <= Instant::now() {
                return Err(TimedOut::Silence(silence));
            }
        }
    }

    /// Waits for `work` on a transport without a meter.
    pub(super) async fn unmetered<T>(self, work: impl Future<Output = T>) -> Result<T, TimedOut> {
        match self.silence {
            Some(silence) if !self.is_write => match tokio::time::timeout(silence, self.until_deadline(work)).await {
                Ok(done) => done,
                Err(_) => Err(TimedOut::Silence(silence)),
            },
            _ => self.until_deadline(work).await,
        }
    }

    /// Waits for `work`, however silent it is.
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

    const SILENCE: Duration = Duration::from_millis(200);

    fn patience(is_write: bool) -> Patience {
        Patience { deadline: None, silence: Some(SILENCE), is_write, body: 10 }
    }

    /// Moves bytes `times` in half of the time that may be silent, then never again.
    async fn moving(meter: &Meter, times: u32) {
        for _ in 0..times {
            tokio::time::sleep(SILENCE / 4).await;
            meter.progress();
        }
        std::future::pending::<()>().await;
    }

    /// [OPT-14]
    #[tokio::test]
    async fn what_moves_may_take_longer_than_the_limit() {
        let meter = Meter::new();
        meter.begin();
        let begun = Instant::now();
        let waited = patience(false).wait(&meter, moving(&meter, 12)).await;
        assert_eq!(waited, Err(TimedOut::Silence(SILENCE)));
        assert!(begun.elapsed() >= SILENCE * 3);
    }

    /// [OPT-14]
    #[tokio::test]
    async fn a_write_that_was_sent_whole_is_waited_for_until_the_deadline() {
        for sent in [9, 10] {
            let meter = Meter::new();
            meter.begin();
            meter.wrote(sent);
            meter.flush();
            let begun = Instant::now();
            let patience = Patience { deadline: Some(begun + SILENCE * 4), ..patience(true) };
            let waited = patience.wait(&meter, std::future::pending::<()>()).await;
            let expected = if sent == 10 { TimedOut::Deadline } else { TimedOut::Silence(SILENCE) };
            assert_eq!(waited, Err(expected));
        }
    }

    #[tokio::test]
    async fn the_deadline_ends_what_moves() {
        let meter = Meter::new();
        let patience = Patience { deadline: Some(Instant::now() + SILENCE * 2), ..patience(false) };
        assert_eq!(patience.wait(&meter, moving(&meter, 1_000)).await, Err(TimedOut::Deadline));
    }
}
