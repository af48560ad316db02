//! Compares the requests of the store with those of the SDK's client: content, signature and retries.

use crate::common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, FrameworkMetadata, Region, SharedHttpClient};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, PutRequest, ReturnConsumedCapacity, WriteRequest};
use common::{Answer, Calls, NOW, Request, Script};
use serde_json::json;
use unstorage_dynamodb::error::{ErrorKind, Operation};
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::options::{GivenCredentials, RawOptions};
use unstorage_dynamodb::store::Store;
use unstorage_dynamodb::value::Reading;

/// The SDK's client with a scripted connection, configured as a driver would configure it.
fn sdk(script: &Script, attempts: u32, endpoint: Option<&str>, credentials: Credentials) -> Client {
    let ours = FrameworkMetadata::new("unstorage-dynamodb", Some(env!("CARGO_PKG_VERSION"))).expect("valid");
    let retries = RetryConfig::standard().with_max_attempts(attempts).with_initial_backoff(Duration::from_millis(1));
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-west-1"))
        .credentials_provider(credentials)
        .retry_config(retries)
        .framework_metadata(ours)
        .http_client(SharedHttpClient::new(script.clone()));
    let config = if let Some(endpoint) = endpoint { config.endpoint_url(endpoint) } else { config };
    Client::from_conf(config.build())
}

/// Sends an empty success response to every request.
fn empty() -> Script {
    Script::repeating([Answer::ok(&json!({}))])
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// Performs every operation of the store once.
async fn all_of_the_store(store: &Store) {
    store.get("k \u{e9}\"".into(), Reading::Plain, Input::Boolean(true)).await.expect("read");
    store.put(Operation::SetItem, "k".into(), "v\n\u{1f600}".into(), Input::Number(60.0)).await.expect("written");
    store.remove("k").await.expect("removed");
    store.read_all(&["a", "b"]).await.expect("read");
    store.write_all(&[("a", "v"), ("b", "v")]).await.expect("written");
    store.keys("base".into(), Input::Absent, Input::Absent).await.expect("read");
}

const TOTAL: ReturnConsumedCapacity = ReturnConsumedCapacity::Total;

/// Performs the same operations with the SDK.
async fn all_of_the_sdk(sdk: &Client, table: &str) {
    let second = NOW.as_secs();
    let get = sdk.get_item().table_name(table).key("key", text("k \u{e9}\"")).consistent_read(true);
    let get = get.projection_expression("#v, #t, #e").expression_attribute_names("#v", "value");
    let get = get.expression_attribute_names("#t", "ttl").expression_attribute_names("#e", "enc");
    get.return_consumed_capacity(TOTAL).send().await.expect("read");
    let put = sdk.put_item().table_name(table).item("key", text("k")).item("value", text("v\n\u{1f600}"));
    let put = put.return_consumed_capacity(TOTAL);
    put.item("ttl", AttributeValue::N((second + 61).to_string())).send().await.expect("written");
    let delete = sdk.delete_item().table_name(table).key("key", text("k")).return_consumed_capacity(TOTAL);
    delete.send().await.expect("removed");
    let keys = KeysAndAttributes::builder()
        .keys([("key".to_owned(), text("a"))].into())
        .keys([("key".to_owned(), text("b"))].into())
        .projection_expression("#k, #v, #t, #e")
        .expression_attribute_names("#k", "key")
        .expression_attribute_names("#v", "value")
        .expression_attribute_names("#t", "ttl")
        .expression_attribute_names("#e", "enc");
    let get = sdk.batch_get_item().request_items(table, keys.build().expect("keys")).return_consumed_capacity(TOTAL);
    get.send().await.expect("read");
    let put = |key: &str| {
        let put = PutRequest::builder().item("key", text(key)).item("value", text("v")).build().expect("an item");
        WriteRequest::builder().put_request(put).build()
    };
    let write = sdk.batch_write_item().request_items(table, vec![put("a"), put("b")]).return_consumed_capacity(TOTAL);
    write.send().await.expect("written");
    let scan = sdk
        .scan()
        .table_name(table)
        .projection_expression("#k")
        .filter_expression(
            "(attribute_not_exists(#t) OR NOT attribute_type(#t, :number) OR #t >= :now) AND begins_with(#k, :base)",
        )
        .expression_attribute_names("#k", "key")
        .expression_attribute_names("#t", "ttl")
        .expression_attribute_values(":number", text("N"))
        .expression_attribute_values(":now", AttributeValue::N(second.to_string()))
        .expression_attribute_values(":base", text("base:"));
    scan.return_consumed_capacity(TOTAL).send().await.expect("read");
}

/// Returns the names of a request's headers, and the values of those that are the same in every request.
fn headers(request: &Request) -> Vec<(String, String)> {
    let mut headers = request.headers.clone();
    headers.sort();
    for (name, value) in &mut headers {
        match name.as_str() {
            "x-amz-date" => "date".clone_into(value),
            "amz-sdk-invocation-id" => {
                assert_eq!(value.len(), 36, "{value}");
                "id".clone_into(value);
            }
            // The signed headers and the signing scope. Everything else depends on the time and is covered by the tests
            // of the signer.
            "authorization" => {
                let (id, rest) = value.split_once("Credential=id/").expect("ours");
                let scope =
                    rest.split_once('/').and_then(|(_day, rest)| rest.split_once(", Signature=")).expect("signed");
                assert_eq!(scope.1.len(), 64);
                *value = format!("{id}{}", scope.0);
            }
            _ => {}
        }
    }
    headers
}

/// Credentials with this token.
fn credentials(token: Option<&str>) -> Credentials {
    Credentials::new("id", "secret", token.map(ToOwned::to_owned), None, "test")
}

async fn compared(table: &str, endpoint: Option<&str>, credentials: Credentials) -> Vec<Request> {
    let (ours, theirs) = (empty(), empty());
    let mut options = Script::options(|raw: &mut RawOptions| {
        raw.table = table.into();
        raw.endpoint = endpoint.map_or(Input::Absent, Input::from);
    });
    options.credentials = Some(GivenCredentials::Provider(SharedCredentialsProvider::new(credentials.clone())));
    all_of_the_store(&ours.store_of(options)).await;
    all_of_the_sdk(&sdk(&theirs, 4, endpoint, credentials), table).await;
    let (ours, theirs) = (ours.requests(), theirs.requests());
    assert_eq!(ours.len(), 6);
    assert_same(&ours, &theirs);
    ours
}

/// Compares the requests one by one.
fn assert_same(ours: &[Request], theirs: &[Request]) {
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert_eq!(ours.method, theirs.method);
        assert_eq!(ours.uri, theirs.uri);
        assert_eq!(ours.body, theirs.body);
        let without_length = |request: &Request| {
            let mut headers = headers(request);
            // The SDK writes the same members in a different order, and no others.
            headers.retain(|(name, _)| name != "content-length");
            headers
        };
        assert_eq!(without_length(ours), without_length(theirs), "{}", theirs.header("x-amz-target"));
        assert_eq!(ours.header("content-length"), theirs.header("content-length"));
    }
}

