//! One call of a method: the session it runs in, its place among the running, and how its failures are named.

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
use crate::client::slots::Place;
use crate::client::{Observers, RequestThrottles, Traffic, Work};
use crate::error::{Error, ErrorKind, Extent, Operation};
use crate::input::{FLAG_ALLOWED, Input};
use crate::key::{BASE_ALLOWED, Base, Key, KeyError, Sought};
use crate::options::Limits;
use crate::stats::{Counters, Effort, Stats};
use crate::usage::Usage;

/// A call that has begun. It counts as in flight until it is dropped, and then as an error unless it succeeded.
pub(super) struct Begun {
    call: Arc<Call>,
    succeeded: bool,
}

/// What the requests of a call need. Outlives [`Begun`] if other calls share a request of it. The store does not finish
/// closing before it is dropped.
pub(super) struct Call {
    pub(super) session: Arc<Session>,
    operation: Operation,
    stats: Arc<Stats>,
    /// What this call takes, if it is traced.
    usage: Option<Arc<Usage>>,
    bound: Bound,
    /// What the circuit breaker says, from the first request on.
    pass: OnceLock<Result<Option<Pass>, Error>>,
    /// How long it waited for a connection, in microseconds.
    waited: AtomicU64,
    /// How many of its requests wait for their turn.
    queued: AtomicUsize,
    _running: TaskTrackerToken,
}

/// What ends a call that takes too long.
enum Bound {
    /// A call for one item: the end of its time.
    Deadline(Option<Instant>),
    /// A call for many: the time without progress.
    Progress(Box<Watchdog>),
    /// A call of a few requests, each with a time of its own.
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
        // A call that is dropped before it is done was aborted, or failed.
        self.counters().ended(self.succeeded);
    }
}

impl Begun {
    /// Ends the call well.
    pub(super) fn succeed(mut self) {
        self.succeeded = true;
    }

    /// Ends the call well, with what it gives.
    pub(super) fn done<T>(self, given: T) -> T {
        self.succeed();
        given
    }
}

impl Store {
    /// Begins a call.
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
    /// Does the work of a call for many items, for as long as it makes progress.
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

    /// Asks the circuit breaker, once per call: all requests of a probe are one probe.
    pub(super) fn pass(&self) -> Result<Option<&Pass>, Error> {
        match self.pass.get_or_init(|| self.session.breaker.admit()) {
            Ok(pass) => Ok(pass.as_ref()),
            Err(refused) => Err(self.fail(refused.clone())),
        }
    }

    /// A place among the calls that wait.
    pub(super) fn place(&self) -> Result<Place<'_>, Error> {
        self.session.slots.queue().ok_or_else(|| {
            self.fail(Error::new(ErrorKind::QueueFull, "too many calls wait for a connection already; try again later"))
        })
    }

    /// DynamoDB did less than it was asked, and will be asked again.
    pub(super) fn throttled(&self, error: Error) {
        if let Bound::Progress(watchdog) = &self.bound {
            watchdog.throttled(error);
        }
    }

    /// Where this call is counted.
    pub(super) fn counters(&self) -> &Counters {
        self.stats.of(self.operation)
    }

    /// Where the progress of its requests is counted.
    pub(super) fn observers<'a>(&'a self, throttles: Option<&'a RequestThrottles>) -> Observers<'a> {
        let traffic = self.traffic();
        Observers { counters: self.counters(), usage: self.usage.as_deref(), traffic, throttles }
    }

    /// Which retry budget this call's requests use.
    pub(super) fn work(&self) -> Work {
        match self.bound {
            Bound::Progress(_) => Work::Bulk,
            Bound::Deadline(_) | Bound::Request => Work::Single,
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

    /// The key to look for.
    pub(super) fn seek(&self, key: Input) -> Result<Sought, Error> {
        Key::seek(key, &self.session.options.base)
            .map_err(|error| self.fail(Error::new(ErrorKind::InvalidKey, error.to_string())))
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

    /// The end of a request's time; `None` where it has no limit of its own.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.bound {
            Bound::Deadline(deadline) => *deadline,
            Bound::Progress(_) => None,
            Bound::Request => self.session.options.limits.timeout.and_then(|limit| Instant::now().checked_add(limit)),
        }
    }

    /// Where what its requests move is counted, if it is.
    pub(super) fn traffic(&self) -> Option<&Traffic> {
        match &self.bound {
            Bound::Progress(watchdog) => Some(watchdog.traffic()),
            Bound::Deadline(_) | Bound::Request => None,
        }
    }

    /// Items were read, written or listed.
    pub(super) fn progress(&self) {
        if let Bound::Progress(watchdog) = &self.bound {
            watchdog.progress();
        }
    }

    /// Whether the time of the call is up.
    pub(super) fn is_over(&self) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= Instant::now())
    }

    /// Counts a read that shares the request of another.
    pub(super) fn coalesced(&self) {
        self.observers(None).add(Effort { coalesced: 1, ..Effort::default() });
    }

    /// Lines up behind the earlier writes of these keys, and waits until they have ended.
    pub(super) async fn turn<'k>(&self, keys: impl Iterator<Item = &'k Key>) -> Result<Turn<'_>, Error> {
        self.pass()?;
        let mut turn = self.session.order.line_up(keys);
        if !turn.is_first() {
            let _place = self.place()?;
            let (what, deadline) = ("an earlier write of the same key", self.deadline());
            self.wait(what, deadline, turn.come()).await?;
            // Both may be due at the same moment.
            if self.is_over() {
                return Err(self.timed_out(what));
            }
            if self.session.slots.is_closed() {
                return Err(self.fail(Error::closed()));
            }
        }
        Ok(turn)
    }

    /// Waits until the deadline at most.
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

    /// The error of a call whose time was up while it waited.
    pub(super) fn timed_out(&self, what: &str) -> Error {
        let limit = self.session.options.limits.timeout.unwrap_or_default().as_millis();
        let reason = format!("the time of the call was up (`timeout` is {limit} ms): it waited for {what}");
        self.fail(Error::new(ErrorKind::Timeout, reason))
    }

    /// Notes a wait for a connection.
    pub(super) fn waited(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.waited.fetch_add(micros, Ordering::Relaxed);
    }

    /// Adds to a time-out how much of the time the call waited for a connection.
    pub(super) fn with_wait(&self, error: Error) -> Error {
        let milliseconds = self.waited.load(Ordering::Relaxed) / 1_000;
        if error.kind() != ErrorKind::Timeout || milliseconds == 0 || !matches!(self.bound, Bound::Deadline(_)) {
            return error;
        }
        error.adding(&format!("; the call waited {milliseconds} ms of it for {}", self.connection()))
    }

    /// A connection, for a message.
    pub(super) fn connection(&self) -> String {
        self.session.slots.describe()
    }

    /// Notes that a request of this call waits for its turn, until dropped.
    pub(super) fn queued(&self) -> Queued<'_> {
        self.queued.fetch_add(1, Ordering::Relaxed);
        Queued(&self.queued)
    }

    /// What the requests of a call for many items wait for, where none of them is under way.
    fn waits(&self) -> Option<String> {
        let is_idle = self.traffic().is_some_and(Traffic::is_idle);
        (is_idle && self.queued.load(Ordering::Relaxed) > 0).then(|| self.connection())
    }
}

/// A request that waits for its turn.
pub(super) struct Queued<'a>(&'a AtomicUsize);

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
