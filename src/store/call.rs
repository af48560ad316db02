//! One call of a method: the session it runs in, its place among the running, and how its failures are named.

use std::future::Future;
use std::sync::{Arc, PoisonError};

use tokio_util::task::task_tracker::TaskTrackerToken;

use super::watchdog::Watchdog;
use super::{Session, Store};
use crate::client::slots::Slot;
use crate::client::{Action, Client, Work};
use crate::error::{Error, ErrorKind, Operation};
use crate::input::{FLAG_ALLOWED, Input};
use crate::key::{BASE_ALLOWED, Base, Key, KeyError};
use crate::stats::{Counters, Effort, Stats};

/// A call that has begun. The store does not finish closing before it is dropped.
pub(super) struct Call {
    pub(super) session: Arc<Session>,
    operation: Operation,
    stats: Arc<Stats>,
    succeeded: bool,
    watchdog: Option<Watchdog>,
    _running: TaskTrackerToken,
}

impl Drop for Call {
    fn drop(&mut self) {
        // A call that is dropped before it is done was aborted, or failed.
        self.counters().ended(self.succeeded);
    }
}

impl Store {
    /// Begins a call.
    pub(super) fn begin(&self, operation: Operation) -> Result<Call, Error> {
        let running = self.running.token();
        let session = self.session.read().unwrap_or_else(PoisonError::into_inner).clone();
        match session {
            Some(session) => {
                let stats = Arc::clone(&self.stats);
                stats.of(operation).begun();
                Ok(Call { session, operation, stats, succeeded: false, watchdog: None, _running: running })
            }
            None => Err(Error::closed().during(operation, &self.table)),
        }
    }
}

impl Call {
    /// Limits the time without any answer, for a method that sends any number of requests.
    pub(super) fn watched(mut self) -> Self {
        self.watchdog = Some(Watchdog::new(self.session.options.limits.stall));
        self
    }

    /// Does the call's work, within that limit.
    pub(super) async fn watch<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        match &self.watchdog {
            Some(watchdog) => watchdog.watch(work).await.map_err(|error| self.fail(error)),
            None => work.await,
        }
    }

    /// A request was throttled to the end, and will be sent again.
    pub(super) fn throttled(&self, error: Error) {
        if let Some(watchdog) = &self.watchdog {
            watchdog.throttled(error);
        }
    }

    /// Where this call is counted.
    pub(super) fn counters(&self) -> &Counters {
        self.stats.of(self.operation)
    }

    /// Ends the call well.
    pub(super) fn succeed(mut self) {
        self.succeeded = true;
    }

    /// Ends the call well, with what it gives.
    pub(super) fn done<T>(self, given: T) -> T {
        self.succeed();
        given
    }

    /// Whose retries this call's are.
    fn work(&self) -> Work {
        match self.operation {
            Operation::GetItems | Operation::SetItems | Operation::GetKeys | Operation::Clear => Work::Bulk,
            Operation::GetItem
            | Operation::HasItem
            | Operation::SetItem
            | Operation::RemoveItem
            | Operation::GetItemRaw
            | Operation::SetItemRaw
            | Operation::GetMeta
            | Operation::CreateTable => Work::Single,
        }
    }

    /// Names the method and the table in an error.
    pub(super) fn fail(&self, error: Error) -> Error {
        error.during(self.operation, &self.session.options.table_name)
    }

    /// The key to work on.
    pub(super) fn key(&self, key: Input) -> Result<Key, Error> {
        Key::parse(key, &self.session.options.base).map_err(|error| {
            let named = self.fail(Error::new(ErrorKind::InvalidKey, error.to_string()));
            match error {
                KeyError::TooLong { key, .. } => named.with_key(key),
                _ => named,
            }
        })
    }

    /// The base to work under, below the store's own.
    pub(super) fn base(&self, base: Input) -> Result<Base, Error> {
        let base = Base::parse(base).map_err(|found| self.argument("base", BASE_ALLOWED, found))?;
        Ok(base.below(&self.session.options.base))
    }

    /// Whether to read consistently: what the call says, else what the options say.
    pub(super) fn consistent_read(&self, input: &Input) -> Result<bool, Error> {
        input
            .as_flag(self.session.options.consistent_read)
            .map_err(|found| self.argument("consistentRead", FLAG_ALLOWED, found))
    }

    /// An argument that is not what it must be.
    pub(super) fn argument(&self, name: &str, allowed: &str, found: &str) -> Error {
        self.fail(Error::new(ErrorKind::InvalidArgument, format!("`{name}` must be {allowed}; it is {found}")))
    }

    /// The client, connected by the first call. A failure is not kept: it lies in files or in the network, and options
    /// were checked before.
    pub(super) async fn client(&self) -> Result<&Client, Error> {
        let session = &*self.session;
        session.client.get_or_try_init(|| Box::pin(session.connect())).await.map_err(|error| self.fail(error))
    }

    /// Waits for credentials and a slot, and sends one request. `body` is written once there is a slot: thousands of
    /// calls may wait.
    pub(super) async fn request<T>(
        &self,
        action: Action,
        body: impl FnOnce() -> serde_json::Result<Vec<u8>>,
        read: impl FnOnce(&[u8]) -> serde_json::Result<T>,
    ) -> Result<T, Error> {
        let client = self.client().await?;
        let _slot = self.slot(client).await?;
        // The error would repeat a part of the value.
        let unwritten = |_| self.fail(Error::new(ErrorKind::Internal, "the request could not be written"));
        let (result, effort) = client.call(self.work(), action, body().map_err(unwritten)?, read).await;
        self.account(result, effort)
    }

    /// Counts what a request took, and names the method in its failure.
    fn account<T>(&self, result: Result<T, Error>, effort: Effort) -> Result<T, Error> {
        self.counters().add(effort);
        if let (Ok(_), Some(watchdog)) = (&result, &self.watchdog) {
            watchdog.moved();
        }
        result.map_err(|error| self.fail(error))
    }

    /// Waits for credentials and a slot.
    async fn slot(&self, client: &Client) -> Result<Slot<'_>, Error> {
        // Closed while the client was being made, say: no need to look for credentials.
        if !self.session.slots.is_closed() {
            client.ready().await.map_err(|error| self.fail(error))?;
        }
        self.session.slots.take().await.map_err(|_| self.fail(Error::closed()))
    }
}
