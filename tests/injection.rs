//! Keys, bases, attribute names and other text of the caller never become part of an expression.

use crate::common;

use std::collections::BTreeSet;

use common::{Calls, Script, Sent};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use unstorage_dynamodb::error::Operation;
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::options::RawAttributes;

/// All expressions that the driver sends. They do not depend on the caller's text.
const EXPRESSIONS: [&str; 7] = [
    "#v, #t, #e",
    "#v, #t, #e, #m",
    "#k",
    "#k, #e",
    "#k, #v, #t, #e",
    "begins_with(#k, :base)",
    "(attribute_not_exists(#t) OR NOT attribute_type(#t, :number) OR #t >= :now)",
];

/// Fragments that an injection attempt might contain.
const WORDS: &str = "#|#k|#v|#t|:|:base|:now|::|\"|\\|'|`|\0|\n|{|}|\":{\"S\":\"|\",\"| OR | AND |NOT |attribute_exists(#k)|\
    begins_with(|)|#k >= :now|contains(#v, :base)|size(|${|__proto__|\u{202e}";

fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        3 => prop::sample::select(WORDS.split('|').collect::<Vec<_>>()).prop_map(str::to_owned),
        1 => "\\PC{1,6}|[\\x00-\\x7f]{1,6}",
    ];
    prop::collection::vec(part, 1..6).prop_map(|parts| parts.concat())
}

/// The text that a caller can choose.
#[derive(Debug, Clone)]
struct Texts {
    base: String,
    keys: [String; 2],
    prefix: String,
    /// The distinct names of the key, value, TTL, write time and encoding attributes.
    attributes: [String; 5],
}

/// Distinct texts.
fn distinct(count: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::btree_set(text(), count).prop_map(|set| set.into_iter().collect()).prop_shuffle()
}

fn texts() -> impl Strategy<Value = Texts> {
    let optional = || prop_oneof![1 => Just(String::new()), 4 => text()];
    (optional(), distinct(2), optional(), distinct(5)).prop_map(|(base, keys, prefix, attributes)| Texts {
        base,
        keys: keys.try_into().expect("two"),
        prefix,
        attributes: attributes.try_into().expect("five"),
    })
}

/// A base as a prefix of keys.
fn normal(base: &str) -> String {
    let base = base.trim_end_matches(':');
    if base.is_empty() { String::new() } else { format!("{base}:") }
}

/// The option `base` as a prefix of keys.
fn normal_option(base: &str) -> String {
    let parts: Vec<&str> = base.split([':', '/', '\\']).filter(|part| !part.is_empty()).collect();
    normal(&parts.join(":"))
}

impl Texts {
    fn stored(&self) -> [String; 2] {
        self.keys.each_ref().map(|key| normal_option(&self.base) + key)
    }

    fn prefix(&self) -> String {
        normal_option(&self.base) + &normal(&self.prefix)
    }

    /// Returns all requests that the driver sends for these texts, method by method.
    async fn sent(&self) -> Vec<Sent> {
        let [key, value, ttl, mtime, encoding] = self.attributes.clone().map(Input::Text);
        let rows = self.stored().map(|stored| json!({ &*self.attributes[0]: { "S": stored } }));
        let script = Script::handler_with(rows, |rows, Sent { action, .. }| async move {
            (200, if action == "Scan" { json!({ "Items": rows }) } else { json!({}) })
        });
        let store = script.store_with(|raw| {
            raw.base = Input::Text(self.base.clone());
            raw.attributes = RawAttributes { key, value, ttl, mtime, encoding, etag: Input::Absent }.into();
        });
        let [one, other] = self.keys.each_ref().map(String::as_str);
        store.read(one).await.expect("get");
        store.has(one.into(), Input::Absent).await.expect("has");
        store.meta(one.into(), Input::Absent).await.expect("meta");
        store.put(Operation::SetItem, one.into(), "v".into(), Input::Number(60.0)).await.expect("put");
        store.remove(one).await.expect("delete");
        store.read_all(&[one, other]).await.expect("get many");
        store.write_all(&[(one, "v"), (other, "v")]).await.expect("put many");
        store.keys(Input::Text(self.prefix.clone()), Input::Absent, Input::Absent).await.expect("keys");
        store.clear(Input::Text(self.prefix.clone())).await.expect("clear");
        script.sent()
    }
}

