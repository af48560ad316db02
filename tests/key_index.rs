//! The key index in cases that local engines cannot produce: an index that is being built, denied, of a different
//! schema, or deleted during a scan. Also the exact requests.

use crate::common;

use common::{Answer, Calls, NOW, Script, failure, page};
use serde_json::{Value, json};
use unstorage_dynamodb::error::ErrorKind;
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::options::{RawAttributes, RawOptions, RawScan};

const MISSING: &str = "The table does not have the specified index: keys";
const BACKFILLING: &str = "Cannot read from backfilling global secondary index: keys";
const NOT_PROJECTED: &str =
    "One or more parameter values were invalid: Global secondary index keys does not project [ttl]";
const OTHER_KEY: &str = "The provided starting key is invalid";

/// Pages are read one after another, so a list of responses is enough.
fn indexed(raw: &mut RawOptions) {
    raw.index = "keys".into();
    raw.scan = RawScan { segments: Input::Number(1.0), ..RawScan::default() }.into();
}

/// Sends these pages and errors in turn.
fn answers<const N: usize>(bodies: [&Value; N]) -> Script {
    let status = |body: &Value| if body.get("__type").is_some() { 400 } else { 200 };
    Script::of(bodies.map(|body| Answer::text(status(body), &body.to_string())))
}

fn refusal(message: &str) -> Value {
    json!({ "__type": "com.amazon.coral.validate#ValidationException", "message": message })
}

/// The index of each request, or "table".
fn scanned(script: &Script) -> Vec<String> {
    let name = |body: &Value| body.get("IndexName").and_then(Value::as_str).unwrap_or("table").to_owned();
    script.sent().iter().map(|sent| name(&sent.body)).collect()
}

/// [IDX-2] [IDX-4]
#[tokio::test]
async fn the_index_is_checked_once_and_then_scanned() {
    let (more, last) = (page(&["a"], Some("a")), page(&["b"], None));
    let script = answers([&page(&["x"], Some("x")), &more, &last, &page(&["a"], None)]);
    let store = script.store_with(|raw| {
        indexed(raw);
        raw.attributes = RawAttributes { value: "v".into(), ttl: "#e".into(), ..RawAttributes::default() }.into();
    });
    assert_eq!(store.list().await.expect("keys"), ["a", "b"]);
    assert_eq!(store.list().await.expect("keys"), ["a"]);
    let names = json!({ "#k": "key", "#t": "#e" });
    let check = json!({
        "TableName": "cache",
        "IndexName": "keys",
        "ProjectionExpression": "#k, #t",
        "ExpressionAttributeNames": names,
        "ExclusiveStartKey": { "key": { "S": "-" } },
        "Limit": 1,
        "ReturnConsumedCapacity": "INDEXES",
    });
    let first = json!({
        "TableName": "cache",
        "IndexName": "keys",
        "ProjectionExpression": "#k, #t",
        "ExpressionAttributeNames": names,
        "FilterExpression": "(attribute_not_exists(#t) OR NOT attribute_type(#t, :number) OR #t >= :now)",
        "ExpressionAttributeValues": { ":number": { "S": "N" }, ":now": { "N": NOW.as_secs().to_string() } },
        "ReturnConsumedCapacity": "INDEXES",
    });
    let mut second = first.clone();
    second["ExclusiveStartKey"] = json!({ "key": { "S": "a" } });
    let bodies: Vec<_> = script.sent().into_iter().map(|sent| sent.body).collect();
    assert_eq!(bodies, [check, first.clone(), second, first]);
    assert_eq!(store.take_notice(), None);
}

