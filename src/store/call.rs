//! A call of a method: its session, its place among the running calls, and the context of its errors.

use std::future::Future;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::breaker::Pass;
use super::order::Turn;
use super::watchdog::Watchdog;
use super::{Session, Store};
use crate::client::slots::QueuePlace;
use crate::client::{Observers, RequestThrottles, Traffic, Work};
use crate::error::{Error, ErrorKind, Extent, Operation};
use crate::input::{FLAG_ALLOWED, Input};
use crate::key::{BASE_ALLOWED, Base, Key, KeyError, Sought};
use crate::options::Limits;
use crate::stats::{Counters, Effort, Stats};
use crate::usage::Usage;

/// A call in progress. When dropped, it is no longer in flight and counts as an error unless it succeeded.
pub(super) struct Begun {
    call: Arc<Call>,
    succeeded: bool,
}

/// The state that the requests of a call need. Outlives [`Begun`] if other calls share a request. The store does
/// not finish closing before it is dropped.
pub(super) struct Call {
    pub(super) session: Arc<Session>,
    operation: Operation,
    stats: Arc<Stats>,
    /// The counters of this call, if it is traced.
    usage: Option<Arc<Usage>>,
    bound: Bound,
    /// The decision of the circuit breaker, made with the first request.
    pass: OnceLock<Result<Option<Pass>, Error>>,
    /// How long the call waited for a connection, in microseconds.
    waited: AtomicU64,
    /// How many requests wait for earlier writes of the same key.
    queued: AtomicUsize,
    _running: TaskTrackerToken,
}

/// The limit on the duration of a call.
enum Bound {
    /// The deadline of a call for one item.
    Deadline(Option<Instant>),
    /// The maximum time without progress of a call for many items.
    Progress(Box<Watchdog>),
    /// A call with a few requests, each with its own deadline.
    Request,
}

impl Deref for Begun {
    type Target = Arc<Call>;

    fn deref(&self) -> &Arc<Call> {
        &self.call
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        // A call that is dropped early was aborted or failed.
        self.counters().ended(self.succeeded);
    }
}

impl Begun {
    /// Ends the call successfully.
    pub(super) fn succeed(mut self) {
        self.succeeded = true;
    }

    /// Ends the call successfully and returns its result.
    pub(super) fn done<T>(self, given: T) -> T {
        self.succeed();
        given
    }
}

impl Store {
    /// Starts a call.
    pub(super) fn begin(&self, operation: Operation) -> Result<Begun, Error> {
        let running = self.shared.running.token();
        match self.session() {
            Some(session) => {
                let (stats, usage) = (Arc::clone(&self.shared.stats), self.usage.clone());
                stats.of(operation).begun();
                let bound = Bound::new(operation, &session.options.limits);
                let (waited, queued) = (AtomicU64::new(0), AtomicUsize::new(0));
                let pass = OnceLock::new();
                let call = Call { session, operation, stats, usage, bound, pass, waited, queued, _running: running };
                Ok(Begun { call: Arc::new(call), succeeded: false })
            }
            None => Err(Error::closed().during(operation, &self.shared.table)),
        }
    }
}

impl Bound {
    fn new(operation: Operation, limits: &Limits) -> Self {
        match operation.extent() {
            Extent::Item => Self::Deadline(limits.timeout.and_then(|limit| Instant::now().checked_add(limit))),
            Extent::Items => Self::Progress(Box::new(Watchdog::new(limits.timeout))),
            Extent::Rows => Self::Progress(Box::new(Watchdog::new(limits.scan_timeout))),
            Extent::Table => Self::Request,
        }
    }
}