fn names_in(map: &Value) -> impl Iterator<Item = &str> {
    map.as_object().into_iter().flat_map(Map::keys).map(String::as_str)
}

/// Returns the placeholders of an expression.
fn placeholders(expression: &str) -> BTreeSet<&str> {
    expression
        .split(|c: char| c != '#' && c != ':' && !c.is_alphanumeric())
        .filter(|w| w.starts_with(['#', ':']))
        .collect()
}

/// Checks that expressions are constants and that their placeholders stand for the caller's text.
fn check(request: &Value, texts: &Texts) -> Result<(), TestCaseError> {
    let [key, value, ttl, mtime, encoding] = texts.attributes.each_ref().map(String::as_str);
    let mut used = BTreeSet::new();
    for field in ["ProjectionExpression", "FilterExpression"] {
        for expression in request[field].as_str().into_iter().flat_map(|whole| whole.split(" AND ")) {
            prop_assert!(EXPRESSIONS.contains(&expression), "{}: {}", field, expression);
            used.extend(placeholders(expression));
        }
    }
    for (placeholder, name) in request["ExpressionAttributeNames"].as_object().into_iter().flatten() {
        let meant = match placeholder.as_str() {
            "#k" => key,
            "#v" => value,
            "#t" => ttl,
            "#m" => mtime,
            "#e" => encoding,
            other => return Err(TestCaseError::fail(format!("a placeholder {other}"))),
        };
        prop_assert_eq!(name, meant);
    }
    for (placeholder, value) in request["ExpressionAttributeValues"].as_object().into_iter().flatten() {
        let meant = match placeholder.as_str() {
            ":base" => json!({ "S": texts.prefix() }),
            ":number" => json!({ "S": "N" }),
            ":now" => json!({ "N": common::NOW.as_secs().to_string() }),
            other => return Err(TestCaseError::fail(format!("a placeholder {other}"))),
        };
        prop_assert_eq!(value, &meant);
    }
    // DynamoDB rejects both missing and unused placeholders.
    let defined = names_in(&request["ExpressionAttributeNames"]).chain(names_in(&request["ExpressionAttributeValues"]));
    prop_assert_eq!(defined.collect::<BTreeSet<_>>(), used);
    Ok(())
}

/// The members of requests as DynamoDB defines them. None contains text of the caller.
const FIELDS: [&str; 8] = [
    "TableName",
    "Key",
    "Item",
    "ProjectionExpression",
    "FilterExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ReturnConsumedCapacity",
];

proptest! {
    /// [KEYS-2] [API-10] [BASE-1]
    #[test]
    fn no_text_of_a_caller_becomes_part_of_an_expression(texts in texts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("runtime");
        let sent = runtime.block_on(texts.sent());
        let actions: Vec<&str> = sent.iter().map(|sent| sent.action.as_str()).collect();
        let (key, stored) = (&texts.attributes[0], texts.stored());
        let singles = ["GetItem", "GetItem", "GetItem", "PutItem", "DeleteItem"];
        let several = ["BatchGetItem", "BatchWriteItem", "Scan", "Scan", "BatchWriteItem"];
        prop_assert_eq!(actions, [singles, several].concat());
        for Sent { action, body } in &sent {
            if let Some(batch) = body.get("RequestItems") {
                prop_assert_eq!(names_in(body).collect::<Vec<_>>(), ["RequestItems", "ReturnConsumedCapacity"]);
                prop_assert_eq!(names_in(batch).collect::<Vec<_>>(), ["cache"]);
                check(&batch["cache"], &texts)?;
                continue;
            }
            check(body, &texts)?;
            prop_assert!(names_in(body).all(|field| FIELDS.contains(&field)), "{}", body);
            prop_assert_eq!(&body["TableName"], "cache");
            if action != "Scan" {
                let row = body.get("Key").or_else(|| body.get("Item")).expect("a key");
                prop_assert_eq!(&row[key], &json!({ "S": stored[0] }));
            }
        }
        let filters = || sent.iter().filter_map(|sent| sent.body["FilterExpression"].as_str());
        let prefixed = if texts.prefix().is_empty() { 0 } else { 2 };
        prop_assert_eq!(filters().filter(|filter| filter.contains("begins_with")).count(), prefixed);
    }
}
