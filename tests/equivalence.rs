//! Compares the requests of the store with those of the SDK's client: content, signature and retries.

#![expect(clippy::expect_used, reason = "what fails here is a failed test")]

use crate::common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, KeysAndAttributes, PutRequest,
    ReturnConsumedCapacity, ScalarAttributeType, TimeToLiveSpecification, WriteRequest,
};
use common::wire::{Answer, Request, Wire};
use common::{NOW, Script, store_of, store_over};
use serde_json::json;
use unstorage_dynamodb::error::{ErrorKind, Operation};
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::options::{GivenCredentials, RawOptions};
use unstorage_dynamodb::store::{NewItem, Patience, Store};
use unstorage_dynamodb::value::{Given, Reading};

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// Every operation of the store, once.
async fn all_of_the_store(store: &Store) {
    store.get("k \u{e9}\"".into(), Reading::Plain, Input::Boolean(true)).await.expect("read");
    store.put(Operation::SetItem, "k".into(), "v\n\u{1f600}".into(), Input::Number(60.0)).await.expect("written");
    store.delete("k".into()).await.expect("removed");
    store.get_many(vec!["a", "b"], Input::Absent).await.expect("read");
    let item = |key: &str| NewItem { key: key.into(), value: Given::from("v"), ttl: Input::Absent };
    store.put_many(vec![item("a"), item("b")], Input::Absent).await.expect("written");
    store.keys("base".into(), Input::Absent, Input::Absent).await.expect("read");
}

const TOTAL: ReturnConsumedCapacity = ReturnConsumedCapacity::Total;

/// The same operations, written for the SDK.
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

/// The names of a request's headers, and the values of those that are the same in every request.
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
    let empty = || Wire::answering([Answer::ok(&json!({}))]);
    let (ours, theirs) = (empty(), empty());
    let mut options = Script::options(|raw: &mut RawOptions| {
        raw.table = table.into();
        raw.endpoint = endpoint.map_or(Input::Absent, Input::from);
    });
    options.credentials = Some(GivenCredentials::Provider(SharedCredentialsProvider::new(credentials.clone())));
    let store = store_of(ours.http(), options);
    all_of_the_store(&store).await;
    all_of_the_sdk(&theirs.sdk(4, endpoint, credentials), table).await;
    let (ours, theirs) = (ours.sent(), theirs.sent());
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

#[tokio::test]
async fn tokens_endpoints_and_arns_are_handled_like_in_the_sdk() {
    let sent = compared("cache", Some("http://localhost:8000/a%20path"), credentials(Some("a+token/="))).await;
    assert_eq!(sent[0].uri, "http://localhost:8000/a%20path/");
    assert!(sent[0].header("authorization").contains(";x-amz-security-token;"));
    compared("arn:aws:dynamodb:eu-west-1:123456789012:table/cache", None, credentials(None)).await;
    // With credentials that contain an account ID, requests are sent to the account's own endpoint.
    let of_account = Credentials::builder().access_key_id("id").secret_access_key("secret").account_id("210987654321");
    let sent = compared("cache", None, of_account.provider_name("test").build()).await;
    assert!(sent[0].uri.starts_with("https://210987654321.ddb."), "{}", sent[0].uri);
}

/// The requests of the store's `create_table` for a missing table, written for the SDK.
async fn a_table_of_the_sdk(sdk: &Client) {
    sdk.describe_table().table_name("cache").send().await.expect_err("none yet");
    let key = KeySchemaElement::builder().attribute_name("key").key_type(KeyType::Hash);
    let attribute = AttributeDefinition::builder().attribute_name("key").attribute_type(ScalarAttributeType::S);
    let new = sdk.create_table().table_name("cache").key_schema(key.build().expect("a key"));
    let new = new.attribute_definitions(attribute.build().expect("an attribute"));
    new.billing_mode(BillingMode::PayPerRequest).send().await.expect("made");
    sdk.describe_table().table_name("cache").send().await.expect("there");
    sdk.describe_time_to_live().table_name("cache").send().await.expect("told");
    let on = TimeToLiveSpecification::builder().enabled(true).attribute_name("ttl").build().expect("a TTL");
    sdk.update_time_to_live().table_name("cache").time_to_live_specification(on).send().await.expect("on");
}

