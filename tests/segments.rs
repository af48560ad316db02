//! Parallel scans of a table in segments.

use crate::common;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::table::{Arrival, Table, key};
use common::{Script, Sent, failure};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use unstorage_dynamodb::error::{Error, ErrorKind, Operation};
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::options::{RawOptions, RawScan};

fn scan(segments: impl Into<Option<f64>>, concurrency: impl Into<Option<f64>>) -> impl FnOnce(&mut RawOptions) {
    let input = |number: Option<f64>| number.map_or(Input::Absent, Input::Number);
    let scan =
        RawScan { segments: input(segments.into()), concurrency: input(concurrency.into()), ..RawScan::default() };
    |raw| raw.scan = scan.into()
}

async fn keys_with(script: &Script, change: impl FnOnce(&mut RawOptions)) -> Result<Vec<String>, Error> {
    script.store_with(change).keys(Input::Absent, Input::Absent, Input::Absent).await
}

async fn keys(script: &Script) -> Result<Vec<String>, Error> {
    keys_with(script, |_| ()).await
}

/// Checks that each row's key was returned once, in any order.
fn assert_complete(mut keys: Vec<String>, rows: usize) {
    let mut expected: Vec<_> = (0..rows).map(key).collect();
    expected.sort();
    keys.sort();
    assert_eq!(keys, expected);
}

/// The requested pages, by segment.
fn pages(sent: &[Sent]) -> BTreeMap<Option<u64>, Vec<Value>> {
    let mut pages = BTreeMap::<_, Vec<_>>::new();
    for Sent { body, .. } in sent.iter().filter(|sent| sent.action == "Scan") {
        pages.entry(body["Segment"].as_u64()).or_default().push(body.clone());
    }
    pages
}

/// [KEYS-7]
#[tokio::test]
async fn a_table_of_one_page_is_one_request_without_a_segment() {
    for rows in [0, 1, 99] {
        let script = Table::new(rows, 100).script();
        assert_complete(keys(&script).await.expect("keys"), rows);
        let sent = script.sent();
        assert_eq!(sent.len(), 1);
        for absent in ["Segment", "TotalSegments", "ExclusiveStartKey", "Limit"] {
            assert_eq!(sent[0].body.get(absent), None, "{absent}");
        }
    }
}

/// [KEYS-8] The table rejects a start key from another segment, including that of page 1.
#[tokio::test]
async fn a_larger_table_is_read_in_segments_each_from_its_start() {
    let script = Table::new(500, 7).script();
    assert_complete(keys(&script).await.expect("keys"), 500);
    let mut pages = pages(&script.sent());
    assert_eq!(pages.remove(&None).expect("page 1").len(), 1);
    assert_eq!(pages.keys().copied().collect::<Vec<_>>(), (0..16).map(Some).collect::<Vec<_>>());
    for asked in pages.values() {
        assert!(asked.len() > 1);
        assert!(asked.iter().all(|body| body["TotalSegments"] == 16));
        // From its own start, and no page twice.
        let starts: Vec<_> = asked.iter().map(|body| body.get("ExclusiveStartKey").map(Value::to_string)).collect();
        assert_eq!(starts.iter().filter(|start| start.is_none()).count(), 1);
        assert_eq!(starts[0], None);
        assert!(starts.iter().all(|start| starts.iter().filter(|other| *other == start).count() == 1));
    }
}

/// [SCAN-2]
#[tokio::test]
async fn the_number_of_segments_is_configurable() {
    // With far more segments than rows, most of them are empty.
    for (segments, rows) in [(2, 50), (3, 50), (64, 50), (1_000, 5)] {
        let script = Table::new(rows, 4).script();
        let change = scan(f64::from(segments), None);
        assert_complete(keys_with(&script, change).await.expect("keys"), rows);
        let pages = pages(&script.sent());
        assert_eq!(pages.len(), usize::try_from(segments).expect("fits") + 1);
        assert!(
            pages
                .iter()
                .filter(|(segment, _)| segment.is_some())
                .flat_map(|(_, asked)| asked)
                .all(|body| { body["TotalSegments"] == segments })
        );
    }
}

/// [SCAN-2]
#[tokio::test]
async fn one_segment_is_read_page_by_page_and_nothing_twice() {
    let table = Table::new(50, 4);
    let script = table.script();
    assert_complete(keys_with(&script, scan(1.0, None)).await.expect("keys"), 50);
    let pages = pages(&script.sent());
    assert_eq!(pages.keys().collect::<Vec<_>>(), [&None]);
    assert_eq!(pages[&None].len(), 50 / 4 + 1);
    assert!(table.arrivals().iter().all(|arrival| arrival.in_flight == 1));
}

