//! What a caller is told when AWS or the network fails, and how often the request was sent.

mod common;

use aws_sdk_dynamodb::types::AttributeValue;
use common::Script;
use serde_json::json;
use unstorage_dynamodb::error::{ErrorKind, Operation};
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::value::Reading;

#[tokio::test]
async fn a_throttled_request_is_sent_again() {
    let script = Script::default()
        .fail(400, "ProvisionedThroughputExceededException")
        .fail(500, "InternalServerError")
        .answer(200, &json!({ "Item": { "value": { "S": "v" } } }));
    assert_eq!(
        script.store().get("k".into(), Reading::Plain, Input::Absent).await,
        Ok(Some(AttributeValue::S("v".to_owned())))
    );
    assert_eq!(script.sent().len(), 3);
}

/// [ERR-1] [ERR-2] [ERR-4]
#[tokio::test]
async fn after_four_attempts_the_caller_is_told() {
    let mut script = Script::default();
    for _ in 0..4 {
        script = script.fail(400, "ThrottlingException");
    }
    let error =
        script.store().put(Operation::SetItem, "k".into(), "v".into(), Input::Absent).await.expect_err("throttled");
    assert_eq!(script.sent().len(), 4);
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert_eq!(error.name(), "ThrottlingException");
    assert_eq!(error.metadata().attempts, 4);
    assert_eq!(error.metadata().http_status, Some(400));
    assert_eq!(error.metadata().request_id.as_deref(), Some("REQUEST1"));
    assert!(error.is_retryable());
    let message = error.to_string();
    assert!(message.starts_with("[unstorage] [aws-dynamodb] setItem on table \"cache\" failed: "), "{message}");
    assert!(message.ends_with("(4 attempts)"), "{message}");
}

#[tokio::test]
async fn what_cannot_get_better_is_sent_once() {
    for name in ["ValidationException", "ResourceNotFoundException", "AccessDeniedException"] {
        let script = Script::default().fail(400, name);
        let error = script.store().get("k".into(), Reading::Plain, Input::Absent).await.expect_err("failed");
        assert_eq!(error.metadata().attempts, 1);
        assert!(!error.is_retryable());
    }
}

#[tokio::test]
async fn an_answer_that_is_no_dynamodb_is_an_error_with_its_status() {
    for (status, body) in [(200, "<html>"), (200, r#"{"Item":{"value":{"S":"#), (200, r#"{"Item":[]}"#)] {
        let script = Script::default().answer_text(status, body);
        let error = script.store().get("k".into(), Reading::Plain, Input::Absent).await.expect_err("no answer");
        assert_eq!(error.kind(), ErrorKind::Response, "{body}: {error}");
        assert_eq!(error.metadata().http_status, Some(status));
    }
}

/// [DIS-3]
#[tokio::test]
async fn a_closed_store_refuses_every_call() {
    let script = Script::default();
    let store = script.store();
    store.close().await;
    store.close().await;
    let errors = [
        store.get("k".into(), Reading::Plain, Input::Absent).await.map(drop),
        store.has("k".into(), Input::Absent).await.map(drop),
        store.put(Operation::SetItem, "k".into(), "v".into(), Input::Absent).await,
        store.delete("k".into()).await,
        store.keys(Input::Absent, Input::Absent, Input::Absent).await.map(drop),
        store.clear(Input::Absent).await,
    ];
    for error in errors {
        assert_eq!(error.expect_err("closed").kind(), ErrorKind::Closed);
    }
    assert_eq!(script.sent(), []);
}
