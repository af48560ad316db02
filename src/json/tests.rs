//! Compares requests and responses with those of the SDK.

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

/// An error with any message.
#[derive(Debug, PartialEq)]
struct Unreadable;

/// Sends the same response to every request.
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

/// Parses a GetItem response with the SDK.
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

/// Parses it with our own code.
fn ours(response: &[u8]) -> Result<Option<HashMap<String, AttributeValue>>, Unreadable> {
    let output: GetItemOutput<'_> = read(response).map_err(|_| Unreadable)?;
    Ok(output.item.map(Item::into_map))
}

#[track_caller]
fn same(response: &str) {
    assert_eq!(ours(response.as_bytes()), sdk(response.as_bytes()), "{response:.200}");
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
    serde_json::from_slice(&body(&attribute::AttributeRef(value)).expect("a known type")).expect("JSON")
}

/// The number of bytes of text, binary data and names in a request value.
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

/// Whether the value contains `"NULL": false`, which DynamoDB does not store.
fn has_false_null(value: &AttributeValue) -> bool {
    match value {
        AttributeValue::Null(null) => !null,
        AttributeValue::L(list) => list.iter().any(has_false_null),
        AttributeValue::M(map) => map.values().any(has_false_null),
        _ => false,
    }
}

/// JSON of roughly the right shape, or of any other.
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
    /// Serialized values are parsed back unchanged by the SDK and by our own code.
    #[test]
    fn every_value_is_parsed_back_unchanged(value in attribute()) {
        let response = json!({ "Item": { "other": { "S": "x" }, "value": written(&value) } }).to_string();
        let other = AttributeValue::S("x".to_owned());
        let expected = Ok(Some(HashMap::from([("other".to_owned(), other), ("value".to_owned(), value)])));
        prop_assert_eq!(&ours(response.as_bytes()), &expected);
        prop_assert_eq!(&sdk(response.as_bytes()), &expected);
    }

    /// [SET-2] The lower bound of the size never exceeds the size of the request, so no item that could fit is
    /// rejected.
    #[test]
    fn the_certain_size_never_exceeds_the_request(value in attribute()) {
        prop_assert_eq!(certain_size(&value), bytes_in(&written(&value)));
        prop_assert!(certain_size(&value) <= size(&value));
    }

    /// [ANS-5] What we parse, the SDK parses alike. What only the SDK parses, DynamoDB does not send.
    #[test]
    fn any_json_is_parsed_like_the_sdk_or_rejected(value in any_json()) {
        let response = json!({ "Item": { "value": value } }).to_string();
        match (ours(response.as_bytes()), sdk(response.as_bytes())) {
            (Ok(ours), theirs) => prop_assert_eq!(Ok(ours), theirs),
            (Err(Unreadable), Ok(theirs)) => {
                let theirs = &theirs.expect("an item")["value"];
                let rewritten = body(&attribute::AttributeRef(theirs)).ok();
                let rewritten = rewritten.map(|json| serde_json::from_slice::<Value>(&json).expect("JSON"));
                prop_assert!(rewritten != Some(value) || has_false_null(theirs));
            }
            (Err(Unreadable), Err(Unreadable)) => {}
        }
    }

    #[test]
    fn any_bytes_yield_a_result_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _any = ours(&bytes);
        let _any = read::<ScanOutput<'_>>(&bytes).is_ok();
        let _any = read::<BatchGetItemOutput<'_>>(&bytes).is_ok();
        let _any = read::<BatchWriteItemOutput<'_>>(&bytes).is_ok();
        let _any = error_body(None, &bytes);
    }

    #[test]
    fn a_truncated_response_is_an_error(value in attribute(), at in 0usize..400) {
        let answer = json!({ "Item": { "value": written(&value) } }).to_string();
        let cut = &answer.as_bytes()[..at.min(answer.len() - 1)];
        prop_assert_eq!(ours(cut), Err(Unreadable));
    }
}

