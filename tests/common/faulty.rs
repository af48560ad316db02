//! A table whose requests fail at random: they are throttled, lost before or after they are applied, or applied after
//! the client has given up. Eventually consistent reads may return the item before the last write.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fastrand::Rng;
use serde_json::{Map, Value, json};
use unstorage_dynamodb::clock::Clock;

use super::{NOW, Script, Sent, failure};

/// How long AWS accepts a signed request, in seconds.
const SIGNATURE_SECONDS: u64 = 900;

/// A clock that the test moves. Time in tokio passes independently.
#[derive(Debug, Default)]
pub(crate) struct MovableClock(AtomicU64);

impl MovableClock {
    pub(crate) fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Duration {
        NOW + Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

/// The chances of each fault, in percent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    pub(crate) throttled: u8,
    /// Not applied, and answered like a broken service.
    pub(crate) lost: u8,
    /// Applied, and answered like a broken service.
    pub(crate) unanswered: u8,
    /// Applied up to two seconds after the answer.
    pub(crate) delayed: u8,
}

#[derive(Debug, Clone)]
pub(crate) struct FaultyTable {
    state: Arc<Mutex<State>>,
    pub(crate) clock: Arc<MovableClock>,
}

#[derive(Debug)]
struct State {
    rows: BTreeMap<String, Value>,
    /// Each row before its last write, which an eventually consistent read may return.
    before: BTreeMap<String, Option<Value>>,
    random: Rng,
    faults: Faults,
    /// Requests that are to be applied later.
    delayed: usize,
}

impl FaultyTable {
    pub(crate) fn new(seed: u64, faults: Faults) -> Self {
        let (rows, before) = (BTreeMap::new(), BTreeMap::new());
        let state = State { rows, before, random: Rng::with_seed(seed), faults, delayed: 0 };
        Self { state: Arc::new(Mutex::new(state)), clock: Arc::default() }
    }

    pub(crate) fn script(&self) -> Script {
        Script::handler_with(self.clone(), Self::answer)
    }

    /// Waits until the last delayed request has been applied. From then on, no request fails.
    pub(crate) async fn settle(&self) {
        self.state().faults = Faults::default();
        while self.state().delayed > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        self.state().rows.keys().cloned().collect()
    }

    pub(crate) fn row(&self, key: &str) -> Option<Value> {
        self.state().rows.get(key).cloned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("lock")
    }

    pub(crate) async fn answer(self, Sent { action, body }: Sent) -> (u16, Value) {
        let signed_at = self.clock.now();
        let (before, after, later) = {
            let mut state = self.state();
            let mut pause = |most| Duration::from_millis(state.random.u64(0..most));
            (pause(20), pause(20), pause(2_000))
        };
        tokio::time::sleep(before).await;
        let broken = (500, failure("InternalServerError"));
        let (dice, Faults { throttled, lost, unanswered, delayed }) = {
            let mut state = self.state();
            (state.random.u8(0..100), state.faults)
        };
        let result = match dice {
            dice if dice < throttled => (400, failure("ThrottlingException")),
            dice if dice < throttled + lost => broken,
            dice if dice < throttled + lost + unanswered => {
                let _result = self.apply(&action, &body, signed_at);
                broken
            }
            dice if dice < throttled + lost + unanswered + delayed => {
                self.state().delayed += 1;
                let table = self.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(later).await;
                    let _result = table.apply(&action, &body, signed_at);
                    table.state().delayed -= 1;
                });
                broken
            }
            _ => self.apply(&action, &body, signed_at),
        };
        tokio::time::sleep(after).await;
        result
    }

    fn apply(&self, action: &str, body: &Value, signed_at: Duration) -> (u16, Value) {
        if self.clock.now().saturating_sub(signed_at) >= Duration::from_secs(SIGNATURE_SECONDS) {
            return (500, failure("InternalServerError"));
        }
        let now = self.clock.now().as_secs();
        let mut state = self.state();
        match action {
            "GetItem" => {
                let item = state.read(key(&body["Key"]), body["ConsistentRead"] == true);
                (200, item.map_or_else(|| json!({}), |item| json!({ "Item": item })))
            }
            "PutItem" => state.write(key(&body["Item"]), Some(body["Item"].clone()), body, now),
            "DeleteItem" => state.write(key(&body["Key"]), None, body, now),
            "BatchWriteItem" => {
                for request in body["RequestItems"]["cache"].as_array().expect("writes") {
                    match request.get("PutRequest") {
                        Some(put) => state.replace(key(&put["Item"]), Some(put["Item"].clone())),
                        None => state.replace(key(&request["DeleteRequest"]["Key"]), None),
                    };
                }
                (200, json!({}))
            }
            "BatchGetItem" => {
                let request = &body["RequestItems"]["cache"];
                let is_consistent = request["ConsistentRead"] == true;
                let keys: Vec<&str> = request["Keys"].as_array().expect("keys").iter().map(key).collect();
                let found: Vec<Value> = keys.into_iter().filter_map(|key| state.read(key, is_consistent)).collect();
                (200, json!({ "Responses": { "cache": found } }))
            }
            "Scan" => {
                let rows = state.rows.values();
                let shown = |row: &Value| {
                    let members = row.as_object().expect("a row").iter().filter(|(name, _)| *name != "value");
                    members.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>()
                };
                (200, json!({ "Items": rows.map(shown).collect::<Vec<_>>() }))
            }
            other => panic!("an unexpected {other}"),
        }
    }
}

fn key(item: &Value) -> &str {
    item["key"]["S"].as_str().expect("a key")
}

impl State {
    fn read(&mut self, key: &str, is_consistent: bool) -> Option<Value> {
        match self.before.get(key) {
            Some(before) if !is_consistent && self.random.u8(0..3) == 0 => before.clone(),
            _ => self.rows.get(key).cloned(),
        }
    }

    fn replace(&mut self, key: &str, item: Option<Value>) -> Option<Value> {
        let old = match item {
            Some(item) => self.rows.insert(key.to_owned(), item),
            None => self.rows.remove(key),
        };
        self.before.insert(key.to_owned(), old.clone());
        old
    }

    /// Writes an item if its condition is met: one of `*`, or none.
    fn write(&mut self, key: &str, item: Option<Value>, body: &Value, now: u64) -> (u16, Value) {
        let current = self.rows.get(key);
        let expiry = |row: &Value| row["ttl"]["N"].as_str().map(|second| second.parse::<u64>().expect("a number"));
        let is_live = current.is_some_and(|row| expiry(row).is_none_or(|second| second >= now));
        let is_met = body["ConditionExpression"].as_str().is_none_or(|text| text.starts_with("NOT ") != is_live);
        if !is_met {
            let mut refused = failure("ConditionalCheckFailedException");
            if let Some(current) = current {
                refused["Item"] = current.clone();
            }
            return (400, refused);
        }
        match self.replace(key, item) {
            Some(old) if body["ReturnValues"] == "ALL_OLD" => (200, json!({ "Attributes": old })),
            _ => (200, json!({})),
        }
    }
}
