//! From an origin to an open connection: a name, TCP, a proxy where one was asked for, TLS, HTTP/1.1.
//!
//! HTTP/2 is not offered: DynamoDB does not speak it.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::result::ConnectorError;
use http::uri::{Scheme, Uri};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use rustls::ClientConfig;
use tower_service::Service;

use super::connection::{Connection, Route};

/// Finds a peer that vanished without a word.
const TCP_KEEPALIVE: Duration = Duration::from_secs(15);

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

/// What carries a connection. One type, so that HTTP over it is compiled once.
pub(super) trait Stream: hyper::rt::Read + hyper::rt::Write + Send + Unpin {}

impl<S: hyper::rt::Read + hyper::rt::Write + Send + Unpin> Stream for S {}

/// Makes connections.
#[derive(Debug)]
pub(super) struct Connector {
    http: HttpConnector,
    /// Absent where no endpoint and no proxy speaks TLS.
    tls: Option<Arc<ClientConfig>>,
    proxies: Option<Matcher>,
}

impl Connector {
    /// Without TLS and without a proxy.
    pub(super) fn plain() -> Self {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_keepalive(Some(TCP_KEEPALIVE));
        Self { http, tls: None, proxies: None }
    }

    /// With TLS, and through whichever proxy is for the origin.
    pub(super) fn tls(tls: Arc<ClientConfig>, proxies: Option<Matcher>) -> Self {
        Self { tls: Some(tls), proxies, ..Self::plain() }
    }

    /// Opens a connection. The limit is for all of it, from the name to the end of TLS's handshake.
    pub(super) async fn connect(&self, origin: &Uri, limit: Option<Duration>) -> Result<Connection, ConnectorError> {
        let opening = self.open(origin);
        let opened = match limit {
            Some(limit) => tokio::time::timeout(limit, opening).await.unwrap_or_else(|_| Err(TimedOut(limit).into())),
            None => opening.await,
        };
        opened.map_err(unreached)
    }

    async fn open(&self, origin: &Uri) -> Result<Connection, BoxError> {
        let proxy = self.proxies.as_ref().and_then(|proxies| proxies.intercept(origin));
        if let Some(proxy) = &proxy {
            check_scheme(proxy)?;
        }
        match proxy {
            None => Connection::over(self.stream(origin.clone()).await?, Route::Direct).await,
            Some(proxy) if origin.scheme() == Some(&Scheme::HTTPS) => {
                let mut tunnel = Tunnel::new(proxy.uri().clone(), self.https()?);
                if let Some(authorization) = proxy.basic_auth() {
                    tunnel = tunnel.with_auth(authorization.clone());
                }
                let mut through = HttpsConnector::from((tunnel, self.config()?));
                Connection::over(Box::new(through.call(origin.clone()).await?), Route::Direct).await
            }
            Some(proxy) => {
                let authorization = proxy.basic_auth().cloned().map(|mut authorization| {
                    authorization.set_sensitive(true);
                    authorization
                });
                Connection::over(self.stream(proxy.uri().clone()).await?, Route::Forwarded(authorization)).await
            }
        }
    }

    async fn stream(&self, to: Uri) -> Result<Box<dyn Stream>, BoxError> {
        if to.scheme() == Some(&Scheme::HTTPS) {
            Ok(Box::new(self.https()?.call(to).await?))
        } else {
            Ok(Box::new(self.http.clone().call(to).await?))
        }
    }

    fn https(&self) -> Result<HttpsConnector<HttpConnector>, BoxError> {
        Ok(HttpsConnector::from((self.http.clone(), self.config()?)))
    }

    fn config(&self) -> Result<Arc<ClientConfig>, BoxError> {
        self.tls.clone().ok_or_else(|| "TLS was not prepared".into())
    }
}

/// `ALL_PROXY` may name any kind of proxy.
fn check_scheme(proxy: &Intercept) -> Result<(), BoxError> {
    let scheme = proxy.uri().scheme_str().unwrap_or_default();
    if matches!(scheme, "http" | "https") { Ok(()) } else { Err(UnknownProxy(scheme.to_owned()).into()) }
}

#[derive(Debug, thiserror::Error)]
#[error("no connection within {0:?}")]
struct TimedOut(Duration);

#[derive(Debug, thiserror::Error)]
#[error("a proxy of the kind {0:?} cannot be used, only http and https")]
struct UnknownProxy(String);

/// Why there is no connection, in the words of the layers above.
fn unreached(error: BoxError) -> ConnectorError {
    if has::<TimedOut>(&*error) {
        ConnectorError::timeout(error)
    } else if has::<UnknownProxy>(&*error) {
        ConnectorError::user(error)
    } else if has::<rustls::Error>(&*error) {
        // A certificate will be the same the next time.
        ConnectorError::other(error, None)
    } else if has::<io::Error>(&*error) {
        ConnectorError::io(error)
    } else {
        ConnectorError::other(error, None)
    }
}

/// Whether an error, or one below it, is of this type.
pub(super) fn has<E: StdError + 'static>(error: &(dyn StdError + 'static)) -> bool {
    chain(error).any(<dyn StdError>::is::<E>)
}

/// An error and everything below it. `io::Error` hides what it wraps from `source`.
pub(super) fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn StdError + 'static) = *error;
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        }
    })
}
