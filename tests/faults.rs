//! The errors of calls when AWS or the network fails, and how often the requests are sent.

use crate::common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::types::AttributeValue;
use common::{Script, Sent, failure};
use futures_util::future::join_all;
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
async fn after_four_attempts_the_call_fails() {
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

/// [OPT-21]
#[tokio::test]
async fn bulk_work_and_single_calls_do_not_use_up_each_other_s_retries() {
    for is_bulk_broken in [true, false] {
        // One kind of request always fails, and every second request of the other kind.
        let others = Arc::new(AtomicUsize::new(0));
        let script = Script::handler(move |Sent { action, .. }| {
            let is_broken =
                (action == "Scan") == is_bulk_broken || others.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
            let answer = if is_broken { (500, failure("InternalServerError")) } else { (200, json!({})) };
            async move { answer }
        });
        let store = script.store_with(|raw| raw.coalesce = Input::Boolean(false));
        let call = async |bulk: bool| {
            if bulk {
                store.keys(Input::Absent, Input::Absent, Input::Absent).await.map(drop)
            } else {
                store.has("k".into(), Input::Absent).await.map(drop)
            }
        };
        // 500 tokens allow 50 retries; 20 calls would need 60.
        let results = join_all((0..20).map(|_| call(is_bulk_broken))).await;
        assert!(results.iter().all(Result::is_err));
        assert_eq!(script.sent().len(), 20 + 50);
        assert_eq!(call(is_bulk_broken).await.expect_err("broken").metadata().attempts, 1);
        assert_eq!(call(!is_bulk_broken).await, Ok(()));
        assert_eq!(script.sent().len(), 20 + 50 + 1 + 2);
    }
}

#[tokio::test]
async fn a_permanent_failure_is_not_retried() {
    for name in ["ValidationException", "ResourceNotFoundException", "AccessDeniedException"] {
        let script = Script::default().fail(400, name);
        let error = script.store().get("k".into(), Reading::Plain, Input::Absent).await.expect_err("failed");
        assert_eq!(error.metadata().attempts, 1);
        assert!(!error.is_retryable());
    }
}

#[tokio::test]
async fn a_response_that_is_not_from_dynamodb_is_an_error_with_its_status() {
    for (status, body) in [(200, "<html>"), (200, r#"{"Item":{"value":{"S":"#), (200, r#"{"Item":[]}"#)] {
        let script = Script::default().answer_text(status, body);
        let error = script.store().get("k".into(), Reading::Plain, Input::Absent).await.expect_err("no answer");
        assert_eq!(error.kind(), ErrorKind::Response, "{body}: {error}");
        assert_eq!(error.metadata().http_status, Some(status));
    }
}

/// [DIS-3]
#[tokio::test]
async fn a_closed_store_rejects_every_call() {
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
