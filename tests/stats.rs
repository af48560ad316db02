//! What `getInstance().stats()` counts.

#![expect(clippy::expect_used, reason = "a count that is missing is a broken test")]

use crate::common;

use common::Script;
use serde_json::json;
use unstorage_dynamodb::error::Operation;
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::stats::OperationStats;
use unstorage_dynamodb::store::Store;
use unstorage_dynamodb::value::Reading;

fn counts(store: &Store, operation: Operation) -> OperationStats {
    store.stats().find(|(counted, _)| *counted == operation).expect("every operation is counted").1
}

/// [STAT-2]
#[tokio::test]
async fn retries_throttles_rows_and_bytes_of_a_read_are_counted() {
    let found = json!({ "Item": { "value": { "S": "v" } } });
    let script = Script::default()
        .fail(400, "ProvisionedThroughputExceededException")
        .fail(500, "InternalServerError")
        .answer(200, &found)
        .answer(200, &json!({}));
    let store = script.store();
    for key in ["a", "b"] {
        store.get(key.into(), Reading::Plain, Input::Absent).await.expect("read");
    }
    let counts = counts(&store, Operation::GetItem);
    let sent: usize = script.sent().iter().map(|sent| sent.body.to_string().len()).sum();
    assert_eq!((counts.requests, counts.retries, counts.throttles, counts.errors), (4, 2, 1, 0));
    assert_eq!((counts.items_read, counts.items_written, counts.in_flight), (1, 0, 0));
    assert_eq!(counts.bytes_sent, sent as u64);
    let bodies = [
        common::failure("ProvisionedThroughputExceededException"),
        common::failure("InternalServerError"),
        found,
        json!({}),
    ];
    assert_eq!(counts.bytes_received, bodies.iter().map(|body| body.to_string().len() as u64).sum::<u64>());
}

/// [STAT-2]
#[tokio::test]
async fn a_failed_call_is_an_error_of_its_method() {
    let script = Script::default().fail(400, "ValidationException");
    let store = script.store();
    store.delete("a".into()).await.expect_err("refused by DynamoDB");
    store.delete(Input::Absent).await.expect_err("refused before any request");
    let counts = counts(&store, Operation::RemoveItem);
    assert_eq!((counts.requests, counts.errors, counts.items_written, counts.in_flight), (1, 2, 0, 0));
}

/// [STAT-2]
#[tokio::test]
async fn an_aborted_call_is_an_error_and_no_longer_in_flight() {
    let script = Script::handler(|_| std::future::pending());
    let store = script.store();
    {
        let mut call = Box::pin(store.get("a".into(), Reading::Plain, Input::Absent));
        tokio::select! {
            biased;
            _ = &mut call => panic!("answered"),
            () = tokio::time::sleep(std::time::Duration::from_millis(50)) => (),
        }
        assert_eq!(counts(&store, Operation::GetItem).in_flight, 1);
    }
    let counts = counts(&store, Operation::GetItem);
    assert_eq!((counts.errors, counts.in_flight), (1, 0));
}
