//! From an origin to an open connection: its addresses, TCP, a proxy where one was asked for, TLS, HTTP/1.1.
//!
//! HTTP/2 is not offered: DynamoDB does not speak it.

use std::error::Error as StdError;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::result::ConnectorError;
use futures_util::future::try_join;
use http::uri::{Scheme, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use rustls::ClientConfig;
use tokio::time::{Instant, timeout_at};

use super::authorities::{Authorities, Untrusting};
use super::connection::{Connection, Route};
use super::dns::Resolver;
use super::setup::{Peer, SetupError};
use super::tcp::{Dialer, SocketSettings};
use super::{tls, tunnel};
use crate::error::chain;

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

/// What carries a connection. One type, so that HTTP over it is compiled once.
pub(super) trait Stream: hyper::rt::Read + hyper::rt::Write + Send + Unpin {}

impl<S: hyper::rt::Read + hyper::rt::Write + Send + Unpin> Stream for S {}

/// Makes connections.
#[derive(Debug)]
pub(super) struct Connector {
    resolver: Resolver,
    dialer: Dialer,
    /// Absent where no endpoint and no proxy speaks TLS.
    authorities: Option<Authorities>,
    proxies: Option<Matcher>,
}

impl Connector {
    /// Without TLS and without a proxy.
    pub(super) fn plain(settings: SocketSettings) -> Self {
        Self { resolver: Resolver::system(), dialer: Dialer::new(settings), authorities: None, proxies: None }
    }

    /// With TLS, and through whichever proxy is for the origin.
    pub(super) fn tls(settings: SocketSettings, authorities: Authorities, proxies: Option<Matcher>) -> Self {
        Self { authorities: Some(authorities), proxies, ..Self::plain(settings) }
    }

    /// Opens a connection. The limit is for everything from TCP on. The lookup of the name and the reading of the
    /// authorities, which many connections share, are bounded by the caller's own deadline alone.
    pub(super) async fn connect(&self, origin: &Uri, limit: Option<Duration>) -> Result<Connection, ConnectorError> {
        let proxy = self.proxies.as_ref().and_then(|proxies| proxies.intercept(origin));
        if let Some(proxy) = &proxy {
            check_scheme(proxy).map_err(SetupError::into_connector_error)?;
        }
        let uri = proxy.as_ref().map_or(origin, Intercept::uri);
        let peer = Peer { uri, is_proxy: proxy.is_some() };
        let speaks_tls = is_https(origin) || is_https(uri);
        let (addresses, config) = try_join(self.addresses(peer), self.config(speaks_tls)).await?;

        let deadline = limit.map(|limit| (limit, Instant::now() + limit));
        let dialing = async { self.dialer.dial(&addresses, limit).await.map_err(|error| SetupError::tcp(peer, error)) };
        let (stream, address) = within(deadline, peer, dialing).await.map_err(SetupError::into_connector_error)?;
        let opening = self.open(Box::new(stream), origin, peer, proxy.as_ref(), config);
        let opened = within(deadline, peer, opening).await;
        opened.map_err(|error| {
            self.dialer.avoid(address);
            if let Some(authorities) = self.authorities.as_ref().filter(|_| error.is_refusal()) {
                authorities.read_again_if_incomplete();
            }
            error.into_connector_error()
        })
    }

    async fn addresses(&self, peer: Peer<'_>) -> Result<Vec<SocketAddr>, ConnectorError> {
        let host = peer.uri.host().unwrap_or_default();
        let port = peer.uri.port_u16().unwrap_or(if is_https(peer.uri) { 443 } else { 80 });
        let addresses = self.resolver.addresses(host, port).await;
        addresses.map_err(|error| SetupError::name(peer, error.into()).into_connector_error())
    }

    async fn config(&self, speaks_tls: bool) -> Result<Option<Arc<ClientConfig>>, ConnectorError> {
        match &self.authorities {
            Some(authorities) if speaks_tls => authorities.config().await.map(Some).map_err(|error| match error {
                Untrusting::Explained(error) => ConnectorError::user(error.into()),
                Untrusting::Busy(error) => ConnectorError::io(error.into()),
            }),
            _ => Ok(None),
        }
    }

    /// Whatever comes after TCP.
    async fn open(
        &self,
        mut stream: Box<dyn Stream>,
        origin: &Uri,
        peer: Peer<'_>,
        proxy: Option<&Intercept>,
        config: Option<Arc<ClientConfig>>,
    ) -> Result<Connection, SetupError> {
        if is_https(peer.uri) {
            stream = self.secure(stream, peer, config.as_ref()).await?;
        }
        let authorization = proxy.and_then(Intercept::basic_auth).cloned().map(|mut authorization| {
            authorization.set_sensitive(true);
            authorization
        });
        let route = match proxy {
            None => Route::Direct,
            Some(_) if is_https(origin) => {
                let tunnel = tunnel::open(stream, origin, authorization).await;
                stream = Box::new(tunnel.map_err(|failed| SetupError::tunnel(peer, failed))?);
                stream = self.secure(stream, Peer { uri: origin, is_proxy: false }, config.as_ref()).await?;
                Route::Direct
            }
            Some(_) => Route::Forwarded(authorization),
        };
        Connection::over(stream, route).await.map_err(|error| SetupError::http(peer, error))
    }

    async fn secure(
        &self,
        stream: Box<dyn Stream>,
        peer: Peer<'_>,
        config: Option<&Arc<ClientConfig>>,
    ) -> Result<Box<dyn Stream>, SetupError> {
        let is_off = self.authorities.as_ref().is_some_and(Authorities::verification_is_off);
        let config = config.cloned().ok_or_else(|| SetupError::tls(peer, "TLS was not prepared".into(), is_off))?;
        let handshake = tls::handshake(stream, config, peer.uri.host().unwrap_or_default());
        handshake.await.map_err(|error| SetupError::tls(peer, error, is_off))
    }
}

fn is_https(uri: &Uri) -> bool {
    uri.scheme() == Some(&Scheme::HTTPS)
}

fn check_scheme(proxy: &Intercept) -> Result<(), SetupError> {
    let scheme = proxy.uri().scheme_str().unwrap_or_default();
    if matches!(scheme, "http" | "https") { Ok(()) } else { Err(SetupError::proxy_scheme(scheme)) }
}

/// Until the deadline, which is that long after the start.
async fn within<T>(
    deadline: Option<(Duration, Instant)>,
    peer: Peer<'_>,
    work: impl Future<Output = Result<T, SetupError>>,
) -> Result<T, SetupError> {
    match deadline {
        Some((limit, deadline)) => {
            timeout_at(deadline, work).await.unwrap_or_else(|_| Err(SetupError::timed_out(peer, limit)))
        }
        None => work.await,
    }
}

/// Whether an error, or one below it, is of this type.
pub(super) fn has<E: StdError + 'static>(error: &(dyn StdError + 'static)) -> bool {
    chain(error).any(<dyn StdError>::is::<E>)
}