/// [SCAN-3]
#[tokio::test]
async fn page_size_limits_each_page() {
    let script = Table::new(60, 100).script();
    let scan = RawScan { page_size: Input::Number(2.0), ..RawScan::default() };
    assert_complete(keys_with(&script, |raw| raw.scan = scan.into()).await.expect("keys"), 60);
    assert!(script.sent().len() > 60 / 2);
    assert!(script.sent().iter().all(|sent| sent.body["Limit"] == 2));
}

/// [SCAN-4]
#[tokio::test]
async fn pages_in_flight_grow_from_1_to_4_to_16() {
    let table = Table::new(2_000, 10);
    assert_complete(keys(&table.script()).await.expect("keys"), 2_000);
    let in_flight: Vec<_> = table.arrivals().iter().map(|arrival| arrival.in_flight).collect();
    // Page 1, then four until four were read, then the maximum.
    assert_eq!(in_flight[..5], [1, 1, 2, 3, 4]);
    let grown = in_flight.iter().position(|count| *count > 4).expect("grown");
    assert!((8..=12).contains(&grown), "{in_flight:?}");
    assert_eq!(in_flight.iter().max(), Some(&16));
    assert!(in_flight[grown..].iter().filter(|count| **count == 16).count() > 5, "{in_flight:?}");
}

/// [SCAN-3]
#[tokio::test]
async fn concurrency_is_the_maximum_in_flight() {
    for most in [1, 3, 6, 64] {
        let table = Table::new(1_000, 5);
        let change = scan(64.0, f64::from(most));
        assert_complete(keys_with(&table.script(), change).await.expect("keys"), 1_000);
        let peak = table.arrivals().iter().map(|arrival| arrival.in_flight).max();
        // 50 is the driver's own limit on requests.
        assert_eq!(peak, Some(usize::try_from(most.min(50)).expect("fits")));
    }
}

/// [SCAN-5] The SDK hides each of these throttles: every page succeeds at its second attempt.
#[tokio::test]
async fn with_constant_throttling_one_page_is_in_flight() {
    let table = Table::new(160, 4).with_capacity(0);
    assert_complete(keys(&table.script()).await.expect("keys"), 160);
    let arrivals = table.arrivals();
    assert!(arrivals.len() >= 2 * 160 / 4);
    assert!(arrivals.iter().all(|arrival| arrival.in_flight == 1), "{arrivals:?}");
}

/// [SCAN-5]
#[tokio::test]
async fn a_table_with_capacity_for_one_page_gets_one_request_at_a_time() {
    let table = Table::new(1_500, 5).with_capacity(1);
    assert_complete(keys(&table.script()).await.expect("keys"), 1_500);
    let arrivals = table.arrivals();
    assert_eq!(arrivals.iter().map(|arrival| arrival.in_flight).max(), Some(4));
    // Growing to 4 was too much. From then on one page is in flight, and sometimes two as a probe.
    let settled = &arrivals[10..];
    assert!(settled.iter().all(|arrival| arrival.in_flight <= 2), "{arrivals:?}");
    let throttled = settled.iter().filter(|arrival| arrival.throttled).count();
    assert!(throttled > 0 && throttled * 10 < settled.len(), "{throttled} of {}", settled.len());
}

/// [SCAN-5]
#[tokio::test]
async fn a_table_with_capacity_for_some_pages_gets_some_requests_at_a_time() {
    let table = Table::new(4_000, 5).with_capacity(6);
    assert_complete(keys(&table.script()).await.expect("keys"), 4_000);
    let arrivals = table.arrivals();
    let settled = &arrivals[arrivals.len() / 2..];
    assert!(settled.iter().all(|arrival| arrival.in_flight <= 8), "{arrivals:?}");
    // Uses the maximum of several samples: when several pages end at the same moment, the next ones are requested one
    // by one, and the first finds none in flight.
    let most = |arrivals: &[Arrival]| arrivals.iter().map(|arrival| arrival.in_flight).max();
    let steps: Vec<_> = settled.chunks(16).filter_map(most).collect();
    assert!(steps.iter().filter(|most| **most >= 3).count() * 2 > steps.len(), "{steps:?}");
    let throttled = settled.iter().filter(|arrival| arrival.throttled).count();
    assert!(throttled * 10 < settled.len(), "{throttled} of {}", settled.len());
}