#[tokio::test]
async fn a_table_is_created_as_the_sdk_creates_it() {
    let table = json!({
        "TableName": "cache",
        "TableStatus": "ACTIVE",
        "KeySchema": [{ "AttributeName": "key", "KeyType": "HASH" }],
        "AttributeDefinitions": [{ "AttributeName": "key", "AttributeType": "S" }],
    });
    let answers = || {
        Wire::answering([
            Answer::error(400, "ResourceNotFoundException"),
            Answer::ok(&json!({ "TableDescription": table })),
            Answer::ok(&json!({ "Table": table })),
            Answer::ok(&json!({ "TimeToLiveDescription": { "TimeToLiveStatus": "DISABLED" } })),
            Answer::ok(&json!({})),
        ])
    };
    let (ours, theirs) = (answers(), answers());
    let store = store_over(ours.http(), |_| ());
    assert!(store.create_table(Patience::default()).await.is_ok_and(|made| made.created));
    a_table_of_the_sdk(&theirs.sdk(4, None, credentials(None))).await;
    assert_same(&ours.sent(), &theirs.sent());
}

/// Requests are signed with the store's clock.
#[tokio::test]
async fn a_request_is_signed_with_the_time_of_the_store_s_clock() {
    let wire = Wire::answering([Answer::ok(&json!({}))]);
    store_over(wire.http(), |_| ()).delete("k".into()).await.expect("removed");
    assert_eq!(wire.sent()[0].header("x-amz-date"), "20270115T080000Z");
}

/// How often a write that always fails in this way is sent, by the store and by the SDK, with at most two attempts.
async fn attempts(answer: &Answer) -> (usize, usize) {
    let (ours, theirs) = (Wire::answering([answer.clone()]), Wire::answering([answer.clone()]));
    let store = store_over(ours.http(), |raw| raw.max_attempts = Input::Number(2.0));
    store.put(Operation::SetItem, "k".into(), "v".into(), Input::Absent).await.expect_err("failed");
    let put = theirs.sdk(2, None, credentials(None)).put_item().table_name("cache").item("key", text("k"));
    put.send().await.expect_err("failed");
    (ours.sent().len(), theirs.sent().len())
}

#[tokio::test]
async fn the_same_failures_are_retried() {
    let names = [
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottledException",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "TransactionInProgressException",
        "RequestLimitExceeded",
        "LimitExceededException",
        "RequestThrottled",
        "SlowDown",
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
        "EC2ThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ReplicatedWriteConflictException",
        "InternalServerError",
        "ServiceUnavailable",
        "ValidationException",
        "SerializationException",
        "ResourceNotFoundException",
        "AccessDeniedException",
        "ConditionalCheckFailedException",
        "ExpiredTokenException",
        "UnrecognizedClientException",
        "InvalidSignatureException",
        "ItemCollectionSizeLimitExceededException",
        "Unheard",
    ];
    let mut repeated = 0;
    for name in names {
        let (ours, theirs) = attempts(&Answer::error(400, name)).await;
        assert_eq!(ours, theirs, "{name}");
        repeated += ours - 1;
    }
    assert_eq!(repeated, 17);
    for status in [301, 302, 400, 403, 404, 408, 413, 421, 425, 428, 500, 501, 502, 503, 504, 505, 509, 529, 599] {
        let (ours, theirs) = attempts(&Answer::error(status, "Unheard")).await;
        assert_eq!(ours, theirs, "{status}");
        let page = Answer::Http { status, headers: Vec::new(), body: "<html>".to_owned() };
        let (ours, theirs) = attempts(&page).await;
        assert_eq!(ours, theirs, "{status} without JSON");
    }
    for (broken, times) in [(Answer::Io, 2), (Answer::Timeout, 2), (Answer::User, 1)] {
        assert_eq!(attempts(&broken).await, (times, times), "{broken:?}");
    }
    let unreadable = Answer::Http { status: 200, headers: Vec::new(), body: "<html>".to_owned() };
    assert_eq!(attempts(&unreadable).await, (1, 1));
}

/// [ANS-7] The one difference: here the store behaves like the SDK for JavaScript, which it replaces.
#[tokio::test]
async fn a_status_of_429_is_a_throttle() {
    let page = |body: &str| Answer::Http { status: 429, headers: Vec::new(), body: body.to_owned() };
    for answer in [page(""), page("<html>"), page("{}"), page(r#"{"message":"slow"}"#), Answer::error(429, "Unheard")] {
        assert_eq!(attempts(&answer).await, (2, 1), "{answer:?}");
        let wire = Wire::answering([answer.clone()]);
        let store = store_over(wire.http(), |raw| raw.max_attempts = Input::Number(1.0));
        let error = store.delete("k".into()).await.expect_err("throttled");
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Throttled, true));
        assert_eq!(store.stats().map(|(_, counts)| counts.throttles).sum::<u64>(), 1, "{answer:?}");
    }
    assert_eq!(attempts(&Answer::error(429, "ValidationException")).await, (1, 1));
}

