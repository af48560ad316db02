//! The store: what the driver's methods do, one file each, over one lazily made client.

mod batch_get;
mod batch_write;
mod breaker;
mod call;
mod clear;
mod compression;
mod create_table;
mod delete;
mod flight;
mod key_index;
mod keys;
mod notice;
mod order;
mod permission;
mod put;
mod read;
mod request;
mod scan;
mod watchdog;

pub use batch_get::WantedItem;
pub use batch_write::NewItem;
pub use create_table::{CreatedTable, Patience};
pub use read::Meta;

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
use crate::client::{Client, Surroundings, TraceId};
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
    /// Where its calls are counted one by one.
    usage: Option<Arc<Usage>>,
}

/// What a store has in common with those that [`Store::observed`] made of it.
#[derive(Debug)]
struct Shared {
    table: String,
    trace_id: TraceId,
    /// `None` once closed.
    session: RwLock<Option<Arc<Session>>>,
    /// The calls that have begun and not ended.
    running: TaskTracker,
    stats: Arc<Stats>,
}

/// Where the requests of a store go, for tracing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The table's name.
    pub table: String,
    /// Its region.
    pub region: Option<String>,
    /// The endpoint's host.
    pub host: Option<String>,
    /// The endpoint's port, where it is not that of its scheme.
    pub port: Option<u16>,
}

/// What calls share while the store is open. Dropped with the last of them, and the connections with it.
#[derive(Debug)]
struct Session {
    options: Options,
    clock: SharedClock,
    surroundings: Surroundings,
    /// Made by the first call that succeeds to.
    client: OnceCell<Client>,
    /// Whether the last try to make it failed.
    failed: AtomicBool,
    /// The environment that was read after that.
    renewed: Mutex<Option<Environment>>,
    /// One per request in flight.
    slots: Slots,
    /// One per BatchGetItem in flight, as its answer may be large.
    batch_slots: Semaphore,
    batch_get: Permission,
    batch_write: Permission,
    key_index: KeyIndex,
    order: Order,
    breaker: Arc<Breaker>,
}

impl Session {
    /// Makes the client, of the environment that was read last.
    async fn connect(&self) -> Result<Client, Error> {
        let mut options = self.options.clone();
        if let Some(environment) = &*self.renewed.lock().unwrap_or_else(PoisonError::into_inner) {
            options.environment = environment.clone();
        }
        let client = Client::connect(&options, self.surroundings.clone()).await;
        self.failed.store(client.is_err(), Ordering::Relaxed);
        client
    }
}

impl Store {
    /// A store with these options. Opens nothing: the first call connects.
    #[must_use]
    pub fn new(options: Options, clock: SharedClock) -> Self {
        Self::over(options, clock, Authorities::default(), None)
    }

    /// A store that trusts these authorities, too, where it speaks TLS.
    #[must_use]
    pub fn trusting(options: Options, clock: SharedClock, authorities: Authorities) -> Self {
        Self::over(options, clock, authorities, None)
    }

    /// A store that sends its requests through another HTTP client: for tests of the exact requests.
    #[must_use]
    pub fn with_http_client(options: Options, clock: SharedClock, http: SharedHttpClient) -> Self {
        Self::over(options, clock, Authorities::default(), Some(http))
    }

    fn over(options: Options, clock: SharedClock, authorities: Authorities, http: Option<SharedHttpClient>) -> Self {
        let slots = Slots::new(options.limits.max_connections);
        let trace_id = TraceId::new(&options.environment);
        let surroundings = Surroundings { clock: Arc::clone(&clock), authorities, trace_id, http };
        let shared = Shared {
            table: options.table_name.clone(),
            trace_id: surroundings.trace_id.clone(),
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
                surroundings,
                client: OnceCell::new(),
                failed: AtomicBool::new(false),
                renewed: Mutex::default(),
            }))),
            running: TaskTracker::new(),
            stats: Arc::default(),
        };
        Self { shared: Arc::new(shared), usage: None }
    }

    /// The same store, whose calls also count in `usage`.
    #[must_use]
    pub fn observed(&self, usage: Arc<Usage>) -> Self {
        Self { shared: Arc::clone(&self.shared), usage: Some(usage) }
    }

    /// What each method did since the store was made. Stays readable when the store is closed.
    pub fn stats(&self) -> impl Iterator<Item = (Operation, OperationStats)> {
        self.shared.stats.snapshot()
    }

    /// Where requests go. Region and server are known once a call has connected.
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

    /// Takes AWS Lambda's trace id for the requests from now on.
    pub fn set_trace_id(&self, id: Option<&str>) {
        self.shared.trace_id.set(id);
    }

    /// Whether requests carry AWS Lambda's trace id.
    #[must_use]
    pub fn is_traced(&self) -> bool {
        self.shared.trace_id.is_some()
    }

    /// Whether there is a client, so that the environment is read no more.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.session().is_none_or(|session| session.client.initialized())
    }

    /// Whether a client could not be made of the environment that is known.
    #[must_use]
    pub fn lacks_environment(&self) -> bool {
        self.session().is_some_and(|session| session.failed.load(Ordering::Relaxed))
    }

    /// Takes another environment for the next call that makes a client.
    pub fn renew(&self, environment: Environment) {
        if let Some(session) = self.session() {
            *session.renewed.lock().unwrap_or_else(PoisonError::into_inner) = Some(environment);
            session.failed.store(false, Ordering::Relaxed);
        }
    }

    fn session(&self) -> Option<Arc<Session>> {
        self.shared.session.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The error of a call that its caller stopped: before it began, or later.
    #[must_use]
    pub fn aborted(&self, operation: Operation, had_begun: bool) -> Error {
        let reason = match (had_begun, operation.writes()) {
            (false, _) => "the call was aborted before anything was sent",
            (true, true) => "the call was aborted; what it writes may or may not have been written",
            (true, false) => "the call was aborted",
        };
        Error::new(ErrorKind::Aborted, reason).during(operation, &self.shared.table)
    }

    /// The error of a call with an argument that is not what it must be.
    #[must_use]
    pub fn refuse(&self, operation: Operation, name: &str, allowed: &str, found: &str) -> Error {
        match self.begin(operation) {
            Ok(call) => call.argument(name, allowed, found),
            Err(closed) => closed,
        }
    }

    /// What the user should be told once, if anything.
    #[must_use]
    pub fn take_notice(&self) -> Option<String> {
        let session = self.shared.session.read().unwrap_or_else(PoisonError::into_inner);
        let session = session.as_ref()?;
        let of_client = || session.client.get().and_then(Client::take_notice);
        let batch_write = || session.batch_write.take_notice();
        let key_index = || session.key_index.take_notice();
        session.batch_get.take_notice().or_else(batch_write).or_else(key_index).or_else(of_client)
    }

    /// Closes the store: new calls and those that still wait for credentials or a slot fail; requests already sent are
    /// waited for, then the connections close. May be called again.
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
