//! Deduplicates concurrent work by key. All waiters receive the result, which is not cached.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::Shared;
use tokio::sync::oneshot;

type UnderWay<K, T> = Arc<Mutex<HashMap<K, Shared<oneshot::Receiver<T>>>>>;

/// Work in progress, by key.
pub(super) struct SingleFlight<K, T>(UnderWay<K, T>);

/// The obligation to deliver a result. If it is dropped without one, because of a panic or the end of the runtime, the
/// waiters receive `None`.
pub(super) struct Promise<K: Eq + Hash, T> {
    key: K,
    sender: Option<oneshot::Sender<T>>,
    under_way: UnderWay<K, T>,
}

impl<K: Clone + Eq + Hash, T: Clone> SingleFlight<K, T> {
    pub(super) fn new() -> Self {
        Self(Arc::default())
    }

    /// Waits for the work with this key, which `begin` starts if there is none in progress. The work must continue if
    /// this future is dropped, because others may wait for it. Returns `None` if it ended without a result.
    pub(super) async fn run(&self, key: K, begin: impl FnOnce(Promise<K, T>)) -> Option<T> {
        let (work, promise) = self.join(key);
        // Call without the lock: a runtime that is shutting down drops the promise immediately.
        if let Some(promise) = promise {
            begin(promise);
        }
        work.await.ok()
    }

    fn join(&self, key: K) -> (Shared<oneshot::Receiver<T>>, Option<Promise<K, T>>) {
        let mut under_way = lock(&self.0);
        if let Some(work) = under_way.get(&key) {
            return (work.clone(), None);
        }
        let (sender, receiver) = oneshot::channel();
        let work = receiver.shared();
        under_way.insert(key.clone(), work.clone());
        (work, Some(Promise { key, sender: Some(sender), under_way: Arc::clone(&self.0) }))
    }
}

impl<K: Eq + Hash, T> Promise<K, T> {
    /// Delivers the result to all waiters.
    pub(super) fn settle(mut self, result: T) {
        let sender = self.sender.take();
        // Callers from here on start new work.
        drop(self);
        if let Some(sender) = sender {
            let _all_gave_up = sender.send(result);
        }
    }
}

impl<K: Eq + Hash, T> Drop for Promise<K, T> {
    fn drop(&mut self) {
        let ended = lock(&self.under_way).remove(&self.key);
        drop(ended);
    }
}

fn lock<K, T>(under_way: &UnderWay<K, T>) -> MutexGuard<'_, HashMap<K, Shared<oneshot::Receiver<T>>>> {
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K, T> Clone for SingleFlight<K, T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, T> fmt::Debug for SingleFlight<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SingleFlight")
    }
}
