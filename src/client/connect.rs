//! Opens connections: name lookup, TCP, proxy, TLS and HTTP/1.1.
//!
//! HTTP/2 is not offered because DynamoDB does not support it.

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

use super::authorities::{Authorities, AuthoritiesError, Extent, Trust};
use super::connection::{Connection, Route};
use super::dns::Resolver;
use super::setup::{Peer, SetupError};
use super::tcp::{Dialer, SocketSettings};
use super::{tls, tunnel};
use crate::error::chain;

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

/// A byte stream. Used as a trait object, so that HTTP is compiled only once.
pub(super) trait Stream: hyper::rt::Read + hyper::rt::Write + Send + Unpin {}

impl<S: hyper::rt::Read + hyper::rt::Write + Send + Unpin> Stream for S {}

/// Opens connections.
#[derive(Debug)]
pub(super) struct Connector {
    resolver: Resolver,
    dialer: Dialer,
    /// `None` if neither the endpoint nor a proxy uses TLS.
    authorities: Option<Authorities>,
    proxies: Option<Matcher>,
}

impl Connector {
    /// A connector without TLS and proxies.
    pub(super) fn plain(settings: SocketSettings) -> Self {
        Self { resolver: Resolver::system(), dialer: Dialer::new(settings), authorities: None, proxies: None }
    }

    /// A connector with TLS that uses the proxy that matches the origin, if any.
    pub(super) fn tls(settings: SocketSettings, authorities: Authorities, proxies: Option<Matcher>) -> Self {
        Self { authorities: Some(authorities), proxies, ..Self::plain(settings) }
    }

    /// Opens a connection. `limit` covers TCP and everything after it. The name lookup and the loading of authorities
    /// are shared by many connections, and only the caller's deadline bounds them.
    pub(super) async fn connect(&self, origin: &Uri, limit: Option<Duration>) -> Result<Connection, ConnectorError> {
        let proxy = self.proxies.as_ref().and_then(|proxies| proxies.intercept(origin));
        if let Some(proxy) = &proxy {
            check_scheme(proxy).map_err(SetupError::into_connector_error)?;
        }
        let uri = proxy.as_ref().map_or(origin, Intercept::uri);
        let peer = Peer { uri, is_proxy: proxy.is_some() };
        let speaks_tls = is_https(origin) || is_https(uri);
        let (addresses, trust) = try_join(self.addresses(peer), self.trust(speaks_tls, Extent::Files)).await?;

        let open = async |trust: Option<Trust>| {
            let deadline = limit.map(|limit| (limit, Instant::now() + limit));
            let dialing =
                async { self.dialer.dial(&addresses, limit).await.map_err(|error| SetupError::tcp(peer, error)) };
            let (stream, address) = within(deadline, peer, dialing).await?;
            let opening = self.open(Box::new(stream), origin, peer, proxy.as_ref(), trust.map(|trust| trust.config));
            within(deadline, peer, opening).await.inspect_err(|_| self.dialer.avoid(address))
        };
        let is_partial = trust.as_ref().is_some_and(|trust| trust.extent < Extent::All);
        let mut opened = open(trust).await;
        // Node's list may contain the issuer.
        if is_partial && opened.as_ref().is_err_and(SetupError::is_refusal) {
            opened = open(self.trust(speaks_tls, Extent::All).await?).await;
        }
        opened.map_err(|error| {
            if let Some(authorities) = self.authorities.as_ref().filter(|_| error.is_refusal()) {
                authorities.discard_incomplete();
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

    async fn trust(&self, speaks_tls: bool, extent: Extent) -> Result<Option<Trust>, ConnectorError> {
        match &self.authorities {
            Some(authorities) if speaks_tls => authorities.trust(extent).await.map(Some).map_err(|error| match error {
                AuthoritiesError::Invalid(error) => ConnectorError::user(error.into()),
                AuthoritiesError::Transient(error) => ConnectorError::io(error.into()),
            }),
            _ => Ok(None),
        }
    }

    /// Completes a connection after TCP: TLS, proxy and HTTP.
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

/// Fails with a timeout once the deadline has passed.
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

/// Whether the error or one of its sources is an `E`.
pub(super) fn has<E: StdError + 'static>(error: &(dyn StdError + 'static)) -> bool {
    chain(error).any(<dyn StdError>::is::<E>)
}
