//! One slot per request in flight: a request that has a slot also finds a connection, and the pool needs no queue.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{AcquireError, Semaphore, SemaphorePermit, TryAcquireError};

/// The most calls that may wait at a time.
const MAX_WAITING: usize = 100_000;

/// The slots of a driver.
#[derive(Debug)]
pub(crate) struct Slots {
    free: Semaphore,
    of: usize,
    max_connections: usize,
    waiting: AtomicUsize,
}

/// The driver was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closed;

/// A slot that is taken. Free again when dropped.
pub(crate) type Slot<'a> = SemaphorePermit<'a>;

/// A place in the queue, given up when dropped.
#[derive(Debug)]
pub(crate) struct Place<'a>(&'a Slots);

impl Slots {
    /// `max_connections` slots, or fewer where the process may not open as many files.
    pub(crate) fn new(max_connections: usize) -> Self {
        let of = max_connections.min(descriptors().unwrap_or(usize::MAX));
        Self { free: Semaphore::new(of), of, max_connections, waiting: AtomicUsize::new(0) }
    }

    /// What is waited for, for a message.
    pub(crate) fn describe(&self) -> String {
        let Self { of, max_connections, .. } = self;
        if of == max_connections {
            return format!("a connection (`maxConnections` is {of})");
        }
        format!(
            "a connection (`maxConnections` is {max_connections}, and the process may open too few files for more than {of})"
        )
    }

    /// A slot, if one is free and no other call waits for it.
    pub(crate) fn try_take(&self) -> Result<Option<Slot<'_>>, Closed> {
        match self.free.try_acquire() {
            Ok(slot) => Ok(Some(slot)),
            Err(TryAcquireError::NoPermits) => Ok(None),
            Err(TryAcquireError::Closed) => Err(Closed),
        }
    }

    /// Waits for a slot, in the order of the calls.
    pub(crate) fn take(&self) -> impl Future<Output = Result<Slot<'_>, AcquireError>> {
        self.free.acquire()
    }

    /// A place among the calls that wait; `None` where the queue is full.
    pub(crate) fn queue(&self) -> Option<Place<'_>> {
        let place = Place(self);
        (self.waiting.fetch_add(1, Ordering::Relaxed) < MAX_WAITING).then_some(place)
    }

    /// Refuses every slot from now on, also to calls that wait.
    pub(crate) fn close(&self) {
        self.free.close();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.free.is_closed()
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Half of the files that this process may still open: the rest is the app's own. `None` where there is no such limit.
fn descriptors() -> Option<usize> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};
        let limit = usize::try_from(getrlimit(Resource::Nofile).current?).unwrap_or(usize::MAX);
        let open = std::fs::read_dir("/dev/fd").map_or(0, Iterator::count);
        // Many files may be open for a moment only, and the slots are counted once.
        Some((limit.saturating_sub(open) / 2).max(limit / 8).max(1))
    }
    #[cfg(not(unix))]
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slot_is_free_again_when_dropped() {
        let slots = Slots::new(1);
        let slot = slots.try_take().expect("open");
        assert!(slot.is_some());
        assert!(slots.try_take().expect("open").is_none());
        drop(slot);
        assert!(slots.take().await.is_ok());
    }

    #[test]
    fn the_queue_has_an_end() {
        let slots = Slots::new(1);
        let places: Vec<_> = std::iter::from_fn(|| slots.queue()).collect();
        assert_eq!(places.len(), MAX_WAITING);
        drop(places);
        assert!(slots.queue().is_some());
    }

    #[tokio::test]
    async fn closed_slots_are_refused() {
        let slots = Slots::new(1);
        let slot = slots.take().await.expect("a slot");
        let waiting = slots.take();
        slots.close();
        assert!(waiting.await.is_err());
        assert_eq!(slots.try_take().err(), Some(Closed));
        assert!(slots.is_closed());
        drop(slot);
    }

    /// [ENV-2]
    #[cfg(unix)]
    #[test]
    fn there_are_no_more_slots_than_files_that_may_be_opened() {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.expect("a limit");
        assert!((Slots::new(Semaphore::MAX_PERMITS).of as u64) < limit);
        assert_eq!(Slots::new(1).of, 1);
    }
}
