//! The pace of a worker. With many calls under way an answer arrives every few dozen microseconds: a worker that sleeps in
//! between is woken for each, wakes the reader for each, and is woken by the reader's next call. So it rests a moment
//! before it looks for the next ones, as network cards do that are busy ("interrupt moderation"), and finds several.

use std::cell::Cell;
use std::thread;
use std::time::Duration;

/// So many calls under way are worth a rest. With fewer, nobody ever waits for one.
const MANY: usize = 16;

/// How long a rest is: a small part of the milliseconds that a request takes, and time for some answers to arrive. The
/// system may make it half as long again.
const REST: Duration = Duration::from_micros(100);

/// Whether the system can sleep that short. Others were not measured; Windows sleeps a millisecond or more.
const CAN_REST: bool = cfg!(target_os = "linux");

thread_local! {
    static UNDER_WAY: Cell<usize> = const { Cell::new(0) };
}

/// A call that is under way on this thread, until dropped.
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

/// Rests, where it is worth it: to be called when nothing is ready, before the thread sleeps until something is.
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
    fn a_rest_is_worth_it_with_many_calls_under_way_and_only_then() {
        let mut calls: Vec<_> = (1..MANY).map(|_| UnderWay::enter()).collect();
        assert_eq!(worth_it(), None);
        calls.push(UnderWay::enter());
        assert_eq!(worth_it(), Some(REST));
        let start = Instant::now();
        rest();
        assert!(start.elapsed() >= REST);
        // Another thread's calls are its own.
        assert_eq!(thread::spawn(worth_it).join().unwrap(), None);
        calls.pop();
        assert_eq!(worth_it(), None);
        drop(calls);
        assert_eq!(UNDER_WAY.get(), 0);
    }
}
