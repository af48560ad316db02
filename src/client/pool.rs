//! The connection pool of a driver. Each connection serves one request at a time.
//!
//! The pool needs no queue: every request holds a slot (`slots.rs`), and there are as many slots as connections
//! allowed. `docs/ARCHITECTURE.md` says why hyper-util's pool is not used.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use aws_smithy_runtime_api::client::result::ConnectorError;
use bytes::Bytes;
use http::uri::{Authority, PathAndQuery};
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use tokio::time::Instant;

use super::connect::{Connector, has};
use super::connection::Connection;
use super::meter::Meter;
use super::setup::{self, SetupError};
use crate::clock::SharedClock;

/// How long a connection may be idle. Shorter than the idle timeouts of load balancers, and than a freeze of Lambda
/// that breaks connections.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// The pools of a driver, one per origin: one endpoint, or one per account whose credentials are used.
#[derive(Debug)]
pub(super) struct Pools {
    connector: Arc<Connector>,
    clock: SharedClock,
    idle_timeout: Duration,
    by_origin: Mutex<Vec<Pool>>,
}

impl Pools {
    pub(super) fn new(connector: Connector, clock: SharedClock) -> Self {
        Self { connector: Arc::new(connector), clock, idle_timeout: IDLE_TIMEOUT, by_origin: Mutex::default() }
    }

    /// Returns the pool for a URI's origin.
    pub(super) fn of(&self, uri: &Uri) -> Result<Pool, http::Error> {
        let origin = origin(uri)?;
        let mut pools = self.by_origin.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.iter().find(|Pool(pool)| pool.origin == origin) {
            return Ok(pool.clone());
        }
        let (connector, clock) = (Arc::clone(&self.connector), Arc::clone(&self.clock));
        let idle_timeout = self.idle_timeout;
        let pool = Pool(Arc::new(Shared { origin, connector, clock, idle_timeout, idle: Mutex::default() }));
        pools.push(pool.clone());
        Ok(pool)
    }
}

/// Returns scheme and authority. hyper requires a path too.
fn origin(uri: &Uri) -> Result<Uri, http::Error> {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::from_static("/"));
    Ok(Uri::from_parts(parts)?)
}

/// The request URI for a connection that leads to the origin.
pub(super) fn path(uri: &Uri) -> Uri {
    uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/")).into()
}

/// The `host` header.
pub(super) fn host(authority: &Authority) -> Result<HeaderValue, http::Error> {
    let host = authority.host();
    let text = authority.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    Ok(HeaderValue::try_from(text)?)
}

/// The connections to one origin.
#[derive(Clone)]
pub(super) struct Pool(Arc<Shared>);

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pool").field(&self.0.origin).finish()
    }
}

struct Shared {
    origin: Uri,
    connector: Arc<Connector>,
    clock: SharedClock,
    idle_timeout: Duration,
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle {
    /// Longest idle first. Connections are taken from the end, so that surplus ones time out.
    connections: Vec<IdleConnection>,
    /// Whether a task is closing connections that time out.
    has_sweeper: bool,
}

struct IdleConnection {
    connection: Connection,
    since: Instant,
    /// The wall-clock time, which advances while the process is suspended.
    wall: Duration,
}

impl Pool {
    /// Returns an idle connection, or opens one within `connect_timeout`.
    pub(super) async fn connection(&self, connect_timeout: Option<Duration>) -> Result<Lease, ConnectorError> {
        let (connection, is_reused) = match self.0.take() {
            Some(connection) => (connection, true),
            // Boxed, because it is large and rare and would enlarge the future of every request.
            None => (Box::pin(self.0.connector.connect(&self.0.origin, connect_timeout)).await?, false),
        };
        Ok(Lease { connection, is_reused, pool: Arc::downgrade(&self.0) })
    }
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the most recently used connection, unless it has timed out.
    fn take(&self) -> Option<Connection> {
        let mut idle = self.idle();
        let IdleConnection { connection, since, wall } = idle.connections.pop()?;
        if since.elapsed() < self.idle_timeout && self.clock.now().saturating_sub(wall) < self.idle_timeout {
            return Some(connection);
        }
        // The others have been idle for even longer.
        let others = std::mem::take(&mut idle.connections);
        drop(idle);
        drop((connection, others));
        None
    }

