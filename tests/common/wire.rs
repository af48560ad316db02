//! An HTTP client that records whole requests and returns whole responses, including headers, to compare the store with
//! the SDK.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, FrameworkMetadata, Region, RuntimeComponents, SharedHttpClient,
};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

/// A response to return.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Http {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
    /// The connection broke.
    Io,
    /// There was no response in time.
    Timeout,
    /// The request could not be sent.
    User,
}

impl Answer {
    pub(crate) fn ok(body: &Value) -> Self {
        Self::Http { status: 200, headers: Vec::new(), body: body.to_string() }
    }

    pub(crate) fn error(status: u16, name: &str) -> Self {
        Self::Http { status, headers: Vec::new(), body: super::failure(name).to_string() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Self::Http { headers, .. } = &mut self {
            headers.push((name, value.into()));
        }
        self
    }
}

/// A request as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value)
    }
}

/// Returns these responses in turn, and repeats the last one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wire {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    sent: Arc<Mutex<Vec<Request>>>,
}

impl Wire {
    pub(crate) fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self { answers: Arc::new(Mutex::new(answers.into_iter().collect())), sent: Arc::default() }
    }

    pub(crate) fn sent(&self) -> Vec<Request> {
        self.sent.lock().expect("lock").clone()
    }

    pub(crate) fn http(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    /// Returns the SDK's own client for this wire, configured like a driver's.
    pub(crate) fn sdk(&self, attempts: u32, endpoint: Option<&str>, credentials: Credentials) -> Client {
        let ours = FrameworkMetadata::new("unstorage-dynamodb", Some(env!("CARGO_PKG_VERSION"))).expect("valid");
        let retries =
            RetryConfig::standard().with_max_attempts(attempts).with_initial_backoff(Duration::from_millis(1));
        let mut config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("eu-west-1"))
            .credentials_provider(credentials)
            .retry_config(retries)
            .framework_metadata(ours)
            .http_client(self.http());
        if let Some(endpoint) = endpoint {
            config = config.endpoint_url(endpoint);
        }
        Client::from_conf(config.build())
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let headers = request.headers().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.sent.lock().expect("lock").push(Request {
            method: request.method().to_owned(),
            uri: request.uri().to_owned(),
            headers,
            body: serde_json::from_slice(request.body().bytes().expect("body")).expect("JSON"),
        });
        let mut answers = self.answers.lock().expect("lock");
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        HttpConnectorFuture::ready(match answer.expect("an unexpected request") {
            Answer::Http { status, headers, body } => {
                let mut response = HttpResponse::new(status.try_into().expect("status"), SdkBody::from(body));
                for (name, value) in headers {
                    response.headers_mut().insert(name, value);
                }
                Ok(response)
            }
            Answer::Io => Err(ConnectorError::io("broken".into())),
            Answer::Timeout => Err(ConnectorError::timeout("late".into())),
            Answer::User => Err(ConnectorError::user("wrong".into())),
        })
    }
}
