//! Batches: their size, the retries of unprocessed items, and the fallback to single requests if the role forbids
//! batches.

use crate::common;

use aws_sdk_dynamodb::types::AttributeValue;
use common::{Answer, Calls, Script, items};
use serde_json::{Value, json};
use unstorage_dynamodb::error::ErrorKind;
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::key::KeyText;

const TWO: [(&str, &str); 2] = [("a", "1"), ("b", "2")];

fn key(name: &str) -> Value {
    json!({ "key": { "S": name } })
}

fn row(name: &str) -> Value {
    json!({ "key": { "S": name }, "value": { "S": format!("v-{name}") } })
}

fn put(name: &str, value: &str) -> Value {
    json!({ "PutRequest": { "Item": { "key": { "S": name }, "value": { "S": value } } } })
}

fn done() -> Answer {
    Answer::ok(&json!({}))
}

/// The expected result of `get_many` for these keys.
fn found<const N: usize>(keys: [(&str, bool); N]) -> Vec<(KeyText, Option<AttributeValue>)> {
    keys.map(|(key, is_there)| (key.into(), is_there.then(|| AttributeValue::S(format!("v-{key}"))))).into()
}

/// [BAT-1] [BAT-3]
#[tokio::test]
async fn unprocessed_keys_are_requested_again_and_results_are_in_order() {
    let first = json!({
        "Responses": { "cache": [row("c"), row("not asked")] },
        "UnprocessedKeys": { "cache": { "Keys": [key("a"), key("b")] } },
    });
    let script = Script::of([Answer::ok(&first), Answer::ok(&json!({ "Responses": { "cache": [row("a")] } }))]);
    let read = script.store().read_all(&["a", "b", "c", "a"]).await.expect("found");
    assert_eq!(read, found([("a", true), ("b", false), ("c", true), ("a", true)]));
    let asked = |keys: &[Value]| {
        let cache = json!({
            "Keys": keys,
            "ProjectionExpression": "#k, #v, #t, #e",
            "ExpressionAttributeNames": { "#k": "key", "#v": "value", "#t": "ttl", "#e": "enc" },
        });
        json!({ "RequestItems": { "cache": cache }, "ReturnConsumedCapacity": "TOTAL" })
    };
    let bodies: Vec<Value> = script.sent().into_iter().map(|sent| sent.body).collect();
    assert_eq!(bodies, [asked(&[key("a"), key("b"), key("c")]), asked(&[key("a"), key("b")])]);
}

/// [BAT-1] Expired rows and rows without a value are missing, as for `getItem`.
#[tokio::test]
async fn items_that_get_item_would_not_find_are_none() {
    let (mut expired, mut alive) = (row("a"), row("b"));
    expired["ttl"] = json!({ "N": "1799999999" });
    alive["ttl"] = json!({ "N": "1800000000" });
    let script = Script::of([Answer::ok(&json!({ "Responses": { "cache": [expired, alive, key("c")] } }))]);
    let read = script.store().read_all(&["a", "b", "c"]).await.expect("found");
    assert_eq!(read, found([("a", false), ("b", true), ("c", false)]));
}

/// [BAT-5] [BAT-6] The last write of a repeated key wins, and unprocessed writes are sent again.
#[tokio::test]
async fn unprocessed_writes_are_sent_again() {
    let left = Answer::ok(&json!({ "UnprocessedItems": { "cache": [put("b", "2")] } }));
    let script = Script::of([left, done()]);
    script.store().write_all(&[("a", "1"), ("b", "2"), ("a", "3")]).await.expect("stored");
    let bodies: Vec<Value> = script.sent().into_iter().map(|sent| sent.body["RequestItems"]["cache"].clone()).collect();
    assert_eq!(bodies, [json!([put("a", "3"), put("b", "2")]), json!([put("b", "2")])]);
}

