//! Calls that wait for the end of a round. A worker goes round its ready tasks; each that answers a call would wake the
//! reader of the answer. At the end of the round one wake-up does for all, and nobody waits longer than the round takes.
//! How many tasks are ready at a time is what `pace.rs` looks after.

use std::cell::RefCell;
use std::future::poll_fn;
use std::mem;
use std::sync::Arc;
use std::task::{Poll, Waker};

use super::mailbox::{Mailbox, Wake};

/// How often a round goes through the tasks that are ready. An answer on its way takes some turns between the connection's
/// task and the call's; those that arrived together shall be answered together. Where no task is ready, a turn is nothing.
const TURNS: usize = 8;

/// Something with a reader to be called.
pub(crate) trait Call: Send + Sync {
    fn call(&self);
}

impl<T: Send, W: Wake + Send> Call for Mailbox<T, W> {
    fn call(&self) {
        Self::call(self);
    }
}

struct Round {
    due: Vec<Arc<dyn Call>>,
    /// Of the task that ends the round.
    end: Waker,
}

thread_local! {
    /// `None` where nobody goes round.
    static ROUND: RefCell<Option<Round>> = const { RefCell::new(None) };
}

/// Calls at the end of this thread's round; at once, where it has none.
pub(crate) fn call_at_its_end(mailbox: Arc<dyn Call>) {
    // The thread's storage may be gone when its last tasks are dropped.
    let at_once = ROUND.try_with(|round| match &mut *round.borrow_mut() {
        None => Some(Arc::clone(&mailbox)),
        Some(round) => {
            if round.due.is_empty() {
                round.end.wake_by_ref();
            }
            round.due.push(Arc::clone(&mailbox));
            None
        }
    });
    if let Some(mailbox) = at_once.unwrap_or(Some(mailbox)) {
        mailbox.call();
    }
}

/// Ends this thread's rounds, as a task of its own: a scheduler that is fair polls it after those that were ready before.
pub(crate) async fn go_round() {
    let _calls_what_is_left = Last;
    let mut due = Vec::new();
    let mut turns = 0;
    poll_fn(|context| -> Poll<()> {
        ROUND.with_borrow_mut(|round| match round {
            None => *round = Some(Round { due: Vec::new(), end: context.waker().clone() }),
            Some(round) => {
                round.end.clone_from(context.waker());
                turns += usize::from(!round.due.is_empty());
                if turns == TURNS {
                    turns = 0;
                    mem::swap(&mut round.due, &mut due);
                } else if turns > 0 {
                    context.waker().wake_by_ref();
                }
            }
        });
        for mailbox in due.drain(..) {
            mailbox.call();
        }
        Poll::Pending
    })
    .await;
}

/// After the last round calls are made at once.
struct Last;

impl Drop for Last {
    fn drop(&mut self) {
        let left = ROUND.try_with(RefCell::take);
        for mailbox in left.ok().flatten().into_iter().flat_map(|round| round.due) {
            mailbox.call();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Context;

    use super::*;

    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Call for Counted {
        fn call(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Counted {
        fn calls(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn calls_are_made_at_once_where_nobody_goes_round_and_at_the_end_of_the_round_where_somebody_does() {
        let (one, other) = (Arc::new(Counted::default()), Arc::new(Counted::default()));
        call_at_its_end(Arc::clone(&one) as Arc<dyn Call>);
        assert_eq!(one.calls(), 1);
        {
            let mut rounds = pin!(go_round());
            let mut turn = || assert!(rounds.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            turn();
            call_at_its_end(Arc::clone(&one) as Arc<dyn Call>);
            call_at_its_end(Arc::clone(&other) as Arc<dyn Call>);
            assert_eq!((one.calls(), other.calls()), (1, 0));
            (1..TURNS).for_each(|_| turn());
            assert_eq!((one.calls(), other.calls()), (1, 0));
            turn();
            assert_eq!((one.calls(), other.calls()), (2, 1));
            (0..TURNS).for_each(|_| turn());
            call_at_its_end(Arc::clone(&other) as Arc<dyn Call>);
            assert_eq!((one.calls(), other.calls()), (2, 1));
        }
        assert_eq!((one.calls(), other.calls()), (2, 2), "the last round ends as well");
        call_at_its_end(Arc::clone(&other) as Arc<dyn Call>);
        assert_eq!(other.calls(), 3);
    }

    #[tokio::test]
    async fn a_round_ends_by_itself_after_the_tasks_that_were_ready() {
        drop(tokio::spawn(go_round()));
        tokio::task::yield_now().await;
        let counted = Arc::new(Counted::default());
        let tasks: Vec<_> = (0..5)
            .map(|_| {
                let counted = Arc::clone(&counted);
                tokio::spawn(async move {
                    call_at_its_end(Arc::clone(&counted) as Arc<dyn Call>);
                    counted.calls()
                })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), 0);
        }
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
        assert_eq!(counted.calls(), 5);
    }
}
