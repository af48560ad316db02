//! A queue that wakes its reader.

use std::mem;
use std::sync::PoisonError;
#[cfg(not(loom))]
use std::sync::{Mutex, MutexGuard};

#[cfg(loom)]
use loom::sync::{Mutex, MutexGuard};

/// Somebody who can be woken to read.
pub(crate) trait Wake {
    /// Called from one thread at a time, which must not come back to the mailbox. More than one call may lead to one
    /// reading.
    fn wake(&self);
}

/// So many items are enough for a call: more are not waited for.
const ENOUGH: usize = 8;

/// A queue with many writers and one reader, who sleeps outside of it.
///
/// Only the first item of a batch wakes: whoever writes to a queue that is not empty knows that the reader is about to be
/// called. Locks, not a lock-free list, and two: that of the items is held for some nanoseconds; that of the reader while
/// it is woken, which is a system call, and the reader that wakes up meanwhile need not wait for its end. It is also what
/// makes the end safe, because nobody is inside `wake` once [`close`](Self::close) has returned.
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

    /// Adds an item; gives it back where nobody reads any more.
    pub(crate) fn push(&self, item: T) -> Result<(), T> {
        if self.add(item)? == 1 {
            self.wake();
        }
        Ok(())
    }

    /// Adds an item, for whose writer others may follow soon. Where this says so the writer has to [`call`](Self::call)
    /// in the end; with every [`ENOUGH`]th item the reader is called at once.
    pub(crate) fn push_quietly(&self, item: T) -> Result<bool, T> {
        let length = self.add(item)?;
        if length % ENOUGH == 0 {
            self.wake();
        }
        Ok(length == 1)
    }

    /// Calls the reader, where there is something to read.
    pub(crate) fn call(&self) {
        let is_due = locked(&self.items).as_ref().is_some_and(|items| !items.is_empty());
        if is_due {
            self.wake();
        }
    }

    fn add(&self, item: T) -> Result<usize, T> {
        match &mut *locked(&self.items) {
            Some(items) => {
                items.push(item);
                Ok(items.len())
            }
            None => Err(item),
        }
    }

    fn wake(&self) {
        if let Some(reader) = &*locked(&self.reader) {
            reader.wake();
        }
    }

    /// Moves all that is there into `batch`, which must be empty and lends its room; false once closed.
    pub(crate) fn take(&self, batch: &mut Vec<T>) -> bool {
        match &mut *locked(&self.items) {
            Some(items) => {
                mem::swap(items, batch);
                true
            }
            None => false,
        }
    }

    /// Ends it, and gives the reader and what nobody will read: to be dropped by the caller, outside the locks.
    pub(crate) fn close(&self) -> (Option<W>, Vec<T>) {
        let left = locked(&self.items).take();
        // Waits for who is inside `wake`; who comes later finds nobody.
        let reader = locked(&self.reader).take();
        (reader, left.unwrap_or_default())
    }
}

/// No code of others runs under the locks but `wake`, and a half-done change cannot be seen after a panic in it.
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

    /// Wakes through a channel with room for one call: more calls than one are one, as with an event loop.
    struct Bell(SyncSender<()>, Arc<AtomicUsize>);

    impl Wake for Bell {
        fn wake(&self) {
            self.1.fetch_add(1, Ordering::Relaxed);
            let _called_already = self.0.try_send(());
        }
    }

    #[test]
    fn every_item_comes_once_in_its_writers_order() {
        const WRITERS: usize = 4;
        const EACH: usize = 25_000;
        let (sender, woken) = sync_channel(1);
        let wakes = Arc::new(AtomicUsize::new(0));
        let mailbox = Arc::new(Mailbox::new(Bell(sender, Arc::clone(&wakes))));
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
    fn a_quiet_item_waits_for_its_writers_call_or_until_there_are_enough() {
        let (sender, woken) = sync_channel(1);
        let mailbox = Mailbox::new(Bell(sender, Arc::default()));
        let is_woken = || woken.try_recv().is_ok();
        assert_eq!(mailbox.push_quietly(0), Ok(true), "the first one is to be called for");
        assert_eq!(mailbox.push_quietly(1), Ok(false), "the others come along");
        assert!(!is_woken());
        mailbox.call();
        assert!(is_woken());
        let mut batch = Vec::new();
        mailbox.take(&mut batch);
        assert_eq!(batch, [0, 1]);
        mailbox.call();
        assert!(!is_woken(), "nothing to read");
        for item in 0..ENOUGH {
            assert!(!is_woken());
            assert_eq!(mailbox.push_quietly(item), Ok(item == 0));
        }
        assert!(is_woken(), "enough");
        mailbox.take(&mut Vec::new());
        mailbox.push(1).unwrap();
        assert!(is_woken(), "a loud one calls at once");
        mailbox.close();
        assert_eq!(mailbox.push_quietly(2), Err(2));
        mailbox.call();
        assert!(!is_woken());
    }

    #[test]
    fn what_is_written_before_the_end_is_given_to_who_ends_it() {
        let (sender, _woken) = sync_channel(1);
        let wakes = Arc::new(AtomicUsize::new(0));
        let mailbox = Mailbox::new(Bell(sender, Arc::clone(&wakes)));
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
    fn an_item_is_delivered_left_or_given_back_and_nobody_calls_after_the_end() {
        for _ in 0..1_000 {
            let (sender, woken) = sync_channel(1);
            let mailbox = Arc::new(Mailbox::new(Bell(sender, Arc::default())));
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
            // The sender went with the reader: nobody holds it, so nobody was inside.
            assert!(woken.try_iter().count() <= 2 && woken.recv().is_err());
        }
    }
}
