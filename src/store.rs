//! The store, which implements the driver's methods, one file each, with a lazily created client.

mod batch_get;
mod batch_write;
mod breaker;
mod call;
mod clear;
mod compression;
mod conditional;
mod create_table;
mod delete;
mod flight;
mod inspect;
mod key_index;
mod keys;
mod large;
mod notice;
mod order;
mod permission;
mod put;
mod read;
mod request;
mod scan;
mod sweep;
mod watchdog;

pub use batch_get::WantedItem;
pub use batch_write::NewItem;
pub use create_table::{CreatedTable, Patience};
pub use inspect::{Facts, Subject};
pub use put::WriteOptions;
pub use read::{Found, Meta};

pub use crate::client::authorities::{Authorities, AuthoritySource, TrustVariables};

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use aws_sdk_dynamodb::config::SharedHttpClient;
use http::uri::Authority;
use tokio::sync::{OnceCell, Semaphore};
use tokio_util::task::TaskTracker;

use self::breaker::Breaker;
use self::key_index::KeyIndex;
use self::order::Order;
use self::permission::Permission;
use crate::client::slots::Slots;
use crate::client::{Client, Dependencies, TraceId};
use crate::clock::SharedClock;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Operation};
use crate::options::Options;
use crate::stats::{OperationStats, Stats};
use crate::usage::Usage;

/// A key-value store in one DynamoDB table.
#[derive(Debug)]
pub struct Store {
    shared: Arc<Shared>,
    /// The counters of a traced call.
    usage: Option<Arc<Usage>>,
}

/// The state that a store shares with those created by [`Store::observed`].
#[derive(Debug)]
struct Shared {
    table: String,
    trace_id: TraceId,
    /// `None` once closed.
    session: RwLock<Option<Arc<Session>>>,
    /// The calls in progress.
    running: TaskTracker,
    stats: Arc<Stats>,
}

/// The destination of a store's requests, for tracing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The name of the table.
    pub table: String,
    /// The region of the table.
    pub region: Option<String>,
    /// The host of the endpoint.
    pub host: Option<String>,
    /// The port of the endpoint, unless it is the default of the scheme.
    pub port: Option<u16>,
}

/// The state that calls share while the store is open. Dropped with the last call, which closes the connections.
#[derive(Debug)]
struct Session {
    options: Options,
    clock: SharedClock,
    dependencies: Dependencies,
    /// Created by the first call that can.
    client: OnceCell<Client>,
    /// Whether the last attempt to create the client failed.
    failed: AtomicBool,
    /// The environment that was read after a failed attempt.
    renewed: Mutex<Option<Environment>>,
    /// One per request in flight.
    slots: Slots,
    /// One per BatchGetItem in flight, because its response may be large.
    batch_slots: Semaphore,
    batch_get: Permission,
    batch_write: Permission,
    key_index: KeyIndex,
    order: Order,
    breaker: Arc<Breaker>,
}

impl Session {
    /// Creates the client from the latest environment.
    async fn connect(&self) -> Result<Client, Error> {
        let mut options = self.options.clone();
        if let Some(environment) = &*self.renewed.lock().unwrap_or_else(PoisonError::into_inner) {
            options.environment = environment.clone();
        }
        let client = Client::connect(&options, self.dependencies.clone()).await;
        self.failed.store(client.is_err(), Ordering::Relaxed);
        client
    }
}

impl Store {
    /// Creates a store. Opens nothing: the first call connects.
    #[must_use]
    pub fn new(options: Options, clock: SharedClock) -> Self {
        Self::over(options, clock, Authorities::default(), None)
    }

    /// Creates a store that also trusts these certificate authorities.
    #[must_use]
    pub fn trusting(options: Options, clock: SharedClock, authorities: Authorities) -> Self {
        Self::over(options, clock, authorities, None)
    }

    /// Creates a store that uses another HTTP client, for tests of exact requests.
    #[must_use]
    pub fn with_http_client(options: Options, clock: SharedClock, http: SharedHttpClient) -> Self {
        Self::over(options, clock, Authorities::default(), Some(http))
    }

