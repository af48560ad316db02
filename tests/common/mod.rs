//! A scripted HTTP client and a clock that does not advance, for exact requests, pages and faults that engines cannot
//! produce on demand. Tests on real engines are in `__test__/`.

pub(crate) mod faulty;
pub(crate) mod table;

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sdk_dynamodb::config::{RuntimeComponents, SharedHttpClient};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use unstorage_dynamodb::clock::Clock;
use unstorage_dynamodb::condition::RawConditions;
use unstorage_dynamodb::error::{Error, Operation};
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::key::KeyText;
use unstorage_dynamodb::options::{Options, RawKeys, RawOptions};
use unstorage_dynamodb::store::{NewItem, Store, WriteOptions};
use unstorage_dynamodb::value::{Given, Reading};

/// The fixed time of all tests, with a fraction of a second.
pub(crate) const NOW: Duration = Duration::from_millis(1_800_000_000_250);

#[derive(Debug)]
struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Duration {
        NOW
    }
}

/// The operation and body of a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sent {
    /// DynamoDB's name for the operation.
    pub(crate) action: String,
    pub(crate) body: Value,
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

    fn asked(&self) -> Sent {
        let action = self.header("x-amz-target").rsplit('.').next().expect("action").to_owned();
        Sent { action, body: self.body.clone() }
    }
}

/// A scripted response or failure.
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
    /// A response whose body need not be JSON.
    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self::Http { status, headers: vec![("x-amzn-requestid", "REQUEST1".to_owned())], body: body.to_owned() }
    }

    pub(crate) fn ok(body: &Value) -> Self {
        Self::text(200, &body.to_string())
    }

    pub(crate) fn error(status: u16, name: &str) -> Self {
        Self::text(status, &failure(name).to_string())
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Http { headers, .. } = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }

    fn give(self) -> Result<HttpResponse, ConnectorError> {
        match self {
            Self::Http { status, headers, body } => {
                let mut response = HttpResponse::new(status.try_into().expect("status"), SdkBody::from(body));
                for (name, value) in headers {
                    response.headers_mut().insert(name, value);
                }
                Ok(response)
            }
            Self::Io => Err(ConnectorError::io("broken".into())),
            Self::Timeout => Err(ConnectorError::timeout("late".into())),
            Self::User => Err(ConnectorError::user("wrong".into())),
        }
    }
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
    answers: Arc<Mutex<VecDeque<Answer>>>,
    /// Whether the last response is repeated.
    repeats: bool,
    handler: Option<Handler>,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Script {
    /// Sends these responses in turn, and no others.
    pub(crate) fn of(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self { answers: Arc::new(Mutex::new(answers.into_iter().collect())), ..Self::default() }
    }

    /// Sends these responses in turn, then repeats the last one.
    pub(crate) fn repeating(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self { repeats: true, ..Self::of(answers) }
    }

    /// Passes each request to `handler`.
    pub(crate) fn handler<F>(handler: impl Fn(Sent) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = (u16, Value)> + Send + 'static,
    {
        Self { handler: Some(Handler(Arc::new(move |sent| Box::pin(handler(sent))))), ..Self::default() }
    }

    /// Also passes a clone of `state`.
    pub(crate) fn handler_with<S, F>(state: S, handler: impl Fn(S, Sent) -> F + Send + Sync + 'static) -> Self
    where
        S: Clone + Send + Sync + 'static,
        F: Future<Output = (u16, Value)> + Send + 'static,
    {
        Self::handler(move |sent| handler(state.clone(), sent))
    }

    /// Returns the requests so far.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.requests().iter().map(Request::asked).collect()
    }

    pub(crate) fn actions(&self) -> Vec<String> {
        self.sent().into_iter().map(|sent| sent.action).collect()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("lock").clone()
    }

    /// Returns a store that uses this script.
    pub(crate) fn store(&self) -> Store {
        self.store_with(|_| ())
    }

    /// Returns a store whose default options were modified by `change`.
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

impl HttpClient for Script {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Script {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let request = Request {
            method: request.method().to_owned(),
            uri: request.uri().to_owned(),
            headers: request.headers().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            body: serde_json::from_slice(request.body().bytes().expect("body")).expect("JSON"),
        };
        self.requests.lock().expect("lock").push(request.clone());
        if let Some(Handler(handler)) = &self.handler {
            let answer = handler(request.asked());
            return HttpConnectorFuture::new(async move {
                let (status, body) = answer.await;
                Answer::text(status, &body.to_string()).give()
            });
        }
        let mut answers = self.answers.lock().expect("lock");
        let is_last = self.repeats && answers.len() == 1;
        let answer = if is_last { answers.front().cloned() } else { answers.pop_front() };
        HttpConnectorFuture::ready(answer.expect("an unexpected request").give())
    }
}

/// The body of an AWS error response.
pub(crate) fn failure(name: &str) -> Value {
    json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{name}"), "message": "words" })
}

/// A page of a scan with these keys.
pub(crate) fn page(keys: &[&str], next: Option<&str>) -> Value {
    let items: Value = keys.iter().map(|key| json!({ "key": { "S": key } })).collect();
    match next {
        None => json!({ "Items": items }),
        Some(next) => json!({ "Items": items, "LastEvaluatedKey": { "key": { "S": next } } }),
    }
}

/// Items to store, without individual times to live.
pub(crate) fn items<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<NewItem> {
    let item =
        |(key, value): (&str, &str)| NewItem { key: key.into(), value: value.into(), options: WriteOptions::default() };
    pairs.into_iter().map(item).collect()
}

/// Calls with default arguments.
pub(crate) trait Calls {
    async fn read(&self, key: &str) -> Result<Option<AttributeValue>, Error>;
    async fn read_all(&self, keys: &[&str]) -> Result<Vec<(KeyText, Option<AttributeValue>)>, Error>;
    async fn write(&self, key: &str, value: impl Into<Given>) -> Result<(), Error>;
    async fn write_all(&self, pairs: &[(&str, &str)]) -> Result<(), Error>;
    async fn remove(&self, key: &str) -> Result<(), Error>;
    async fn list(&self) -> Result<Vec<String>, Error>;
}

impl Calls for Store {
    async fn read(&self, key: &str) -> Result<Option<AttributeValue>, Error> {
        self.get(key.into(), Reading::Plain, Input::Absent).await
    }

    async fn read_all(&self, keys: &[&str]) -> Result<Vec<(KeyText, Option<AttributeValue>)>, Error> {
        self.get_many(keys.to_vec(), Input::Absent).await
    }

    async fn write(&self, key: &str, value: impl Into<Given>) -> Result<(), Error> {
        self.put(Operation::SetItem, key.into(), value.into(), Input::Absent).await.map(drop)
    }

    async fn write_all(&self, pairs: &[(&str, &str)]) -> Result<(), Error> {
        self.put_many(items(pairs.iter().copied()), Input::Absent).await
    }

    async fn remove(&self, key: &str) -> Result<(), Error> {
        self.delete(key.into(), RawConditions::default()).await
    }

    async fn list(&self) -> Result<Vec<String>, Error> {
        self.keys(Input::Absent, Input::Absent, Input::Absent).await
    }
}