/// [ERR-1] The attempts of a request share an ID, and each contains its number.
#[tokio::test]
async fn attempts_are_numbered_and_share_an_id() {
    let wire = Wire::answering([Answer::error(500, "InternalServerError"), Answer::Io, Answer::ok(&json!({}))]);
    store_over(wire.http(), |_| ()).delete("k".into()).await.expect("removed");
    let sent = wire.sent();
    let counts: Vec<&str> = sent.iter().map(|request| request.header("amz-sdk-request")).collect();
    assert_eq!(counts, ["attempt=1; max=4", "attempt=2; max=4", "attempt=3; max=4"]);
    assert!(
        sent.iter().all(|request| request.header("amz-sdk-invocation-id") == sent[0].header("amz-sdk-invocation-id"))
    );
}

/// [TIME-5]
#[tokio::test]
async fn a_delay_that_aws_requests_is_respected_if_it_ends_before_the_deadline() {
    let slow = Answer::error(400, "ThrottlingException").with("x-amz-retry-after", "60000");
    let wire = Wire::answering([slow]);
    let store = store_over(wire.http(), |raw| raw.timeout = Input::Number(200.0));
    let error = store.get("k".into(), Reading::Plain, Input::Absent).await.expect_err("late");
    assert_eq!((error.kind(), error.metadata().attempts, wire.sent().len()), (ErrorKind::Throttled, 1, 1));
    let soon = Answer::error(400, "ThrottlingException").with("x-amz-retry-after", "0");
    let wire = Wire::answering([soon, Answer::ok(&json!({}))]);
    store_over(wire.http(), |_| ()).get("k".into(), Reading::Plain, Input::Absent).await.expect("read");
    assert_eq!(wire.sent().len(), 2);
}

/// A clock that differs by more than AWS allows is corrected once with AWS's time, and stays corrected.
#[tokio::test]
async fn a_wrong_clock_is_corrected() {
    let refused = Answer::error(400, "InvalidSignatureException").with("date", "Fri, 15 Jan 2027 09:30:00 GMT");
    let wire = Wire::answering([refused.clone(), Answer::ok(&json!({}))]);
    let store = store_over(wire.http(), |_| ());
    store.delete("k".into()).await.expect("removed");
    store.delete("k".into()).await.expect("removed");
    let dates: Vec<String> = wire.sent().iter().map(|request| request.header("x-amz-date").to_owned()).collect();
    assert_eq!(dates, ["20270115T080000Z", "20270115T093000Z", "20270115T093000Z"]);
    // If the times agree, the clock is not the cause.
    let wire = Wire::answering([refused]);
    let error = store_over(wire.http(), |_| ()).delete("k".into()).await.expect_err("refused");
    assert_eq!((error.kind(), wire.sent().len()), (ErrorKind::Credentials, 2));
    let near = Answer::error(400, "InvalidSignatureException").with("date", "Fri, 15 Jan 2027 08:03:00 GMT");
    let wire = Wire::answering([near]);
    store_over(wire.http(), |_| ()).delete("k".into()).await.expect_err("refused");
    assert_eq!(wire.sent().len(), 1);
}

/// If AWS rejects credentials, new ones are looked up once, along with everything that depends on them.
#[tokio::test]
async fn rejected_credentials_are_looked_up_once_more() {
    let wire = Wire::answering([Answer::error(400, "ExpiredTokenException"), Answer::ok(&json!({}))]);
    let calls = Arc::new(AtomicUsize::new(0));
    let mut options = Script::options(|_| ());
    options.credentials =
        Some(GivenCredentials::Provider(SharedCredentialsProvider::new(Numbered(Arc::clone(&calls)))));
    let store = store_of(wire.http(), options);
    store.delete("k".into()).await.expect("removed");
    store.delete("k".into()).await.expect("removed");
    let ids: Vec<bool> =
        wire.sent().iter().map(|sent| sent.header("authorization").contains("Credential=id-1/")).collect();
    assert_eq!((ids, calls.load(Ordering::Relaxed)), (vec![true, false, false], 2));
    assert_eq!(wire.sent()[1].header("x-amz-security-token"), "token-2");
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
        let credentials =
            Credentials::new(format!("id-{number}"), "secret", Some(format!("token-{number}")), None, "test");
        future::ProvideCredentials::ready(Ok(credentials))
    }
}

/// [TIME-6] A hundred thousand calls may wait at the same time.
#[tokio::test]
async fn a_call_is_small() {
    let store = store_over(Wire::default().http(), |_| ());
    let get = size_of_val(&store.get("k".into(), Reading::Plain, Input::Absent));
    let put = size_of_val(&store.put(Operation::SetItem, "k".into(), "v".into(), Input::Absent));
    assert!(get < 600 && put < 1_000, "{get} {put}");
}
