//! Batches: their size, the retries of unprocessed items, and the fallback to single requests if the role forbids
//! batches.

use crate::common;

use aws_sdk_dynamodb::types::AttributeValue;
use common::Script;
use serde_json::{Value, json};
use unstorage_dynamodb::error::ErrorKind;
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::key::KeyText;
use unstorage_dynamodb::store::NewItem;
use unstorage_dynamodb::value::Given;

fn key(name: &str) -> Value {
    json!({ "key": { "S": name } })
}

fn row(name: &str) -> Value {
    json!({ "key": { "S": name }, "value": { "S": format!("v-{name}") } })
}

fn put(name: &str, value: &str) -> Value {
    json!({ "PutRequest": { "Item": { "key": { "S": name }, "value": { "S": value } } } })
}

fn inputs(names: &[&str]) -> Vec<Input> {
    names.iter().map(|name| Input::from(*name)).collect()
}

fn items(pairs: &[(&str, &str)]) -> Vec<NewItem> {
    let item = |(key, value): &(&str, &str)| NewItem {
        key: Input::from(*key),
        value: Given::from(*value),
        ttl: Input::Absent,
    };
    pairs.iter().map(item).collect()
}

fn text(name: &str) -> AttributeValue {
    AttributeValue::S(format!("v-{name}"))
}

/// [BAT-1] [BAT-3]
#[tokio::test]
async fn unprocessed_keys_are_requested_again_and_results_are_in_order() {
    let script = Script::default()
        .answer(
            200,
            &json!({
                "Responses": { "cache": [row("c"), row("not asked")] },
                "UnprocessedKeys": { "cache": { "Keys": [key("a"), key("b")] } },
            }),
        )
        .answer(200, &json!({ "Responses": { "cache": [row("a")] } }));
    let found = script.store().get_many(inputs(&["a", "b", "c", "a"]), Input::Absent).await.expect("found");
    let expected: Vec<(KeyText, Option<AttributeValue>)> = vec![
        ("a".into(), Some(text("a"))),
        ("b".into(), None),
        ("c".into(), Some(text("c"))),
        ("a".into(), Some(text("a"))),
    ];
    assert_eq!(found, expected);
    let sent = script.sent();
    let first = json!({
        "RequestItems": { "cache": {
            "Keys": [key("a"), key("b"), key("c")],
            "ProjectionExpression": "#k, #v, #t, #e",
            "ExpressionAttributeNames": { "#k": "key", "#v": "value", "#t": "ttl", "#e": "enc" },
        } },
        "ReturnConsumedCapacity": "TOTAL",
    });
    assert_eq!(sent[0].body, first);
    assert_eq!(sent[1].body["RequestItems"]["cache"]["Keys"], json!([key("a"), key("b")]));
    assert_eq!(sent[1].body["RequestItems"]["cache"]["ProjectionExpression"], "#k, #v, #t, #e");
}

/// [BAT-1] Expired rows and rows without a value, as `getItem` sees them.
#[tokio::test]
async fn what_get_item_does_not_find_is_none() {
    let mut expired = row("a");
    expired["ttl"] = json!({ "N": "1799999999" });
    let mut alive = row("b");
    alive["ttl"] = json!({ "N": "1800000000" });
    let script = Script::default().answer(200, &json!({ "Responses": { "cache": [expired, alive, key("c")] } }));
    let found = script.store().get_many(inputs(&["a", "b", "c"]), Input::Absent).await.expect("found");
    let values: Vec<Option<AttributeValue>> = found.into_iter().map(|(_, value)| value).collect();
    assert_eq!(values, [None, Some(text("b")), None]);
}

/// [BAT-5]
#[tokio::test]
async fn unprocessed_writes_are_sent_again() {
    let script = Script::default()
        .answer(200, &json!({ "UnprocessedItems": { "cache": [put("b", "2")] } }))
        .answer(200, &json!({}));
    script.store().put_many(items(&[("a", "1"), ("b", "2")]), Input::Absent).await.expect("stored");
    let sent = script.sent();
    assert_eq!(sent[0].body["RequestItems"], json!({ "cache": [put("a", "1"), put("b", "2")] }));
    assert_eq!(sent[1].body["RequestItems"], json!({ "cache": [put("b", "2")] }));
}

/// [BAT-6]
#[tokio::test]
async fn the_last_write_of_a_repeated_key_wins() {
    let script = Script::default().answer(200, &json!({}));
    script.store().put_many(items(&[("a", "1"), ("b", "2"), ("a", "3")]), Input::Absent).await.expect("stored");
    assert_eq!(script.sent()[0].body["RequestItems"], json!({ "cache": [put("a", "3"), put("b", "2")] }));
}

