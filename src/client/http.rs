//! What connections are made with, for the requests of the store and for those of the sources of credentials.

use std::sync::Arc;
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
use tokio::sync::OnceCell;

use super::answer::Limit;
use super::authorities::Authorities;
use super::connect::Connector;
use super::pool::{self, Pools};
use super::slots::Slots;
use super::tls;
use crate::environment::Environment;
use crate::error::Error;
use crate::options::Proxy;

/// What pools are made with.
#[derive(Debug, Clone)]
pub(super) struct PoolSettings {
    pub(super) proxy: Proxy,
    pub(super) environment: Environment,
    pub(super) authorities: Authorities,
    pub(super) slots: Arc<Slots>,
}

impl PoolSettings {
    /// Pools that connect straight to plain `http:` endpoints; reads no certificates.
    fn plain(&self) -> Pools {
        Pools::new(Connector::plain(), Arc::clone(&self.slots))
    }

    /// Pools for `https:`, and for whatever goes through a proxy: that may speak TLS itself.
    async fn tls(&self) -> Result<Pools, Error> {
        let trusted = self.authorities.trusted().await?;
        let proxies = match &self.proxy {
            Proxy::Off => None,
            Proxy::Environment => Some(self.environment.proxies()),
            Proxy::Url(url) => Some(Matcher::builder().all(url.as_str()).build()),
        };
        Ok(Pools::new(Connector::tls(tls::config(trusted)?, proxies), Arc::clone(&self.slots)))
    }

    /// The pools for endpoints of a scheme.
    pub(super) async fn pools(&self, is_plain_http: bool) -> Result<Pools, Error> {
        if is_plain_http && self.proxy == Proxy::Off { Ok(self.plain()) } else { self.tls().await }
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
    plain: Arc<OnceCell<Pools>>,
    tls: Arc<OnceCell<Pools>>,
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
            plain.get_or_init(|| async { settings.plain() }).await
        } else {
            tls.get_or_try_init(|| settings.tls()).await.map_err(|error| unsent(error.into()))?
        };
        let pool = pools.of(&head.uri).map_err(|error| unsent(error.into()))?;
        if let Some(authority) = head.uri.authority() {
            head.headers.insert(HOST, pool::host(authority).map_err(|error| unsent(error.into()))?);
        }
        head.uri = pool::path(&head.uri);
        let mut request = Some(http::Request::from_parts(head, Full::new(body)));
        let (answer, lease) = pool.send(&mut request, self.connect_timeout).await?;
        let (head, body) = answer.into_parts();
        let body = Limit::of_credentials().read(body).await.map_err(unread)?;
        lease.keep();
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
