//! Responses that DynamoDB never sends: each causes an error, quickly and with bounded resources.

use crate::common;

use common::{Answer, Calls, Script};
use serde_json::{Value, json};
use unstorage_dynamodb::error::{Cause, Error, ErrorKind};
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::value::Reading;

fn ok(body: &Value) -> Script {
    Script::of([Answer::ok(body)])
}

fn cause(error: &Error) -> &str {
    match error.cause() {
        Some(Cause::Text(text)) => text,
        other => panic!("no words: {other:?}"),
    }
}

/// [ANS-1]
#[tokio::test]
async fn a_response_larger_than_the_operation_can_need_is_an_error_without_a_retry() {
    let item = |bytes: usize| json!({ "Item": { "value": { "S": "x".repeat(bytes) } } });
    let script = ok(&item((4 << 20) + 1));
    let error = script.store().read("k").await.expect_err("too large");
    assert_eq!(error.kind(), ErrorKind::Response);
    assert!(cause(&error).contains("larger than 4194304 bytes"), "{}", cause(&error));
    // A retry would return the same response.
    assert_eq!(script.sent().len(), 1);
    assert!(ok(&item((4 << 20) - 100)).store().read("k").await.is_ok());
}

/// [ANS-1]
#[tokio::test]
async fn each_operation_has_its_own_limit() {
    let padded = |mebibytes: usize| ok(&json!({ "Padding": "x".repeat(mebibytes << 20) })).store();
    let error = padded(9).list().await.expect_err("too large");
    assert!(cause(&error).contains("larger than 8388608 bytes"), "{}", cause(&error));
    let error = padded(5).remove("k").await.expect_err("too large");
    assert!(cause(&error).contains("larger than 4194304 bytes"), "{}", cause(&error));
    // 20 MB is within the limit for the response to a batch, but not for an error.
    let found = padded(20).read_all(&["a", "b"]).await.expect("an answer");
    assert!(found.iter().all(|(_, value)| value.is_none()));
}

/// [ANS-2]
#[tokio::test]
async fn a_successful_response_without_a_body_is_an_error() {
    let store = Script::repeating([Answer::text(200, "")]).store();
    for result in [store.read("k").await.map(drop), store.remove("k").await, store.write("k", "v").await] {
        let error = result.expect_err("no answer");
        assert_eq!((error.kind(), error.metadata().attempts), (ErrorKind::Response, 4));
        assert!(cause(&error).contains("empty"), "{}", cause(&error));
    }
}

/// [ANS-3]
#[tokio::test]
async fn a_redirect_is_an_error() {
    for status in [301, 302, 303, 307, 308] {
        let error = Script::of([Answer::text(status, "")]).store().read("k").await.expect_err("elsewhere");
        assert_eq!((error.kind(), error.metadata().http_status), (ErrorKind::Service, Some(status)));
    }
}

/// [ANS-4]
#[tokio::test]
async fn endless_nesting_is_an_error() {
    for depth in [200, 100_000] {
        let (open, close) = (r#"{"L":["#.repeat(depth), "]}".repeat(depth));
        let body = format!(r#"{{"Item":{{"value":{open}{{"NULL":true}}{close}}}}}"#);
        let error = Script::of([Answer::text(200, &body)]).store().read("k").await.expect_err("nested");
        assert_eq!(error.kind(), ErrorKind::Response, "{depth}");
        let unknown = format!(r#"{{"Unknown":{}1{}}}"#, "[".repeat(depth), "]".repeat(depth));
        // Unknown members are skipped; excessive nesting is an error. Neither crashes the process.
        let result = Script::of([Answer::text(200, &unknown)]).store().read("k").await;
        assert!(result.is_ok_and(|value| value.is_none()) || depth > 500);
    }
}

fn assert_no_answer<T: std::fmt::Debug>(result: Result<T, Error>, answer: &Value) {
    assert_eq!(result.expect_err("no answer").kind(), ErrorKind::Response, "{answer}");
}

/// [ANS-5] Such a value is never `null`, "no item" or "never expires".
#[tokio::test]
async fn a_value_of_no_known_type_is_an_error_in_every_method() {
    for odd in [json!({ "New": "a" }), json!({}), json!({ "S": "a", "N": "1" }), json!({ "NULL": false })] {
        let (text, nested) = (json!({ "S": "a" }), json!({ "M": { "deep": { "L": [odd] } } }));
        for item in [json!({ "value": odd }), json!({ "value": text, "ttl": odd }), json!({ "value": nested })] {
            let answer = json!({ "Item": item });
            let store = || ok(&answer).store();
            assert_no_answer(store().read("k").await, &answer);
            assert_no_answer(store().get("k".into(), Reading::Raw, Input::Absent).await, &answer);
            assert_no_answer(store().has("k".into(), Input::Absent).await, &answer);
            assert_no_answer(store().meta("k".into(), Input::Absent).await, &answer);
        }
        let odd_value = json!({ "key": text, "value": odd });
        for row in [odd_value, json!({ "key": odd, "value": text }), json!({ "value": text })] {
            let answer = json!({ "Responses": { "cache": [row] } });
            assert_no_answer(ok(&answer).store().read_all(&["a", "b"]).await, &answer);
        }
        let answer = json!({ "Items": [{ "key": odd }] });
        assert_no_answer(ok(&answer).store().list().await, &answer);
        assert_no_answer(ok(&answer).store().clear(Input::Absent).await, &answer);
        for key in [json!({ "key": odd }), json!({})] {
            let answer = json!({ "UnprocessedItems": { "cache": [{ "DeleteRequest": { "Key": key } }] } });
            let result = ok(&answer).store().write_all(&[("a", "v"), ("b", "v")]).await;
            assert_eq!(result.as_ref().expect_err("left over").keys().len(), 2, "{answer}");
            assert_no_answer(result, &answer);
        }
    }
}

/// [ANS-4]
#[tokio::test]
async fn a_batch_accepts_only_what_it_requested() {
    let row = |key: &str, value: &str| json!({ "key": { "S": key }, "value": { "S": value } });
    let many: Value = (0..1_000).map(|_| row("a", "again")).chain([row("c", "not asked for")]).collect();
    let left: Value = ["x", "b", "b"].iter().map(|key| json!({ "key": { "S": key } })).collect();
    let script = Script::of([
        Answer::ok(&json!({ "Responses": { "cache": many }, "UnprocessedKeys": { "cache": { "Keys": left } } })),
        Answer::ok(&json!({ "Responses": { "cache": [row("b", "v")] } })),
    ]);
    let found = script.store().read_all(&["a", "b"]).await.expect("an answer");
    assert_eq!(
        found.into_iter().map(|(key, value)| (key, value.is_some())).collect::<Vec<_>>(),
        [("a".into(), true), ("b".into(), true)]
    );
    let again = &script.sent()[1].body["RequestItems"]["cache"]["Keys"];
    assert_eq!(*again, json!([{ "key": { "S": "b" } }]));
}
