//! The HTTP client: one pool of connections per driver, TLS by rustls and ring.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_smithy_http_client::pool::{Client as PoolClient, ConnectionPool};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use crate::error::{Error, ErrorKind};
use crate::options::Proxy;

/// How long an unused connection is kept. Below what load balancers and a thawed Lambda leave alive (the default of
/// 90 s hands out dead connections there).
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// Finds a peer that vanished without a word.
const TCP_KEEPALIVE: Duration = Duration::from_secs(15);

/// What a pool is made with.
#[derive(Debug, Clone)]
pub(super) struct PoolSettings {
    pub(super) max_connections: usize,
    pub(super) proxy: Proxy,
}

impl PoolSettings {
    /// A pool that connects straight to plain `http:` endpoints; reads no certificates.
    fn plain(&self) -> Result<SharedHttpClient, Error> {
        let pool = ConnectionPool::builder()
            .max_connections_per_host(self.max_connections)
            .idle_timeout(IDLE_TIMEOUT)
            .tcp_keepalive(TCP_KEEPALIVE)
            .build_http();
        shared(pool.map_err(|error| error.to_string()))
    }

    /// A pool for `https:`, and for whatever goes through a proxy: that may speak TLS itself.
    fn tls(&self) -> Result<SharedHttpClient, Error> {
        let pool = ConnectionPool::builder()
            .max_connections_per_host(self.max_connections)
            .idle_timeout(IDLE_TIMEOUT)
            .tcp_keepalive(TCP_KEEPALIVE)
            .proxy_config(self.proxy_config()?)
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
            .build_https();
        shared(pool.map_err(|error| error.to_string()))
    }

    /// The pool for an endpoint.
    pub(super) fn pool(&self, is_plain_http: bool) -> Result<SharedHttpClient, Error> {
        if is_plain_http && self.proxy == Proxy::Off { self.plain() } else { self.tls() }
    }

    fn proxy_config(&self) -> Result<ProxyConfig, Error> {
        match &self.proxy {
            Proxy::Off => Ok(ProxyConfig::disabled()),
            Proxy::Environment => Ok(ProxyConfig::from_env()),
            // The error would repeat the URL, user information included.
            Proxy::Url(url) => ProxyConfig::all(url.as_str())
                .map_err(|_| Error::new(ErrorKind::InvalidOption, "Option `proxy` holds a URL that cannot be used.")),
        }
    }
}

fn shared(pool: Result<ConnectionPool, String>) -> Result<SharedHttpClient, Error> {
    pool.and_then(|pool| PoolClient::new(&pool).map_err(|error| error.to_string()))
        .map(SharedHttpClient::new)
        .map_err(|cause| Error::new(ErrorKind::Internal, "the HTTP client could not be built").with_cause(cause))
}

/// A client for the sources of credentials. Most drivers never need it, and some need only plain http (instance
/// metadata, containers: never behind a proxy), so each pool is made by the first request of its scheme.
pub(super) fn by_scheme(settings: PoolSettings) -> SharedHttpClient {
    SharedHttpClient::new(ByScheme { settings, plain: Arc::default(), tls: Arc::default() })
}

#[derive(Debug, Clone)]
struct ByScheme {
    settings: PoolSettings,
    plain: Arc<OnceLock<Result<SharedHttpClient, Error>>>,
    tls: Arc<OnceLock<Result<SharedHttpClient, Error>>>,
}

impl HttpClient for ByScheme {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(BySchemeConnector {
            client: self.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }
}

#[derive(Debug)]
struct BySchemeConnector {
    client: ByScheme,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for BySchemeConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let pool = if request.uri().starts_with("http://") {
            self.client.plain.get_or_init(|| self.client.settings.plain())
        } else {
            self.client.tls.get_or_init(|| self.client.settings.tls())
        };
        match pool {
            Ok(pool) => pool.http_connector(&self.settings, &self.components).call(request),
            Err(error) => HttpConnectorFuture::ready(Err(ConnectorError::user(error.clone().into()))),
        }
    }
}
