//! Bodies and answers, compared with what the SDK makes of the same.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::value::{certain_size, size};

/// In whatever words.
#[derive(Debug, PartialEq)]
struct Unreadable;

/// Answers every request alike.
#[derive(Debug, Clone)]
struct Canned(Vec<u8>);

impl HttpClient for Canned {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Canned {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let body = SdkBody::from(self.0.clone());
        HttpConnectorFuture::ready(Ok(HttpResponse::new(200.try_into().expect("status"), body)))
    }
}

/// What the SDK reads of an answer to a GetItem.
async fn sdk_reads(answer: &[u8]) -> Result<Option<HashMap<String, AttributeValue>>, Unreadable> {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
        .http_client(Canned(answer.to_vec()))
        .build();
    let request = Client::from_conf(config).get_item().table_name("t").key("k", AttributeValue::Bool(true));
    request.send().await.map(|output| output.item).map_err(|_| Unreadable)
}

fn sdk(answer: &[u8]) -> Result<Option<HashMap<String, AttributeValue>>, Unreadable> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("runtime");
    runtime.block_on(sdk_reads(answer))
}

/// What we read: value and TTL alone.
fn ours(answer: &[u8]) -> Result<Option<[Option<AttributeValue>; 2]>, Unreadable> {
    get_item(answer, ["value", "ttl"]).map_err(|_| Unreadable)
}

fn of_sdk(item: Option<HashMap<String, AttributeValue>>) -> Option<[Option<AttributeValue>; 2]> {
    item.map(|mut row| [row.remove("value").map(known), row.remove("ttl").map(known)])
}

/// For the SDK an unknown type is a value of its own.
fn known(value: AttributeValue) -> AttributeValue {
    match value {
        AttributeValue::L(list) => AttributeValue::L(list.into_iter().map(known).collect()),
        AttributeValue::M(map) => {
            AttributeValue::M(map.into_iter().map(|(name, value)| (name, known(value))).collect())
        }
        value if value.is_unknown() => AttributeValue::Null(true),
        value => value,
    }
}

#[track_caller]
fn alike(answer: &str) {
    assert_eq!(ours(answer.as_bytes()), sdk(answer.as_bytes()).map(of_sdk), "{answer:.200}");
}

fn text() -> impl Strategy<Value = String> {
    "\\PC{0,12}|[\\x00-\\x7f]{0,12}"
}

fn attribute() -> impl Strategy<Value = AttributeValue> {
    let number = || "-?[0-9]{1,38}(\\.[0-9]{1,10})?(E-?[0-9]{1,3})?";
    let bytes = || prop::collection::vec(any::<u8>(), 0..20).prop_map(aws_smithy_types::Blob::new);
    let leaf = prop_oneof![
        text().prop_map(AttributeValue::S),
        number().prop_map(AttributeValue::N),
        bytes().prop_map(AttributeValue::B),
        any::<bool>().prop_map(AttributeValue::Bool),
        Just(AttributeValue::Null(true)),
        prop::collection::vec(text(), 1..4).prop_map(AttributeValue::Ss),
        prop::collection::vec(number(), 1..4).prop_map(AttributeValue::Ns),
        prop::collection::vec(bytes(), 1..4).prop_map(AttributeValue::Bs),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(AttributeValue::L),
            prop::collection::hash_map(text(), inner, 0..4).prop_map(AttributeValue::M),
        ]
    })
}

fn written(value: &AttributeValue) -> Value {
    serde_json::to_value(attribute::Written(value)).expect("a known type")
}

/// The bytes of text, of bytes and of names in a value that was written.
fn bytes_in(written: &Value) -> usize {
    let text = |value: &Value| value.as_str().map_or(0, str::len);
    let decoded = |value: &Value| {
        let base64 = value.as_str().unwrap_or_default().trim_end_matches('=');
        base64.len() * 3 / 4
    };
    let sum = |values: &Value, each: &dyn Fn(&Value) -> usize| values.as_array().into_iter().flatten().map(each).sum();
    let (kind, value) = written.as_object().and_then(|object| object.iter().next()).expect("a value");
    match kind.as_str() {
        "S" => text(value),
        "B" => decoded(value),
        "SS" => sum(value, &text),
        "BS" => sum(value, &decoded),
        "L" => sum(value, &bytes_in),
        "M" => value.as_object().into_iter().flatten().map(|(name, value)| name.len() + bytes_in(value)).sum(),
        _ => 0,
    }
}