/// [IDX-3]
#[tokio::test]
async fn consistent_reads_and_clear_scan_the_table() {
    let script = answers([&page(&["a"], None), &page(&[], None)]);
    let store = script.store_with(indexed);
    assert_eq!(store.keys(Input::Absent, Input::Absent, Input::Boolean(true)).await.expect("keys"), ["a"]);
    store.clear(Input::Absent).await.expect("cleared");
    assert_eq!(scanned(&script), ["table", "table"]);
    assert_eq!(script.sent()[0].body["ConsistentRead"], true);

    let script = answers([&page(&["a"], None)]);
    let store = script.store_with(|raw| {
        indexed(raw);
        raw.consistent_read = Input::Boolean(true);
    });
    assert_eq!(store.list().await.expect("keys"), ["a"]);
    assert_eq!(scanned(&script), ["table"]);
}

/// [IDX-5]
#[tokio::test]
async fn an_unusable_index_is_reported_once_and_tried_again() {
    for (answer, words) in [
        (refusal(MISSING), "does not have it"),
        (refusal(BACKFILLING), "still building"),
        (refusal(NOT_PROJECTED), "does not project the attribute \"ttl\""),
        (refusal(OTHER_KEY), "its key is not \"key\" alone"),
        (failure("AccessDeniedException"), "dynamodb:Scan"),
    ] {
        let [a, b, empty, c] = [&["a"][..], &["b"], &[], &["c"]].map(|keys| page(keys, None));
        let script = answers([&answer, &a, &answer, &b, &empty, &c]);
        let store = script.store_with(indexed);
        assert_eq!(store.list().await.expect("keys"), ["a"]);
        let notice = store.take_notice().expect("a notice");
        assert!(notice.contains(words) && notice.contains("\"keys\"") && notice.contains("\"cache\""), "{notice}");
        assert_eq!(store.list().await.expect("keys"), ["b"]);
        assert_eq!(store.take_notice(), None);
        assert_eq!(store.list().await.expect("keys"), ["c"]);
        assert_eq!(scanned(&script), ["keys", "table", "keys", "table", "keys", "keys"]);
    }
}

/// [IDX-5]
#[tokio::test]
async fn other_errors_fail_the_call() {
    for (answer, kind) in [
        (refusal("The provided expression refers to an attribute that does not exist"), ErrorKind::Validation),
        (failure("ResourceNotFoundException"), ErrorKind::TableNotFound),
        (failure("InternalFailure"), ErrorKind::Service),
    ] {
        let script = answers([&answer]);
        let store = script.store_with(indexed);
        assert_eq!(store.list().await.expect_err("failed").kind(), kind);
        assert_eq!(scanned(&script), ["keys"]);
        assert_eq!(store.take_notice(), None);
    }
}

/// [IDX-6]
#[tokio::test]
async fn if_the_index_is_deleted_during_a_scan_the_table_is_scanned() {
    for answer in [refusal(MISSING), refusal(NOT_PROJECTED), failure("AccessDeniedException")] {
        let of_index = [page(&[], None), page(&["a", "b"], Some("b"))];
        let of_table = [page(&["b"], Some("b")), page(&["a", "c"], None)];
        let ([check, begun], [first, last]) = (&of_index, &of_table);
        let script = answers([check, begun, &answer, first, last, &refusal(MISSING), &page(&["c"], None)]);
        let store = script.store_with(indexed);
        assert_eq!(store.list().await.expect("keys"), ["b", "a", "c"]);
        assert!(store.take_notice().is_some());
        // The index has to be checked again.
        assert_eq!(store.list().await.expect("keys"), ["c"]);
        assert_eq!(scanned(&script), ["keys", "keys", "keys", "table", "table", "keys", "table"]);
        assert_eq!(script.sent()[5].body["Limit"], 1);
    }
}

/// [IDX-6] A start key that is rejected during the scan does not mean that the index has a different key.
#[tokio::test]
async fn a_failed_page_of_the_index_fails_the_call() {
    let script = answers([&page(&[], None), &page(&["a"], Some("a")), &refusal(OTHER_KEY)]);
    let store = script.store_with(indexed);
    assert_eq!(store.list().await.expect_err("no part").kind(), ErrorKind::Validation);
    assert_eq!(store.take_notice(), None);
}