#[test]
fn unusual_responses_are_parsed_like_the_sdk() {
    for value in [
        r#"{"S":null}"#,
        "null",
        "{}",
        r#"{"S":"a","N":"1"}"#,
        r#"{"S":"a","S":"a"}"#,
        r#"{"S":1}"#,
        r#"{"N":1}"#,
        r#"{"B":"!"}"#,
        r#"{"B":"QUI"}"#,
        r#"{"BS":["QUI=","Q"]}"#,
        r#"{"BOOL":"true"}"#,
        r#"{"NULL":true}"#,
        r#"{"L":[null]}"#,
        r#"{"M":{"a":null,"b":{"NULL":true}}}"#,
        r#"{"SS":["a",null]}"#,
        r#"{"S":"\ud800"}"#,
        r#"{"S":"\ud83d\ude00\u00e9\n"}"#,
        r#"{"\u0053":"a"}"#,
        r#"["S","a"]"#,
        r#""S""#,
    ] {
        same(&format!(r#"{{"Item":{{"value":{value}}}}}"#));
        same(&format!(r#"{{"Item":{{"value":{{"S":"first"}},"v\u0061lue":{value}}}}}"#));
    }
    for response in [
        "{}",
        "null",
        "[]",
        r#"[{"value":{"S":"a"}}]"#,
        "<html>",
        r#"{"Item":null}"#,
        r#"{"Item":[]}"#,
        r#"{"Item":{}}"#,
        r#"{"Item":{}}}"#,
        r#"{"\u0049tem":{"a":{"S":"a"}},"Other":[{"a":{"New":1}}]}"#,
    ] {
        same(response);
    }
}

/// [ANS-5]
#[test]
fn a_value_of_unknown_type_is_an_error() {
    let values = [
        "{}",
        r#"{"X":"a"}"#,
        r#"{"New":{"a":[1,{"b":null}]}}"#,
        r#"{"s":"a"}"#,
        r#"{"S":"a","New":"b"}"#,
        r#"{"New":"b","S":"a"}"#,
        r#"{"S":"a","N":null}"#,
        r#"{"__type":"x","S":"a"}"#,
        r#"{"NULL":false}"#,
        r#"{"NULL":null}"#,
    ];
    for value in values {
        let (in_list, in_map) = (format!(r#"{{"L":[{{"S":"a"}},{value}]}}"#), format!(r#"{{"M":{{"a":{value}}}}}"#));
        for value in [value, &in_list, &in_map] {
            for item in [format!(r#"{{"value":{value}}}"#), format!(r#"{{"value":{{"S":"a"}},"ttl":{value}}}"#)] {
                assert_eq!(ours(format!(r#"{{"Item":{item}}}"#).as_bytes()), Err(Unreadable), "{item}");
            }
            let key = format!(r#"{{"key":{value}}}"#);
            for page in [format!(r#"{{"Items":[{key}]}}"#), format!(r#"{{"Items":[],"LastEvaluatedKey":{key}}}"#)] {
                assert!(read::<ScanOutput<'_>>(page.as_bytes()).is_err(), "{page}");
            }
            for batch in [
                format!(r#"{{"Responses":{{"t":[{key}]}}}}"#),
                format!(r#"{{"UnprocessedKeys":{{"t":{{"Keys":[{key}]}}}}}}"#),
            ] {
                assert!(read::<BatchGetItemOutput<'_>>(batch.as_bytes()).is_err(), "{batch}");
            }
            let batch = format!(r#"{{"UnprocessedItems":{{"t":[{{"DeleteRequest":{{"Key":{key}}}}}]}}}}"#);
            assert!(read::<BatchWriteItemOutput<'_>>(batch.as_bytes()).is_err(), "{batch}");
        }
    }
    for write in ["{}", "null", "[]", r#"{"New":{}}"#, r#"{"PutRequest":{}}"#, r#"{"DeleteRequest":null}"#] {
        let batch = format!(r#"{{"UnprocessedItems":{{"t":[{write}]}}}}"#);
        assert!(read::<BatchWriteItemOutput<'_>>(batch.as_bytes()).is_err(), "{batch}");
    }
}

/// The SDK parses an empty response as `{}`, but DynamoDB never sends one.
#[test]
fn an_empty_response_is_an_error() {
    assert_eq!(ours(b""), Err(Unreadable));
    for none in [&b""[..], b"null", b"[]", b"0", b"{"] {
        assert!(acknowledged(none).is_err(), "{none:?}");
    }
    assert!(acknowledged(b" {}").is_ok() && acknowledged(br#"{"Attributes":{"a":{"New":1}}}"#).is_ok());
}

/// The last of repeated attributes wins. The items of a repeated table are all kept.
#[test]
fn repeated_members() {
    let item = br#"{"Item":{"value":{"S":"first"},"value":{"S":"last"}}}"#;
    let mut item = read::<GetItemOutput<'_>>(item).expect("readable").item.expect("an item");
    assert_eq!(item.take("value"), Some(AttributeValue::S("last".into())));
    assert_eq!(ours(br#"{"Item":{},"Item":{"value":{"S":"a"}}}"#), Err(Unreadable));
    let batch = br#"{"Responses":{"t":[{"key":{"S":"a"}}],"t":[{"key":{"S":"b"}}]}}"#;
    assert_eq!(read::<BatchGetItemOutput<'_>>(batch).expect("a batch").into_items().0.count(), 2);
}

#[test]
fn deep_nesting_is_an_error_and_not_a_stack_overflow() {
    for (depth, is_read) in [(1, true), (32, true), (60, true), (64, false), (100_000, false)] {
        let value = format!("{}{}{}", r#"{"L":["#.repeat(depth), r#"{"S":"x"}"#, "]}".repeat(depth));
        assert_eq!(ours(format!(r#"{{"Item":{{"value":{value}}}}}"#).as_bytes()).is_ok(), is_read, "{depth}");
        // Unknown members are skipped at any depth.
        assert!(ours(format!(r#"{{"Item":{{}},"Other":{value}}}"#).as_bytes()).is_ok());
        let error = error_body(None, format!(r#"{{"detail":{value},"message":"m","__type":"A"}}"#).as_bytes());
        assert_eq!((error.name.as_deref(), error.message.as_deref()), (Some("A"), Some("m")));
    }
}

#[test]
fn a_million_attributes_and_ten_thousand_digits_are_read() {
    let many = r#""a":{"N":"1"},"#.repeat(1_000_000);
    let digits = "9".repeat(10_000);
    let response = format!(r#"{{"Item":{{{many}"value":{{"N":"{digits}"}}}}}}"#);
    let mut item = read::<GetItemOutput<'_>>(response.as_bytes()).expect("readable").item.expect("an item");
    assert_eq!(item.take("value"), Some(AttributeValue::N(digits)));
}

#[test]
fn pages_and_batches_return_items_and_unprocessed_keys() {
    let key = |mut item: Item<'_>| item.take("key");
    let s = |text: &str| Some(AttributeValue::S(text.to_owned()));
    let page = json!({
        "Items": [{ "key": { "S": "a" } }, { "other": { "S": "b" } }],
        "LastEvaluatedKey": { "key": { "S": "a" }, "n": { "N": "1" } },
    })
    .to_string();
    let page: ScanOutput<'_> = read(page.as_bytes()).expect("a page");
    assert_eq!(page.items.into_iter().flatten().map(key).collect::<Vec<_>>(), [s("a"), None]);
    assert_eq!(page.last_evaluated_key.map(|key| key.into_map().len()), Some(2));
    let end: ScanOutput<'_> = read(br#"{"Items":[],"Count":0}"#).expect("a page");
    assert_eq!(end.items.into_iter().flatten().count(), 0);
    assert!(end.last_evaluated_key.is_none());

    let batch = json!({
        "Responses": { "t": [{ "key": { "S": "a" }, "value": { "S": "v" } }] },
        "UnprocessedKeys": { "t": { "ProjectionExpression": "#k", "Keys": [{ "key": { "S": "b" } }] } },
    })
    .to_string();
    let (items, unprocessed) = read::<BatchGetItemOutput<'_>>(batch.as_bytes()).expect("a batch").into_items();
    assert_eq!(items.map(|mut item| [item.take("key"), item.take("value")]).collect::<Vec<_>>(), [[s("a"), s("v")]]);
    assert_eq!(unprocessed.map(key).collect::<Vec<_>>(), [s("b")]);

    let batch = json!({ "UnprocessedItems": { "t": [
        { "PutRequest": { "Item": { "key": { "S": "a" }, "value": { "S": "v" } } } },
        { "DeleteRequest": { "Key": { "key": { "S": "b" } } } },
    ] } })
    .to_string();
    let batch: BatchWriteItemOutput<'_> = read(batch.as_bytes()).expect("a batch");
    assert_eq!(batch.into_unprocessed().map(key).collect::<Vec<_>>(), [s("a"), s("b")]);
    assert_eq!(read::<BatchWriteItemOutput<'_>>(b"{}").expect("a batch").into_unprocessed().count(), 0);
}
