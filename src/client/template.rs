//! What is the same in all requests of one set of credentials: where they go, what they say of us, how they are signed.
//!
//! The SDK itself is asked: it makes one request, which never reaches the network, and what it made is kept. So the
//! endpoint (region, FIPS, dual stack, a table's ARN, an account's own endpoint), the user agent and the scope of the
//! signature are its own to decide, now and in later versions, and cost nothing per request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sdk_dynamodb::config::{Config, ConfigBag, HttpClient, RuntimeComponents, SharedHttpClient};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_types::body::SdkBody;
use futures_util::FutureExt;
use http::Uri;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, USER_AGENT};

use super::signature::{Scope, Signer};
use crate::error::aws::Failure;

/// The user agent again, which is signed.
const X_AMZ_USER_AGENT: HeaderName = HeaderName::from_static("x-amz-user-agent");

/// The token of credentials that expire.
const SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// The parts of a request that do not change.
#[derive(Debug)]
pub(super) struct Template {
    /// Which credentials it is for.
    pub(super) serial: u64,
    pub(super) connector: SharedHttpConnector,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) signer: Signer,
}

impl Template {
    /// Has the SDK make a request with these credentials.
    pub(super) fn make(config: &Config, table: &str, credentials: Credentials, serial: u64) -> Result<Self, Failure> {
        let http = config.http_client().ok_or_else(|| broken("no HTTP client"))?;
        let model = Model { http, made: Arc::default() };
        let config = config.to_builder().http_client(model.clone()).credentials_provider(credentials.clone()).build();
        let request = Client::from_conf(config)
            .get_item()
            .table_name(table)
            .key("key", AttributeValue::S("key".to_owned()))
            .send();
        // Nothing in it waits for anything; and no call must wait for another that nobody polls.
        let sent = tokio::task::unconstrained(request).now_or_never().ok_or_else(|| broken("it waits"))?;
        sent.map_err(|error| Failure::of_sdk(&error))?;
        let made = std::mem::take(&mut *model.made());
        let (Some(connector), Some(request)) = (made.connector, made.request) else {
            return Err(broken("it was not sent"));
        };
        Self::of(serial, connector, request, credentials)
    }

    fn of(
        serial: u64,
        connector: SharedHttpConnector,
        request: HttpRequest,
        credentials: Credentials,
    ) -> Result<Self, Failure> {
        let request = request.try_into_http1x().map_err(|error| broken(&error.to_string()))?;
        let (parts, _) = request.into_parts();
        let text = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let (Some(scope), Some(user_agent), Some(host)) =
            (text(AUTHORIZATION).and_then(scope), text(X_AMZ_USER_AGENT), parts.uri.authority())
        else {
            return Err(broken("it is not signed"));
        };
        let signer = Signer::new(credentials, scope, host.to_string(), parts.uri.path(), user_agent);
        let mut headers = HeaderMap::with_capacity(16);
        for name in [CONTENT_TYPE, USER_AGENT, X_AMZ_USER_AGENT, SECURITY_TOKEN] {
            if let Some(mut value) = parts.headers.get(&name).cloned() {
                value.set_sensitive(name == SECURITY_TOKEN);
                headers.insert(name, value);
            }
        }
        Ok(Self { serial, connector, uri: parts.uri, headers, signer })
    }
}

fn broken(what: &str) -> Failure {
    Failure::not_sent(format!("the model of all requests could not be made: {what}"))
}

/// Reads `AWS4-HMAC-SHA256 Credential=id/day/region/service/aws4_request, …`.
fn scope(authorization: &str) -> Option<Scope> {
    let credential = authorization.split_once("Credential=")?.1.split(',').next()?;
    let mut parts = credential.rsplit('/').skip(1);
    let (service, region) = (parts.next()?, parts.next()?);
    Some(Scope { region: region.to_owned(), service: service.to_owned() })
}

/// Stands in for the network, and keeps what the SDK would have sent through it, and how.
#[derive(Debug, Clone)]
struct Model {
    http: SharedHttpClient,
    made: Arc<Mutex<Made>>,
}

#[derive(Debug, Default)]
struct Made {
    connector: Option<SharedHttpConnector>,
    request: Option<HttpRequest>,
}

impl Model {
    fn made(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpClient for Model {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        self.made().connector = Some(self.http.http_connector(settings, components));
        SharedHttpConnector::new(self.clone())
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.http.validate_base_client_config(components, config)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.http.connector_metadata()
    }
}

impl HttpConnector for Model {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.made().request = Some(request);
        let answer = HttpResponse::try_from(http::Response::new(SdkBody::from("{}")));
        HttpConnectorFuture::ready(answer.map_err(|error| ConnectorError::user(error.into())))
    }
}
