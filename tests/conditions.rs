//! Conditional writes: the exact requests, and what a condition that is not met means after other failures.
//! `__test__/cas.spec.ts` evaluates the conditions on real engines.

use crate::common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Answer, Script, failure};
use serde_json::{Value, json};
use unstorage_dynamodb::condition::RawConditions;
use unstorage_dynamodb::error::{ErrorKind, Operation};
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::options::{RawAttributes, RawOptions};
use unstorage_dynamodb::store::{Store, WriteOptions};

const LIVE: &str =
    "attribute_exists(#v) AND (attribute_not_exists(#t) OR NOT attribute_type(#t, :number) OR #t >= :now)";
const UNMET: &str = "ConditionalCheckFailedException";

fn tagged(raw: &mut RawOptions) {
    raw.attributes = RawAttributes { etag: "tag".into(), ..RawAttributes::default() }.into();
}

fn conditions(if_match: Option<&str>, if_none_match: Option<&str>) -> RawConditions {
    let input = |text: Option<&str>| text.map_or(Input::Absent, Input::from);
    RawConditions { if_match: input(if_match), if_none_match: input(if_none_match) }
}

async fn put(store: &Store, conditions: RawConditions) -> Result<Option<String>, ErrorKind> {
    let options = WriteOptions { conditions, ..WriteOptions::default() };
    store.put(Operation::SetItem, "k".into(), "v".into(), options).await.map_err(|error| error.kind())
}

/// The members that the conditions add to a request.
fn expected(if_match: Option<&str>, if_none_match: Option<&str>) -> Value {
    let mut names = json!({ "#v": "value", "#t": "ttl" });
    let mut values = json!({ ":number": { "S": "N" }, ":now": { "N": "1800000000" } });
    let mut part = |matcher: &str, placeholder: &str| {
        if matcher == "*" {
            return LIVE.to_owned();
        }
        names["#g"] = "tag".into();
        values[placeholder] = json!({ "S": matcher });
        format!("{LIVE} AND #g = {placeholder}")
    };
    let required = if_match.map(|matcher| part(matcher, ":match"));
    let excluded = if_none_match.map(|matcher| format!("NOT ({})", part(matcher, ":none")));
    json!({
        "ConditionExpression": required.into_iter().chain(excluded).collect::<Vec<_>>().join(" AND "),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    })
}

fn assert_adds(body: &Value, condition: &Value) {
    let added: Value = body
        .as_object()
        .expect("an object")
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "TableName" | "Item" | "Key" | "ReturnConsumedCapacity"))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect::<serde_json::Map<_, _>>()
        .into();
    assert_eq!(&added, condition);
}

/// [CAS-1] [CAS-2] [CAS-8]
#[tokio::test]
async fn every_combination_is_one_conditional_request() {
    let matchers = [None, Some("*"), Some("e\"#v")];
    for if_match in matchers {
        for if_none_match in matchers {
            let script = Script::of([Answer::ok(&json!({}))]);
            let store = script.store_with(tagged);
            let etag = put(&store, conditions(if_match, if_none_match)).await.expect("written");
            let sent = script.sent();
            assert_eq!((sent.len(), sent[0].action.as_str()), (1, "PutItem"));
            assert_eq!(sent[0].body["Item"]["tag"]["S"].as_str(), etag.as_deref());
            let is_conditional = if_match.or(if_none_match).is_some();
            let condition = if is_conditional { expected(if_match, if_none_match) } else { json!({}) };
            assert_adds(&sent[0].body, &condition);
        }
        let script = Script::of([Answer::ok(&json!({}))]);
        script.store_with(tagged).delete("k".into(), conditions(if_match, None)).await.expect("removed");
        let sent = script.sent();
        assert_eq!((sent.len(), sent[0].action.as_str()), (1, "DeleteItem"));
        let condition = if if_match.is_some() { expected(if_match, None) } else { json!({}) };
        assert_adds(&sent[0].body, &condition);
    }
}

/// [CAS-6] An attempt that may have been executed makes a mismatch uncertain.
#[tokio::test]
async fn a_mismatch_is_certain_only_if_no_attempt_was_executed() {
    let certain = [(400, "ThrottlingException"), (400, "ProvisionedThroughputExceededException")];
    let certain = certain.map(|(status, name)| (Answer::error(status, name), ErrorKind::CasMismatch));
    let open = [Answer::Io, Answer::Timeout, Answer::error(500, "InternalServerError"), Answer::text(502, "<html>")];
    let open = open.map(|answer| (answer, ErrorKind::OutcomeUnknown));
    for (first, kind) in certain.into_iter().chain(open) {
        let script = || Script::of([first.clone(), Answer::error(400, UNMET)]);
        let store = script().store_with(tagged);
        assert_eq!(put(&store, conditions(None, Some("*"))).await, Err(kind), "{first:?}");
        let error = script().store().delete("k".into(), conditions(Some("*"), None)).await.expect_err("unmet");
        assert_eq!(error.kind(), kind, "{first:?}");
    }
    let script = Script::of([Answer::error(400, UNMET)]);
    assert_eq!(put(&script.store(), conditions(None, Some("*"))).await, Err(ErrorKind::CasMismatch));
}

/// [CAS-6] The stored item has the etag of this write, so its first attempt was executed.
#[tokio::test]
async fn an_item_with_the_own_etag_is_a_success() {
    for is_own in [true, false] {
        let attempts = Arc::new(AtomicUsize::new(0));
        let script = Script::handler_with(attempts, move |attempts, sent| {
            let answer = if attempts.fetch_add(1, Ordering::Relaxed) == 0 {
                (500, failure("InternalServerError"))
            } else {
                let mut body = failure(UNMET);
                let etag = if is_own { sent.body["Item"]["tag"].clone() } else { json!({ "S": "other" }) };
                body["Item"] = json!({ "key": { "S": "k" }, "tag": etag });
                (400, body)
            };
            async move { answer }
        });
        let written = put(&script.store_with(tagged), conditions(Some("e"), None)).await;
        assert_eq!(script.sent().len(), 2);
        let etag = script.sent()[1].body["Item"]["tag"]["S"].as_str().map(ToOwned::to_owned);
        assert_eq!(written, if is_own { Ok(etag) } else { Err(ErrorKind::OutcomeUnknown) });
    }
}
