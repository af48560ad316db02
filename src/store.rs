//! The store: what the driver's methods do, one file each, over one lazily made client.

mod call;
mod clear;
mod delete;
mod get;
mod keys;
mod put;
mod scan;

use std::sync::{Arc, PoisonError, RwLock};

use aws_sdk_dynamodb::config::SharedHttpClient;
use tokio::sync::{OnceCell, Semaphore};
use tokio_util::task::TaskTracker;

use crate::client::Client;
use crate::clock::SharedClock;
use crate::error::Error;
use crate::options::Options;

/// A key-value store in one DynamoDB table.
#[derive(Debug)]
pub struct Store {
    table: String,
    /// `None` once closed.
    session: RwLock<Option<Arc<Session>>>,
    /// The calls that have begun and not ended.
    running: TaskTracker,
}

/// What calls share while the store is open. Dropped with the last of them, and the connections with it.
#[derive(Debug)]
struct Session {
    options: Options,
    clock: SharedClock,
    http: Option<SharedHttpClient>,
    client: OnceCell<Result<Client, Error>>,
    /// One per request in flight. Waiting here, not in the connection pool, keeps the wait out of the timeouts.
    slots: Semaphore,
}

impl Store {
    /// A store with these options. Opens nothing: the first call connects.
    #[must_use]
    pub fn new(options: Options, clock: SharedClock) -> Self {
        Self::over(options, clock, None)
    }

    /// A store that sends its requests through another HTTP client: for tests of the exact requests.
    #[must_use]
    pub fn with_http_client(options: Options, clock: SharedClock, http: SharedHttpClient) -> Self {
        Self::over(options, clock, Some(http))
    }

    fn over(options: Options, clock: SharedClock, http: Option<SharedHttpClient>) -> Self {
        Self {
            table: options.table_name.clone(),
            session: RwLock::new(Some(Arc::new(Session {
                slots: Semaphore::new(options.limits.max_connections),
                options,
                clock,
                http,
                client: OnceCell::new(),
            }))),
            running: TaskTracker::new(),
        }
    }

    /// Closes the store: new calls and those that still wait for credentials or a slot fail, requests already sent are waited for,
    /// then the connections close. May be called again.
    pub async fn close(&self) {
        let session = self.session.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(session) = session {
            session.slots.close();
            if let Some(Ok(client)) = session.client.get() {
                client.close();
            }
        }
        self.running.close();
        self.running.wait().await;
    }
}
