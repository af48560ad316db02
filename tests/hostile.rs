//! Responses that DynamoDB never sends: each causes an error, quickly and with bounded resources.

#![expect(clippy::expect_used, clippy::panic, reason = "a broken script is a broken test")]

use crate::common;

use common::Script;
use serde_json::{Value, json};
use unstorage_dynamodb::error::{Cause, Error, ErrorKind, Operation};
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::store::NewItem;
use unstorage_dynamodb::value::Reading;

async fn get(script: &Script) -> Error {
    script.store().get("k".into(), Reading::Plain, Input::Absent).await.expect_err("no answer")
}

fn cause(error: &Error) -> &str {
    match error.cause() {
        Some(Cause::Text(text)) => text,
        other => panic!("no words: {other:?}"),
    }
}

/// [ANS-1]
#[tokio::test]
async fn a_response_larger_than_the_operation_can_need_is_an_error_at_once() {
    let item = |bytes: usize| json!({ "Item": { "value": { "S": "x".repeat(bytes) } } });
    let script = Script::default().answer(200, &item((4 << 20) + 1));
    let error = get(&script).await;
    assert_eq!(error.kind(), ErrorKind::Response);
    assert!(cause(&error).contains("larger than 4194304 bytes"), "{}", cause(&error));
    // A retry would return the same response.
    assert_eq!(script.sent().len(), 1);

    let script = Script::default().answer(200, &item((4 << 20) - 100));
    assert!(script.store().get("k".into(), Reading::Plain, Input::Absent).await.is_ok());
}

/// [ANS-1]
#[tokio::test]
async fn each_operation_has_its_own_limit() {
    let padded = |bytes: usize| json!({ "Padding": "x".repeat(bytes) });
    let script = Script::default().answer(200, &padded(9 << 20));
    let error = script.store().keys(Input::Absent, Input::Absent, Input::Absent).await.expect_err("too large");
    assert!(cause(&error).contains("larger than 8388608 bytes"), "{}", cause(&error));

    let script = Script::default().answer(200, &padded(2 << 20));
    let error = script.store().delete("k".into()).await.expect_err("too large");
    assert!(cause(&error).contains("larger than 1048576 bytes"), "{}", cause(&error));

    // The response to a batch may be this large, an error may not.
    let script = Script::default().answer(200, &padded(20 << 20));
    let found = script.store().get_many(vec!["a", "b"], Input::Absent).await.expect("an answer");
    assert!(found.iter().all(|(_, value)| value.is_none()));
}

/// [ANS-2]
#[tokio::test]
async fn an_empty_success_is_not_a_valid_response() {
    let silent = || (0..4).fold(Script::default(), |script, _| script.answer_text(200, ""));
    let script = silent();
    let error = get(&script).await;
    assert_eq!((error.kind(), error.metadata().attempts), (ErrorKind::Response, 4));
    assert!(cause(&error).contains("empty"), "{}", cause(&error));

    let error = silent().store().delete("k".into()).await.expect_err("no answer");
    assert_eq!(error.kind(), ErrorKind::Response);
    let store = silent().store();
    let error = store.put(Operation::SetItem, "k".into(), "v".into(), Input::Absent).await.expect_err("no answer");
    assert_eq!(error.kind(), ErrorKind::Response);
}

/// [ANS-3]
#[tokio::test]
async fn a_redirect_is_an_error() {
    for status in [301, 302, 303, 307, 308] {
        let script = Script::default().answer_text(status, "");
        let error = get(&script).await;
        assert_eq!((error.kind(), error.metadata().http_status), (ErrorKind::Service, Some(status)));
        assert_eq!(script.sent().len(), 1);
    }
}