/// [BAT-4] 60 items are three batches, and the ttl of an item overrides the common one.
#[tokio::test]
async fn a_batch_has_at_most_25_writes() {
    let mut script = Script::default();
    for _ in 0..3 {
        script = script.answer(200, &json!({}));
    }
    let mut new: Vec<NewItem> = (0..60)
        .map(|number| NewItem { key: Input::Text(format!("k{number}")), value: Given::from("v"), ttl: Input::Absent })
        .collect();
    new[0].ttl = Input::Number(0.0);
    new[1].ttl = Input::Number(1.0);
    script.store().put_many(new, Input::Number(60.0)).await.expect("stored");
    let batches = script.sent();
    let mut counts: Vec<usize> = Vec::new();
    let mut ttls = Vec::new();
    for batch in &batches {
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
    let mut script = Script::default();
    for _ in 0..4 {
        script = script.fail(500, "InternalServerError");
    }
    let error = script.store().put_many(items(&[("a", "1"), ("b", "2")]), Input::Absent).await.expect_err("failed");
    assert_eq!(error.kind(), ErrorKind::Service);
    assert_eq!(error.keys(), ["a", "b"]);
    assert!(error.to_string().contains("2 items are not known to be written"), "{error}");
}

/// [BAT-8]
#[tokio::test]
async fn an_item_that_dynamodb_rejects_does_not_prevent_others_from_being_stored() {
    let script = Script::default()
        .fail(400, "ValidationException")
        .answer(200, &json!({}))
        .fail(400, "ValidationException")
        .answer(200, &json!({}));
    let three = items(&[("a", "1"), ("b", "2"), ("c", "3")]);
    let error = script.store().put_many(three, Input::Absent).await.expect_err("refused");
    assert_eq!(error.keys(), ["b"]);
    assert_eq!(error.key(), Some("b"));
    let actions: Vec<String> = script.sent().into_iter().map(|sent| sent.action).collect();
    assert_eq!(actions, ["BatchWriteItem", "PutItem", "PutItem", "PutItem"]);
}

/// [BAT-9] The denial is remembered, and reported once.
#[tokio::test]
async fn single_requests_are_used_without_the_batch_permission() {
    let found = |name| json!({ "Item": row(name) });
    let script = Script::default()
        .fail(400, "AccessDeniedException")
        .answer(200, &found("a"))
        .answer(200, &found("b"))
        .answer(200, &found("a"))
        .answer(200, &found("b"))
        .fail(400, "AccessDeniedException")
        .answer(200, &json!({}))
        .answer(200, &json!({}));
    let store = script.store();
    let expected = Ok(vec![("a".into(), Some(text("a"))), ("b".into(), Some(text("b")))]);
    assert_eq!(store.get_many(inputs(&["a", "b"]), Input::Absent).await, expected);
    assert!(store.take_notice().is_some_and(|notice| notice.contains("dynamodb:BatchGetItem")));
    assert_eq!(store.get_many(inputs(&["a", "b"]), Input::Absent).await, expected);
    assert_eq!(store.take_notice(), None);
    store.put_many(items(&[("a", "1"), ("b", "2")]), Input::Absent).await.expect("stored");
    assert!(store.take_notice().is_some_and(|notice| notice.contains("dynamodb:BatchWriteItem")));
}

/// [BAT-10]
#[tokio::test]
async fn batches_can_be_disabled() {
    let script = Script::default().answer(200, &json!({})).answer(200, &json!({}));
    let store = script.store_with(|raw| raw.batch = Input::Boolean(false));
    store.get_many(inputs(&["a", "b"]), Input::Absent).await.expect("read");
    assert!(script.sent().iter().all(|sent| sent.action == "GetItem"));
    assert_eq!(store.take_notice(), None);
}

/// [BAT-1] An empty list sends nothing, and an invalid argument rejects the whole call.
#[tokio::test]
async fn empty_and_invalid_input_sends_nothing() {
    let script = Script::default();
    let store = script.store();
    assert_eq!(store.get_many(Vec::<Input>::new(), Input::Absent).await, Ok(Vec::new()));
    store.put_many(Vec::new(), Input::Absent).await.expect("nothing to do");
    assert_eq!(store.get_many(inputs(&[""]), Input::Absent).await, Ok(vec![("".into(), None)]));
    assert!(store.get_many(vec![Input::from("a"), Input::Number(1.0)], Input::Absent).await.is_err());
    assert!(store.put_many(items(&[("a", "1"), ("", "2")]), Input::Absent).await.is_err());
    assert!(store.put_many(items(&[("a", "1")]), Input::Number(-1.0)).await.is_err());
    assert_eq!(script.sent(), []);
}
