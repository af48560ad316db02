//! Scans, sequential and in parallel segments.

use crate::common;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::table::{Arrival, Table, key};
use common::{Answer, Calls, Script, Sent, failure, page};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use unstorage_dynamodb::error::{ErrorKind, Operation};
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::options::{RawOptions, RawScan};
use unstorage_dynamodb::store::Store;

use crate::stats::counts;

fn scan(segments: Option<usize>, concurrency: Option<usize>) -> impl FnOnce(&mut RawOptions) {
    let [segments, concurrency] =
        [segments, concurrency].map(|number| number.map_or(Input::Absent, |number| Input::Text(number.to_string())));
    |raw| raw.scan = RawScan { segments, concurrency, ..RawScan::default() }.into()
}

/// The start key of a request.
fn start(body: &Value) -> Option<&str> {
    body["ExclusiveStartKey"]["key"]["S"].as_str()
}

/// Lists all keys and checks that each row is returned exactly once, in any order.
async fn list_all(script: &Script, rows: usize, change: impl FnOnce(&mut RawOptions)) -> Store {
    let store = script.store_with(change);
    let mut keys = store.list().await.expect("keys");
    let mut expected: Vec<_> = (0..rows).map(key).collect();
    expected.sort();
    keys.sort();
    assert_eq!(keys, expected);
    store
}

/// The requested pages, by segment.
fn pages(sent: &[Sent]) -> BTreeMap<Option<u64>, Vec<Value>> {
    let mut pages = BTreeMap::<_, Vec<_>>::new();
    for Sent { body, .. } in sent.iter().filter(|sent| sent.action == "Scan") {
        pages.entry(body["Segment"].as_u64()).or_default().push(body.clone());
    }
    pages
}

/// [KEYS-8] [SCAN-2] The table rejects start keys of other segments, including the one from page 1.
#[tokio::test]
async fn a_table_of_several_pages_is_read_in_segments_from_their_starts() {
    // Far more segments than rows leaves most of them empty.
    for (segments, rows, size) in [(16, 500, 7), (2, 50, 4), (3, 50, 4), (64, 50, 4), (1_000, 5, 4)] {
        let script = Table::new(rows, size).script();
        list_all(&script, rows, scan((segments != 16).then_some(segments), None)).await;
        let mut pages = pages(&script.sent());
        assert_eq!(pages.remove(&None).expect("page 1").len(), 1);
        assert!(pages.keys().copied().eq((0..segments as u64).map(Some)));
        for asked in pages.values() {
            assert!(asked.iter().all(|body| body["TotalSegments"] == segments));
            // Each segment starts at its beginning and requests no page twice.
            let mut starts: Vec<_> = asked.iter().map(start).collect();
            assert_eq!(starts[0], None);
            starts.sort_unstable();
            starts.dedup();
            assert_eq!(starts.len(), asked.len());
        }
    }
}

/// [SCAN-4]
#[tokio::test]
async fn pages_in_flight_grow_from_1_to_4_to_16() {
    let table = Table::new(2_000, 10);
    list_all(&table.script(), 2_000, |_| ()).await;
    let in_flight: Vec<_> = table.arrivals().iter().map(|arrival| arrival.in_flight).collect();
    // Page 1 alone, then up to four until four have been read, then up to the maximum.
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
        list_all(&table.script(), 1_000, scan(Some(64), Some(most))).await;
        let peak = table.arrivals().iter().map(|arrival| arrival.in_flight).max();
        // 50 is the driver's own limit on requests.
        assert_eq!(peak, Some(most.min(50)));
    }
}

/// [SCAN-5] The SDK hides each of these throttles: every page succeeds at its second attempt.
#[tokio::test]
async fn under_constant_throttling_one_page_is_in_flight() {
    let table = Table::new(160, 4).with_capacity(0);
    list_all(&table.script(), 160, |_| ()).await;
    let arrivals = table.arrivals();
    assert!(arrivals.len() >= 2 * 160 / 4);
    assert!(arrivals.iter().all(|arrival| arrival.in_flight == 1), "{arrivals:?}");
}

/// [SCAN-5]
#[tokio::test]
async fn a_table_with_capacity_for_one_page_gets_one_request_at_a_time() {
    let table = Table::new(1_500, 5).with_capacity(1);
    list_all(&table.script(), 1_500, |_| ()).await;
    let arrivals = table.arrivals();
    assert_eq!(arrivals.iter().map(|arrival| arrival.in_flight).max(), Some(4));
    // Four pages exceed the capacity. From then on one page is in flight, and occasionally two as a probe.
    let settled = &arrivals[10..];
    assert!(settled.iter().all(|arrival| arrival.in_flight <= 2), "{arrivals:?}");
    let throttled = settled.iter().filter(|arrival| arrival.throttled).count();
    assert!(throttled > 0 && throttled * 10 < settled.len(), "{throttled} of {}", settled.len());
}