/// [ANS-4]
#[tokio::test]
async fn endless_nesting_is_an_error() {
    for depth in [200, 100_000] {
        let (open, close) = (r#"{"L":["#.repeat(depth), "]}".repeat(depth));
        let body = format!(r#"{{"Item":{{"value":{open}{{"NULL":true}}{close}}}}}"#);
        assert_eq!(get(&Script::default().answer_text(200, &body)).await.kind(), ErrorKind::Response, "{depth}");
        let unknown = format!(r#"{{"Unknown":{}1{}}}"#, "[".repeat(depth), "]".repeat(depth));
        // Unknown members are skipped; impossible values are errors. Neither ends the process.
        let script = Script::default().answer_text(200, &unknown);
        let result = script.store().get("k".into(), Reading::Plain, Input::Absent).await;
        assert!(result.is_ok_and(|value| value.is_none()) || depth > 500);
    }
}

/// [ANS-5] Such a value is never read as `null`, as a missing item or as "never expires".
#[tokio::test]
async fn a_value_of_no_known_type_is_an_error_in_every_method() {
    for odd in [json!({ "New": "a" }), json!({}), json!({ "S": "a", "N": "1" }), json!({ "NULL": false })] {
        let (text, nested) = (json!({ "S": "a" }), json!({ "M": { "deep": { "L": [odd] } } }));
        for item in [json!({ "value": odd }), json!({ "value": text, "ttl": odd }), json!({ "value": nested })] {
            let answer = json!({ "Item": item });
            let script = || Script::default().answer(200, &answer);
            assert_eq!(get(&script()).await.kind(), ErrorKind::Response, "{answer}");
            let raw = script().store().get("k".into(), Reading::Raw, Input::Absent).await;
            assert_eq!(raw.map_err(|error| error.kind()), Err(ErrorKind::Response), "{answer}");
            let has = script().store().has("k".into(), Input::Absent).await;
            assert_eq!(has.map_err(|error| error.kind()), Err(ErrorKind::Response), "{answer}");
            let meta = script().store().meta("k".into(), Input::Absent).await;
            assert_eq!(meta.map_err(|error| error.kind()), Err(ErrorKind::Response), "{answer}");
        }
        for row in
            [json!({ "key": text, "value": odd }), json!({ "key": odd, "value": text }), json!({ "value": text })]
        {
            let script = Script::default().answer(200, &json!({ "Responses": { "cache": [row] } }));
            let found = script.store().get_many(vec!["a", "b"], Input::Absent).await;
            assert_eq!(found.map_err(|error| error.kind()), Err(ErrorKind::Response), "{row}");
        }
        let page = json!({ "Items": [{ "key": odd }] });
        let keys = Script::default().answer(200, &page).store().keys(Input::Absent, Input::Absent, Input::Absent).await;
        assert_eq!(keys.map_err(|error| error.kind()), Err(ErrorKind::Response), "{page}");
        let cleared = Script::default().answer(200, &page).store().clear(Input::Absent).await;
        assert_eq!(cleared.map_err(|error| error.kind()), Err(ErrorKind::Response), "{page}");
        for write in [json!({ "DeleteRequest": { "Key": { "key": odd } } }), json!({ "DeleteRequest": { "Key": {} } })]
        {
            let script = Script::default().answer(200, &json!({ "UnprocessedItems": { "cache": [write] } }));
            let item = |key: &str| NewItem { key: key.into(), value: "v".into(), ttl: Input::Absent };
            let error =
                script.store().put_many(vec![item("a"), item("b")], Input::Absent).await.expect_err("left over");
            assert_eq!((error.kind(), error.keys().len()), (ErrorKind::Response, 2), "{write}");
        }
    }
}

/// [ANS-4]
#[tokio::test]
async fn a_batch_accepts_only_what_it_requested() {
    let row = |key: &str, value: &str| json!({ "key": { "S": key }, "value": { "S": value } });
    let many: Value = (0..1_000).map(|_| row("a", "again")).chain([row("c", "not asked for")]).collect();
    let left: Value = ["x", "b", "b"].iter().map(|key| json!({ "key": { "S": key } })).collect();
    let script = Script::default()
        .answer(200, &json!({ "Responses": { "cache": many }, "UnprocessedKeys": { "cache": { "Keys": left } } }))
        .answer(200, &json!({ "Responses": { "cache": [row("b", "v")] } }));
    let found = script.store().get_many(vec!["a", "b"], Input::Absent).await.expect("an answer");
    assert_eq!(
        found.into_iter().map(|(key, value)| (key, value.is_some())).collect::<Vec<_>>(),
        [("a".into(), true), ("b".into(), true)]
    );
    let again = &script.sent()[1].body["RequestItems"]["cache"]["Keys"];
    assert_eq!(*again, json!([{ "key": { "S": "b" } }]));
}
