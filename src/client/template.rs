//! The parts that all requests captured with one set of credentials share: endpoint, headers and signing scope.
//!
//! They are captured from a request that the SDK builds but never sends. The SDK therefore still resolves the endpoint
//! (region, FIPS, dual stack, table ARN, account endpoint), the user agent and the signing scope, at no cost per
//! request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sdk_dynamodb::config::{Config, HttpClient, RuntimeComponents};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use futures_util::FutureExt;
use http::Uri;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, USER_AGENT};
use http::request::Parts;
use http::uri::Authority;

use super::channel::{Channel, Transport};
use super::failure::Failure;
use super::pool;
use super::signature::{Scope, Signer};

/// A second copy of the user agent, which is included in the signature.
const X_AMZ_USER_AGENT: HeaderName = HeaderName::from_static("x-amz-user-agent");

/// The session token of temporary credentials.
const SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// The parts of a request that do not change.
#[derive(Debug)]
pub(super) struct Template {
    /// The serial number of the credentials it was captured for.
    pub(super) serial: u64,
    pub(super) channel: Channel,
    pub(super) uri: Uri,
    /// The host and port of the endpoint, which the URI may lack.
    pub(super) authority: Authority,
    pub(super) headers: HeaderMap,
    pub(super) signer: Signer,
}

impl Template {
    /// Captures a request that the SDK builds with these credentials.
    pub(super) fn make(
        config: &Config,
        transport: &Transport,
        table: &str,
        credentials: Credentials,
        serial: u64,
    ) -> Result<Self, Failure> {
        let client = CapturingClient { transport: transport.clone(), captured: Arc::default() };
        let config = config.to_builder().http_client(client.clone()).credentials_provider(credentials.clone()).build();
        let request = Client::from_conf(config)
            .get_item()
            .table_name(table)
            .key("key", AttributeValue::S("key".to_owned()))
            .send();
        // The request never waits on I/O. `unconstrained` keeps tokio's cooperative budget from making it pending.
        let sent = tokio::task::unconstrained(request).now_or_never().ok_or_else(|| broken("it waits"))?;
        sent.map_err(|error| Failure::no_endpoint(&error))?;
        let Captured { connector, request } = std::mem::take(&mut *client.captured());
        let request = request.ok_or_else(|| broken("it was not sent"))?;
        let request = request.try_into_http1x().map_err(|error| broken(&error.to_string()))?;
        let (head, _) = request.into_parts();
        let channel = match (transport, connector) {
            (Transport::Pools { pools, connect_timeout }, _) => {
                let pool = pools.of(&head.uri).map_err(|error| broken(&error.to_string()))?;
                Channel::Pool { pool, connect_timeout: *connect_timeout }
            }
            (Transport::Custom(_), Some(connector)) => Channel::Custom(connector),
            (Transport::Custom(_), None) => return Err(broken("it was not sent")),
        };
        Self::of(serial, channel, head, credentials)
    }

    fn of(serial: u64, channel: Channel, head: Parts, credentials: Credentials) -> Result<Self, Failure> {
        let text = |name: HeaderName| head.headers.get(name).and_then(|value| value.to_str().ok());
        let (Some(scope), Some(user_agent), Some(host)) =
            (text(AUTHORIZATION).and_then(scope), text(X_AMZ_USER_AGENT), head.uri.authority())
        else {
            return Err(broken("it is not signed"));
        };
        let signer = Signer::new(credentials, scope, host.to_string(), head.uri.path(), user_agent);
        let authority = host.clone();
        let mut headers = HeaderMap::with_capacity(16);
        let uri = match channel {
            // A pooled connection already determines the host, so only the path is sent.
            Channel::Pool { .. } => {
                headers.insert(HOST, pool::host(host).map_err(|error| broken(&error.to_string()))?);
                pool::path(&head.uri)
            }
            Channel::Custom(_) => head.uri,
        };
        for name in [CONTENT_TYPE, USER_AGENT, X_AMZ_USER_AGENT, SECURITY_TOKEN] {
            if let Some(mut value) = head.headers.get(&name).cloned() {
                value.set_sensitive(name == SECURITY_TOKEN);
                headers.insert(name, value);
            }
        }
        Ok(Self { serial, channel, uri, authority, headers, signer })
    }
}

fn broken(what: &str) -> Failure {
    Failure::not_sent(format!("the template of all requests could not be captured: {what}"))
}

/// Reads `AWS4-HMAC-SHA256 Credential=id/day/region/service/aws4_request, …`.
fn scope(authorization: &str) -> Option<Scope> {
    let credential = authorization.split_once("Credential=")?.1.split(',').next()?;
    let mut parts = credential.rsplit('/').skip(1);
    let (service, region) = (parts.next()?, parts.next()?);
    Some(Scope { region: region.to_owned(), service: service.to_owned() })
}

/// An HTTP client that captures the request and the connector instead of sending anything.
#[derive(Debug, Clone)]
struct CapturingClient {
    transport: Transport,
    captured: Arc<Mutex<Captured>>,
}

#[derive(Debug, Default)]
struct Captured {
    /// Only for [`Transport::Custom`].
    connector: Option<SharedHttpConnector>,
    request: Option<HttpRequest>,
}

impl CapturingClient {
    fn captured(&self) -> MutexGuard<'_, Captured> {
        self.captured.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpClient for CapturingClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        if let Transport::Custom(http) = &self.transport {
            self.captured().connector = Some(http.http_connector(settings, components));
        }
        SharedHttpConnector::new(self.clone())
    }

    /// Determines how the user agent describes the HTTP client.
    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        match &self.transport {
            Transport::Pools { .. } => Some(ConnectorMetadata::new("hyper", Some("1.x".into()))),
            Transport::Custom(http) => http.connector_metadata(),
        }
    }
}

impl HttpConnector for CapturingClient {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.captured().request = Some(request);
        let answer = HttpResponse::try_from(http::Response::new(SdkBody::from("{}")));
        HttpConnectorFuture::ready(answer.map_err(|error| ConnectorError::user(error.into())))
    }
}
