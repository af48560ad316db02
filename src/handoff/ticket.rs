//! Guarantees exactly one result per call.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;

use super::mailbox::{Mailbox, Wake};

/// How a call ended.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome<T> {
    /// It completed.
    Done(T),
    /// It panicked with this message.
    Panicked(String),
    /// It was dropped before completion.
    Lost,
}

/// Results waiting to be delivered, each with the number of its call.
pub(crate) type Results<T, W> = Mailbox<(usize, Outcome<T>), W>;

/// Sends exactly one [`Outcome`] to the mailbox, even if the call panics or is dropped.
pub(crate) struct Ticket<T: Send + 'static, W: Wake + Send + 'static> {
    number: usize,
    /// `None` once the result was sent.
    results: Option<Arc<Results<T, W>>>,
}

impl<T: Send + 'static, W: Wake + Send + 'static> Ticket<T, W> {
    pub(crate) fn new(number: usize, results: Arc<Results<T, W>>) -> Self {
        Self { number, results: Some(results) }
    }

    /// Runs the call and sends its result or its panic.
    pub(crate) async fn run(mut self, call: impl Future<Output = T>) {
        // Unwind safe: the state of the call is not used after a panic.
        let outcome = match AssertUnwindSafe(call).catch_unwind().await {
            Ok(result) => Outcome::Done(result),
            Err(panic) => Outcome::Panicked(message(panic.as_ref())),
        };
        self.send(outcome);
    }

    fn send(&mut self, outcome: Outcome<T>) {
        if let Some(results) = self.results.take() {
            // Fails once the environment has shut down and no caller is left.
            let _closed = results.push((self.number, outcome));
        }
    }
}

impl<T: Send + 'static, W: Wake + Send + 'static> Drop for Ticket<T, W> {
    fn drop(&mut self) {
        self.send(Outcome::Lost);
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic").to_owned()
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    struct NoWake;

    impl Wake for NoWake {
        fn wake(&self) {}
    }

    type Texts = Results<&'static str, NoWake>;

    fn results() -> Arc<Texts> {
        Arc::new(Mailbox::new(NoWake))
    }

    fn taken(results: &Texts) -> Vec<(usize, Outcome<&'static str>)> {
        let mut batch = Vec::new();
        results.take(&mut batch);
        batch
    }

    fn poll(future: impl Future<Output = ()>) -> Poll<()> {
        pin!(future).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_completed_call_has_one_result() {
        let results = results();
        assert!(poll(Ticket::new(7, Arc::clone(&results)).run(async { "value" })).is_ready());
        assert_eq!(taken(&results), [(7, Outcome::Done("value"))]);
    }

    #[test]
    fn a_panic_becomes_the_result() {
        let results = results();
        assert!(poll(Ticket::new(1, Arc::clone(&results)).run(async { panic!("words") })).is_ready());
        assert!(poll(Ticket::new(2, Arc::clone(&results)).run(async { panic!("words {}", 2) })).is_ready());
        assert!(poll(Ticket::new(3, Arc::clone(&results)).run(async { std::panic::panic_any(3) })).is_ready());
        let panicked = |words: &str| Outcome::Panicked(words.to_owned());
        assert_eq!(taken(&results), [(1, panicked("words")), (2, panicked("words 2")), (3, panicked("a panic"))]);
    }

    #[test]
    fn a_dropped_call_is_reported_as_lost() {
        let results = results();
        drop(Ticket::new(1, Arc::clone(&results)).run(async { "never" }));
        assert!(poll(Ticket::new(2, Arc::clone(&results)).run(std::future::pending())).is_pending());
        assert_eq!(taken(&results), [(1, Outcome::Lost), (2, Outcome::Lost)]);
    }

    #[test]
    fn a_result_for_a_closed_mailbox_is_dropped() {
        let results = results();
        results.close();
        assert!(poll(Ticket::new(1, Arc::clone(&results)).run(async { "value" })).is_ready());
        assert_eq!(taken(&results), []);
    }
}