#[tokio::test]
async fn every_operation_is_sent_as_the_sdk_sends_it() {
    let sent = compared("cache", None, credentials(None)).await;
    assert_eq!(sent[0].uri, "https://dynamodb.eu-west-1.amazonaws.com/");
    assert_eq!(sent[0].header("amz-sdk-request"), "attempt=1; max=4");
    assert!(sent[0].header("user-agent").contains("lib/unstorage-dynamodb/"), "{}", sent[0].header("user-agent"));
    assert_ne!(sent[0].header("amz-sdk-invocation-id"), sent[1].header("amz-sdk-invocation-id"));
}

/// Large text takes other paths than small text: it is escaped and read in blocks.
#[tokio::test]
async fn large_text_is_sent_and_read_as_by_the_sdk() {
    let html = "<p class=\"a\">\t\u{e9} \u{20ac} \u{1f600} \\ \u{1} \u{7f}</p>\r\n";
    for value in [html.repeat(6_000), "x".repeat(300_000), "\u{1f600}\u{4e00}".repeat(50_000)] {
        let answer = json!({ "Item": { "value": { "S": value } } });
        let (ours, theirs) = (Script::repeating([Answer::ok(&answer)]), Script::repeating([Answer::ok(&answer)]));
        let (store, sdk) = (ours.store(), sdk(&theirs, 4, None, credentials(None)));
        store.write("k", value.as_str()).await.expect("written");
        let put = sdk.put_item().table_name("cache").item("key", text("k")).item("value", text(&value));
        put.return_consumed_capacity(TOTAL).send().await.expect("written");
        assert_same(&ours.requests(), &theirs.requests());

        let read = store.read("k").await.expect("read");
        let get = sdk.get_item().table_name("cache").key("key", text("k")).send().await.expect("read");
        assert_eq!(read, get.item.and_then(|mut item| item.remove("value")));
    }
}

