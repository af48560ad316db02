//! One slot per request in flight. A wait for a slot lies outside a request's timeouts, one inside the connection pool
//! does not: so requests wait here, and one that has a slot also finds a connection.
//!
//! Where the process is out of file descriptors there are fewer connections than slots. Then slots are withheld, so that
//! requests wait for a connection that is there, and are given back when that is over.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// How long after the last shortage all slots are given again.
const RECOVERY: Duration = Duration::from_secs(10);

/// The slots of a driver.
#[derive(Debug)]
pub(crate) struct Slots {
    free: Semaphore,
    of: usize,
    recovery: Duration,
    /// Whether `shortage` is in use: the usual case must cost nothing.
    is_short: AtomicBool,
    shortage: Mutex<Shortage>,
}

#[derive(Debug, Default)]
struct Shortage {
    /// Slots to withhold as soon as they are free.
    owed: usize,
    withheld: usize,
    /// Requests that wait for a connection of another one.
    waiting: usize,
    last: Option<Instant>,
}

/// The driver was closed while a request waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closed;

/// A slot that is taken. Free again when dropped.
#[derive(Debug)]
pub(crate) struct Slot<'a> {
    slots: &'a Slots,
    permit: Option<SemaphorePermit<'a>>,
}

impl Slots {
    /// So many slots.
    pub(crate) fn new(of: usize) -> Self {
        Self::recovering(of, RECOVERY)
    }

    fn recovering(of: usize, recovery: Duration) -> Self {
        let (is_short, shortage) = (AtomicBool::new(false), Mutex::default());
        Self { free: Semaphore::new(of), of, recovery, is_short, shortage }
    }

    /// Waits for a slot.
    pub(crate) async fn take(&self) -> Result<Slot<'_>, Closed> {
        let permit = self.free.acquire().await.map_err(|_| Closed)?;
        Ok(Slot { slots: self, permit: Some(permit) })
    }

    /// Nobody gets a slot any more; who waits is told so.
    pub(crate) fn close(&self) {
        self.free.close();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.free.is_closed()
    }

    /// Whether some are withheld, or will be.
    pub(super) fn are_short(&self) -> bool {
        self.is_short.load(Ordering::Acquire)
    }

    /// A connection could not be made because the process has no descriptor left: one slot less. One always stays.
    /// Whether it is worth while to wait: another request has a connection that will be free.
    pub(super) fn shrink(&self) -> Option<Wait<'_>> {
        let mut shortage = self.shortage();
        shortage.last = Some(Instant::now());
        if shortage.owed + shortage.withheld + 1 < self.of {
            shortage.owed += 1;
        }
        self.is_short.store(true, Ordering::Release);
        let taken = self.of.saturating_sub(shortage.withheld).saturating_sub(self.free.available_permits());
        (shortage.waiting + 1 < taken).then(|| {
            shortage.waiting += 1;
            Wait(self)
        })
    }

    /// Whether a slot that was just freed is withheld. Gives all back after the recovery.
    fn withholds(&self) -> bool {
        let mut shortage = self.shortage();
        if shortage.last.is_none_or(|last| last.elapsed() >= self.recovery) {
            self.free.add_permits(shortage.withheld);
            *shortage = Shortage { waiting: shortage.waiting, ..Shortage::default() };
            self.is_short.store(false, Ordering::Release);
            return false;
        }
        let withholds = shortage.owed > 0;
        if withholds {
            shortage.owed -= 1;
            shortage.withheld += 1;
        }
        withholds
    }

    fn shortage(&self) -> MutexGuard<'_, Shortage> {
        self.shortage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that waits for a connection of another one.
#[derive(Debug)]
pub(super) struct Wait<'a>(&'a Slots);

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.0.shortage().waiting -= 1;
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        if self.slots.are_short()
            && self.slots.withholds()
            && let Some(permit) = self.permit.take()
        {
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take_all(slots: &Slots) -> Vec<Slot<'_>> {
        let mut taken = Vec::new();
        while let Some(Ok(slot)) = futures_util::FutureExt::now_or_never(slots.take()) {
            taken.push(slot);
        }
        taken
    }

    #[tokio::test]
    async fn a_shortage_withholds_slots_for_a_while() {
        let slots = Slots::recovering(5, Duration::from_millis(300));
        let taken = take_all(&slots);
        assert_eq!(taken.len(), 5);
        drop(slots.shrink());
        drop(slots.shrink());
        drop(taken);
        assert_eq!(take_all(&slots).len(), 3);
        assert_eq!(take_all(&slots).len(), 3);
        tokio::time::sleep(Duration::from_millis(300)).await;
        drop(take_all(&slots));
        assert_eq!(take_all(&slots).len(), 5);
    }

    #[tokio::test]
    async fn one_slot_always_stays() {
        let slots = Slots::new(3);
        for _ in 0..20 {
            let taken = take_all(&slots);
            drop(slots.shrink());
            drop(taken);
        }
        assert_eq!(take_all(&slots).len(), 1);
    }

    #[tokio::test]
    async fn waiting_is_of_no_use_where_everybody_does() {
        let slots = Slots::new(3);
        let taken = take_all(&slots);
        let waits: Vec<_> = std::iter::from_fn(|| slots.shrink()).collect();
        assert_eq!(waits.len(), 2);
        drop(waits);
        assert!(slots.shrink().is_some());
        drop(taken);
        let _alone = slots.take().await.expect("a slot");
        assert!(slots.shrink().is_none());
    }

    #[tokio::test]
    async fn closed_slots_are_refused() {
        let slots = Slots::new(1);
        let slot = slots.take().await.expect("a slot");
        let waiting = slots.take();
        slots.close();
        assert_eq!(waiting.await.err(), Some(Closed));
        assert!(slots.is_closed());
        drop(slot);
    }
}
