//! The HTTP client: one pool of connections per driver, TLS by rustls and ring.

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_http_client::pool::{Client as PoolClient, ConnectionPool};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, TlsContext, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use tokio::sync::OnceCell;

use super::answer;
use super::authorities::Authorities;
use super::descriptors::Patient;
use super::slots::Slots;
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
    pub(super) authorities: Authorities,
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
    async fn tls(&self) -> Result<SharedHttpClient, Error> {
        let trust = TlsContext::builder().with_trust_store(self.authorities.trust_store().await?).build();
        let trust = trust.map_err(|error| not_built(error.to_string()))?;
        let pool = ConnectionPool::builder()
            .max_connections_per_host(self.max_connections)
            .idle_timeout(IDLE_TIMEOUT)
            .tcp_keepalive(TCP_KEEPALIVE)
            .proxy_config(self.proxy_config()?)
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
            .tls_context(trust)
            .build_https();
        shared(pool.map_err(|error| error.to_string()))
    }

    /// The pool for an endpoint.
    pub(super) async fn pool(&self, is_plain_http: bool) -> Result<SharedHttpClient, Error> {
        if is_plain_http && self.proxy == Proxy::Off { self.plain() } else { self.tls().await }
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
        .map_err(not_built)
}

fn not_built(cause: String) -> Error {
    Error::new(ErrorKind::Internal, "the HTTP client could not be built").with_cause(cause)
}

/// Puts what every request of ours goes through around a client: answers are held to what they may be, and a shortage
/// of descriptors is waited out.
pub(super) fn guarded(client: SharedHttpClient, slots: Arc<Slots>) -> SharedHttpClient {
    SharedHttpClient::new(Guarded { client, slots })
}

#[derive(Debug)]
struct Guarded {
    client: SharedHttpClient,
    slots: Arc<Slots>,
}

impl HttpClient for Guarded {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let connector = self.client.http_connector(settings, components);
        SharedHttpConnector::new(GuardedConnector(Patient { connector, slots: Arc::clone(&self.slots) }))
    }
}

#[derive(Debug)]
struct GuardedConnector(Patient);

impl HttpConnector for GuardedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let limit = answer::Limit::of(request.headers().get(answer::TARGET));
        let answer = self.0.call(request);
        HttpConnectorFuture::new(async move { answer.await.map(|answer| limit.check(answer)) })
    }
}

/// A client for the sources of credentials. Most drivers never need it, and some need only plain http (instance
/// metadata, containers: never behind a proxy), so each pool is made by the first request of its scheme.
pub(super) fn by_scheme(settings: PoolSettings) -> SharedHttpClient {
    SharedHttpClient::new(ByScheme { settings, plain: Arc::default(), tls: Arc::default() })
}

#[derive(Debug, Clone)]
struct ByScheme {
    settings: PoolSettings,
    plain: Arc<OnceCell<SharedHttpClient>>,
    tls: Arc<OnceCell<SharedHttpClient>>,
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

#[derive(Debug, Clone)]
struct BySchemeConnector {
    client: ByScheme,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for BySchemeConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { client, settings, components } = self.clone();
        HttpConnectorFuture::new(async move {
            let pool = if request.uri().starts_with("http://") {
                client.plain.get_or_try_init(|| async { client.settings.plain() }).await
            } else {
                client.tls.get_or_try_init(|| client.settings.tls()).await
            };
            let pool = pool.map_err(|error| ConnectorError::user(error.into()))?;
            pool.http_connector(&settings, &components).call(request).await
        })
    }
}
