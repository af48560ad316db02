//! Reads that share a request, see `src/store/flight.rs`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, oneshot};
use unstorage_dynamodb::error::{ErrorKind, Operation};
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::store::Store;
use unstorage_dynamodb::value::Reading;

use crate::common::{Calls, Script, Sent, failure};
use crate::stats::counts;

fn item(text: &str) -> Value {
    json!({ "Item": { "value": { "S": text } } })
}

async fn get(store: &Store, key: &str) -> Option<String> {
    let value = store.read(key).await.expect("read");
    value.map(|value| value.as_s().expect("text").clone())
}

/// An endpoint whose answers wait for permits, and the store on it.
fn gated(answer: impl Fn() -> (u16, Value) + Send + Sync + 'static) -> (Script, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let (answer, open) = (Arc::new(answer), Arc::clone(&gate));
    let script = Script::handler(move |_| {
        let (answer, open) = (Arc::clone(&answer), Arc::clone(&open));
        async move {
            open.acquire().await.expect("open").forget();
            answer()
        }
    });
    (script, gate)
}

/// [FLY-1]
#[tokio::test]
async fn reads_of_one_key_share_a_request_whatever_they_ask_of_it() {
    let (script, gate) = gated(|| (200, item("v")));
    let store = script.store();
    let reads = async {
        let absent = || Input::Absent;
        let raw = store.get("k".into(), Reading::Raw, absent());
        let (has, meta) = (store.has("k".into(), absent()), store.meta("k".into(), absent()));
        tokio::join!(join_all((0..50).map(|_| get(&store, "k"))), raw, has, meta, get(&store, "other"))
    };
    let open = async {
        tokio::task::yield_now().await;
        gate.add_permits(100);
    };
    let ((texts, raw, has, meta, other), ()) = tokio::join!(reads, open);
    assert!(texts.iter().all(|text| text.as_deref() == Some("v")));
    assert_eq!(raw, Ok(Some(AttributeValue::S("v".into()))));
    assert_eq!((has, meta.expect("read").expect("alive").size, other.as_deref()), (Ok(true), 1, Some("v")));
    assert_eq!(script.sent().len(), 2);
    let of = |operation| counts(&store, operation);
    assert_eq!((of(Operation::GetItem).requests, of(Operation::GetItem).coalesced), (2, 49));
    assert_eq!((of(Operation::HasItem).requests, of(Operation::HasItem).coalesced), (0, 1));
    assert_eq!(get(&store, "k").await.as_deref(), Some("v"));
    assert_eq!(script.sent().len(), 3, "a flight that has ended is not joined");
}

/// [FLY-2]
#[tokio::test]
async fn consistent_reads_and_the_option_false_share_nothing() {
    for (coalesce, consistent) in [(Input::Absent, Input::Boolean(true)), (Input::Boolean(false), Input::Absent)] {
        let script = Script::handler(|_| async { (200, item("v")) });
        let store = script.store_with(|raw| raw.coalesce = coalesce);
        let reads = (0..5).map(|_| store.get("k".into(), Reading::Plain, consistent.clone()));
        join_all(reads).await;
        assert_eq!(script.sent().len(), 5);
    }
}