#[tokio::test]
async fn tokens_endpoints_and_arns_are_handled_as_in_the_sdk() {
    let sent = compared("cache", Some("http://localhost:8000/a%20path"), credentials(Some("a+token/="))).await;
    assert_eq!(sent[0].uri, "http://localhost:8000/a%20path/");
    assert!(sent[0].header("authorization").contains(";x-amz-security-token;"));
    compared("arn:aws:dynamodb:eu-west-1:123456789012:table/cache", None, credentials(None)).await;
    // With credentials that contain an account ID, requests are sent to the account's own endpoint.
    let of_account = Credentials::builder().access_key_id("id").secret_access_key("secret").account_id("210987654321");
    let sent = compared("cache", None, of_account.provider_name("test").build()).await;
    assert!(sent[0].uri.starts_with("https://210987654321.ddb."), "{}", sent[0].uri);
}

/// Returns how many of two attempts the store and the SDK use for a write that always fails this way.
async fn attempts(answer: &Answer) -> (usize, usize) {
    let (ours, theirs) = (Script::repeating([answer.clone()]), Script::repeating([answer.clone()]));
    let store = ours.store_with(|raw| raw.max_attempts = Input::Number(2.0));
    store.write("k", "v").await.expect_err("failed");
    let put = sdk(&theirs, 2, None, credentials(None)).put_item().table_name("cache").item("key", text("k"));
    put.send().await.expect_err("failed");
    (ours.sent().len(), theirs.sent().len())
}

#[tokio::test]
async fn the_same_failures_are_retried() {
    let names = "Throttling ThrottlingException ThrottledException RequestThrottledException TooManyRequestsException \
        ProvisionedThroughputExceededException TransactionInProgressException RequestLimitExceeded SlowDown \
        LimitExceededException RequestThrottled BandwidthLimitExceeded PriorRequestNotComplete EC2ThrottledException \
        RequestTimeout RequestTimeoutException ReplicatedWriteConflictException InternalServerError ServiceUnavailable \
        ValidationException SerializationException ResourceNotFoundException AccessDeniedException Unheard \
        ConditionalCheckFailedException ExpiredTokenException UnrecognizedClientException InvalidSignatureException \
        ItemCollectionSizeLimitExceededException";
    let mut repeated = 0;
    for name in names.split_whitespace() {
        let (ours, theirs) = attempts(&Answer::error(400, name)).await;
        assert_eq!(ours, theirs, "{name}");
        repeated += ours - 1;
    }
    assert_eq!(repeated, 17);
    for status in [301, 302, 400, 403, 404, 408, 413, 421, 425, 428, 500, 501, 502, 503, 504, 505, 509, 529, 599] {
        let (ours, theirs) = attempts(&Answer::error(status, "Unheard")).await;
        assert_eq!(ours, theirs, "{status}");
        let (ours, theirs) = attempts(&Answer::text(status, "<html>")).await;
        assert_eq!(ours, theirs, "{status} without JSON");
    }
    for (broken, times) in [(Answer::Io, 2), (Answer::Timeout, 2), (Answer::User, 1)] {
        assert_eq!(attempts(&broken).await, (times, times), "{broken:?}");
    }
    assert_eq!(attempts(&Answer::text(200, "<html>")).await, (1, 1));
}

/// [ANS-7] The one difference: here the store behaves like the SDK for JavaScript, which it replaces.
#[tokio::test]
async fn status_429_is_treated_as_throttling() {
    let pages = ["", "<html>", "{}", r#"{"message":"slow"}"#].map(|body| Answer::text(429, body));
    for answer in pages.into_iter().chain([Answer::error(429, "Unheard")]) {
        assert_eq!(attempts(&answer).await, (2, 1), "{answer:?}");
        let script = Script::of([answer.clone()]);
        let store = script.store_with(|raw| raw.max_attempts = Input::Number(1.0));
        let error = store.remove("k").await.expect_err("throttled");
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Throttled, true));
        assert_eq!(store.stats().map(|(_, counts)| counts.throttles).sum::<u64>(), 1, "{answer:?}");
    }
    assert_eq!(attempts(&Answer::error(429, "ValidationException")).await, (1, 1));
}

