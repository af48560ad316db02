//! Throttled attempts, for the code that sends many requests side by side.
//!
//! An attempt finds who watches it by a task-local. Nothing is allocated per request.

use std::cell::Cell;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

tokio::task_local! {
    static WATCH: Watch;
}

struct Watch {
    own: Cell<u32>,
    all: Throttles,
}

/// Counts throttled attempts while they happen, for whoever must slow down: a request that waits and is sent again tells
/// what it took only once it has ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Throttles(Arc<AtomicU32>);

impl Throttles {
    /// Runs `work`, counting for its requests. Tells how many there were in this work alone.
    pub(crate) async fn watch<T>(&self, work: impl Future<Output = T>) -> (T, u32) {
        WATCH
            .scope(Watch { own: Cell::default(), all: self.clone() }, async {
                let result = work.await;
                (result, WATCH.with(|watch| watch.own.get()))
            })
            .await
    }

    /// How many there were since this was last asked.
    pub(crate) fn take(&self) -> u32 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

/// Counts a throttled attempt for who watches.
pub(super) fn throttled() {
    let _unwatched = WATCH.try_with(|watch| {
        watch.own.set(watch.own.get() + 1);
        watch.all.0.fetch_add(1, Ordering::Relaxed);
    });
}
