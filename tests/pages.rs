//! Scans of several pages: continued, complete, or an error.

use crate::common;

use common::Script;
use serde_json::{Value, json};
use unstorage_dynamodb::error::ErrorKind;
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::options::{RawOptions, RawScan};

fn page(keys: &[&str], next: Option<&str>) -> Value {
    let items: Vec<_> = keys.iter().map(|key| json!({ "key": { "S": key } })).collect();
    match next {
        None => json!({ "Items": items }),
        Some(next) => json!({ "Items": items, "LastEvaluatedKey": { "key": { "S": next } } }),
    }
}

/// Pages are read one after another, so a list of responses is enough. tests/segments.rs covers segments.
fn in_turn(raw: &mut RawOptions) {
    raw.scan = RawScan { segments: Input::Number(1.0), ..RawScan::default() }.into();
}

/// [KEYS-1] [SCAN-2]
#[tokio::test]
async fn every_page_is_read_including_empty_ones() {
    let script = Script::default()
        .answer(200, &page(&["a"], Some("a")))
        .answer(200, &page(&[], Some("m")))
        .answer(200, &page(&[], Some("n")))
        .answer(200, &page(&["z"], None));
    let keys = script.store_with(in_turn).keys(Input::Absent, Input::Absent, Input::Absent).await.expect("keys");
    assert_eq!(keys, ["a", "z"]);
    assert!(script.sent().iter().all(|sent| sent.body.get("Segment").is_none()));
    let starts: Vec<_> = script.sent().iter().map(|sent| sent.body["ExclusiveStartKey"]["key"]["S"].clone()).collect();
    assert_eq!(starts, [Value::Null, "a".into(), "m".into(), "n".into()]);
}

/// [KEYS-6]
#[tokio::test]
async fn a_failing_page_fails_the_whole_call() {
    let script = Script::default().answer(200, &page(&["a"], Some("a"))).fail(400, "AccessDeniedException");
    let error =
        script.store_with(in_turn).keys(Input::Absent, Input::Absent, Input::Absent).await.expect_err("no part");
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
}

/// [KEYS-9]
#[tokio::test]
async fn a_scan_that_does_not_advance_is_an_error() {
    let script = Script::default().answer(200, &page(&["a"], Some("a"))).answer(200, &page(&["a"], Some("a")));
    let error =
        script.store_with(in_turn).keys(Input::Absent, Input::Absent, Input::Absent).await.expect_err("endless");
    assert_eq!(error.kind(), ErrorKind::Response);
}

/// [CLR-4]
#[tokio::test]
async fn clear_stops_at_the_first_failure_and_reports_how_far_it_got() {
    let script = Script::default()
        .answer(200, &page(&["a", "b"], Some("b")))
        .answer(200, &json!({}))
        .answer(200, &page(&["c", "d"], Some("d")))
        .fail(400, "ResourceNotFoundException");
    let error = script.store_with(in_turn).clear(Input::Absent).await.expect_err("failed");
    assert_eq!(error.kind(), ErrorKind::TableNotFound);
    assert!(error.to_string().contains("2 items were removed"), "{error}");
    assert_eq!(script.sent().len(), 4);
}

#[tokio::test]
async fn a_row_without_a_text_key_is_a_schema_mismatch() {
    let script = Script::default().answer(200, &json!({ "Items": [{ "key": { "N": "1" } }] }));
    let error = script.store().keys(Input::Absent, Input::Absent, Input::Absent).await.expect_err("schema");
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
    assert!(error.to_string().contains("attributes.key"));
}
