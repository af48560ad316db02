//! A scripted HTTP client in place of the network, and a clock that stands still: for the exact requests, the pages and
//! the faults that no engine makes to order. Behaviour is tested against real engines, in `__test__/`.

#![expect(clippy::expect_used, reason = "a broken script is a broken test")]
#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sdk_dynamodb::config::{RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use unstorage_dynamodb::clock::Clock;
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::options::{Options, RawAttributes, RawCredentials, RawOptions};
use unstorage_dynamodb::store::Store;

/// The time at which every test happens: a fraction past the second.
pub(crate) const NOW: Duration = Duration::from_millis(1_800_000_000_250);

#[derive(Debug)]
struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Duration {
        NOW
    }
}

/// One request as it was sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sent {
    /// DynamoDB's name of the operation.
    pub(crate) action: String,
    pub(crate) body: Value,
}

/// Answers requests from a list, and keeps them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script {
    answers: Arc<Mutex<VecDeque<(u16, String)>>>,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Script {
    /// Adds an answer.
    pub(crate) fn answer(self, status: u16, body: &Value) -> Self {
        self.answer_text(status, &body.to_string())
    }

    /// Adds an answer that may be no JSON.
    pub(crate) fn answer_text(self, status: u16, body: &str) -> Self {
        self.answers.lock().expect("lock").push_back((status, body.to_owned()));
        self
    }

    /// Adds an error answer of AWS.
    pub(crate) fn fail(self, status: u16, name: &str) -> Self {
        self.answer(
            status,
            &json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{name}"), "message": "words" }),
        )
    }

    /// What was sent so far.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().expect("lock").clone()
    }

    /// A store that talks to this script.
    pub(crate) fn store(&self) -> Store {
        self.store_with(|_| ())
    }

    /// The same with other options.
    pub(crate) fn store_with(&self, change: impl FnOnce(&mut RawOptions)) -> Store {
        let mut raw = RawOptions {
            table: "cache".into(),
            region: "eu-west-1".into(),
            credentials: RawCredentials::Object {
                access_key_id: "id".into(),
                secret_access_key: "secret".into(),
                session_token: Input::Absent,
            },
            attributes: RawAttributes::Absent,
            ..RawOptions::default()
        };
        change(&mut raw);
        let options = Options::parse(raw).expect("options");
        Store::with_http_client(options, Arc::new(StoppedClock), SharedHttpClient::new(self.clone()))
    }
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
        self.sent.lock().expect("lock").push(Sent { action, body });
        let (status, answer) = self.answers.lock().expect("lock").pop_front().expect("an unexpected request");
        let mut response = HttpResponse::new(status.try_into().expect("status"), SdkBody::from(answer));
        response.headers_mut().insert("x-amzn-requestid", "REQUEST1");
        HttpConnectorFuture::ready(Ok(response))
    }
}
