//! Shared code of the fuzz targets: a store whose responses are the fuzzer's input.

use std::cell::RefCell;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sdk_dynamodb::config::{RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_types::body::SdkBody;
use unstorage_dynamodb::clock::Clock;
use unstorage_dynamodb::options::{Options, RawKeys, RawOptions};
use unstorage_dynamodb::store::Store;

thread_local! {
    static RESPONSES: RefCell<Vec<(u16, Vec<u8>)>> = const { RefCell::new(Vec::new()) };
    static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    static STORE: Arc<Store> = Arc::new(store());
}

#[derive(Debug)]
struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Duration {
        Duration::from_secs(1_800_000_000)
    }
}

/// Sends the responses in turn, the last one repeatedly.
#[derive(Debug, Clone)]
struct Fuzzed;

impl HttpClient for Fuzzed {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Self)
    }
}

impl HttpConnector for Fuzzed {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let (status, body) = RESPONSES.with_borrow_mut(|responses| match responses.len() {
            0 | 1 => responses.first().cloned().expect("a response"),
            _ => responses.remove(0),
        });
        let response = HttpResponse::new(status.try_into().expect("a status"), SdkBody::from(body));
        HttpConnectorFuture::ready(Ok(response))
    }
}

/// One attempt, with a deadline that an endless loop would miss.
fn store() -> Store {
    let options = Options::parse(RawOptions {
        table: "cache".into(),
        region: "eu-west-1".into(),
        credentials: RawKeys { access_key_id: "id".into(), secret_access_key: "secret".into(), ..RawKeys::default() }
            .into(),
        max_attempts: "1".into(),
        timeout: "20".into(),
        attempt_timeout: "0".into(),
        ..RawOptions::default()
    });
    Store::with_http_client(options.expect("options"), Arc::new(StoppedClock), SharedHttpClient::new(Fuzzed))
}

/// Runs one call on a store that receives this response.
pub fn with_response<T, F: Future<Output = T>>(status: u16, body: &[u8], call: impl FnOnce(Arc<Store>) -> F) -> T {
    with_responses(vec![(status, body.to_vec())], call)
}

/// Runs one call on a store that receives these responses in turn, and the last one repeatedly.
pub fn with_responses<T, F: Future<Output = T>>(
    responses: Vec<(u16, Vec<u8>)>,
    call: impl FnOnce(Arc<Store>) -> F,
) -> T {
    RESPONSES.set(responses);
    RUNTIME.with(|runtime| runtime.block_on(call(STORE.with(Arc::clone))))
}
