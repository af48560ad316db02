//! The errors of calls when AWS or the network fails, and how often the requests are sent.

use crate::common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Answer, Calls, Script, Sent, failure};
use futures_util::future::join_all;
use serde_json::json;
use unstorage_dynamodb::error::ErrorKind;
use unstorage_dynamodb::input::Input;

/// [ERR-1] [ERR-2] [ERR-4]
#[tokio::test]
async fn after_four_attempts_the_call_fails() {
    let script = Script::repeating([Answer::error(400, "ThrottlingException")]);
    let error = script.store().write("k", "v").await.expect_err("throttled");
    assert_eq!(script.sent().len(), 4);
    assert_eq!((error.kind(), error.name()), (ErrorKind::Throttled, "ThrottlingException"));
    let metadata = error.metadata();
    assert_eq!((metadata.attempts, metadata.http_status), (4, Some(400)));
    assert_eq!(metadata.request_id.as_deref(), Some("REQUEST1"));
    assert!(error.is_retryable());
    let message = error.to_string();
    assert!(message.starts_with("[unstorage] [aws-dynamodb] setItem on table \"cache\" failed: "), "{message}");
    assert!(message.ends_with("(4 attempts)"), "{message}");
}

/// [OPT-21]
#[tokio::test]
async fn bulk_and_single_requests_have_separate_retry_budgets() {
    for is_bulk_broken in [true, false] {
        // All requests of one kind fail, and every second one of the other kind.
        let others = Arc::new(AtomicUsize::new(0));
        let script = Script::handler(move |Sent { action, .. }| {
            let is_broken =
                (action == "Scan") == is_bulk_broken || others.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
            let answer = if is_broken { (500, failure("InternalServerError")) } else { (200, json!({})) };
            async move { answer }
        });
        let store = script.store_with(|raw| raw.coalesce = Input::Boolean(false));
        let call = async |bulk: bool| if bulk { store.list().await.map(drop) } else { store.read("k").await.map(drop) };
        // 500 tokens allow 50 retries; 20 calls could use 60.
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
        let error = Script::of([Answer::error(400, name)]).store().read("k").await.expect_err("failed");
        assert_eq!((error.metadata().attempts, error.is_retryable()), (1, false));
    }
    for body in ["<html>", r#"{"Item":{"value":{"S":"#, r#"{"Item":[]}"#] {
        let error = Script::of([Answer::text(200, body)]).store().read("k").await.expect_err("no answer");
        assert_eq!((error.kind(), error.metadata().http_status), (ErrorKind::Response, Some(200)), "{body}");
    }
}

/// [DIS-3]
#[tokio::test]
async fn a_closed_store_rejects_every_call() {
    let script = Script::default();
    let store = script.store();
    store.close().await;
    store.close().await;
    for result in [
        store.read("k").await.map(drop),
        store.has("k".into(), Input::Absent).await.map(drop),
        store.write("k", "v").await,
        store.remove("k").await,
        store.list().await.map(drop),
        store.clear(Input::Absent).await,
    ] {
        assert_eq!(result.expect_err("closed").kind(), ErrorKind::Closed);
    }
    assert_eq!(script.sent(), []);
}
