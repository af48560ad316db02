//! The exact request of every operation. [API-9] [API-10]

use crate::common;

use aws_sdk_dynamodb::types::AttributeValue;
use common::{Script, Sent};
use serde_json::{Value, json};
use unstorage_dynamodb::error::Operation;
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::options::{RawAttributes, RawOptions};
use unstorage_dynamodb::value::{Given, Reading};

/// A request with the setting that makes every response report its units.
fn request(action: &str, mut body: Value) -> Sent {
    if let Value::Object(fields) = &mut body {
        fields.insert("ReturnConsumedCapacity".into(), "TOTAL".into());
    }
    Sent { action: action.to_owned(), body }
}

fn sent(action: &str, body: Value) -> Vec<Sent> {
    vec![request(action, body)]
}

fn renamed(raw: &mut RawOptions) {
    raw.attributes =
        RawAttributes { key: "pk".into(), value: "a.b".into(), ttl: "#e".into(), ..RawAttributes::default() }.into();
}

#[tokio::test]
async fn get_item_requests_only_value_and_ttl() {
    let script = Script::default().answer(200, &json!({ "Item": { "value": { "S": "v" } } }));
    assert_eq!(
        script.store().get("k".into(), Reading::Plain, Input::Absent).await,
        Ok(Some(AttributeValue::S("v".to_owned())))
    );
    let body = json!({
        "TableName": "cache",
        "Key": { "key": { "S": "k" } },
        "ProjectionExpression": "#v, #t, #e",
        "ExpressionAttributeNames": { "#v": "value", "#t": "ttl", "#e": "enc" },
    });
    assert_eq!(script.sent(), sent("GetItem", body));
}

#[tokio::test]
async fn has_item_sends_the_same_request() {
    let script = Script::default().answer(200, &json!({}));
    assert_eq!(script.store_with(renamed).has("k".into(), Input::Absent).await, Ok(false));
    let body = json!({
        "TableName": "cache",
        "Key": { "pk": { "S": "k" } },
        "ProjectionExpression": "#v, #t, #e",
        "ExpressionAttributeNames": { "#v": "a.b", "#t": "#e", "#e": "enc" },
    });
    assert_eq!(script.sent(), sent("GetItem", body));
}

#[tokio::test]
async fn set_item_puts_the_whole_row() {
    let script = Script::default().answer(200, &json!({}));
    script.store().put(Operation::SetItem, "k".into(), "".into(), Input::Absent).await.expect("stored");
    let body = json!({ "TableName": "cache", "Item": { "key": { "S": "k" }, "value": { "S": "" } } });
    assert_eq!(script.sent(), sent("PutItem", body));
}

/// [TTL-5] [TTL-1] [TTL-2] At 1 800 000 000.25 s.
#[tokio::test]
async fn set_item_stores_the_ceiling_of_now_plus_ttl() {
    for (ttl, default, stored) in [
        (Input::Number(300.0), Input::Absent, Some("1800000301")),
        (Input::Number(0.75), Input::Absent, Some("1800000001")),
        (Input::Absent, "60".into(), Some("1800000061")),
        (Input::Number(5.0), "60".into(), Some("1800000006")),
        (Input::Number(0.0), "60".into(), None),
        (Input::Absent, Input::Number(0.0), None),
    ] {
        let script = Script::default().answer(200, &json!({}));
        let store = script.store_with(|raw| raw.expire_in = default);
        store.put(Operation::SetItem, "k".into(), "v".into(), ttl).await.expect("stored");
        let item = &script.sent()[0].body["Item"];
        assert_eq!(item.get("ttl").map(|ttl| &ttl["N"]), stored.map(Value::from).as_ref());
    }
}

#[tokio::test]
async fn remove_item_sends_only_the_key() {
    let script = Script::default().answer(200, &json!({}));
    script.store_with(renamed).delete("k".into()).await.expect("removed");
    assert_eq!(script.sent(), sent("DeleteItem", json!({ "TableName": "cache", "Key": { "pk": { "S": "k" } } })));
}

/// [KEYS-4] Only the key is transferred, and DynamoDB filters by base and expiry.
#[tokio::test]
async fn get_keys_projects_the_key_and_filters_on_the_server() {
    let script = Script::default().answer(200, &json!({ "Items": [{ "pk": { "S": "a:b" } }] }));
    let keys = script.store_with(renamed).keys("a".into(), Input::Absent, Input::Absent).await;
    assert_eq!(keys, Ok(vec!["a:b".to_owned()]));
    let body = json!({
        "TableName": "cache",
        "ProjectionExpression": "#k",
        "FilterExpression":
            "(attribute_not_exists(#t) OR NOT attribute_type(#t, :number) OR #t >= :now) AND begins_with(#k, :base)",
        "ExpressionAttributeNames": { "#k": "pk", "#t": "#e" },
        "ExpressionAttributeValues":
            { ":number": { "S": "N" }, ":now": { "N": "1800000000" }, ":base": { "S": "a:" } },
    });
    assert_eq!(script.sent(), sent("Scan", body));
}

