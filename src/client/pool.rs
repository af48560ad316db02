//! The connections of a driver: kept open between requests, each used by one request at a time.
//!
//! There is no queue: a request that gets here has a slot (`slots.rs`), and there are no more slots than connections
//! allowed. So it takes a connection that rests, or opens one.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::retry::ErrorKind;
use bytes::Bytes;
use http::uri::{Authority, PathAndQuery};
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::time::Instant;

use super::connect::{Connection, Connector, has};
use super::descriptors;
use super::setup::{self, SetupError};
use super::slots::Slots;

/// How long an unused connection is kept. Below what load balancers and a thawed Lambda leave alive.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// The pools of a driver, one per origin: a driver has one endpoint, or one per account it has credentials of.
#[derive(Debug)]
pub(super) struct Pools {
    connector: Arc<Connector>,
    slots: Arc<Slots>,
    rest: Duration,
    by_origin: Mutex<Vec<Pool>>,
}

impl Pools {
    pub(super) fn new(connector: Connector, slots: Arc<Slots>) -> Self {
        Self { connector: Arc::new(connector), slots, rest: IDLE_TIMEOUT, by_origin: Mutex::default() }
    }

    /// The pool for a URI's origin.
    pub(super) fn of(&self, uri: &Uri) -> Result<Pool, http::Error> {
        let origin = origin(uri)?;
        let mut pools = self.by_origin.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.iter().find(|Pool(pool)| pool.origin == origin) {
            return Ok(pool.clone());
        }
        let (connector, slots) = (Arc::clone(&self.connector), Arc::clone(&self.slots));
        let pool = Pool(Arc::new(Shared { origin, connector, slots, rest: self.rest, resting: Mutex::default() }));
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
    slots: Arc<Slots>,
    /// How long a connection may rest.
    rest: Duration,
    resting: Mutex<Resting>,
}

/// Connections that nobody uses.
#[derive(Default)]
struct Resting {
    /// Since when. The last one is taken first, so that the others may grow old.
    connections: Vec<(Instant, Connection)>,
    /// Whether somebody will look for those that are too old.
    watched: bool,
}

impl Pool {
    /// Sends a request, whose URI is a path, and waits for the head of its answer. Takes it out of where it lies: moving
    /// it from one future to the next would make each of them as large.
    ///
    /// A connection that turns out to be closed before anything was sent is replaced; any other failure is the request's.
    pub(super) async fn send(
        &self,
        request: &mut Option<Request<Full<Bytes>>>,
        connect_timeout: Option<Duration>,
    ) -> Result<(Response<Incoming>, Lease), ConnectorError> {
        loop {
            let (mut connection, is_new) = match self.0.take() {
                Some(connection) => (connection, false),
                // Rare, and large: not a part of every request's future.
                None => (Box::pin(self.open(connect_timeout)).await?, true),
            };
            if let Err(error) = connection.sender.ready().await {
                if is_new {
                    return Err(failed(error));
                }
                continue;
            }
            let sent = match request.take() {
                Some(mut request) => {
                    connection
                        .address(&mut request, &self.0.origin)
                        .map_err(|error| ConnectorError::user(error.into()))?;
                    connection.sender.try_send_request(request)
                }
                None => return Err(ConnectorError::user("there is no request".into())),
            };
            match sent.await {
                Ok(answer) => return Ok((answer, Lease { connection, pool: Arc::downgrade(&self.0) })),
                Err(mut error) => match error.take_message() {
                    Some(unsent) if !is_new => *request = Some(unsent),
                    _ => return Err(failed(error.into_error())),
                },
            }
        }
    }

    /// Opens a connection. Where the process has no descriptor left, waits for one of the others.
    async fn open(&self, timeout: Option<Duration>) -> Result<Connection, ConnectorError> {
        loop {
            let error = match self.0.connector.connect(&self.0.origin, timeout).await {
                Ok(connection) => return Ok(connection),
                Err(error) => error,
            };
            if !descriptors::are_short(&error) {
                return Err(error);
            }
            let Some(_wait) = self.0.slots.shrink() else { return Err(error) };
            descriptors::pause().await;
            if let Some(connection) = self.0.take() {
                return Ok(connection);
            }
        }
    }
}

impl Shared {
    fn resting(&self) -> MutexGuard<'_, Resting> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that was used last, where it is still fit.
    fn take(&self) -> Option<Connection> {
        let mut resting = self.resting();
        let (since, connection) = resting.connections.pop()?;
        if since.elapsed() < self.rest {
            return Some(connection);
        }
        // The others are older still: a process that was frozen finds them all so.
        let old = std::mem::take(&mut resting.connections);
        drop(resting);
        drop((connection, old));
        None
    }

    fn give_back(self: &Arc<Self>, connection: Connection) {
        let mut resting = self.resting();
        resting.connections.push((Instant::now(), connection));
        if !std::mem::replace(&mut resting.watched, true) {
            drop(resting);
            tokio::spawn(watch(Arc::downgrade(self)));
        }
    }

    /// Closes what is too old, and tells when the next one will be; `None` where none is left.
    fn sweep(&self) -> Option<Instant> {
        let mut resting = self.resting();
        let young = resting.connections.partition_point(|(since, _)| since.elapsed() >= self.rest);
        let old: Vec<_> = resting.connections.drain(..young).collect();
        let next = resting.connections.first().map(|(since, _)| *since + self.rest);
        resting.watched = next.is_some();
        drop(resting);
        drop(old);
        next
    }
}

/// Closes the connections of a pool that nobody has used for long, as long as there are any.
async fn watch(pool: Weak<Shared>) {
    while let Some(next) = pool.upgrade().and_then(|pool| pool.sweep()) {
        tokio::time::sleep_until(next).await;
    }
}

/// The connection that an answer comes by. Closed when dropped: only who has read all of the answer may keep it.
pub(super) struct Lease {
    connection: Connection,
    pool: Weak<Shared>,
}

impl Lease {
    /// Lets the next request have it.
    pub(super) fn keep(self) {
        if let Some(pool) = self.pool.upgrade()
            && !self.connection.sender.is_closed()
        {
            pool.give_back(self.connection);
        }
    }
}

/// A failure of HTTP, in the words of the layers above.
pub(super) fn failed(error: hyper::Error) -> ConnectorError {
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