/// [KEYS-6]
#[tokio::test]
async fn an_error_in_one_segment_fails_and_stops_the_whole_scan() {
    for (name, kind) in [("AccessDeniedException", ErrorKind::AccessDenied), ("", ErrorKind::Service)] {
        let failed = Arc::new(AtomicUsize::new(0));
        let table = Table::new(2_000, 5);
        let script = {
            let (failed, table) = (Arc::clone(&failed), table.clone());
            Script::handler(move |sent| {
                let is_the_one = sent.body["Segment"] == 11 && sent.body.get("ExclusiveStartKey").is_some();
                let (failed, table) = (Arc::clone(&failed), table.clone());
                async move {
                    if !is_the_one {
                        return table.answer(sent).await;
                    }
                    failed.store(table.arrivals().len(), Ordering::Relaxed);
                    (400, failure(name))
                }
            })
        };
        let error = keys(&script).await.expect_err("no part");
        assert_eq!(error.kind(), kind);
        assert_eq!(error.metadata().attempts, 1);
        // At most the pages in flight, and not the hundreds of remaining ones.
        let sent = script.sent().len();
        assert!(sent <= failed.load(Ordering::Relaxed) + 16, "{sent} requests");
        assert!(sent < 100, "{sent} requests");
        // No request is sent after the call has ended.
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(script.sent().len(), sent);
    }
}

/// A table that throttles segment 3 this many times, starting with its second page.
fn throttled_in_one_segment(table: &Table, times: usize) -> Script {
    let left = Arc::new(AtomicUsize::new(times));
    let table = table.clone();
    Script::handler(move |sent| {
        let (table, left) = (table.clone(), Arc::clone(&left));
        async move {
            let is_the_one = sent.body.get("Segment").is_some_and(|segment| *segment == 3)
                && sent.body.get("ExclusiveStartKey").is_some();
            let order = Ordering::Relaxed;
            if is_the_one && left.fetch_update(order, order, |left| left.checked_sub(1)).is_ok() {
                return (400, failure("ThrottlingException"));
            }
            table.answer(sent).await
        }
    })
}

/// [SCAN-6] Three times the four attempts of a request.
#[tokio::test]
async fn a_page_that_stays_throttled_is_requested_again() {
    let script = throttled_in_one_segment(&Table::new(500, 5), 12);
    let store = script.store();
    assert_complete(store.keys(Input::Absent, Input::Absent, Input::Absent).await.expect("keys"), 500);
    let (_, counts) = store.stats().find(|(operation, _)| *operation == Operation::GetKeys).expect("counted");
    assert_eq!((counts.throttles, counts.errors), (12, 0));

    let table = Table::new(500, 5);
    throttled_in_one_segment(&table, 12).store().clear(Input::Absent).await.expect("cleared");
    assert!(table.is_empty());
}

/// [SCAN-6]
#[tokio::test]
async fn a_first_page_that_stays_throttled_is_an_error() {
    let script = Script::handler(|_| async { (400, failure("ThrottlingException")) });
    let error = keys(&script).await.expect_err("throttled");
    assert_eq!((error.kind(), error.metadata().attempts), (ErrorKind::Throttled, 4));
    assert_eq!(script.sent().len(), 4);
}

/// [SCAN-7] [KEYS-6] The limit is a minute; the test uses a shorter one.
#[tokio::test]
async fn without_any_response_the_scan_ends() {
    let stall = Duration::from_secs(2);
    let store = |script: &Script| {
        let mut options = Script::options(|_| ());
        options.limits.scan_timeout = Some(stall);
        script.store_of(options)
    };
    // One segment is never available. The others are read to their end in the meantime.
    let begin = Instant::now();
    let script = throttled_in_one_segment(&Table::new(500, 5), usize::MAX);
    let error = store(&script).keys(Input::Absent, Input::Absent, Input::Absent).await.expect_err("no part");
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert_eq!(error.name(), "ThrottlingException");
    assert_eq!(error.operation(), Some(Operation::GetKeys));
    assert!(begin.elapsed() >= stall);
    assert!(pages(&script.sent()).len() > 16);

    // Nothing responds, and no timeout is set.
    let script = Script::handler(|_| std::future::pending());
    let mut options = Script::options(|raw| {
        raw.timeout = Input::Number(0.0);
        raw.attempt_timeout = Input::Number(0.0);
    });
    options.limits.scan_timeout = Some(stall);
    let error = script.store_of(options).clear(Input::Absent).await.expect_err("given up");
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Timeout, Some(Operation::Clear)));
}

/// [KEYS-1]
#[tokio::test]
async fn empty_pages_and_empty_segments_are_skipped() {
    let script = Script::handler(|Sent { body, .. }| async move {
        let page = |keys: &[&str], next: Option<&str>| {
            let items: Value = keys.iter().map(|key| json!({ "key": { "S": key } })).collect();
            match next {
                None => json!({ "Items": items }),
                Some(next) => json!({ "Items": items, "LastEvaluatedKey": { "key": { "S": next } } }),
            }
        };
        let start = body["ExclusiveStartKey"]["key"]["S"].as_str();
        (
            200,
            match (body["Segment"].as_u64(), start) {
                (None, None) => page(&[], Some("page 1")),
                (Some(5), None) => page(&[], Some("a")),
                (Some(5), Some("a")) => page(&[], Some("b")),
                (Some(5), Some("b")) => page(&["only one"], Some("c")),
                (Some(5), Some("c")) | (Some(_), None) => page(&[], None),
                other => panic!("{other:?}"),
            },
        )
    });
    assert_eq!(keys(&script).await, Ok(vec!["only one".to_owned()]));
    assert_eq!(script.sent().len(), 1 + 16 + 3);
}