/// JSON of about the right shape, and of none.
fn any_json() -> impl Strategy<Value = Value> {
    let kinds = "S|N|B|BOOL|NULL|L|M|SS|NS|BS|X|__type|value|ttl|Item";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[A-D]{0,5}={0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 20, 3, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::hash_map(kinds, inner, 0..2).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    /// What is written is what the SDK reads, and what we read ourselves.
    #[test]
    fn every_value_comes_back(value in attribute()) {
        let answer = json!({ "Item": { "other": { "S": "x" }, "value": written(&value), "ttl": { "N": "1" } } }).to_string();
        let expected = Some([Some(value), Some(AttributeValue::N("1".to_owned()))]);
        prop_assert_eq!(ours(answer.as_bytes()), Ok(expected.clone()));
        prop_assert_eq!(sdk(answer.as_bytes()).map(of_sdk), Ok(expected));
    }

    /// [SET-2] No item is refused that could fit: what counts for certain is in what is sent, and never more than the size.
    #[test]
    fn the_size_that_is_certain_is_that_of_what_is_sent(value in attribute()) {
        prop_assert_eq!(certain_size(&value), bytes_in(&written(&value)));
        prop_assert!(certain_size(&value) <= size(&value));
    }

    #[test]
    fn whatever_else_comes_is_read_as_the_sdk_does(value in any_json()) {
        alike(&json!({ "Item": { "value": value } }).to_string());
        // Other attributes are not looked at, however odd.
        let row = json!({ "Item": value }).to_string();
        if let Ok(read) = sdk(row.as_bytes()) {
            prop_assert_eq!(ours(row.as_bytes()), Ok(of_sdk(read)));
        }
    }

    #[test]
    fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _any = ours(&bytes);
        let _any = scan(&bytes, "key").is_ok();
        let _any = error_body(None, &bytes);
    }

    #[test]
    fn a_broken_answer_is_no_answer(value in attribute(), at in 0usize..400) {
        let answer = json!({ "Item": { "value": written(&value) } }).to_string();
        let cut = &answer.as_bytes()[..at.min(answer.len() - 1)];
        prop_assert_eq!(ours(cut), Err(Unreadable));
    }
}