impl Call {
    /// Runs the work of a call for many items while it makes progress.
    pub(super) async fn watch<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let Bound::Progress(watchdog) = &self.bound else { return work.await };
        let mut was_waiting = false;
        let waits = || {
            let waits = self.waits();
            was_waiting = waits.is_some();
            waits
        };
        let result = watchdog.watch(work, waits).await;
        if let Err(error) = &result
            && error.kind() == ErrorKind::Timeout
            && !was_waiting
            && let Some(Ok(Some(pass))) = self.pass.get()
        {
            pass.failed();
        }
        result.map_err(|error| self.fail(error))
    }

    /// Asks the circuit breaker once per call, so that all requests of a probe count as one.
    pub(super) fn pass(&self) -> Result<Option<&Pass>, Error> {
        match self.pass.get_or_init(|| self.session.breaker.admit()) {
            Ok(pass) => Ok(pass.as_ref()),
            Err(refused) => Err(self.fail(refused.clone())),
        }
    }

    /// Joins the queue of waiting calls.
    pub(super) fn place(&self) -> Result<QueuePlace<'_>, Error> {
        self.session.slots.queue().ok_or_else(|| {
            self.fail(Error::new(ErrorKind::QueueFull, "too many calls wait for a connection already; try again later"))
        })
    }

    /// Records that DynamoDB processed only a part of a request, which will be retried.
    pub(super) fn throttled(&self, error: Error) {
        if let Bound::Progress(watchdog) = &self.bound {
            watchdog.throttled(error);
        }
    }

    /// The counters of this method.
    pub(super) fn counters(&self) -> &Counters {
        self.stats.of(self.operation)
    }

    /// The observers of this call's requests.
    pub(super) fn observers<'a>(&'a self, throttles: Option<&'a RequestThrottles>) -> Observers<'a> {
        let traffic = self.traffic();
        Observers { counters: self.counters(), usage: self.usage.as_deref(), traffic, throttles }
    }

    /// The retry budget of this call's requests.
    pub(super) fn work(&self) -> Work {
        match self.bound {
            Bound::Progress(_) => Work::Bulk,
            Bound::Deadline(_) | Bound::Request => Work::Single,
        }
    }

    /// Adds the method and the table to an error.
    pub(super) fn fail(&self, error: Error) -> Error {
        error.during(self.operation, &self.session.options.table_name)
    }

    /// Validates a key.
    pub(super) fn key(&self, key: Input) -> Result<Key, Error> {
        Key::parse(key, &self.session.options.base).map_err(|error| {
            let named = self.fail(Error::new(ErrorKind::InvalidKey, error.to_string()));
            match error {
                KeyError::TooLong { key, .. } | KeyError::Chunk { key } => named.with_key(key),
                _ => named,
            }
        })
    }

    /// Validates a key to look up.
    pub(super) fn seek(&self, key: Input) -> Result<Sought, Error> {
        Key::seek(key, &self.session.options.base)
            .map_err(|error| self.fail(Error::new(ErrorKind::InvalidKey, error.to_string())))
    }

    /// Validates a base and appends it to the store's own.
    pub(super) fn base(&self, base: Input) -> Result<Base, Error> {
        let base = Base::parse(base).map_err(|found| self.argument("base", BASE_ALLOWED, found))?;
        Ok(base.below(&self.session.options.base))
    }

    /// Whether to read consistently. The argument takes precedence over the option.
    pub(super) fn consistent_read(&self, input: &Input) -> Result<bool, Error> {
        input
            .as_flag(self.session.options.consistent_read)
            .map_err(|found| self.argument("consistentRead", FLAG_ALLOWED, found))
    }

    /// The error for an invalid argument.
    pub(super) fn argument(&self, name: &str, allowed: &str, found: &str) -> Error {
        self.fail(Error::new(ErrorKind::InvalidArgument, format!("`{name}` must be {allowed}; it is {found}")))
    }

    /// The deadline of a request, or `None` if it has no deadline of its own.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.bound {
            Bound::Deadline(deadline) => *deadline,
            Bound::Progress(_) => None,
            Bound::Request => self.session.options.limits.timeout.and_then(|limit| Instant::now().checked_add(limit)),
        }
    }

    /// The traffic of the requests, if it is recorded.
    pub(super) fn traffic(&self) -> Option<&Traffic> {
        match &self.bound {
            Bound::Progress(watchdog) => Some(watchdog.traffic()),
            Bound::Deadline(_) | Bound::Request => None,
        }
    }

    /// Records that items were read, written or listed.
    pub(super) fn progress(&self) {
        if let Bound::Progress(watchdog) = &self.bound {
            watchdog.progress();
        }
    }

    /// Whether the deadline of the call has passed.
    pub(super) fn is_over(&self) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= Instant::now())
    }

    /// Counts a read that shares another call's request.
    pub(super) fn coalesced(&self) {
        self.observers(None).add(Effort { coalesced: 1, ..Effort::default() });
    }

    /// Waits until the earlier writes of these keys have ended.
    pub(super) async fn turn<'k>(&self, keys: impl Iterator<Item = &'k Key>) -> Result<Turn<'_>, Error> {
        self.pass()?;
        let mut turn = self.session.order.line_up(keys);
        if !turn.is_first() {
            let _place = self.place()?;
            let (what, deadline) = ("an earlier write of the same key", self.deadline());
            self.wait(what, deadline, turn.come()).await?;
            // Both may be ready at the same moment.
            if self.is_over() {
                return Err(self.timed_out(what));
            }
            if self.session.slots.is_closed() {
                return Err(self.fail(Error::closed()));
            }
        }
        Ok(turn)
    }

    /// Waits until the deadline.
    pub(super) async fn wait<T>(
        &self,
        what: &str,
        deadline: Option<Instant>,
        work: impl Future<Output = T>,
    ) -> Result<T, Error> {
        match deadline {
            Some(deadline) => timeout_at(deadline, work).await.map_err(|_| self.timed_out(what)),
            None => Ok(work.await),
        }
    }

    /// The error of a call whose deadline passed while it waited.
    pub(super) fn timed_out(&self, what: &str) -> Error {
        let limit = self.session.options.limits.timeout.unwrap_or_default().as_millis();
        let reason = format!("the call exceeded its `timeout` of {limit} ms while it waited for {what}");
        self.fail(Error::new(ErrorKind::Timeout, reason))
    }

    /// Records a wait for a connection.
    pub(super) fn waited(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.waited.fetch_add(micros, Ordering::Relaxed);
    }

    /// Adds to a timeout error how long the call waited for a connection.
    pub(super) fn with_wait(&self, error: Error) -> Error {
        let milliseconds = self.waited.load(Ordering::Relaxed) / 1_000;
        if error.kind() != ErrorKind::Timeout || milliseconds == 0 || !matches!(self.bound, Bound::Deadline(_)) {
            return error;
        }
        error.adding(&format!("; the call waited {milliseconds} ms of it for {}", self.connection()))
    }

    /// Describes a connection for a message.
    pub(super) fn connection(&self) -> String {
        self.session.slots.describe()
    }

    /// Records that a request waits for earlier writes, until dropped.
    pub(super) fn queued(&self) -> Queued<'_> {
        self.queued.fetch_add(1, Ordering::Relaxed);
        Queued(&self.queued)
    }

    /// Describes what the requests of a call for many items wait for, if none is in flight.
    fn waits(&self) -> Option<String> {
        let is_idle = self.traffic().is_some_and(Traffic::is_idle);
        (is_idle && self.queued.load(Ordering::Relaxed) > 0).then(|| self.connection())
    }
}

/// A request that waits for earlier writes.
pub(super) struct Queued<'a>(&'a AtomicUsize);

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
