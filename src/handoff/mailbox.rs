//! A multi-producer, single-consumer queue that wakes its consumer.

use std::mem;
use std::sync::PoisonError;
#[cfg(not(loom))]
use std::sync::{Mutex, MutexGuard};

#[cfg(loom)]
use loom::sync::{Mutex, MutexGuard};

/// Wakes the reader of a [`Mailbox`].
pub(crate) trait Wake {
    /// Called by one thread at a time. Must not call back into the mailbox. Wake-ups may be coalesced: several calls
    /// can lead to a single read.
    fn wake(&self);
}

/// A queue with many writers and one reader.
///
/// Only the first item of a batch wakes the reader: a writer that finds the queue non-empty knows that a wake-up is
/// already pending. Items and reader have separate locks because `wake` is a system call, and a reader that is already
/// running must not block on it. Holding the reader's lock during `wake` also guarantees that no thread is inside
/// `wake` once [`close`](Self::close) has returned.
pub(crate) struct Mailbox<T, W> {
    /// `None` once closed.
    items: Mutex<Option<Vec<T>>>,
    /// `None` once closed.
    reader: Mutex<Option<W>>,
}

impl<T, W: Wake> Mailbox<T, W> {
    pub(crate) fn new(reader: W) -> Self {
        Self { items: Mutex::new(Some(Vec::new())), reader: Mutex::new(Some(reader)) }
    }

    /// Adds an item, or returns it if the mailbox is closed.
    pub(crate) fn push(&self, item: T) -> Result<(), T> {
        let was_empty = match &mut *locked(&self.items) {
            Some(items) => {
                items.push(item);
                items.len() == 1
            }
            None => return Err(item),
        };
        if was_empty && let Some(reader) = &*locked(&self.reader) {
            reader.wake();
        }
        Ok(())
    }

    /// Moves all items into `batch`, which must be empty and whose allocation is reused. Returns `false` once closed.
    pub(crate) fn take(&self, batch: &mut Vec<T>) -> bool {
        match &mut *locked(&self.items) {
            Some(items) => {
                mem::swap(items, batch);
                true
            }
            None => false,
        }
    }

    /// Closes the mailbox. Returns the reader and the unread items, so that the caller drops them outside the locks.
    pub(crate) fn close(&self) -> (Option<W>, Vec<T>) {
        let left = locked(&self.items).take();
        // Blocks until a thread inside `wake` has left it. Later writers find no reader.
        let reader = locked(&self.reader).take();
        (reader, left.unwrap_or_default())
    }
}

/// Poisoning is ignored: the only foreign code that runs under a lock is `wake`, and a panic in it leaves the data
/// intact.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::{SyncSender, sync_channel};
    use std::sync::{Arc, Barrier};
    use std::thread;

    use super::*;

    /// Wakes through a channel of capacity one, so that wake-ups coalesce as they do in an event loop.
    struct ChannelWaker(SyncSender<()>, Arc<AtomicUsize>);

    impl Wake for ChannelWaker {
        fn wake(&self) {
            self.1.fetch_add(1, Ordering::Relaxed);
            let _already_woken = self.0.try_send(());
        }
    }

    #[test]
    fn every_item_arrives_once_in_its_writers_order() {
        const WRITERS: usize = 4;
        const EACH: usize = 25_000;
        let (sender, woken) = sync_channel(1);
        let wakes = Arc::new(AtomicUsize::new(0));
        let mailbox = Arc::new(Mailbox::new(ChannelWaker(sender, Arc::clone(&wakes))));
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let mailbox = Arc::clone(&mailbox);
                thread::spawn(move || (0..EACH).for_each(|item| mailbox.push((writer, item)).unwrap()))
            })
            .collect();
        let mut next = [0; WRITERS];
        let (mut batch, mut batches) = (Vec::new(), 0);
        while next.iter().sum::<usize>() < WRITERS * EACH {
            woken.recv().unwrap();
            assert!(mailbox.take(&mut batch));
            batches += usize::from(!batch.is_empty());
            for (writer, item) in batch.drain(..) {
                assert_eq!(item, next[writer]);
                next[writer] += 1;
            }
        }
        for writer in writers {
            writer.join().unwrap();
        }
        assert_eq!(wakes.load(Ordering::Relaxed), batches, "one call per batch");
    }

    #[test]
    fn close_returns_the_unread_items() {
        let (sender, _woken) = sync_channel(1);
        let wakes = Arc::new(AtomicUsize::new(0));
        let mailbox = Mailbox::new(ChannelWaker(sender, Arc::clone(&wakes)));
        mailbox.push(1).unwrap();
        mailbox.push(2).unwrap();
        let (reader, left) = mailbox.close();
        assert!(reader.is_some());
        assert_eq!(left, [1, 2]);
        assert_eq!(mailbox.push(3), Err(3));
        assert!(!mailbox.take(&mut Vec::new()));
        assert!(mailbox.close().0.is_none());
        assert_eq!(wakes.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn no_item_is_lost_and_no_wake_follows_close() {
        for _ in 0..1_000 {
            let (sender, woken) = sync_channel(1);
            let mailbox = Arc::new(Mailbox::new(ChannelWaker(sender, Arc::default())));
            let start = Arc::new(Barrier::new(2));
            let writer = {
                let (mailbox, start) = (Arc::clone(&mailbox), Arc::clone(&start));
                thread::spawn(move || {
                    start.wait();
                    (0..10).filter_map(|item| mailbox.push(item).err()).count()
                })
            };
            start.wait();
            let mut batch = Vec::new();
            mailbox.take(&mut batch);
            let (reader, left) = mailbox.close();
            drop(reader);
            let given_back = writer.join().unwrap();
            assert_eq!(batch.len() + left.len() + given_back, 10);
            // `recv` fails only once the sender is dropped, so no thread was still inside `wake`.
            assert!(woken.try_iter().count() <= 2 && woken.recv().is_err());
        }
    }
}
