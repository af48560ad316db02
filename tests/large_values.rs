//! Values that are stored in several items, under random interleavings of writers, readers, removals, `clear` and
//! `sweep`, any of which may be cancelled at any time, on a table whose requests fail. `LARGE_VALUES_SEEDS` sets the
//! number of runs.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_sdk_dynamodb::types::AttributeValue;
use fastrand::Rng;
use serde_json::Value;
use tokio::task::JoinSet;
use unstorage_dynamodb::condition::RawConditions;
use unstorage_dynamodb::error::{Error, ErrorKind, Operation};
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::options::{Nested, RawLargeValues, RawOptions};
use unstorage_dynamodb::store::{NewItem, Store, WriteOptions};
use unstorage_dynamodb::value::Reading;

use crate::common::faulty::{Faults, FaultyTable};
use crate::common::{Calls, Script, failure};

/// The largest item of these tests.
const ITEM_BYTES: usize = 400;
const KEYS: [&str; 2] = ["k", "k:other"];

/// A text that tells whether it is whole and unmixed.
fn text(id: usize, size: usize) -> String {
    let mark = format!("{id}:{size}:");
    mark.chars().cycle().take(size.max(mark.len())).collect()
}

fn is_whole(found: &str) -> bool {
    let mut numbers = found.split(':').map(str::parse);
    let (Some(Ok(id)), Some(Ok(size))) = (numbers.next(), numbers.next()) else { return false };
    text(id, size) == found
}

/// A store of a process of its own.
fn store(table: &FaultyTable, change: impl FnOnce(&mut RawOptions)) -> Arc<Store> {
    store_on(&table.script(), table, change)
}

fn store_on(script: &Script, table: &FaultyTable, change: impl FnOnce(&mut RawOptions)) -> Arc<Store> {
    let mut options = Script::options(|raw| {
        raw.large_values = RawLargeValues::default().into();
        change(raw);
    });
    if let Some(large_values) = &mut options.large_values {
        large_values.item_bytes = ITEM_BYTES;
    }
    let http = SharedHttpClient::new(script.clone());
    Arc::new(Store::with_http_client(options, Arc::clone(&table.clock) as _, http))
}

/// Reads consistently: the table also returns the item before the last write otherwise.
async fn current(store: &Store, key: &str) -> Result<Option<AttributeValue>, Error> {
    store.get(key.into(), Reading::Plain, Input::Boolean(true)).await
}

/// The keys of the chunks that the item names. Panics if it names one that does not exist.
fn named(table: &FaultyTable, key: &str, context: &str) -> Vec<String> {
    let Some(row) = table.row(key) else { return Vec::new() };
    if row["enc"]["S"] != "ch1" {
        return Vec::new();
    }
    let manifest: Value = serde_json::from_str(row["value"]["S"].as_str().expect("text")).expect("a manifest");
    let id = manifest["id"].as_str().expect("an id");
    let keys = (0..manifest["chunks"].as_u64().expect("a number")).map(|number| format!("{key}\0{id}.{number}"));
    let keys: Vec<String> = keys.collect();
    for chunk in &keys {
        assert!(table.row(chunk).is_some(), "{context}: the item names a chunk that does not exist");
    }
    keys
}

struct Run {
    table: FaultyTable,
    random: Rng,
    /// Moves the clock and sweeps while values are written.
    is_swept: bool,
    writes: usize,
    context: String,
}

impl Run {
    fn new(seed: u64, faults: Faults) -> Self {
        // Determines the driver's backoff.
        fastrand::seed(seed);
        let is_swept = seed.is_multiple_of(2);
        Self {
            table: FaultyTable::new(seed, faults),
            random: Rng::with_seed(seed),
            is_swept,
            writes: 0,
            context: format!("seed {seed}"),
        }
    }

    fn item(&mut self) -> NewItem {
        self.writes += 1;
        let size = if self.random.u8(0..3) == 0 { self.random.usize(0..100) } else { self.random.usize(400..2_000) };
        let condition = |is_set: bool| if is_set { Input::from("*") } else { Input::Absent };
        let (if_match, if_none_match) = match self.random.u8(0..8) {
            0 => (true, false),
            1 => (false, true),
            _ => (false, false),
        };
        let ttl = if self.random.bool() { Input::Number(100_000.0) } else { Input::Absent };
        let conditions = RawConditions { if_match: condition(if_match), if_none_match: condition(if_none_match) };
        NewItem {
            key: KEYS[usize::from(self.random.u8(0..4) == 0)].into(),
            value: text(self.writes, size).as_str().into(),
            options: WriteOptions { ttl, conditions },
        }
    }

