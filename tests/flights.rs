//! Reads that share a request, see `src/store/flight.rs`.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use fastrand::Rng;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;
use unstorage_dynamodb::error::{ErrorKind, Operation};
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::options::{RawCircuitBreaker, RawOptions};
use unstorage_dynamodb::store::Store;
use unstorage_dynamodb::value::{Given, Reading};

use crate::common::{Calls, Script, Sent, failure};
use crate::stats::counts;

fn item(text: &str) -> Value {
    json!({ "Item": { "value": { "S": text } } })
}

async fn get(store: &Store, key: &str) -> Option<String> {
    let value = store.read(key).await.expect("read");
    value.map(|value| value.as_s().expect("text").clone())
}

/// An endpoint whose responses wait for permits, and a store that uses it.
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
async fn reads_of_one_key_share_a_request_across_methods() {
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
async fn consistent_reads_and_a_disabled_option_share_no_request() {
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
            tokio::spawn(async move { if remove { store.remove("k").await } else { store.write("k", "v").await } })
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
        // The write ends first. A read that starts now must not join the request that was sent before it.
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
async fn a_request_is_cancelled_when_its_last_caller_is() {
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
async fn each_caller_receives_the_failure_as_an_error_of_its_own_method() {
    let (script, gate) = gated(|| (400, failure("ValidationException")));
    let store = script.store();
    let open = async { gate.add_permits(1) };
    let (got, had, ()) = tokio::join!(store.read("k"), store.has("k".into(), Input::Absent), open);
    let (got, had) = (got.expect_err("failed"), had.expect_err("failed"));
    assert_eq!((got.operation(), had.operation()), (Some(Operation::GetItem), Some(Operation::HasItem)));
    assert_eq!((had.kind(), had.key(), had.metadata().attempts), (ErrorKind::Validation, Some("k"), 1));
    assert_eq!(script.sent().len(), 1);
}

/// [FLY-5] The request ends at the deadline of the call that sent it.
#[tokio::test(start_paused = true)]
async fn a_read_that_joined_late_keeps_its_own_deadline() {
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

/// A table of one item, whose value is a number. Requests take effect and are answered after random delays, and some
/// fail.
fn register(seed: u64) -> Script {
    let (value, random) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(Rng::with_seed(seed))));
    Script::handler(move |Sent { action, body }| {
        let (value, random) = (Arc::clone(&value), Arc::clone(&random));
        let pause = move || Duration::from_millis(random.lock().expect("no panic").u64(0..20));
        async move {
            tokio::time::sleep(pause()).await;
            if pause() < Duration::from_millis(1) {
                return (500, failure("InternalServerError"));
            }
            let result = if action == "GetItem" {
                item(&value.load(Ordering::Relaxed).to_string())
            } else {
                let text = body.pointer("/Item/value/S").and_then(Value::as_str).expect("text");
                value.store(text.parse().expect("a number"), Ordering::Relaxed);
                json!({})
            };
            tokio::time::sleep(pause()).await;
            (200, result)
        }
    })
}

/// [FLY-3] Reads, writes and aborts at random times: a read returns a value at least as new as the last write that
/// resolved before the read started.
#[tokio::test(start_paused = true)]
async fn no_read_misses_a_write_that_has_resolved() {
    for seed in 0..100 {
        let store = Arc::new(register(seed).store());
        let (written, mut random) = (Arc::new(AtomicU64::new(0)), Rng::with_seed(seed));
        let mut calls = JoinSet::new();
        for number in 1..=100_u64 {
            tokio::time::sleep(Duration::from_millis(random.u64(0..8))).await;
            let (store, written) = (Arc::clone(&store), Arc::clone(&written));
            let limit = Duration::from_millis(if random.u8(0..5) == 0 { random.u64(0..30) } else { 60_000 });
            let is_write = random.u8(0..4) == 0;
            calls.spawn(async move {
                if is_write {
                    let value = Given::from(number.to_string().as_str());
                    let put = store.write("k", value);
                    if let Ok(Ok(())) = tokio::time::timeout(limit, put).await {
                        written.fetch_max(number, Ordering::Relaxed);
                    }
                    return;
                }
                let before = written.load(Ordering::Relaxed);
                let get = store.read("k");
                if let Ok(Ok(Some(AttributeValue::S(text)))) = tokio::time::timeout(limit, get).await {
                    let found: u64 = text.parse().expect("a number");
                    assert!(found >= before, "seed {seed}: read {found} after {before} had been written");
                }
            });
        }
        while let Some(ended) = calls.join_next().await {
            ended.expect("no panic");
        }
        let reads = counts(&store, Operation::GetItem);
        assert!(reads.coalesced > 0 && reads.in_flight == 0, "seed {seed}: {reads:?}");
    }
}

/// An endpoint that responds only to writes, and a store that uses it.
fn silent(change: impl FnOnce(&mut RawOptions)) -> (Script, Store) {
    let script = Script::handler(|Sent { action, .. }| async move {
        if action == "GetItem" {
            std::future::pending::<()>().await;
        }
        (200, json!({}))
    });
    let store = script.store_with(change);
    (script, store)
}

/// Starts a read after `begins` milliseconds. Returns when and how it fails.
async fn failed_read(store: &Store, key: &str, begins: u64) -> (u64, ErrorKind) {
    let started = Instant::now();
    tokio::time::sleep(Duration::from_millis(begins)).await;
    let error = store.read(key).await.expect_err("no answer");
    assert_eq!((error.operation(), error.key()), (Some(Operation::GetItem), Some(key)));
    (u64::try_from(started.elapsed().as_millis()).expect("short"), error.kind())
}

/// [FLY-7] [TIME-1]
#[tokio::test(start_paused = true)]
async fn a_read_that_joins_again_keeps_its_own_deadline() {
    let (_script, store) = silent(|raw| {
        raw.timeout = Input::Number(1_000.0);
        raw.attempt_timeout = Input::Number(0.0);
    });
    // The second read joins the first one and then the third, which it could not join before.
    let write = async {
        tokio::time::sleep(Duration::from_millis(900)).await;
        store.write("k", "v").await.expect("written");
    };
    let reads = [0, 500, 950].map(|begins| failed_read(&store, "k", begins));
    let (ended, ()) = tokio::join!(join_all(reads), write);
    assert_eq!(ended, [1_000, 1_500, 1_950].map(|at| (at, ErrorKind::Timeout)));
}

/// [FLY-5] Otherwise the reads would fail one after another.
#[tokio::test(start_paused = true)]
async fn a_request_that_used_all_its_attempts_is_final_for_all_callers() {
    let (script, store) = silent(|raw| {
        raw.timeout = Input::Number(0.0);
        raw.attempt_timeout = Input::Number(1_000.0);
        raw.max_attempts = Input::Number(1.0);
    });
    let ended = join_all([0, 10, 20].map(|begins| failed_read(&store, "k", begins))).await;
    assert_eq!(ended, [(1_000, ErrorKind::Timeout); 3]);
    assert_eq!(script.sent().len(), 1);
}

/// [FLY-7] [CB-1]
#[tokio::test(start_paused = true)]
async fn reads_join_no_request_while_the_circuit_breaker_is_open() {
    let (script, store) = silent(|raw| {
        raw.attempt_timeout = Input::Number(1_000.0);
        raw.max_attempts = Input::Number(1.0);
        raw.circuit_breaker = RawCircuitBreaker { failures: Input::Number(1.0), ..RawCircuitBreaker::default() }.into();
    });
    let reads = [("other", 0), ("k", 500), ("k", 1_100)].map(|(key, begins)| failed_read(&store, key, begins));
    let ended = join_all(reads).await;
    assert_eq!(ended, [(1_000, ErrorKind::Timeout), (1_500, ErrorKind::Timeout), (1_100, ErrorKind::CircuitOpen)]);
    assert_eq!(script.sent().len(), 2);
}

/// [FLY-5] The other callers would not be woken.
#[tokio::test]
async fn a_panic_in_a_request_is_an_error_for_each_caller() {
    let script = Script::handler(|_| async {
        tokio::task::yield_now().await;
        panic!("on purpose")
    });
    let store = script.store();
    let read = || async { store.has("k".into(), Input::Absent).await.expect_err("failed").kind() };
    assert_eq!(tokio::join!(read(), read()), (ErrorKind::Internal, ErrorKind::Internal));
    assert_eq!(script.sent().len(), 1);
}

/// [FLY-7] [TIME-6]
#[tokio::test]
async fn at_most_100_000_calls_join_a_request() {
    let (script, store) = silent(|_| ());
    let mut reads: FuturesUnordered<_> = (0..100_005).map(|_| store.has("k".into(), Input::Absent)).collect();
    let mut refused = 0;
    while let Some(Some(result)) = reads.next().now_or_never() {
        assert_eq!(result.expect_err("no answer").kind(), ErrorKind::QueueFull);
        refused += 1;
    }
    assert_eq!((refused, script.sent().len()), (4, 1));
}