/// [KEYS-9] In any segment and after any number of pages.
#[tokio::test]
async fn a_segment_that_does_not_advance_is_an_error() {
    for pages in [1, 2, 5, 40] {
        let script = Script::handler(move |Sent { body, .. }| async move {
            let start = body["ExclusiveStartKey"]["key"]["S"].as_str().map(str::parse::<usize>);
            let next = match (body["Segment"].as_u64(), start) {
                (None, _) => "page 1".to_owned(),
                (Some(7), start) => start.map_or(1, |start| start.expect("a number") + 1).min(pages).to_string(),
                (Some(_), _) => return (200, json!({ "Items": [] })),
            };
            (200, json!({ "Items": [], "LastEvaluatedKey": { "key": { "S": next } } }))
        });
        let error = keys(&script).await.expect_err("endless");
        assert_eq!(error.kind(), ErrorKind::Response);
        assert!(error.to_string().contains("does not advance"), "{error}");
        assert_eq!(script.sent().iter().filter(|sent| sent.body["Segment"] == 7).count(), pages + 1);
    }
}

/// [CLR-1] [CLR-3] Rows are deleted during the scan, including those that start keys refer to.
#[tokio::test]
async fn clear_deletes_while_it_scans_and_holds_a_bounded_number_of_keys() {
    let table = Table::new(1_000, 10);
    table.script().store().clear(Input::Absent).await.expect("cleared");
    assert!(table.is_empty());
    // 16 pages read ahead and the one being deleted.
    let held = table.most_held();
    assert!(held <= 17 * 10, "{held} keys held");
    assert!(held > 5 * 10, "{held} keys held");
}

/// [CLR-3] A page in flight that is not polled would appear to have timed out.
#[tokio::test]
async fn clear_reads_ahead_while_it_deletes() {
    let table = Table::new(400, 10);
    let gate = Arc::new(Semaphore::new(0));
    let script = {
        let (table, gate) = (table.clone(), Arc::clone(&gate));
        Script::handler(move |sent| {
            let (table, gate) = (table.clone(), Arc::clone(&gate));
            async move {
                if sent.action == "BatchWriteItem" {
                    // The first deletes hang until the scan has read ahead as far as allowed.
                    gate.acquire().await.expect("open").forget();
                    gate.add_permits(1);
                } else if table.arrivals().len() == 15 {
                    gate.add_permits(1);
                }
                table.answer(sent).await
            }
        })
    };
    let clear = async { script.store().clear(Input::Absent).await };
    tokio::time::timeout(Duration::from_secs(20), clear).await.expect("the scan goes on").expect("cleared");
    assert!(table.is_empty());
}

/// [CLR-4] [KEYS-6] A segment fails while rows are being deleted: deletes in flight complete, and no further page is
/// requested.
#[tokio::test]
async fn clear_stops_when_a_segment_fails() {
    let table = Table::new(2_000, 10);
    let (asked, asked_at_failure) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let script = {
        let (table, asked, asked_at_failure) = (table.clone(), Arc::clone(&asked), Arc::clone(&asked_at_failure));
        Script::handler(move |sent| {
            let (table, asked, asked_at_failure) = (table.clone(), Arc::clone(&asked), Arc::clone(&asked_at_failure));
            async move {
                if sent.action == "BatchWriteItem" {
                    tokio::time::sleep(Duration::from_millis(150)).await;
                    return table.answer(sent).await;
                }
                asked.fetch_add(1, Ordering::Relaxed);
                let segment = &sent.body["Segment"];
                if *segment == 2 {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    asked_at_failure.store(asked.load(Ordering::Relaxed), Ordering::Relaxed);
                    return (400, failure("AccessDeniedException"));
                }
                if *segment == 3 {
                    // Still in flight when the other one fails.
                    tokio::time::sleep(Duration::from_millis(80)).await;
                }
                table.answer(sent).await
            }
        })
    };
    let error = script.store().clear(Input::Absent).await.expect_err("failed");
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert!(!table.is_empty());
    // Page 1 and the pages that may be read ahead, then none.
    let (asked, asked_at_failure) = (asked.load(Ordering::Relaxed), asked_at_failure.load(Ordering::Relaxed));
    assert!((2..=20).contains(&asked), "{asked} pages");
    assert_eq!(asked, asked_at_failure);
}
