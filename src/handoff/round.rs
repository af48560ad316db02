//! Batches the wake-ups of a worker. Every task that answers a call would otherwise wake the reader; instead, one
//! wake-up is sent after all ready tasks have been polled. `pace.rs` increases the number of tasks that are ready at a
//! time.

use std::cell::RefCell;
use std::future::poll_fn;
use std::mem;
use std::sync::Arc;
use std::task::{Poll, Waker};

use super::mailbox::{Mailbox, Wake};

/// How many passes over the ready tasks make up a batch. A response needs several passes to get from the connection's
/// task to the call's, and responses that arrived together should be delivered together. A pass without ready tasks is
/// cheap.
const TURNS: usize = 8;

/// A mailbox whose reader can be woken, independent of its item type.
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
    /// Wakes the task that flushes the batch.
    end: Waker,
}

thread_local! {
    /// `None` on threads that do not run [`go_round`].
    static ROUND: RefCell<Option<Round>> = const { RefCell::new(None) };
}

/// Wakes the reader at the end of this thread's current batch, or immediately on a thread without batching.
pub(crate) fn call_at_its_end(mailbox: Arc<dyn Call>) {
    // The thread-local may already be destroyed when the last tasks are dropped.
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

/// Flushes this thread's batches. Runs as a separate task, which a fair scheduler polls after the tasks that were ready
/// before it.
pub(crate) async fn go_round() {
    let _flush_on_drop = Last;
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

/// Flushes the last batch when dropped, and disables batching.
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
    fn calls_are_immediate_without_batching_and_deferred_with_it() {
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
    async fn a_batch_is_flushed_after_the_ready_tasks() {
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