    /// A random call of a writer.
    fn write(&mut self, store: &Arc<Store>) -> impl Future<Output = Result<(), Error>> + Send + 'static {
        let (store, item, dice) = (Arc::clone(store), self.item(), self.random.u8(0..20));
        let second = self.item();
        let table = self.table.clone();
        let is_swept = self.is_swept;
        async move {
            let NewItem { key, value, options } = item;
            match dice {
                0..12 => store.put(Operation::SetItem, key, value, options).await.map(drop),
                12..14 => {
                    let unconditional = |value, key| NewItem { key, value, options: WriteOptions::default() };
                    let items = vec![unconditional(value, key), unconditional(second.value, second.key)];
                    store.put_many(items, Input::Absent).await
                }
                14..17 => store.delete(key, RawConditions::default()).await,
                17 => store.clear(Input::Absent).await,
                _ if is_swept => {
                    table.clock.advance(7_200);
                    store.sweep().await.map(drop)
                }
                _ => store.sweep().await.map(drop),
            }
        }
    }

    /// Reads one key or both. Whatever is read was written as a whole.
    fn read(&mut self, store: &Arc<Store>) -> impl Future<Output = Result<(), Error>> + Send + 'static {
        let (store, dice, is_consistent) = (Arc::clone(store), self.random.u8(0..4), self.random.bool());
        let context = self.context.clone();
        async move {
            let check = |value: AttributeValue| {
                let found = value.as_s().expect("text");
                assert!(is_whole(found), "{context}: read {found}");
            };
            if dice == 0 {
                let found = store.get_many(KEYS.to_vec(), Input::Boolean(is_consistent)).await?;
                found.into_iter().filter_map(|(_, value)| value).for_each(check);
            } else {
                let found = store.get("k".into(), Reading::Plain, Input::Boolean(is_consistent)).await?;
                found.into_iter().for_each(check);
            }
            Ok(())
        }
    }

    /// Runs calls of several processes at random times, some of which are cancelled.
    async fn play(&mut self) {
        let (batching, single) =
            (store(&self.table, |_| ()), store(&self.table, |raw| raw.batch = Input::Boolean(false)));
        let reader = store(&self.table, |raw| raw.large_values = Nested::Plain(Input::Boolean(false)));
        let mut calls = JoinSet::new();
        for _ in 0..40 {
            tokio::time::sleep(Duration::from_millis(self.random.u64(0..60))).await;
            let limit = if self.random.u8(0..5) == 0 { self.random.u64(0..200) } else { 600_000 };
            let limit = Duration::from_millis(limit);
            if self.random.u8(0..3) == 0 {
                calls.spawn(tokio::time::timeout(limit, self.read(&reader)));
            } else {
                let writer = if self.random.bool() { &batching } else { &single };
                calls.spawn(tokio::time::timeout(limit, self.write(writer)));
            }
        }
        while let Some(ended) = calls.join_next().await {
            if let Ok(Err(error)) = ended.expect("no panic") {
                let kinds = [
                    ErrorKind::Service,
                    ErrorKind::Throttled,
                    ErrorKind::Timeout,
                    ErrorKind::CasMismatch,
                    ErrorKind::OutcomeUnknown,
                ];
                assert!(kinds.contains(&error.kind()), "{}: {error}", self.context);
            }
        }
        self.table.settle().await;
    }
}

/// [BIG-12] A process that was suspended sends no manifest whose chunks another one may have removed.
#[tokio::test(start_paused = true)]
async fn a_manifest_is_not_sent_when_its_chunks_are_old() {
    let table = FaultyTable::new(0, Faults::default());
    let (answers, clock) = (table.clone(), Arc::clone(&table.clock));
    let script = Script::handler(move |sent| {
        let (table, clock) = (answers.clone(), Arc::clone(&clock));
        async move {
            if sent.body["Item"]["enc"]["S"] == "ch1" {
                clock.advance(900);
                return (400, failure("ThrottlingException"));
            }
            table.answer(sent).await
        }
    });
    let store = store_on(&script, &table, |_| ());
    let error = store.write("k", text(1, 900).as_str()).await.expect_err("too late");
    assert_eq!((error.kind(), error.key()), (ErrorKind::Timeout, Some("k")));
    let manifests = script.sent().iter().filter(|sent| sent.body["Item"]["enc"]["S"] == "ch1").count();
    assert_eq!((manifests, table.keys()), (1, Vec::new()));
}

/// A store whose role lacks permissions, and what it sends.
fn denied(table: &FaultyTable, actions: &'static [&'static str]) -> (Script, Arc<Store>) {
    let answers = table.clone();
    let script = Script::handler(move |sent| {
        let table = answers.clone();
        async move {
            if actions.contains(&sent.action.as_str()) {
                return (400, failure("AccessDeniedException"));
            }
            table.answer(sent).await
        }
    });
    let store = store_on(&script, table, |_| ());
    (script, store)
}