#[test]
fn odd_answers_are_read_as_the_sdk_does() {
    for value in [
        r#"{"S":null}"#,
        "null",
        "{}",
        r#"{"S":"a","N":"1"}"#,
        r#"{"S":"a","N":null}"#,
        r#"{"__type":"x","S":"a"}"#,
        r#"{"New":{"a":[1,{"b":null}]}}"#,
        r#"{"S":1}"#,
        r#"{"N":1}"#,
        r#"{"B":"!"}"#,
        r#"{"B":"QUI"}"#,
        r#"{"BS":["QUI=","Q"]}"#,
        r#"{"BOOL":"true"}"#,
        r#"{"L":[null]}"#,
        r#"{"M":{"a":null,"b":{"NULL":true}}}"#,
        r#"{"SS":["a",null]}"#,
        r#"{"S":"\ud800"}"#,
        r#"{"S":"\ud83d\ude00\u00e9\n"}"#,
        r#"{"\u0053":"a"}"#,
        r#"["S","a"]"#,
        r#""S""#,
    ] {
        alike(&format!(r#"{{"Item":{{"value":{value}}}}}"#));
    }
    for answer in
        ["{}", "null", "[]", "<html>", r#"{"Item":null}"#, r#"{"Item":[]}"#, r#"{"Item":{}}"#, r#"{"Item":{}}}"#]
    {
        alike(answer);
    }
}

/// The SDK takes it for `{}`: an answer that says nothing, where DynamoDB always says something.
#[test]
fn an_empty_answer_is_none() {
    assert_eq!(ours(b""), Err(Unreadable));
    assert!(done(b"").is_err() && done(b"null").is_err() && done(b"{}").is_ok());
}

#[test]
fn nesting_ends_in_an_error_and_not_in_the_stack() {
    for (depth, is_read) in [(1, true), (32, true), (60, true), (64, false), (100_000, false)] {
        let value = format!("{}{}{}", r#"{"L":["#.repeat(depth), r#"{"S":"x"}"#, "]}".repeat(depth));
        assert_eq!(ours(format!(r#"{{"Item":{{"value":{value}}}}}"#).as_bytes()).is_ok(), is_read, "{depth}");
        // What is not asked for is skipped, however deep.
        let other = format!(r#"{{"Item":{{"value":{{"S":"v"}},"other":{value}}}}}"#);
        assert!(ours(other.as_bytes()).is_ok());
    }
}

#[test]
fn a_million_attributes_and_ten_thousand_digits_are_read() {
    let many = r#""a":{"N":"1"},"#.repeat(1_000_000);
    let digits = "9".repeat(10_000);
    let answer = format!(r#"{{"Item":{{{many}"value":{{"N":"{digits}"}}}}}}"#);
    assert_eq!(ours(answer.as_bytes()), Ok(Some([Some(AttributeValue::N(digits)), None])));
}

#[test]
fn an_error_tells_where_and_never_what() {
    for answer in [r#"{"Item":{"value":{"BOOL":"CANARY"}}}"#, r#"{"Item":{"value":{"S":"CANARY"#, "CANARY"] {
        let error = AnswerError::from(get_item(answer.as_bytes(), ["value"]).expect_err("unreadable"));
        let all = format!("{error} {error:?}");
        assert!(!all.contains("CANARY") && all.contains("column"), "{all}");
    }
}

#[test]
fn an_error_answer_is_read_as_far_as_it_can_be() {
    let read = |header: Option<&str>, body: &str| {
        let ErrorBody { name, message } = error_body(header, body.as_bytes());
        (name.unwrap_or_default(), message.unwrap_or_default())
    };
    let pair = |name: &str, message: &str| (name.to_owned(), message.to_owned());
    let namespaced = r#"{"__type":"com.amazonaws.dynamodb.v20120810#Throttling","message":"slow"}"#;
    assert_eq!(read(None, namespaced), pair("Throttling", "slow"));
    assert_eq!(read(None, r#"{"__type":"A:http://x/","Message":"m"}"#), pair("A", "m"));
    assert_eq!(read(None, r#"{"code":"B","__type":"A"}"#), pair("B", ""));
    assert_eq!(read(Some("H:x"), r#"{"__type":"A","message":"m"}"#), pair("H", "m"));
    assert_eq!(read(Some("H"), "<html>"), pair("H", ""));
    assert_eq!(read(None, r#"{"__type":1,"message":{"a":1}}"#), pair("", ""));
    assert_eq!(read(None, ""), pair("", ""));
}

#[test]
fn pages_and_batches_yield_keys_and_what_was_left_over() {
    let page = json!({
        "Items": [{ "key": { "S": "a" } }, { "other": { "S": "b" } }],
        "LastEvaluatedKey": { "key": { "S": "a" }, "n": { "N": "1" } },
    });
    let page = scan(page.to_string().as_bytes(), "key").expect("a page");
    assert_eq!(page.keys, [Some(AttributeValue::S("a".into())), None]);
    assert_eq!(page.last.map(|row| row.len()), Some(2));
    let end = scan(br#"{"Items":[],"Count":0}"#, "key").expect("a page");
    assert!(end.keys.is_empty() && end.last.is_none());

    let batch = json!({
        "Responses": { "t": [{ "key": { "S": "a" }, "value": { "S": "v" } }] },
        "UnprocessedKeys": { "t": { "ProjectionExpression": "#k", "Keys": [{ "key": { "S": "b" } }] } },
    });
    let batch = batch_get(batch.to_string().as_bytes(), "key", ["key", "value"]).expect("a batch");
    let s = |text: &str| Some(AttributeValue::S(text.to_owned()));
    assert_eq!(batch.rows, [[s("a"), s("v")]]);
    assert_eq!(batch.left, [s("b")]);

    let left = json!({ "UnprocessedItems": { "t": [
        { "PutRequest": { "Item": { "key": { "S": "a" }, "value": { "S": "v" } } } },
        { "DeleteRequest": { "Key": { "key": { "S": "b" } } } },
    ] } });
    assert_eq!(batch_write(left.to_string().as_bytes(), "key").expect("a batch").left, [s("a"), s("b")]);
    assert!(batch_write(b"{}", "key").expect("a batch").left.is_empty());
}