#[tokio::test]
async fn clear_scans_expired_rows_too_and_deletes_in_batches() {
    let page = json!({ "Items": [{ "key": { "S": "x" } }, { "key": { "S": "y" } }] });
    let script = Script::default().answer(200, &page).answer(200, &json!({}));
    script.store().clear(Input::Absent).await.expect("cleared");
    let scan = json!({
        "TableName": "cache", "ProjectionExpression": "#k", "ExpressionAttributeNames": { "#k": "key" },
    });
    let delete = |key: &str| json!({ "DeleteRequest": { "Key": { "key": { "S": key } } } });
    let batch = json!({ "RequestItems": { "cache": [delete("x"), delete("y")] } });
    let expected = [request("Scan", scan), request("BatchWriteItem", batch)];
    assert_eq!(script.sent(), expected);
}

/// [BASE-1] The base is only visible in the table.
#[tokio::test]
async fn a_base_is_prepended_to_every_key_and_removed_again() {
    let script =
        Script::default().answer(200, &json!({})).answer(200, &json!({ "Items": [{ "key": { "S": "app:a:b" } }] }));
    let store = script.store_with(|raw| raw.base = "app".into());
    store.put(Operation::SetItem, "k".into(), "v".into(), Input::Absent).await.expect("stored");
    assert_eq!(store.keys("a".into(), Input::Number(1.0), Input::Absent).await, Ok(vec!["a:b".to_owned()]));
    let sent = script.sent();
    assert_eq!(sent[0].body["Item"]["key"]["S"], "app:k");
    assert_eq!(sent[1].body["ExpressionAttributeValues"][":base"]["S"], "app:a:");
}

#[tokio::test]
async fn invalid_input_sends_nothing() {
    let script = Script::default();
    let store = script.store();
    assert_eq!(store.get("".into(), Reading::Plain, Input::Absent).await, Ok(None));
    assert!(
        store.put(Operation::SetItem, "k".into(), Given::Refused("is a function".into()), Input::Absent).await.is_err()
    );
    assert!(store.put(Operation::SetItem, "k".into(), "v".into(), Input::Number(-1.0)).await.is_err());
    assert!(
        store
            .put(Operation::SetItem, "k".into(), Given::from("x".repeat(409_600).as_str()), Input::Absent)
            .await
            .is_err()
    );
    assert!(store.keys(Input::Number(1.0), Input::Absent, Input::Absent).await.is_err());
    assert!(store.keys(Input::Absent, Input::Number(-1.0), Input::Absent).await.is_err());
    assert!(store.clear(Input::IllFormedText(vec![0xd800])).await.is_err());
    assert_eq!(script.sent(), []);
}

#[tokio::test]
async fn only_consistent_reads_set_consistent_read() {
    let wanted = |call: Input, default: Input| async move {
        let script = Script::default().answer(200, &json!({})).answer(200, &json!({})).answer(200, &json!({}));
        let store = script.store_with(|raw| raw.consistent_read = default);
        store.get("k".into(), Reading::Plain, call.clone()).await.expect("read");
        store.has("k".into(), call.clone()).await.expect("read");
        store.keys(Input::Absent, Input::Absent, call).await.expect("read");
        let flags: Vec<Value> = script.sent().into_iter().map(|sent| sent.body["ConsistentRead"].clone()).collect();
        assert!(flags.iter().all(|flag| *flag == flags[0]), "{flags:?}");
        flags[0].clone()
    };
    assert_eq!(wanted(Input::Absent, Input::Absent).await, Value::Null);
    assert_eq!(wanted(Input::Absent, Input::Boolean(true)).await, json!(true));
    assert_eq!(wanted(Input::Boolean(true), Input::Absent).await, json!(true));
    assert_eq!(wanted(Input::Boolean(false), Input::Boolean(true)).await, Value::Null);
}

#[tokio::test]
async fn an_arn_is_sent_unchanged_and_messages_stay_short() {
    let arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/cache";
    let script = Script::default().fail(400, "ResourceNotFoundException");
    let error = script
        .store_with(|raw| raw.table = arn.into())
        .get("k".into(), Reading::Plain, Input::Absent)
        .await
        .expect_err("none");
    assert_eq!(script.sent()[0].body["TableName"], arn);
    assert_eq!(error.table(), Some("cache"));
    let message = error.to_string();
    assert!(message.contains("on table \"cache\"") && message.contains(&format!("({arn})")), "{message}");
}