    fn put(self: &Arc<Self>, connection: Connection) {
        let mut idle = self.idle();
        idle.connections.push(IdleConnection { connection, since: Instant::now(), wall: self.clock.now() });
        if !std::mem::replace(&mut idle.has_sweeper, true) {
            drop(idle);
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
    }

    /// Closes all idle connections.
    fn clear(&self) {
        let connections = std::mem::take(&mut self.idle().connections);
        drop(connections);
    }

    /// Closes connections that have timed out. Returns when the next one will, or `None` if none is left.
    fn sweep(&self) -> Option<Instant> {
        let mut idle = self.idle();
        let kept = idle.connections.partition_point(|idle| idle.since.elapsed() >= self.idle_timeout);
        let old: Vec<_> = idle.connections.drain(..kept).collect();
        let next = idle.connections.first().map(|idle| idle.since + self.idle_timeout);
        idle.has_sweeper = next.is_some();
        drop(idle);
        drop(old);
        next
    }
}

/// Closes the idle connections of a pool as they time out. Ends when none is left.
async fn sweep(pool: Weak<Shared>) {
    while let Some(next) = pool.upgrade().and_then(|pool| pool.sweep()) {
        tokio::time::sleep_until(next).await;
    }
}

/// A connection taken from the pool. Closed when dropped, unless returned with `keep`.
pub(super) struct Lease {
    connection: Connection,
    is_reused: bool,
    pool: Weak<Shared>,
}

/// Why a request was not sent.
pub(super) enum SendError {
    /// The peer had closed the idle connection. Another connection may work.
    Stale,
    Failed(ConnectorError),
}

impl Lease {
    /// The meter of the connection.
    pub(super) fn meter(&self) -> &Arc<Meter> {
        &self.connection.meter
    }

    /// Sends a request whose URI is a path, and waits for the head of the response. Takes the request out of the
    /// `Option` and puts it back if it was not sent, because passing it by value would enlarge every future on the way.
    pub(super) async fn send(
        &mut self,
        request: &mut Option<Request<Full<Bytes>>>,
    ) -> Result<Response<Incoming>, SendError> {
        let user = |error: aws_sdk_dynamodb::error::BoxError| SendError::Failed(ConnectorError::user(error));
        if let Err(error) = self.connection.sender.ready().await {
            return Err(if self.is_reused { SendError::Stale } else { SendError::Failed(classify(error)) });
        }
        let Some(mut addressed) = request.take() else { return Err(user("there is no request".into())) };
        if let Some(pool) = self.pool.upgrade() {
            self.connection.address(&mut addressed, &pool.origin).map_err(|error| user(error.into()))?;
        }
        self.connection.meter.begin();
        match self.connection.sender.try_send_request(addressed).await {
            Ok(response) => Ok(response),
            Err(error) => Err(self.send_error(error, request)),
        }
    }

    fn send_error(
        &self,
        mut error: TrySendError<Request<Full<Bytes>>>,
        request: &mut Option<Request<Full<Bytes>>>,
    ) -> SendError {
        match error.take_message() {
            Some(unsent) if self.is_reused => {
                *request = Some(unsent);
                SendError::Stale
            }
            _ => SendError::Failed(classify(error.into_error())),
        }
    }

    /// Returns the connection to the pool. Call only after the request was sent and the response read completely: the
    /// next request would receive what is left.
    pub(super) fn keep(self) {
        if let Some(pool) = self.pool.upgrade()
            && !self.connection.sender.is_closed()
        {
            pool.put(self.connection);
        }
    }

    /// Closes the connection after it failed or stalled. If it was reused, closes the pool's idle connections too: they
    /// are probably dead as well, and each retry would fail on one of them.
    pub(super) fn discard(self) {
        if self.is_reused
            && let Some(pool) = self.pool.upgrade()
        {
            pool.clear();
        }
    }
}

/// Classifies an error of hyper.
pub(super) fn classify(error: hyper::Error) -> ConnectorError {
    use aws_smithy_types::retry::ErrorKind;
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else if error.is_user() {
        ConnectorError::user(error.into())
    } else if error.is_parse() {
        SetupError::not_http(error.into()).into_connector_error()
    } else if setup::wants_client_certificate(&error) {
        SetupError::client_certificate(error.into()).into_connector_error()
    } else if error.is_closed() || error.is_canceled() || has::<std::io::Error>(&error) {
        ConnectorError::io(error.into())
    } else if error.is_incomplete_message() {
        ConnectorError::other(error.into(), Some(ErrorKind::TransientError))
    } else {
        ConnectorError::other(error.into(), None)
    }
}

#[cfg(test)]
mod tests;
