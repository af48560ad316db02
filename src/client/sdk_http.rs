//! The HTTP client for credential sources, and the connection settings that it shares with the store's requests.

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

use super::authorities::Authorities;
use super::body_limit::BodyLimit;
use super::connect::Connector;
use super::pool::{self, Pools, SendError};
use super::tcp::SocketSettings;
use crate::clock::SharedClock;
use crate::environment::Environment;
use crate::options::Proxy;

/// The settings of connection pools.
#[derive(Debug, Clone)]
pub(super) struct PoolSettings {
    pub(super) proxy: Proxy,
    pub(super) environment: Environment,
    pub(super) authorities: Authorities,
    pub(super) sockets: SocketSettings,
    pub(super) clock: SharedClock,
}

impl PoolSettings {
    /// Pools for `http:` endpoints without a proxy. They read no certificates.
    fn plain(&self) -> Pools {
        Pools::new(Connector::plain(self.sockets), Arc::clone(&self.clock))
    }

    /// Pools for `https:` endpoints and for proxies, which may use TLS themselves.
    fn tls(&self) -> Pools {
        let proxies = match &self.proxy {
            Proxy::Off => None,
            Proxy::Environment => Some(self.environment.proxies()),
            Proxy::Url(url) => Some(Matcher::builder().all(url.as_str()).build()),
        };
        let connector = Connector::tls(self.sockets, self.authorities.clone(), proxies);
        Pools::new(connector, Arc::clone(&self.clock))
    }

    /// Returns the pools for the endpoint of a driver.
    pub(super) fn pools(&self, is_plain_http: bool) -> Pools {
        if is_plain_http && self.proxy == Proxy::Off { self.plain() } else { self.tls() }
    }
}

/// An HTTP client for credential sources. Creates each pool with the first request that needs it: most drivers need
/// none, and some use only plain HTTP (instance metadata and containers, never behind a proxy).
pub(super) fn client(settings: PoolSettings) -> SharedHttpClient {
    SharedHttpClient::new(SdkHttpClient { settings, plain: Arc::default(), tls: Arc::default() })
}

#[derive(Debug, Clone)]
struct SdkHttpClient {
    settings: PoolSettings,
    plain: Arc<OnceLock<Pools>>,
    tls: Arc<OnceLock<Pools>>,
}

impl HttpClient for SdkHttpClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(SdkHttpConnector {
            client: self.clone(),
            connect_timeout: settings.connect_timeout(),
            read_timeout: settings.read_timeout(),
        })
    }
}

#[derive(Debug, Clone)]
struct SdkHttpConnector {
    client: SdkHttpClient,
    connect_timeout: Option<Duration>,
    read_timeout: Option<Duration>,
}

impl HttpConnector for SdkHttpConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move {
            let exchange = this.exchange(request);
            match this.read_timeout {
                Some(limit) => tokio::time::timeout(limit, exchange)
                    .await
                    .unwrap_or_else(|_| Err(ConnectorError::timeout(ReadTimeout(limit).into()))),
                None => exchange.await,
            }
        })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("no response within {0:?}")]
struct ReadTimeout(Duration);

impl SdkHttpConnector {
    /// Sends a request and reads the whole response.
    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let user_error = |error: BoxError| ConnectorError::user(error);
        let request = request.try_into_http1x().map_err(|error| user_error(error.into()))?;
        let (mut head, body) = request.into_parts();
        let body = body.collect().await.map_err(user_error)?.to_bytes();
        let SdkHttpClient { settings, plain, tls } = &self.client;
        let pools = if head.uri.scheme() == Some(&Scheme::HTTP) {
            plain.get_or_init(|| settings.plain())
        } else {
            tls.get_or_init(|| settings.tls())
        };
        let pool = pools.of(&head.uri).map_err(|error| user_error(error.into()))?;
        if let Some(authority) = head.uri.authority() {
            head.headers.insert(HOST, pool::host(authority).map_err(|error| user_error(error.into()))?);
        }
        head.uri = pool::path(&head.uri);
        let size = body.len();
        let mut request = Some(http::Request::from_parts(head, Full::new(body)));
        let (lease, response) = loop {
            let mut lease = pool.connection(self.connect_timeout).await?;
            match lease.send(&mut request).await {
                Ok(response) => break (lease, response),
                Err(SendError::Stale) => {}
                Err(SendError::Failed(error)) => return Err(error),
            }
        };
        let (head, body) = response.into_parts();
        let body = BodyLimit::of_credentials().read(body, |_| {}).await.map_err(read_error)?;
        if lease.meter().has_sent(size) {
            lease.keep();
        }
        HttpResponse::try_from(http::Response::from_parts(head, SdkBody::from(body)))
            .map_err(|error| ConnectorError::other(error.into(), None))
    }
}

fn read_error(error: BoxError) -> ConnectorError {
    match error.downcast::<hyper::Error>() {
        Ok(error) => pool::classify(*error),
        Err(error) => ConnectorError::other(error, None),
    }
}
