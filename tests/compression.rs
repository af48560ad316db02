//! Compressed values in a table shared by drivers with and without the option.

use crate::common;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::types::AttributeValue;
use common::{Calls, Script, Sent};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use unstorage_dynamodb::error::{Error, ErrorKind};
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::store::{NewItem, Store, WriteOptions};
use unstorage_dynamodb::value::{Given, Reading, size};

/// The rows that were put, by key.
type Rows = Arc<Mutex<HashMap<String, Value>>>;

fn script(rows: &Rows) -> Script {
    Script::handler_with(Rows::clone(rows), |rows, Sent { action, body }| async move {
        (200, answer(&mut rows.lock().expect("lock"), &action, &body))
    })
}

fn answer(rows: &mut HashMap<String, Value>, action: &str, body: &Value) -> Value {
    let key = |attributes: &Value| attributes["key"]["S"].as_str().expect("a key").to_owned();
    let batch = &body["RequestItems"]["cache"];
    match action {
        "PutItem" => drop(rows.insert(key(&body["Item"]), body["Item"].clone())),
        "BatchWriteItem" => {
            for put in batch.as_array().expect("writes") {
                let item = &put["PutRequest"]["Item"];
                rows.insert(key(item), item.clone());
            }
        }
        "GetItem" => {
            return rows.get(&key(&body["Key"])).map_or(json!({}), |row| json!({ "Item": projected(row, body) }));
        }
        "BatchGetItem" => {
            let keys = batch["Keys"].as_array().expect("keys").iter();
            let found: Vec<_> =
                keys.filter_map(|wanted| rows.get(&key(wanted))).map(|row| projected(row, batch)).collect();
            return json!({ "Responses": { "cache": found } });
        }
        other => unreachable!("{other}"),
    }
    json!({})
}

/// Reduces a row to its projection.
fn projected(row: &Value, request: &Value) -> Value {
    let names: Vec<&Value> = request["ExpressionAttributeNames"].as_object().expect("names").values().collect();
    let row = row.as_object().expect("a row").iter();
    row.filter(|(name, _)| names.iter().any(|wanted| wanted.as_str() == Some(name)))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect::<Map<_, _>>()
        .into()
}

/// Returns a store with `compression` and one without.
fn stores(script: &Script) -> [Store; 2] {
    ["gzip", "false"].map(|option| script.store_with(|raw| raw.compression = option.into()))
}

async fn put(store: &Store, key: &str, value: AttributeValue) -> Result<(), Error> {
    store.write(key, Given::Value(value)).await
}

/// Bytes that do not compress.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

fn text(length: usize) -> AttributeValue {
    AttributeValue::S("<li>item</li>\n".chars().cycle().take(length).collect())
}

fn any_value() -> impl Strategy<Value = AttributeValue> {
    let length = || prop_oneof![0_usize..3_000, 60_000_usize..70_000];
    prop_oneof![
        3 => length().prop_map(text),
        2 => ("\\PC{1,30}", 1_usize..200).prop_map(|(part, times)| AttributeValue::S(part.repeat(times))),
        1 => length().prop_map(|length| AttributeValue::S(hex::encode(noise(length)))),
        2 => length().prop_map(|length| AttributeValue::B(vec![7; length].into())),
        1 => length().prop_map(|length| AttributeValue::B(noise(length).into())),
        1 => (0_u32..9).prop_map(|number| AttributeValue::N(number.to_string())),
        1 => Just(AttributeValue::S("base64:AQID".repeat(200))),
    ]
}

#[derive(Debug, Clone)]
struct Write {
    by: usize,
    batched: bool,
    values: [(usize, AttributeValue); 2],
}

const KEYS: [&str; 4] = ["a", "b", "c:d", "e"];

fn any_write() -> impl Strategy<Value = Write> {
    let value = || (0..KEYS.len(), any_value());
    (0_usize..2, any::<bool>(), value(), value()).prop_map(|(by, batched, one, two)| Write {
        by,
        batched,
        values: [one, two],
    })
}

