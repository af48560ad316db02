//! A scripted HTTP client instead of the network, and a clock that does not advance: for exact requests, pages and
//! faults that engines cannot produce on demand. Tests on real engines are in `__test__/`.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a broken script is a broken test")]
#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod table;
pub(crate) mod wire;

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sdk_dynamodb::config::{RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_types::body::SdkBody;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use unstorage_dynamodb::clock::Clock;
use unstorage_dynamodb::options::{Options, RawKeys, RawOptions};
use unstorage_dynamodb::store::Store;

/// The fixed time of all tests, with a fraction of a second.
pub(crate) const NOW: Duration = Duration::from_millis(1_800_000_000_250);

#[derive(Debug)]
struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Duration {
        NOW
    }
}

/// A request as it was sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sent {
    /// DynamoDB's name of the operation.
    pub(crate) action: String,
    pub(crate) body: Value,
}

/// Returns the response to a request, possibly after a delay.
#[derive(Clone)]
struct Handler(Arc<dyn Fn(Sent) -> BoxFuture<'static, (u16, Value)> + Send + Sync>);

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handler")
    }
}

/// Responds from a list or with a handler, and records the requests.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script {
    answers: Arc<Mutex<VecDeque<(u16, String)>>>,
    handler: Option<Handler>,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Script {
    /// Responds to each request with a handler.
    pub(crate) fn handler<F>(handler: impl Fn(Sent) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = (u16, Value)> + Send + 'static,
    {
        Self { handler: Some(Handler(Arc::new(move |sent| Box::pin(handler(sent))))), ..Self::default() }
    }

    /// Adds a response.
    pub(crate) fn answer(self, status: u16, body: &Value) -> Self {
        self.answer_text(status, &body.to_string())
    }

    /// Adds a response that may not be JSON.
    pub(crate) fn answer_text(self, status: u16, body: &str) -> Self {
        self.answers.lock().expect("lock").push_back((status, body.to_owned()));
        self
    }

    /// Adds an error response of AWS.
    pub(crate) fn fail(self, status: u16, name: &str) -> Self {
        self.answer(status, &failure(name))
    }

    /// Returns the requests so far.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().expect("lock").clone()
    }

    /// Returns a store that uses this script.
    pub(crate) fn store(&self) -> Store {
        self.store_with(|_| ())
    }

    /// Returns a store with other options.
    pub(crate) fn store_with(&self, change: impl FnOnce(&mut RawOptions)) -> Store {
        self.store_of(Self::options(change))
    }

    /// Returns a store with validated options, which can have values that users cannot set.
    pub(crate) fn store_of(&self, options: Options) -> Store {
        Store::with_http_client(options, Arc::new(StoppedClock), SharedHttpClient::new(self.clone()))
    }

    /// The options of the stores in these tests.
    pub(crate) fn options(change: impl FnOnce(&mut RawOptions)) -> Options {
        let mut raw = RawOptions {
            table: "cache".into(),
            region: "eu-west-1".into(),
            credentials: RawKeys {
                access_key_id: "id".into(),
                secret_access_key: "secret".into(),
                ..RawKeys::default()
            }
            .into(),
            ..RawOptions::default()
        };
        change(&mut raw);
        Options::parse(raw).expect("options")
    }
}

/// Returns a store that uses another HTTP client.
pub(crate) fn store_over(http: SharedHttpClient, change: impl FnOnce(&mut RawOptions)) -> Store {
    store_of(http, Script::options(change))
}

/// Returns such a store with validated options, which can have values that users cannot set.
pub(crate) fn store_of(http: SharedHttpClient, options: Options) -> Store {
    Store::with_http_client(options, Arc::new(StoppedClock), http)
}

impl HttpClient for Script {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Script {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").expect("target");
        let action = target.rsplit('.').next().expect("action").to_owned();
        let body = serde_json::from_slice(request.body().bytes().expect("body")).expect("JSON");
        let sent = Sent { action, body };
        self.sent.lock().expect("lock").push(sent.clone());
        if let Some(Handler(handler)) = &self.handler {
            let answer = handler(sent);
            return HttpConnectorFuture::new(async move {
                let (status, body) = answer.await;
                Ok(response(status, body.to_string()))
            });
        }
        let (status, answer) = self.answers.lock().expect("lock").pop_front().expect("an unexpected request");
        HttpConnectorFuture::ready(Ok(response(status, answer)))
    }
}

fn response(status: u16, body: String) -> HttpResponse {
    let mut response = HttpResponse::new(status.try_into().expect("status"), SdkBody::from(body));
    response.headers_mut().insert("x-amzn-requestid", "REQUEST1");
    response
}

/// The body of an AWS error response.
pub(crate) fn failure(name: &str) -> Value {
    json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{name}"), "message": "words" })
}
