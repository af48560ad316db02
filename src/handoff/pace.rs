//! Coalesces wake-ups of a busy worker thread. With many calls in flight, a response arrives every few dozen
//! microseconds, and each one would wake the worker, which then wakes the reader. Sleeping briefly before polling lets
//! responses accumulate, like the interrupt moderation of a network card.

use std::cell::Cell;
use std::thread;
use std::time::Duration;

/// The number of calls in flight from which the worker sleeps. Below it, the sleep would only add latency.
const MANY: usize = 16;

/// How long the worker sleeps: short against the milliseconds a request takes, but long enough for several responses to
/// arrive. Timer slack may add half as much again.
const REST: Duration = Duration::from_micros(100);

/// Whether the timer resolution allows so short a sleep. Windows sleeps for at least a millisecond; other systems have
/// not been measured.
const CAN_REST: bool = cfg!(target_os = "linux");

thread_local! {
    static UNDER_WAY: Cell<usize> = const { Cell::new(0) };
}

/// Counts a call as in flight on this thread until dropped.
pub(crate) struct UnderWay(());

impl UnderWay {
    pub(crate) fn enter() -> Self {
        UNDER_WAY.set(UNDER_WAY.get() + 1);
        Self(())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        UNDER_WAY.set(UNDER_WAY.get() - 1);
    }
}

/// Sleeps briefly if enough calls are in flight. Called when no task is ready, before the thread parks.
pub(crate) fn rest() {
    if let Some(rest) = worth_it() {
        thread::sleep(rest);
    }
}

fn worth_it() -> Option<Duration> {
    (CAN_REST && UNDER_WAY.get() >= MANY).then_some(REST)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a rest takes real time")]
    fn sleeps_only_with_many_calls_in_flight() {
        let mut calls: Vec<_> = (1..MANY).map(|_| UnderWay::enter()).collect();
        assert_eq!(worth_it(), None);
        calls.push(UnderWay::enter());
        assert_eq!(worth_it(), Some(REST));
        let start = Instant::now();
        rest();
        assert!(start.elapsed() >= REST);
        // Calls are counted per thread.
        assert_eq!(thread::spawn(worth_it).join().unwrap(), None);
        calls.pop();
        assert_eq!(worth_it(), None);
        drop(calls);
        assert_eq!(UNDER_WAY.get(), 0);
    }
}
