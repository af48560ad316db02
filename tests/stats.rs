//! The counts that `getInstance().stats()` returns.

use crate::common;

use std::time::Duration;

use common::{Answer, Calls, Script, failure};
use serde_json::json;
use unstorage_dynamodb::condition::RawConditions;
use unstorage_dynamodb::error::Operation;
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::stats::OperationStats;
use unstorage_dynamodb::store::Store;

pub(crate) fn counts(store: &Store, operation: Operation) -> OperationStats {
    store.stats().find(|(counted, _)| *counted == operation).expect("every operation is counted").1
}

/// [STAT-2]
#[tokio::test]
async fn retries_throttles_rows_and_bytes_of_a_read_are_counted() {
    let found = json!({ "Item": { "value": { "S": "v" } } });
    let (slow, broken) = ("ProvisionedThroughputExceededException", "InternalServerError");
    let answers = [Answer::error(400, slow), Answer::error(500, broken), Answer::ok(&found), Answer::ok(&json!({}))];
    let script = Script::of(answers);
    let store = script.store();
    for key in ["a", "b"] {
        store.read(key).await.expect("read");
    }
    let counts = counts(&store, Operation::GetItem);
    let sent: usize = script.sent().iter().map(|sent| sent.body.to_string().len()).sum();
    let bodies = [failure(slow), failure(broken), found, json!({})];
    let received: usize = bodies.iter().map(|body| body.to_string().len()).sum();
    assert_eq!((counts.requests, counts.retries, counts.throttles, counts.errors), (4, 2, 1, 0));
    assert_eq!((counts.items_read, counts.items_written, counts.in_flight), (1, 0, 0));
    assert_eq!((counts.bytes_sent, counts.bytes_received), (sent as u64, received as u64));
}

/// [STAT-2]
#[tokio::test]
async fn a_failed_call_counts_as_an_error_of_its_method() {
    let store = Script::of([Answer::error(400, "ValidationException")]).store();
    store.remove("a").await.expect_err("refused by DynamoDB");
    store.delete(Input::Absent, RawConditions::default()).await.expect_err("refused before any request");
    let counts = counts(&store, Operation::RemoveItem);
    assert_eq!((counts.requests, counts.errors, counts.items_written, counts.in_flight), (1, 2, 0, 0));
}

/// [STAT-2]
#[tokio::test]
async fn a_dropped_call_counts_as_an_error_and_is_no_longer_in_flight() {
    let store = Script::handler(|_| std::future::pending()).store();
    {
        let mut call = Box::pin(store.read("a"));
        tokio::time::timeout(Duration::from_millis(50), &mut call).await.expect_err("no answer");
        assert_eq!(counts(&store, Operation::GetItem).in_flight, 1);
    }
    let counts = counts(&store, Operation::GetItem);
    assert_eq!((counts.errors, counts.in_flight), (1, 0));
}