/// [SCAN-5]
#[tokio::test]
async fn a_table_with_capacity_for_some_pages_gets_some_requests_at_a_time() {
    let table = Table::new(4_000, 5).with_capacity(6);
    list_all(&table.script(), 4_000, |_| ()).await;
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
        let state = (Table::new(2_000, 5), Arc::clone(&failed));
        let script = Script::handler_with(state, move |(table, failed), sent| async move {
            if sent.body["Segment"] != 11 || start(&sent.body).is_none() {
                return table.answer(sent).await;
            }
            failed.store(table.arrivals().len(), Ordering::Relaxed);
            (400, failure(name))
        });
        let error = script.store().list().await.expect_err("no part");
        assert_eq!((error.kind(), error.metadata().attempts), (kind, 1));
        // At most the pages in flight, not the hundreds of remaining ones.
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
    let state = (table.clone(), Arc::new(AtomicUsize::new(times)));
    Script::handler_with(state, |(table, left), sent| async move {
        let is_the_one = sent.body["Segment"] == 3 && start(&sent.body).is_some();
        let order = Ordering::Relaxed;
        if is_the_one && left.fetch_update(order, order, |left| left.checked_sub(1)).is_ok() {
            return (400, failure("ThrottlingException"));
        }
        table.answer(sent).await
    })
}

/// [SCAN-6] Three times the four attempts of a request.
#[tokio::test]
async fn a_page_that_stays_throttled_is_requested_again() {
    let store = list_all(&throttled_in_one_segment(&Table::new(500, 5), 12), 500, |_| ()).await;
    let counts = counts(&store, Operation::GetKeys);
    assert_eq!((counts.throttles, counts.errors), (12, 0));

    let table = Table::new(500, 5);
    throttled_in_one_segment(&table, 12).store().clear(Input::Absent).await.expect("cleared");
    assert!(table.is_empty());
}

/// [SCAN-6]
#[tokio::test]
async fn a_first_page_that_stays_throttled_is_an_error() {
    let script = Script::repeating([Answer::error(400, "ThrottlingException")]);
    let error = script.store().list().await.expect_err("throttled");
    assert_eq!((error.kind(), error.metadata().attempts), (ErrorKind::Throttled, 4));
    assert_eq!(script.sent().len(), 4);
}

/// [SCAN-7] [KEYS-6] The limit is a minute; the test uses a shorter one.
#[tokio::test]
async fn without_any_response_the_scan_ends() {
    let stall = Duration::from_secs(2);
    let store = |script: &Script| {
        // No other limit ends a request earlier.
        let mut options = Script::options(|raw| {
            raw.timeout = Input::Number(0.0);
            raw.attempt_timeout = Input::Number(0.0);
        });
        options.limits.scan_timeout = Some(stall);
        script.store_of(options)
    };
    // One segment never responds. The others are read completely in the meantime.
    let begin = Instant::now();
    let script = throttled_in_one_segment(&Table::new(500, 5), usize::MAX);
    let error = store(&script).list().await.expect_err("no part");
    assert_eq!((error.kind(), error.name()), (ErrorKind::Throttled, "ThrottlingException"));
    assert_eq!(error.operation(), Some(Operation::GetKeys));
    assert!(begin.elapsed() >= stall);
    assert!(pages(&script.sent()).len() > 16);

    // No request is answered.
    let script = Script::handler(|_| std::future::pending());
    let error = store(&script).clear(Input::Absent).await.expect_err("given up");
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Timeout, Some(Operation::Clear)));
}

/// [KEYS-1] [SCAN-2] With and without segments.
#[tokio::test]
async fn empty_pages_and_empty_segments_do_not_end_the_scan() {
    for (segments, requests) in [(None, 1 + 16 + 3), (Some(1), 1 + 3)] {
        let script = Script::handler(move |Sent { body, .. }| async move {
            let segment = if segments.is_some() { None } else { Some(5) };
            let next = match (body["Segment"].as_u64(), start(&body)) {
                (None, None) => page(&[], Some("page 1")),
                (asked, Some("page 1") | None) if asked == segment => page(&[], Some("a")),
                (_, Some("a")) => page(&[], Some("b")),
                (_, Some("b")) => page(&["only one"], Some("c")),
                (_, Some("c")) | (Some(_), None) => page(&[], None),
                other => panic!("{other:?}"),
            };
            (200, next)
        });
        assert_eq!(script.store_with(scan(segments, None)).list().await, Ok(vec!["only one".to_owned()]));
        assert_eq!(script.sent().len(), requests + usize::from(segments.is_some()));
    }
}

