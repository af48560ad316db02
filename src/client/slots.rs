//! Limits the requests in flight. A request that holds a slot always gets a connection, so the pool needs no queue.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{AcquireError, Semaphore, SemaphorePermit, TryAcquireError};

/// The maximum number of waiting calls.
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

/// An acquired slot, released when dropped.
pub(crate) type Slot<'a> = SemaphorePermit<'a>;

/// A place in the queue, released when dropped.
#[derive(Debug)]
pub(crate) struct QueuePlace<'a>(&'a Slots);

impl Slots {
    /// Creates `max_connections` slots, or fewer if the process cannot open that many files.
    pub(crate) fn new(max_connections: usize) -> Self {
        let of = max_connections.min(descriptors().unwrap_or(usize::MAX));
        Self { free: Semaphore::new(of), of, max_connections, waiting: AtomicUsize::new(0) }
    }

    /// Describes what a call waits for, for a message.
    pub(crate) fn describe(&self) -> String {
        let Self { of, max_connections, .. } = self;
        if of == max_connections {
            return format!("a connection (`maxConnections` is {of})");
        }
        format!(
            "a connection (`maxConnections` is {max_connections}, and the process may open too few files for more than {of})"
        )
    }

    /// Acquires a slot if one is free and no other call waits.
    pub(crate) fn try_take(&self) -> Result<Option<Slot<'_>>, Closed> {
        match self.free.try_acquire() {
            Ok(slot) => Ok(Some(slot)),
            Err(TryAcquireError::NoPermits) => Ok(None),
            Err(TryAcquireError::Closed) => Err(Closed),
        }
    }

    /// Waits for a slot. First come, first served.
    pub(crate) fn take(&self) -> impl Future<Output = Result<Slot<'_>, AcquireError>> {
        self.free.acquire()
    }

    /// Joins the queue of waiting calls. Returns `None` if it is full.
    pub(crate) fn queue(&self) -> Option<QueuePlace<'_>> {
        let place = QueuePlace(self);
        (self.waiting.fetch_add(1, Ordering::Relaxed) < MAX_WAITING).then_some(place)
    }

    /// Fails all waiting and future calls.
    pub(crate) fn close(&self) {
        self.free.close();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.free.is_closed()
    }
}

impl Drop for QueuePlace<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Half of the files that the process can still open; the other half is left to the app. `None` if there is no limit.
fn descriptors() -> Option<usize> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};
        let limit = usize::try_from(getrlimit(Resource::Nofile).current?).unwrap_or(usize::MAX);
        let open = std::fs::read_dir("/dev/fd").map_or(0, Iterator::count);
        // The slots are counted only once, and many of the open files may be short-lived.
        Some((limit.saturating_sub(open) / 2).max(limit / 8).max(1))
    }
    #[cfg(not(unix))]
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn dropping_a_slot_releases_it() {
        let slots = Slots::new(1);
        let slot = slots.try_take().expect("open");
        assert!(slot.is_some());
        assert!(slots.try_take().expect("open").is_none());
        drop(slot);
        assert!(slots.take().await.is_ok());
    }

    #[test]
    fn the_queue_is_bounded() {
        let slots = Slots::new(1);
        let places: Vec<_> = std::iter::from_fn(|| slots.queue()).collect();
        assert_eq!(places.len(), MAX_WAITING);
        drop(places);
        assert!(slots.queue().is_some());
    }

    #[tokio::test]
    async fn closing_rejects_waiting_calls() {
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
    fn slots_are_limited_by_open_files() {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.expect("a limit");
        assert!((Slots::new(Semaphore::MAX_PERMITS).of as u64) < limit);
        assert_eq!(Slots::new(1).of, 1);
    }
}