impl Write {
    async fn send(&self, stores: &[Store; 2]) {
        let store = &stores[self.by];
        if self.batched {
            let item = |(key, value): (usize, AttributeValue)| NewItem {
                key: KEYS[key].into(),
                value: Given::Value(value),
                options: WriteOptions::default(),
            };
            store.put_many(self.values.clone().map(item).into(), Input::Absent).await.expect("written");
        } else {
            for (key, value) in self.values.clone() {
                put(store, KEYS[key], value).await.expect("written");
            }
        }
    }
}

/// Checks that every read method returns what was written.
async fn check(store: &Store, expected: &HashMap<usize, AttributeValue>) {
    let found = store.read_all(&KEYS).await.expect("read");
    for (position, key) in KEYS.into_iter().enumerate() {
        let value = expected.get(&position);
        assert_eq!(found[position].1.as_ref(), value);
        assert_eq!(store.read(key).await.expect("read").as_ref(), value);
        let raw = store.get(key.into(), Reading::Raw, Input::Absent).await.expect("read");
        assert_eq!(raw, value.cloned().map(|value| Reading::Raw.apply(value)));
        assert_eq!(store.has(key.into(), Input::Absent).await, Ok(value.is_some()));
        let meta = store.meta(key.into(), Input::Absent).await.expect("read");
        assert_eq!(meta.map(|meta| meta.size), value.map(size));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// [ZIP-1] [ZIP-2] [ZIP-3] [ZIP-6]
    #[test]
    fn values_are_read_with_and_without_the_option(writes in prop::collection::vec(any_write(), 1..6)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("runtime");
        runtime.block_on(async {
            let rows = Rows::default();
            let stores = stores(&script(&rows));
            let mut expected = HashMap::new();
            for write in &writes {
                write.send(&stores).await;
                expected.extend(write.values.clone());
            }
            for store in &stores {
                check(store, &expected).await;
            }
            let rows = rows.lock().expect("lock");
            for row in rows.values() {
                let is_marked = row["enc"]["S"].as_str().is_some_and(|code| ["gz1s", "gz1b"].contains(&code));
                assert_eq!(is_marked, row.get("enc").is_some());
                assert!(!is_marked || row["value"].get("B").is_some());
            }
        });
    }
}

/// [ZIP-1] The key, the names and the code count towards the size: from 1,025 bytes on, an item takes a second unit.
#[tokio::test]
async fn a_value_is_compressed_only_if_that_saves_a_write_unit() {
    let rows = Rows::default();
    let [gzip, _] = stores(&script(&rows));
    let besides = "keyvalue".len() + 1;
    let is_compressed = |key: &str| rows.lock().expect("lock")[key].get("enc").is_some();
    put(&gzip, "a", text(1_024 - besides)).await.expect("written");
    put(&gzip, "b", text(1_025 - besides)).await.expect("written");
    assert!(!is_compressed("a") && is_compressed("b"));
    // Compressing these 3,000 bytes would not save a unit.
    put(&gzip, "c", AttributeValue::B(noise(3_000).into())).await.expect("written");
    assert!(!is_compressed("c"));
    // The compressed value is as large as the noise. Together with the key and names it must fit into one unit.
    let rest = besides + "encgz1b".len();
    let with_zeros = |noisy: usize| AttributeValue::B([noise(noisy), vec![0; 1_500]].concat().into());
    put(&gzip, "d", with_zeros(1_024 - rest)).await.expect("written");
    put(&gzip, "e", with_zeros(900)).await.expect("written");
    assert!(is_compressed("d") && is_compressed("e"));
    let stored = |key: &str| {
        let value = rows.lock().expect("lock")[key]["value"]["B"].as_str().expect("bytes").len();
        value / 4 * 3 + rest
    };
    assert!((1_025..2_048).contains(&stored("d")), "{}", stored("d"));
    assert!(stored("e") <= 1_024, "{}", stored("e"));
}

/// [ZIP-7] [ZIP-5]
#[tokio::test]
async fn an_item_that_stays_too_large_rejects_the_whole_call_before_any_request() {
    let rows = Rows::default();
    let script = script(&rows);
    let [gzip, plain] = stores(&script);
    let too_large = || Given::Value(AttributeValue::B(noise(500_000).into()));
    let error = gzip.write("k", too_large()).await.expect_err("too large");
    assert_eq!((error.kind(), error.key()), (ErrorKind::ItemTooLarge, Some("k")));
    let item = |key: &str, value: Given| NewItem { key: key.into(), value, options: WriteOptions::default() };
    let items = vec![item("a", "v".into()), item("b", too_large()), item("c", Given::Value(text(5_000)))];
    let error = gzip.put_many(items, Input::Absent).await.expect_err("too large");
    assert_eq!((error.kind(), error.key()), (ErrorKind::ItemTooLarge, Some("b")));
    assert_eq!(error.keys(), ["a", "b", "c"]);
    for (store, length) in [(&plain, 500_000), (&gzip, (16 << 20) + 1)] {
        let error = put(store, "k", text(length)).await.expect_err("too large");
        assert_eq!(error.kind(), ErrorKind::ItemTooLarge);
    }
    assert_eq!(script.sent(), []);
    // An item that fits only when compressed is stored.
    put(&gzip, "k", text(16 << 20)).await.expect("written");
    assert_eq!(plain.read("k").await, Ok(Some(text(16 << 20))));
}

/// [ZIP-8] [SET-3]
#[tokio::test]
async fn writes_of_one_key_keep_their_order_if_the_first_takes_longer() {
    let rows = Rows::default();
    let [gzip, _] = stores(&script(&rows));
    let second = || NewItem { key: "k".into(), value: "second".into(), options: WriteOptions::default() };
    let (first, second, third) = futures_util::join!(
        put(&gzip, "k", text(1_000_000)),
        gzip.put_many(vec![second()], Input::Absent),
        put(&gzip, "k", text(2_000)),
    );
    assert!(first.is_ok() && second.is_ok() && third.is_ok());
    assert_eq!(gzip.read("k").await, Ok(Some(text(2_000))));
}

/// Damages a row.
type Change = fn(&mut Value);

/// [ZIP-4] [ZIP-6]
#[tokio::test]
async fn a_row_that_cannot_be_decoded_is_an_error_with_its_key() {
    let rows = Rows::default();
    let [gzip, _] = stores(&script(&rows));
    put(&gzip, "good", text(5_000)).await.expect("written");
    let good = rows.lock().expect("lock")["good"].clone();
    let bad = |change: Change| {
        let mut row = good.clone();
        row["key"]["S"] = "bad".into();
        change(&mut row);
        rows.lock().expect("lock").insert("bad".to_owned(), row);
    };
    let unknown = "`attributes.encoding`";
    let changes: [(Change, &str, bool); 4] = [
        (|row| row["enc"]["S"] = "zs9s".into(), unknown, true),
        (|row| row["enc"] = json!({ "N": "1" }), unknown, true),
        (|row| row["value"] = json!({ "S": "CANARY" }), unknown, true),
        (|row| row["value"]["B"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(), "damaged", false),
    ];
    for (change, words, in_meta) in changes {
        bad(change);
        let has = gzip.has("bad".into(), Input::Absent).await;
        assert_eq!(has, Ok(true));
        let mut errors = vec![
            gzip.read("bad").await.expect_err("bad"),
            gzip.get("bad".into(), Reading::Raw, Input::Absent).await.expect_err("bad"),
            gzip.read_all(&["good", "bad"]).await.expect_err("bad"),
        ];
        let meta = gzip.meta("bad".into(), Input::Absent).await;
        assert_eq!(meta.is_err(), in_meta);
        errors.extend(meta.err());
        for error in errors {
            assert_eq!((error.kind(), error.key()), (ErrorKind::Format, Some("bad")));
            assert!(error.operation().is_some() && !error.is_retryable());
            let message = error.to_string();
            assert!(message.contains("for key \"bad\"") && message.contains(words), "{message}");
            assert!(!message.contains("CANARY") && !message.contains("zs9s"), "{message}");
        }
    }
    // A damaged row that has expired or has no value is treated as absent.
    bad(|row| row["ttl"] = json!({ "N": "1" }));
    assert_eq!(gzip.read("bad").await, Ok(None));
    bad(|row| row["value"] = Value::Null);
    rows.lock().expect("lock").get_mut("bad").and_then(Value::as_object_mut).expect("a row").remove("value");
    assert_eq!(gzip.has("bad".into(), Input::Absent).await, Ok(false));
    assert_eq!(gzip.meta("bad".into(), Input::Absent).await, Ok(None));
}