/// [BAT-4] 60 items take three batches, and an item's `ttl` overrides the common one.
#[tokio::test]
async fn writes_are_sent_in_batches_of_25() {
    let script = Script::of([done(), done(), done()]);
    let keys: Vec<String> = (0..60).map(|number| format!("k{number}")).collect();
    let mut new = items(keys.iter().map(|key| (key.as_str(), "v")));
    new[0].options.ttl = Input::Number(0.0);
    new[1].options.ttl = Input::Number(1.0);
    script.store().put_many(new, Input::Number(60.0)).await.expect("stored");
    let mut counts: Vec<usize> = Vec::new();
    let mut ttls = Vec::new();
    for batch in &script.sent() {
        let rows = batch.body["RequestItems"]["cache"].as_array().expect("rows");
        counts.push(rows.len());
        ttls.extend(rows.iter().map(|row| row["PutRequest"]["Item"]["ttl"]["N"].clone()));
    }
    assert_eq!(counts, [25, 25, 10]);
    assert_eq!(ttls[..3], [Value::Null, "1800000002".into(), "1800000061".into()]);
}

/// [BAT-7]
#[tokio::test]
async fn a_failed_batch_lists_the_keys_not_known_to_be_written() {
    let script = Script::repeating([Answer::error(500, "InternalServerError")]);
    let error = script.store().write_all(&TWO).await.expect_err("failed");
    assert_eq!(error.kind(), ErrorKind::Service);
    assert_eq!(error.keys(), ["a", "b"]);
    assert!(error.to_string().contains("2 items are not known to be written"), "{error}");
}

/// [BAT-8]
#[tokio::test]
async fn an_item_that_dynamodb_rejects_does_not_affect_the_others() {
    let refused = || Answer::error(400, "ValidationException");
    let script = Script::of([refused(), done(), refused(), done()]);
    let three = [("a", "1"), ("b", "2"), ("c", "3")];
    let error = script.store().write_all(&three).await.expect_err("refused");
    assert_eq!((error.keys(), error.key()), (&["b".to_owned()][..], Some("b")));
    assert_eq!(script.actions(), ["BatchWriteItem", "PutItem", "PutItem", "PutItem"]);
}

/// [BAT-9] The denial is remembered, and reported once.
#[tokio::test]
async fn without_the_permission_single_requests_are_used() {
    let row = |name| Answer::ok(&json!({ "Item": row(name) }));
    let denied = || Answer::error(400, "AccessDeniedException");
    let script = Script::of([denied(), row("a"), row("b"), row("a"), row("b"), denied(), done(), done()]);
    let store = script.store();
    let expected = Ok(found([("a", true), ("b", true)]));
    assert_eq!(store.read_all(&["a", "b"]).await, expected);
    assert!(store.take_notice().is_some_and(|notice| notice.contains("dynamodb:BatchGetItem")));
    assert_eq!(store.read_all(&["a", "b"]).await, expected);
    assert_eq!(store.take_notice(), None);
    store.write_all(&TWO).await.expect("stored");
    assert!(store.take_notice().is_some_and(|notice| notice.contains("dynamodb:BatchWriteItem")));
}

/// [BAT-10]
#[tokio::test]
async fn batches_can_be_disabled() {
    let script = Script::of([done(), done()]);
    let store = script.store_with(|raw| raw.batch = Input::Boolean(false));
    store.read_all(&["a", "b"]).await.expect("read");
    assert_eq!(script.actions(), ["GetItem", "GetItem"]);
    assert_eq!(store.take_notice(), None);
}

/// [BAT-1] An empty list sends nothing, and an invalid argument rejects the whole call.
#[tokio::test]
async fn empty_or_invalid_input_sends_nothing() {
    let script = Script::default();
    let store = script.store();
    assert_eq!(store.read_all(&[]).await, Ok(Vec::new()));
    assert_eq!(store.read_all(&[""]).await, Ok(found([("", false)])));
    assert_eq!(store.write_all(&[]).await, Ok(()));
    assert!(store.get_many(vec![Input::from("a"), Input::Number(1.0)], Input::Absent).await.is_err());
    assert!(store.write_all(&[("a", "1"), ("", "2")]).await.is_err());
    assert!(store.put_many(items(TWO), Input::Number(-1.0)).await.is_err());
    assert_eq!(script.sent(), []);
}