/// [ERR-1]
#[tokio::test]
async fn attempts_are_numbered_and_share_an_id() {
    let script = Script::of([Answer::error(500, "InternalServerError"), Answer::Io, Answer::ok(&json!({}))]);
    script.store().remove("k").await.expect("removed");
    let sent = script.requests();
    let counts: Vec<&str> = sent.iter().map(|request| request.header("amz-sdk-request")).collect();
    assert_eq!(counts, ["attempt=1; max=4", "attempt=2; max=4", "attempt=3; max=4"]);
    let mut ids = sent.iter().map(|request| request.header("amz-sdk-invocation-id"));
    assert!(ids.all(|id| id == sent[0].header("amz-sdk-invocation-id")));
}

/// [TIME-5]
#[tokio::test]
async fn a_delay_that_aws_requests_is_respected_if_it_ends_before_the_deadline() {
    let slow = |wait: &str| Answer::error(400, "ThrottlingException").with("x-amz-retry-after", wait);
    let store = Script::of([slow("60000")]).store_with(|raw| raw.timeout = Input::Number(200.0));
    let error = store.read("k").await.expect_err("late");
    assert_eq!((error.kind(), error.metadata().attempts), (ErrorKind::Throttled, 1));
    let script = Script::of([slow("0"), Answer::ok(&json!({}))]);
    script.store().read("k").await.expect("read");
    assert_eq!(script.sent().len(), 2);
}

/// Requests are signed with the store's clock. If it is off by more than AWS allows, it is corrected once from AWS's
/// response.
#[tokio::test]
async fn a_wrong_clock_is_corrected() {
    let refused = |time: &str| Answer::error(400, "InvalidSignatureException").with("date", time);
    let wrong = || refused("Fri, 15 Jan 2027 09:30:00 GMT");
    let done = || Answer::ok(&json!({}));
    let script = Script::of([wrong(), done(), done()]);
    let store = script.store();
    store.remove("k").await.expect("removed");
    store.remove("k").await.expect("removed");
    let dates: Vec<_> = script.requests().iter().map(|request| request.header("x-amz-date").to_owned()).collect();
    assert_eq!(dates, ["20270115T080000Z", "20270115T093000Z", "20270115T093000Z"]);
    // A signature that is still rejected at AWS's time has another cause.
    for (answer, requests) in [(wrong(), 2), (refused("Fri, 15 Jan 2027 08:03:00 GMT"), 1)] {
        let script = Script::repeating([answer]);
        let error = script.store().remove("k").await.expect_err("refused");
        assert_eq!((error.kind(), script.sent().len()), (ErrorKind::Credentials, requests));
    }
}

/// If AWS rejects credentials, new ones are looked up once, along with everything that depends on them.
#[tokio::test]
async fn rejected_credentials_are_looked_up_once_more() {
    let script = Script::repeating([Answer::error(400, "ExpiredTokenException"), Answer::ok(&json!({}))]);
    let calls = Arc::new(AtomicUsize::new(0));
    let mut options = Script::options(|_| ());
    let provider = SharedCredentialsProvider::new(Numbered(Arc::clone(&calls)));
    options.credentials = Some(GivenCredentials::Provider(provider));
    let store = script.store_of(options);
    store.remove("k").await.expect("removed");
    store.remove("k").await.expect("removed");
    let sent = script.requests();
    let tokens: Vec<_> = sent.iter().map(|request| request.header("x-amz-security-token")).collect();
    assert_eq!((tokens, calls.load(Ordering::Relaxed)), (vec!["token-1", "token-2", "token-2"], 2));
    assert!(sent[1].header("authorization").contains("Credential=id-2/"));
}

/// Returns different credentials for each call.
#[derive(Debug)]
struct Numbered(Arc<AtomicUsize>);

impl ProvideCredentials for Numbered {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let number = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        let (id, token) = (format!("id-{number}"), format!("token-{number}"));
        future::ProvideCredentials::ready(Ok(Credentials::new(id, "secret", Some(token), None, "test")))
    }
}

/// [TIME-6] 100,000 calls may wait at the same time.
#[tokio::test]
async fn a_call_is_small() {
    let store = Script::default().store();
    let get = size_of_val(&store.find("k".into(), Reading::Plain, Input::Absent));
    let put = size_of_val(&store.put(Operation::SetItem, "k".into(), "v".into(), Input::Absent));
    assert!(get < 600 && put < 1_000, "{get} {put}");
}