/// [FLY-3]
#[tokio::test]
async fn a_write_closes_the_flights_of_its_key_at_its_start_and_at_its_end() {
    for remove in [false, true] {
        let (sender, answers) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let (held, number) = (Arc::clone(&sender), Arc::clone(&answers));
        let script = Script::handler(move |Sent { action, .. }| {
            let (held, number) = (Arc::clone(&held), Arc::clone(&number));
            async move {
                let (open, opened) = oneshot::channel::<()>();
                held.lock().expect("alone").push((action.clone(), open));
                opened.await.expect("opened");
                let number = number.fetch_add(1, Ordering::Relaxed);
                if action == "GetItem" { (200, item(&number.to_string())) } else { (200, json!({})) }
            }
        });
        let store = Arc::new(script.store());
        let read = || {
            let store = Arc::clone(&store);
            tokio::spawn(async move { get(&store, "k").await.expect("there") })
        };
        let sent = async |count: usize| {
            while sender.lock().expect("alone").len() < count {
                tokio::task::yield_now().await;
            }
        };
        let before = read();
        sent(1).await;
        let write = {
            let store = Arc::clone(&store);
            tokio::spawn(
                async move { if remove { store.delete("k".into()).await } else { store.write("k", "v").await } },
            )
        };
        sent(2).await;
        let during = read();
        sent(3).await;
        let joins_during = read();
        tokio::task::yield_now().await;
        let open = |action: &str, nth: usize| {
            let mut held = sender.lock().expect("alone");
            let position = held.iter().enumerate().filter(|(_, (of, _))| of == action).nth(nth).expect("sent").0;
            held.remove(position).1.send(()).expect("waiting");
        };
        // The write ends first; a read that begins now must not join the one that was sent before that.
        open(if remove { "DeleteItem" } else { "PutItem" }, 0);
        write.await.expect("no panic").expect("written");
        let after = read();
        while sender.lock().expect("alone").len() < 3 {
            tokio::task::yield_now().await;
        }
        for _ in 0..3 {
            open("GetItem", 0);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let values =
            [before.await, during.await, joins_during.await, after.await].map(|value| value.expect("no panic"));
        assert_eq!(values, ["1", "2", "2", "3"]);
    }
}

/// [FLY-4]
#[tokio::test]
async fn a_request_stops_with_its_last_caller() {
    let (script, gate) = gated(|| (200, item("v")));
    let store = script.store();
    {
        let mut first = Box::pin(get(&store, "k"));
        let mut second = Box::pin(get(&store, "k"));
        assert!((&mut first).now_or_never().is_none());
        assert!((&mut second).now_or_never().is_none());
        drop(first);
        gate.add_permits(1);
        assert_eq!(second.await.as_deref(), Some("v"));
        assert_eq!(script.sent().len(), 1);
    }
    {
        let mut alone = Box::pin(get(&store, "k"));
        assert!((&mut alone).now_or_never().is_none());
    }
    gate.add_permits(1);
    tokio::task::yield_now().await;
    assert_eq!(gate.available_permits(), 1, "the request was dropped");
    assert_eq!(get(&store, "k").await.as_deref(), Some("v"));
    assert_eq!(script.sent().len(), 3);
}

/// [FLY-5]
#[tokio::test]
async fn each_caller_gets_the_failure_as_an_error_of_its_own_method() {
    let (script, gate) = gated(|| (400, failure("ValidationException")));
    let store = script.store();
    let open = async { gate.add_permits(1) };
    let (got, had, ()) = tokio::join!(store.read("k"), store.has("k".into(), Input::Absent), open);
    let (got, had) = (got.expect_err("failed"), had.expect_err("failed"));
    assert_eq!((got.operation(), had.operation()), (Some(Operation::GetItem), Some(Operation::HasItem)));
    assert_eq!((had.kind(), had.key(), had.metadata().attempts), (ErrorKind::Validation, Some("k"), 1));
    assert_eq!(script.sent().len(), 1);
}

/// [FLY-5] The request ends with the time of the call that sent it.
#[tokio::test(start_paused = true)]
async fn a_read_that_joined_late_has_its_whole_time() {
    let requests = Arc::new(AtomicUsize::new(0));
    let script = Script::handler(move |_| {
        let is_first = requests.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            tokio::time::sleep(Duration::from_millis(if is_first { 60_000 } else { 700 })).await;
            (200, item("v"))
        }
    });
    let store = script.store_with(|raw| {
        raw.timeout = Input::Number(1_000.0);
        raw.attempt_timeout = Input::Number(0.0);
    });
    let late = async {
        tokio::time::sleep(Duration::from_millis(900)).await;
        get(&store, "k").await
    };
    let (first, late) = tokio::join!(store.read("k"), late);
    assert_eq!(first.expect_err("out of time").kind(), ErrorKind::Timeout);
    assert_eq!(late.as_deref(), Some("v"));
}