/// [BIG-5] [BAT-9]
#[tokio::test(start_paused = true)]
async fn chunks_are_removed_with_the_permissions_that_the_role_has() {
    let (many, few) = (text(1, 1_900), text(2, 500));
    for (actions, left) in [(&["BatchWriteItem"] as &[_], 0), (&["BatchWriteItem", "DeleteItem"], 1)] {
        let table = FaultyTable::new(0, Faults::default());
        let (_script, store) = denied(&table, actions);
        store.write("k", many.as_str()).await.expect("written");
        let replaced = named(&table, "k", "written").len();
        store.write("k", few.as_str()).await.expect("written");
        let named = named(&table, "k", "replaced").len();
        assert!(replaced > 2 && named > 1);
        assert_eq!(table.keys().len(), 1 + named + left * replaced);
        assert_eq!(current(&store, "k").await.expect("read"), Some(AttributeValue::S(few.clone())));
    }
}

/// [BIG-1] [BAT-5] Large and small values of one key in one call: the last one counts.
#[tokio::test(start_paused = true)]
async fn a_batch_writes_only_the_last_value_of_a_key() {
    let table = FaultyTable::new(0, Faults::default());
    let store = store(&table, |_| ());
    let texts = [text(1, 900), text(2, 10), text(3, 700), text(4, 800), text(5, 5)];
    let keys = ["a", "b", "a", "c", "c"];
    let pairs: Vec<_> = keys.into_iter().zip(texts.iter().map(String::as_str)).collect();
    store.write_all(&pairs).await.expect("written");
    for (key, last) in [("a", &texts[2]), ("b", &texts[1]), ("c", &texts[4])] {
        assert_eq!(current(&store, key).await.expect("read"), Some(AttributeValue::S(last.clone())));
    }
    assert_eq!(table.keys().len(), 3 + named(&table, "a", "written").len());
}

/// [BIG-7] [DIS-1]
#[tokio::test(start_paused = true)]
async fn a_store_that_is_closed_during_a_write_stores_no_manifest() {
    let table = FaultyTable::new(0, Faults::default());
    let store = store(&table, |_| ());
    store.write("k", text(1, 10).as_str()).await.expect("written");
    let value = text(2, 4_000);
    let close = async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        store.close().await;
    };
    let (written, ()) = tokio::join!(store.write("k", value.as_str()), close);
    assert_eq!(written.expect_err("closed").kind(), ErrorKind::Closed);
    assert_eq!(table.row("k").expect("a row")["value"]["S"], text(1, 10));
}

#[expect(clippy::disallowed_methods, reason = "the number of runs is not a setting of the driver")]
fn seeds() -> std::ops::Range<u64> {
    0..std::env::var("LARGE_VALUES_SEEDS").ok().map_or(100, |seeds| seeds.parse().expect("a number"))
}

/// [BIG-7] [BIG-8] [BIG-11] [BIG-12]
#[tokio::test(start_paused = true)]
async fn no_interleaving_of_failing_requests_loses_or_mixes_chunks() {
    let faults = Faults { throttled: 5, lost: 7, unanswered: 9, delayed: 7 };
    let mut orphans = 0;
    for seed in seeds() {
        let mut run = Run::new(seed, faults);
        run.play().await;
        let Run { table, context, .. } = run;
        let named: Vec<String> = KEYS.iter().flat_map(|key| named(&table, key, &context)).collect();
        let reader = store(&table, |_| ());
        let mut values = Vec::new();
        for key in KEYS {
            let found = current(&reader, key).await.expect(&context);
            values.push(found);
        }
        let heads = KEYS.iter().filter(|key| table.row(key).is_some()).count();
        let left = table.keys().len() - heads - named.len();
        orphans += left;
        table.clock.advance(7_200);
        assert_eq!(reader.sweep().await.expect(&context), left, "{context}");
        assert_eq!(table.keys().len(), heads + named.len(), "{context}");
        for (key, value) in KEYS.into_iter().zip(values) {
            let found = current(&reader, key).await.expect(&context);
            assert_eq!(found, value, "{context}: after the sweep");
        }
        reader.clear(Input::Absent).await.expect(&context);
        assert_eq!(table.keys(), Vec::<String>::new(), "{context}");
    }
    assert!(orphans > 0, "without orphans, the test shows nothing about them");
}

/// [BIG-8] A single writer, whose requests are not delayed beyond its calls.
#[tokio::test(start_paused = true)]
async fn no_write_that_resolved_is_lost() {
    for seed in seeds() {
        let mut run = Run::new(seed, Faults { throttled: 5, lost: 10, unanswered: 15, delayed: 0 });
        let store = store(&run.table, |_| ());
        let mut resolved = 0;
        for _ in 0..20 {
            let NewItem { value, .. } = run.item();
            let id = run.writes;
            if store.write("k", value).await.is_err() {
                continue;
            }
            resolved += 1;
            let found = loop {
                match current(&store, "k").await {
                    Ok(found) => break found.expect("a value"),
                    Err(error) => assert_ne!(error.kind(), ErrorKind::Format, "{}: {error}", run.context),
                }
            };
            let found = found.as_s().expect("text");
            assert!(is_whole(found) && found.starts_with(&format!("{id}:")), "{}: {found}", run.context);
        }
        assert!(resolved > 0, "{}", run.context);
    }
}
