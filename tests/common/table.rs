//! A table that is scanned in segments. It checks that start keys belong to their segments, counts the pages in flight
//! and throttles, none of which an engine does.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Script, Sent, failure};

/// Rows by number. Row `n` is in segment `n % TotalSegments`.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    state: Arc<Mutex<State>>,
    /// The number of rows in a page.
    page: usize,
    /// The duration of a request.
    latency: Duration,
    /// The number of pages that may be in flight. A further one is throttled when it is first requested.
    capacity: usize,
}

#[derive(Debug, Default)]
struct State {
    rows: BTreeSet<usize>,
    /// Segment and start key of every returned page that has a next one.
    issued: HashSet<(Value, usize)>,
    /// Pages that were throttled once.
    throttled: HashSet<String>,
    in_flight: usize,
    arrivals: Vec<Arrival>,
    /// The number of keys that a scan returned and that are still in the table, now and at most.
    held: BTreeSet<usize>,
    most_held: usize,
}

/// The state of the table when a request for a page arrived.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    /// Pages in flight, including this one.
    pub(crate) in_flight: usize,
    pub(crate) throttled: bool,
}

pub(crate) fn key(row: usize) -> String {
    format!("row:{row}")
}

fn row(key: &Value) -> usize {
    key["key"]["S"].as_str().and_then(|key| key.strip_prefix("row:")).expect("a row's key").parse().expect("a number")
}

impl Table {
    pub(crate) fn new(rows: usize, page: usize) -> Self {
        let state = State { rows: (0..rows).collect(), ..State::default() };
        Self { state: Arc::new(Mutex::new(state)), page, latency: Duration::from_millis(5), capacity: usize::MAX }
    }

    /// Throttles requests beyond this number of pages in flight.
    pub(crate) fn with_capacity(self, capacity: usize) -> Self {
        Self { capacity, ..self }
    }

    /// Returns a script that responds as this table does.
    pub(crate) fn script(&self) -> Script {
        Script::handler_with(self.clone(), Self::answer)
    }

    pub(crate) async fn answer(self, Sent { action, body }: Sent) -> (u16, Value) {
        if action != "Scan" {
            tokio::time::sleep(self.latency).await;
            match body["RequestItems"]["cache"].as_array() {
                Some(writes) => writes.iter().for_each(|write| self.delete(&write["DeleteRequest"]["Key"])),
                None => self.delete(&body["Key"]),
            }
            return (200, json!({}));
        }
        let throttled = self.arrive(&body);
        tokio::time::sleep(self.latency).await;
        let answer = if throttled {
            (400, failure("ProvisionedThroughputExceededException"))
        } else {
            self.scan(&body).map_or_else(|| (400, failure("ValidationException")), |page| (200, page))
        };
        self.state().in_flight -= 1;
        answer
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("lock")
    }

    fn arrive(&self, body: &Value) -> bool {
        let mut state = self.state();
        state.in_flight += 1;
        let throttled = state.in_flight > self.capacity && state.throttled.insert(body.to_string());
        let in_flight = state.in_flight;
        state.arrivals.push(Arrival { in_flight, throttled });
        throttled
    }

    /// `None` for a start key that was not returned for this segment.
    fn scan(&self, body: &Value) -> Option<Value> {
        let mut state = self.state();
        let segment = &body["Segment"];
        let number = |value: &Value| value.as_u64().map(|number| usize::try_from(number).expect("fits"));
        let (nth, of) = (number(segment).unwrap_or(0), number(&body["TotalSegments"]).unwrap_or(1));
        let start = body.get("ExclusiveStartKey").map(row);
        if start.is_some_and(|start| !state.issued.contains(&(segment.clone(), start))) {
            return None;
        }
        let from = start.map_or(0, |start| start + 1);
        let rows: Vec<_> = state.rows.range(from..).copied().filter(|row| row % of == nth).take(self.page).collect();
        let mut page =
            json!({ "Items": rows.iter().map(|row| json!({ "key": { "S": key(*row) } })).collect::<Value>() });
        // As in DynamoDB, a page that is full has a next one, though that may be empty.
        if let Some(last) = rows.last().filter(|_| rows.len() == self.page) {
            state.issued.insert((segment.clone(), *last));
            page["LastEvaluatedKey"] = json!({ "key": { "S": key(*last) } });
        }
        if !(segment.is_null() && page.get("LastEvaluatedKey").is_some()) {
            state.held.extend(rows);
            state.most_held = state.most_held.max(state.held.len());
        }
        Some(page)
    }

    fn delete(&self, key: &Value) {
        let row = row(key);
        let mut state = self.state();
        state.rows.remove(&row);
        state.held.remove(&row);
    }

    /// Returns all page requests in order.
    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        self.state().arrivals.clone()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.state().rows.is_empty()
    }

    /// The maximum number of keys that the client held: received and not yet deleted. Excludes page 1 of a table with
    /// several pages.
    pub(crate) fn most_held(&self) -> usize {
        self.state().most_held
    }
}