/// [KEYS-9] In any segment and after any number of pages.
#[tokio::test]
async fn a_segment_that_does_not_advance_is_an_error() {
    for pages in [1, 2, 5, 40] {
        let script = Script::handler(move |Sent { body, .. }| async move {
            let last = start(&body).map(|start| start.parse::<usize>().expect("a number"));
            let next = match (body["Segment"].as_u64(), last) {
                (None, _) => 0,
                (Some(7), last) => last.map_or(1, |last| last + 1).min(pages),
                (Some(_), _) => return (200, page(&[], None)),
            };
            (200, page(&[], Some(&next.to_string())))
        });
        let error = script.store().list().await.expect_err("endless");
        assert_eq!(error.kind(), ErrorKind::Response);
        assert!(error.to_string().contains("does not advance"), "{error}");
        assert_eq!(script.sent().iter().filter(|sent| sent.body["Segment"] == 7).count(), pages + 1);
    }
    // With a single segment, too.
    let script = Script::repeating([Answer::ok(&page(&["a"], Some("a")))]);
    let error = script.store_with(scan(Some(1), None)).list().await.expect_err("endless");
    assert_eq!((error.kind(), script.sent().len()), (ErrorKind::Response, 2));
}

#[tokio::test]
async fn a_row_without_a_string_key_is_a_schema_mismatch() {
    let script = Script::of([Answer::ok(&json!({ "Items": [{ "key": { "N": "1" } }] }))]);
    let error = script.store().list().await.expect_err("schema");
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
    assert!(error.to_string().contains("attributes.key"), "{error}");
}

/// [CLR-4]
#[tokio::test]
async fn clear_stops_at_the_first_failure_and_reports_its_progress() {
    let pages = [page(&["a", "b"], Some("b")), json!({}), page(&["c", "d"], Some("d"))];
    let failure = Answer::error(400, "ResourceNotFoundException");
    let script = Script::of(pages.iter().map(Answer::ok).chain([failure]));
    let error = script.store_with(scan(Some(1), None)).clear(Input::Absent).await.expect_err("failed");
    assert_eq!(error.kind(), ErrorKind::TableNotFound);
    assert!(error.to_string().contains("2 items had been removed"), "{error}");
    assert_eq!(script.sent().len(), 4);
}

/// [CLR-1] [CLR-3] Rows are deleted during the scan, including those that start keys refer to.
#[tokio::test]
async fn clear_deletes_during_the_scan_and_holds_a_bounded_number_of_keys() {
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
    let state = (table.clone(), Arc::new(Semaphore::new(0)));
    let script = Script::handler_with(state, |(table, gate), sent| async move {
        if sent.action == "BatchWriteItem" {
            // The first deletes hang until the scan has read ahead as far as it may.
            gate.acquire().await.expect("open").forget();
            gate.add_permits(1);
        } else if table.arrivals().len() == 15 {
            gate.add_permits(1);
        }
        table.answer(sent).await
    });
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
    let state = (table.clone(), Arc::clone(&asked), Arc::clone(&asked_at_failure));
    let script = Script::handler_with(state, |(table, asked, asked_at_failure), sent| async move {
        if sent.action == "BatchWriteItem" {
            tokio::time::sleep(Duration::from_millis(150)).await;
            return table.answer(sent).await;
        }
        asked.fetch_add(1, Ordering::Relaxed);
        if sent.body["Segment"] == 2 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            asked_at_failure.store(asked.load(Ordering::Relaxed), Ordering::Relaxed);
            return (400, failure("AccessDeniedException"));
        }
        if sent.body["Segment"] == 3 {
            // Still in flight when the other segment fails.
            tokio::time::sleep(Duration::from_millis(80)).await;
        }
        table.answer(sent).await
    });
    let error = script.store().clear(Input::Absent).await.expect_err("failed");
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert!(!table.is_empty());
    // Page 1 and the pages that may be read ahead, and no others.
    let (asked, asked_at_failure) = (asked.load(Ordering::Relaxed), asked_at_failure.load(Ordering::Relaxed));
    assert!((2..=20).contains(&asked), "{asked} pages");
    assert_eq!(asked, asked_at_failure);
}