    fn over(options: Options, clock: SharedClock, authorities: Authorities, http: Option<SharedHttpClient>) -> Self {
        let slots = Slots::new(options.limits.max_connections);
        let trace_id = TraceId::new(&options.environment);
        let dependencies = Dependencies { clock: Arc::clone(&clock), authorities, trace_id, http };
        let shared = Shared {
            table: options.table_name.clone(),
            trace_id: dependencies.trace_id.clone(),
            session: RwLock::new(Some(Arc::new(Session {
                batch_get: Permission::new(options.batch),
                batch_write: Permission::new(options.batch),
                key_index: KeyIndex::default(),
                order: Order::default(),
                breaker: Breaker::new(options.circuit_breaker),
                slots,
                batch_slots: Semaphore::new(batch_get::CONCURRENT_BATCHES),
                options,
                clock,
                dependencies,
                client: OnceCell::new(),
                failed: AtomicBool::new(false),
                renewed: Mutex::default(),
            }))),
            running: TaskTracker::new(),
            stats: Arc::default(),
        };
        Self { shared: Arc::new(shared), usage: None }
    }

    /// Returns the same store, whose calls are also counted in `usage`.
    #[must_use]
    pub fn observed(&self, usage: Arc<Usage>) -> Self {
        Self { shared: Arc::clone(&self.shared), usage: Some(usage) }
    }

    /// Returns the statistics of each method since the store was created. Available after the store was closed.
    pub fn stats(&self) -> impl Iterator<Item = (Operation, OperationStats)> {
        self.shared.stats.snapshot()
    }

    /// Returns the destination of requests. Region and server are known once a call has connected.
    #[must_use]
    pub fn destination(&self) -> Destination {
        let session = self.session();
        let client = session.as_ref().and_then(|session| session.client.get());
        let authority = client.and_then(Client::authority);
        Destination {
            table: self.shared.table.clone(),
            region: client.map(|client| client.region().to_owned()),
            host: authority.as_ref().map(|authority| authority.host().to_owned()),
            port: authority.as_ref().and_then(Authority::port_u16),
        }
    }

    /// Sets AWS Lambda's trace ID for subsequent requests.
    pub fn set_trace_id(&self, id: Option<&str>) {
        self.shared.trace_id.set(id);
    }

    /// Whether requests carry AWS Lambda's trace ID.
    #[must_use]
    pub fn is_traced(&self) -> bool {
        self.shared.trace_id.is_some()
    }

    /// Whether the client exists, so that the environment is no longer read.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.session().is_none_or(|session| session.client.initialized())
    }

    /// Whether no client could be created from the known environment.
    #[must_use]
    pub fn lacks_environment(&self) -> bool {
        self.session().is_some_and(|session| session.failed.load(Ordering::Relaxed))
    }

    /// Sets the environment for the next attempt to create the client.
    pub fn renew(&self, environment: Environment) {
        if let Some(session) = self.session() {
            *session.renewed.lock().unwrap_or_else(PoisonError::into_inner) = Some(environment);
            session.failed.store(false, Ordering::Relaxed);
        }
    }

    fn session(&self) -> Option<Arc<Session>> {
        self.shared.session.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The error of a call that its caller aborted, before or after it started.
    #[must_use]
    pub fn aborted(&self, operation: Operation, had_begun: bool) -> Error {
        let reason = match (had_begun, operation.writes()) {
            (false, _) => "the call was aborted before anything was sent",
            (true, true) => "the call was aborted; what it writes may or may not have been written",
            (true, false) => "the call was aborted",
        };
        Error::new(ErrorKind::Aborted, reason).during(operation, &self.shared.table)
    }

    /// The error of a call with an invalid argument.
    #[must_use]
    pub fn refuse(&self, operation: Operation, name: &str, allowed: &str, found: &str) -> Error {
        match self.begin(operation) {
            Ok(call) => call.argument(name, allowed, found),
            Err(closed) => closed,
        }
    }

    /// Returns a warning for the user, once.
    #[must_use]
    pub fn take_notice(&self) -> Option<String> {
        let session = self.shared.session.read().unwrap_or_else(PoisonError::into_inner);
        let session = session.as_ref()?;
        let of_client = || session.client.get().and_then(Client::take_notice);
        let batch_write = || session.batch_write.take_notice();
        let key_index = || session.key_index.take_notice();
        session.batch_get.take_notice().or_else(batch_write).or_else(key_index).or_else(of_client)
    }

    /// Closes the store. New calls, and calls that still wait for credentials or a slot, fail; requests in flight are
    /// awaited, then the connections close. Can be called repeatedly.
    pub async fn close(&self) {
        let session = self.shared.session.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(session) = session {
            session.slots.close();
            session.order.close();
            session.batch_slots.close();
            if let Some(client) = session.client.get() {
                client.close();
            }
        }
        self.shared.running.close();
        self.shared.running.wait().await;
    }
}
