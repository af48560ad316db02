//! Guarantees exactly one answer per call.

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

/// Answers waiting to be delivered, each with the number of its call.
pub(crate) type Answers<T, W> = Mailbox<(usize, Outcome<T>), W>;

/// Sends exactly one [`Outcome`] to the mailbox, even if the call panics or is dropped.
pub(crate) struct Ticket<T: Send + 'static, W: Wake + Send + 'static> {
    number: usize,
    /// `None` once answered.
    answers: Option<Arc<Answers<T, W>>>,
}

impl<T: Send + 'static, W: Wake + Send + 'static> Ticket<T, W> {
    pub(crate) fn new(number: usize, answers: Arc<Answers<T, W>>) -> Self {
        Self { number, answers: Some(answers) }
    }

    /// Runs the call and answers with its result or its panic.
    pub(crate) async fn run(mut self, call: impl Future<Output = T>) {
        // Unwind safe: the state of the call is not used after a panic.
        let outcome = match AssertUnwindSafe(call).catch_unwind().await {
            Ok(answer) => Outcome::Done(answer),
            Err(panic) => Outcome::Panicked(message(panic.as_ref())),
        };
        self.answer(outcome);
    }

    fn answer(&mut self, outcome: Outcome<T>) {
        if let Some(answers) = self.answers.take() {
            // Fails once the environment has shut down and no caller is left.
            let _closed = answers.push((self.number, outcome));
        }
    }
}

impl<T: Send + 'static, W: Wake + Send + 'static> Drop for Ticket<T, W> {
    fn drop(&mut self) {
        self.answer(Outcome::Lost);
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

    struct Deaf;

    impl Wake for Deaf {
        fn wake(&self) {}
    }

    type Texts = Answers<&'static str, Deaf>;

    fn answers() -> Arc<Texts> {
        Arc::new(Mailbox::new(Deaf))
    }

    fn taken(answers: &Texts) -> Vec<(usize, Outcome<&'static str>)> {
        let mut batch = Vec::new();
        answers.take(&mut batch);
        batch
    }

    fn poll(future: impl Future<Output = ()>) -> Poll<()> {
        pin!(future).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_completed_call_is_answered_once() {
        let answers = answers();
        assert!(poll(Ticket::new(7, Arc::clone(&answers)).run(async { "value" })).is_ready());
        assert_eq!(taken(&answers), [(7, Outcome::Done("value"))]);
    }

    #[test]
    fn a_panic_is_the_answer_and_goes_no_further() {
        let answers = answers();
        assert!(poll(Ticket::new(1, Arc::clone(&answers)).run(async { panic!("words") })).is_ready());
        assert!(poll(Ticket::new(2, Arc::clone(&answers)).run(async { panic!("words {}", 2) })).is_ready());
        assert!(poll(Ticket::new(3, Arc::clone(&answers)).run(async { std::panic::panic_any(3) })).is_ready());
        let panicked = |words: &str| Outcome::Panicked(words.to_owned());
        assert_eq!(taken(&answers), [(1, panicked("words")), (2, panicked("words 2")), (3, panicked("a panic"))]);
    }

    #[test]
    fn a_call_dropped_before_or_after_its_first_poll_is_answered() {
        let answers = answers();
        drop(Ticket::new(1, Arc::clone(&answers)).run(async { "never" }));
        assert!(poll(Ticket::new(2, Arc::clone(&answers)).run(std::future::pending())).is_pending());
        assert_eq!(taken(&answers), [(1, Outcome::Lost), (2, Outcome::Lost)]);
    }

    #[test]
    fn an_answer_to_a_closed_mailbox_is_dropped() {
        let answers = answers();
        answers.close();
        assert!(poll(Ticket::new(1, Arc::clone(&answers)).run(async { "value" })).is_ready());
        assert_eq!(taken(&answers), []);
    }
}
