//! The circuit breaker: if no request receives a response, calls fail fast, and one call at a time probes whether the
//! service has recovered.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::error::{Error, ErrorKind};
use crate::options::CircuitBreaker;

/// The circuit breaker of a driver.
#[derive(Debug)]
pub(super) struct Breaker {
    /// `None` if the breaker is disabled.
    settings: Option<CircuitBreaker>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Consecutive requests without a response.
    failures: u32,
    /// When the breaker opened, or when the last probe failed.
    opened: Option<Instant>,
    is_probing: bool,
}

/// The permission of a call to send requests. Their outcomes are reported through it; if it is dropped without a
/// report, the call counts as neither.
#[derive(Debug)]
pub(super) struct Pass {
    breaker: Arc<Breaker>,
    is_probe: bool,
}

impl Breaker {
    pub(super) fn new(settings: Option<CircuitBreaker>) -> Arc<Self> {
        Arc::new(Self { settings, state: Mutex::default() })
    }

    /// Admits or rejects a call. Returns `None` if the breaker is disabled.
    pub(super) fn admit(self: &Arc<Self>) -> Result<Option<Pass>, Error> {
        let Some(settings) = self.settings else { return Ok(None) };
        let mut state = self.state();
        let is_probe = match state.opened {
            None => false,
            Some(opened) if !state.is_probing && opened.elapsed() >= settings.cooldown => true,
            Some(_) => return Err(refused(settings)),
        };
        state.is_probing |= is_probe;
        drop(state);
        Ok(Some(Pass { breaker: Arc::clone(self), is_probe }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refused(CircuitBreaker { failures, cooldown }: CircuitBreaker) -> Error {
    Error::new(
        ErrorKind::CircuitOpen,
        format!(
            "the circuit breaker is open: the last {failures} requests received no response, and a request is tried every {} ms \
             until one does (option `circuitBreaker`)",
            cooldown.as_millis()
        ),
    )
}

impl Pass {
    /// Rejects a request of a call that was admitted before the breaker opened.
    pub(super) fn check(&self) -> Result<(), Error> {
        match (self.breaker.settings, self.breaker.state().opened) {
            (Some(settings), Some(_)) if !self.is_probe => Err(refused(settings)),
            _ => Ok(()),
        }
    }

    /// Records a response, which may be an error.
    pub(super) fn answered(&self) {
        let mut state = self.breaker.state();
        state.failures = 0;
        state.opened = None;
    }

    /// Records a request without a response.
    pub(super) fn failed(&self) {
        let Some(settings) = self.breaker.settings else { return };
        let mut state = self.breaker.state();
        state.failures = state.failures.saturating_add(1);
        if self.is_probe || (state.opened.is_none() && state.failures >= settings.failures) {
            state.opened = Some(Instant::now());
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.is_probe {
            self.breaker.state().is_probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn breaker(cooldown: Duration) -> Arc<Breaker> {
        Breaker::new(Some(CircuitBreaker { failures: 2, cooldown }))
    }

    fn fail(breaker: &Arc<Breaker>) {
        breaker.admit().expect("closed").expect("a breaker").failed();
    }

    fn is_open(breaker: &Arc<Breaker>) -> bool {
        breaker.admit().is_err_and(|error| error.kind() == ErrorKind::CircuitOpen)
    }

    /// [CB-1]
    #[test]
    fn opens_only_after_consecutive_failures() {
        let breaker = breaker(Duration::from_hours(1));
        fail(&breaker);
        breaker.admit().expect("closed").expect("a breaker").answered();
        fail(&breaker);
        // An aborted request counts as neither.
        drop(breaker.admit());
        assert!(!is_open(&breaker));
        fail(&breaker);
        assert!(is_open(&breaker));
    }

    /// [CB-2]
    #[test]
    fn admits_one_probe_at_a_time_until_one_succeeds() {
        let breaker = breaker(Duration::ZERO);
        fail(&breaker);
        fail(&breaker);
        for _ in 0..2 {
            let probe = breaker.admit().expect("cooled down").expect("a breaker");
            assert!(is_open(&breaker));
            probe.failed();
            assert!(is_open(&breaker));
            drop(probe);
        }
        let aborted = breaker.admit().expect("cooled down");
        drop(aborted);
        breaker.admit().expect("cooled down").expect("a breaker").answered();
        assert!(!is_open(&breaker));
        fail(&breaker);
        assert!(!is_open(&breaker));
    }

    /// [CB-1]
    #[test]
    fn a_call_admitted_before_is_rejected_too() {
        let breaker = breaker(Duration::ZERO);
        let earlier = breaker.admit().expect("closed").expect("a breaker");
        assert!(earlier.check().is_ok());
        fail(&breaker);
        fail(&breaker);
        assert!(earlier.check().is_err());
        let probe = breaker.admit().expect("cooled down").expect("a breaker");
        assert!(probe.check().is_ok());
    }

    #[test]
    fn is_off_by_default() {
        assert!(Breaker::new(None).admit().expect("no breaker").is_none());
    }
}
