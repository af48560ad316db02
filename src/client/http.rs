//! What connections are made with, for the requests of the store and for those of the sources of credentials.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http::header::HOST;
use http::uri::Scheme;
use http_body_util::{BodyExt, Full};
use hyper_util::client::proxy::matcher::Matcher;

use super::answer::Limit;
use super::authorities::Authorities;
use super::connect::Connector;
use super::pool::{self, Pools, Unsent};
use super::tcp::SocketSettings;
use crate::clock::SharedClock;
use crate::environment::Environment;
use crate::options::Proxy;

/// What pools are made with.
#[derive(Debug, Clone)]
pub(super) struct PoolSettings {
    pub(super) proxy: Proxy,
    pub(super) environment: Environment,
    pub(super) authorities: Authorities,
    pub(super) sockets: SocketSettings,
    pub(super) clock: SharedClock,
}

impl PoolSettings {
    /// Pools that connect straight to plain `http:` endpoints; reads no certificates.
    fn plain(&self) -> Pools {
        Pools::new(Connector::plain(self.sockets), Arc::clone(&self.clock))
    }

    /// Pools for `https:`, and for whatever goes through a proxy: that may speak TLS itself.
    fn tls(&self) -> Pools {
        let proxies = match &self.proxy {
            Proxy::Off => None,
            Proxy::Environment => Some(self.environment.proxies()),
            Proxy::Url(url) => Some(Matcher::builder().all(url.as_str()).build()),
        };
        let connector = Connector::tls(self.sockets, self.authorities.clone(), proxies);
        Pools::new(connector, Arc::clone(&self.clock))
    }

    /// The pools for endpoints of a scheme.
    pub(super) fn pools(&self, is_plain_http: bool) -> Pools {
        if is_plain_http && self.proxy == Proxy::Off { self.plain() } else { self.tls() }
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
    plain: Arc<OnceLock<Pools>>,
    tls: Arc<OnceLock<Pools>>,
}

impl HttpClient for ByScheme {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(BySchemeConnector {
            client: self.clone(),
            connect_timeout: settings.connect_timeout(),
            read_timeout: settings.read_timeout(),
        })
    }
}

#[derive(Debug, Clone)]
struct BySchemeConnector {
    client: ByScheme,
    connect_timeout: Option<Duration>,
    read_timeout: Option<Duration>,
}

impl HttpConnector for BySchemeConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move {
            let exchange = this.exchange(request);
            match this.read_timeout {
                Some(limit) => tokio::time::timeout(limit, exchange)
                    .await
                    .unwrap_or_else(|_| Err(ConnectorError::timeout(TooLate(limit).into()))),
                None => exchange.await,
            }
        })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("no answer within {0:?}")]
struct TooLate(Duration);

impl BySchemeConnector {
    /// Sends a request and reads the whole answer: they are small.
    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let unsent = |error: BoxError| ConnectorError::user(error);
        let request = request.try_into_http1x().map_err(|error| unsent(error.into()))?;
        let (mut head, body) = request.into_parts();
        let body = body.collect().await.map_err(unsent)?.to_bytes();
        let ByScheme { settings, plain, tls } = &self.client;
        let pools = if head.uri.scheme() == Some(&Scheme::HTTP) {
            plain.get_or_init(|| settings.plain())
        } else {
            tls.get_or_init(|| settings.tls())
        };
        let pool = pools.of(&head.uri).map_err(|error| unsent(error.into()))?;
        if let Some(authority) = head.uri.authority() {
            head.headers.insert(HOST, pool::host(authority).map_err(|error| unsent(error.into()))?);
        }
        head.uri = pool::path(&head.uri);
        let size = body.len();
        let mut request = Some(http::Request::from_parts(head, Full::new(body)));
        let (lease, response) = loop {
            let mut lease = pool.connection(self.connect_timeout).await?;
            match lease.send(&mut request).await {
                Ok(response) => break (lease, response),
                Err(Unsent::Stale) => {}
                Err(Unsent::Failed(error)) => return Err(error),
            }
        };
        let (head, body) = response.into_parts();
        let body = Limit::of_credentials().read(body, |_| {}).await.map_err(unread)?;
        if lease.meter().has_sent(size) {
            lease.keep();
        }
        HttpResponse::try_from(http::Response::from_parts(head, SdkBody::from(body)))
            .map_err(|error| ConnectorError::other(error.into(), None))
    }
}

fn unread(error: BoxError) -> ConnectorError {
    match error.downcast::<hyper::Error>() {
        Ok(error) => pool::failed(*error),
        Err(error) => ConnectorError::other(error, None),
    }
}
