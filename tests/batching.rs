//! Batches of any size, with repeated keys and unprocessed parts, against a table that responds in any way that
//! DynamoDB may.

use crate::common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::types::AttributeValue;
use common::{Script, Sent, items};
use proptest::prelude::*;
use serde_json::{Value, json};
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::key::KeyText;

/// A table that leaves a configurable part of each batch unprocessed.
#[derive(Debug, Clone)]
struct Table {
    rows: Arc<Mutex<BTreeMap<String, String>>>,
    /// One item in this many is left unprocessed, for each batch in turn. With 1, everything is processed.
    left_over: Arc<Mutex<Vec<usize>>>,
}

fn key_of(row: &Value) -> String {
    row["key"]["S"].as_str().expect("a key").to_owned()
}

impl Table {
    fn new(rows: BTreeMap<String, String>, left_over: Vec<usize>) -> Self {
        Self { rows: Arc::new(Mutex::new(rows)), left_over: Arc::new(Mutex::new(left_over)) }
    }

    fn script(&self) -> Script {
        Script::handler_with(self.clone(), |table, sent| async move { (200, table.answer(&sent)) })
    }

    /// Splits a batch into processed and unprocessed items. At least one is processed: tests/batches.rs covers a table
    /// that makes no progress.
    fn divide<T: Clone>(&self, all: &[T]) -> (Vec<T>, Vec<T>) {
        let one_in = self.left_over.lock().expect("lock").pop().unwrap_or(1);
        let (done, left): (Vec<_>, Vec<_>) =
            all.iter().enumerate().partition(|(at, _)| one_in == 1 || at % one_in != 1);
        let bare = |part: Vec<(usize, &T)>| part.into_iter().map(|(_, one)| one.clone()).collect();
        (bare(done), bare(left))
    }

    fn answer(&self, Sent { action, body }: &Sent) -> Value {
        match action.as_str() {
            "GetItem" => self.row(&key_of(&body["Key"])).map_or_else(|| json!({}), |row| json!({ "Item": row })),
            "PutItem" => self.put(&body["Item"]),
            "BatchGetItem" => {
                let keys = body["RequestItems"]["cache"]["Keys"].as_array().expect("keys");
                batch_of(keys.iter().map(key_of), 100);
                let (done, left) = self.divide(keys);
                let rows: Vec<Value> = done.iter().rev().filter_map(|key| self.row(&key_of(key))).collect();
                json!({ "Responses": { "cache": rows }, "UnprocessedKeys": rest(&json!({ "Keys": left }), left.is_empty()) })
            }
            "BatchWriteItem" => {
                let writes = body["RequestItems"]["cache"].as_array().expect("writes");
                batch_of(writes.iter().map(|write| key_of(&write["PutRequest"]["Item"])), 25);
                let (done, left) = self.divide(writes);
                for write in done {
                    self.put(&write["PutRequest"]["Item"]);
                }
                json!({ "UnprocessedItems": rest(&json!(left), left.is_empty()) })
            }
            other => panic!("unexpected {other}"),
        }
    }

    fn row(&self, key: &str) -> Option<Value> {
        let rows = self.rows.lock().expect("lock");
        rows.get(key).map(|value| json!({ "key": { "S": key }, "value": { "S": value } }))
    }

    fn put(&self, item: &Value) -> Value {
        let value = item["value"]["S"].as_str().expect("a value").to_owned();
        self.rows.lock().expect("lock").insert(key_of(item), value);
        json!({})
    }
}

fn rest(left: &Value, is_none: bool) -> Value {
    if is_none { json!({}) } else { json!({ "cache": left }) }
}

/// Checks the batch as DynamoDB does: not empty, not too large, and without duplicate keys.
fn batch_of(keys: impl Iterator<Item = String>, most: usize) {
    let keys: Vec<String> = keys.collect();
    assert!((1..=most).contains(&keys.len()), "{} in a batch", keys.len());
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len(), "a key twice in a batch");
}

/// Keys from a few hundred, so that some are repeated and some are not in the table.
fn keys() -> impl Strategy<Value = Vec<u16>> {
    prop_oneof![prop::collection::vec(0u16..20, 0..60), prop::collection::vec(0u16..400, 0..320)]
}

fn left_over() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1usize..4, 0..6)
}

fn name(key: u16) -> String {
    format!("k{key}")
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("runtime").block_on(work)
}

proptest! {
    // Unprocessed items are requested again after a delay.
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// [BAT-1] [BAT-3]
    #[test]
    fn each_result_is_in_the_position_of_its_key(asked in keys(), left_over in left_over()) {
        let held: BTreeMap<_, _> = (0..200).map(|key| (name(key), format!("v{key}"))).collect();
        let script = Table::new(held.clone(), left_over).script();
        let inputs: Vec<Input> = asked.iter().map(|key| Input::Text(name(*key))).collect();
        let found = run(script.store().get_many(inputs, Input::Absent)).expect("found");
        let expected: Vec<_> = asked
            .iter()
            .map(|key| (KeyText::Text(name(*key)), held.get(&name(*key)).cloned().map(AttributeValue::S)))
            .collect();
        prop_assert_eq!(found, expected);
    }

    /// [BAT-4]
    #[test]
    fn every_item_is_stored_and_the_last_write_of_a_key_wins(given in keys(), left_over in left_over()) {
        let before = BTreeMap::from([("other".to_owned(), "untouched".to_owned())]);
        let table = Table::new(before.clone(), left_over);
        let pairs: Vec<_> = given.iter().enumerate().map(|(at, key)| (name(*key), format!("v{at}"))).collect();
        let new = items(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        run(table.script().store().put_many(new, Input::Absent)).expect("stored");
        let mut expected = before;
        expected.extend(pairs);
        prop_assert_eq!(&*table.rows.lock().expect("lock"), &expected);
    }
}
