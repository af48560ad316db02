//! The idle connections of a driver, each used by one request at a time.
//!
//! There is no queue: a request that gets here has a slot (`slots.rs`), and there are no more slots than connections
//! allowed. So it takes an idle connection, or opens one. Why not hyper-util's pool: `docs/ARCHITECTURE.md`.

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

/// How long a connection may be idle. Below what load balancers and a thawed Lambda leave alive.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// The pools of a driver, one per origin: a driver has one endpoint, or one per account it has credentials of.
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

    /// The pool for a URI's origin.
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

/// Scheme and authority. A URI that has one of them has a path, too.
fn origin(uri: &Uri) -> Result<Uri, http::Error> {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::from_static("/"));
    Ok(Uri::from_parts(parts)?)
}

/// The URI of a request over a connection that leads to the origin already.
pub(super) fn path(uri: &Uri) -> Uri {
    uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/")).into()
}

/// The header `host`.
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
    /// The longest idle first. The last one is taken first, so that the others may time out.
    connections: Vec<IdleConnection>,
    /// Whether a task closes those that have timed out.
    has_sweeper: bool,
}

struct IdleConnection {
    connection: Connection,
    since: Instant,
    /// The same by the wall clock, which goes on while a process is suspended.
    wall: Duration,
}

impl Pool {
    /// An idle connection, or a new one. The limit is for its set-up.
    pub(super) async fn connection(&self, connect_timeout: Option<Duration>) -> Result<Lease, ConnectorError> {
        let (connection, is_reused) = match self.0.take() {
            Some(connection) => (connection, true),
            // Rare, and large: not a part of every request's future.
            None => (Box::pin(self.0.connector.connect(&self.0.origin, connect_timeout)).await?, false),
        };
        Ok(Lease { connection, is_reused, pool: Arc::downgrade(&self.0) })
    }
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that was used last, unless it has timed out.
    fn take(&self) -> Option<Connection> {
        let mut idle = self.idle();
        let IdleConnection { connection, since, wall } = idle.connections.pop()?;
        if since.elapsed() < self.idle_timeout && self.clock.now().saturating_sub(wall) < self.idle_timeout {
            return Some(connection);
        }
        // The others have been idle for longer.
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

    /// Closes what has timed out, and tells when the next one will; `None` where none is left.
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

/// Closes the idle connections of a pool as they time out, while there are any.
async fn sweep(pool: Weak<Shared>) {
    while let Some(next) = pool.upgrade().and_then(|pool| pool.sweep()) {
        tokio::time::sleep_until(next).await;
    }
}

/// The right to use a connection. Closed when dropped, unless it is kept.
pub(super) struct Lease {
    connection: Connection,
    is_reused: bool,
    pool: Weak<Shared>,
}

/// A request that was not sent.
pub(super) enum Unsent {
    /// An idle connection that was closed by its peer: the next one may do.
    Stale,
    Failed(ConnectorError),
}

impl Lease {
    /// What moves over the connection.
    pub(super) fn meter(&self) -> &Arc<Meter> {
        &self.connection.meter
    }

    /// Sends a request, whose URI is a path, and waits for the head of its answer. Takes the request out of where it
    /// lies, and puts it back where it was not sent: moving it from one future to the next would make each as large.
    pub(super) async fn send(
        &mut self,
        request: &mut Option<Request<Full<Bytes>>>,
    ) -> Result<Response<Incoming>, Unsent> {
        let user = |error: aws_sdk_dynamodb::error::BoxError| Unsent::Failed(ConnectorError::user(error));
        if let Err(error) = self.connection.sender.ready().await {
            return Err(if self.is_reused { Unsent::Stale } else { Unsent::Failed(failed(error)) });
        }
        let Some(mut addressed) = request.take() else { return Err(user("there is no request".into())) };
        if let Some(pool) = self.pool.upgrade() {
            self.connection.address(&mut addressed, &pool.origin).map_err(|error| user(error.into()))?;
        }
        self.connection.meter.begin();
        match self.connection.sender.try_send_request(addressed).await {
            Ok(answer) => Ok(answer),
            Err(error) => Err(self.unsent(error, request)),
        }
    }

    fn unsent(
        &self,
        mut error: TrySendError<Request<Full<Bytes>>>,
        request: &mut Option<Request<Full<Bytes>>>,
    ) -> Unsent {
        match error.take_message() {
            Some(unsent) if self.is_reused => {
                *request = Some(unsent);
                Unsent::Stale
            }
            _ => Unsent::Failed(failed(error.into_error())),
        }
    }

    /// Makes the connection idle. Only after its request was sent whole and its answer read whole: what is left of
    /// either would be in the way of the next request.
    pub(super) fn keep(self) {
        if let Some(pool) = self.pool.upgrade()
            && !self.connection.sender.is_closed()
        {
            pool.put(self.connection);
        }
    }

    /// The connection broke or fell silent. Where it had been idle before, the others that are idle may be as dead, and
    /// a retry must not meet one of them after the other.
    pub(super) fn distrust(self) {
        if self.is_reused
            && let Some(pool) = self.pool.upgrade()
        {
            pool.clear();
        }
    }
}

/// A failure of HTTP, classified for the layers above.
pub(super) fn failed(error: hyper::Error) -> ConnectorError {
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
