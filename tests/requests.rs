//! The exact request of every operation. [API-9] [API-10]

use crate::common;

use aws_sdk_dynamodb::types::AttributeValue;
use common::{Answer, Calls, Script, Sent};
use serde_json::{Value, json};
use unstorage_dynamodb::input::Input;
use unstorage_dynamodb::options::{RawAttributes, RawOptions};

fn ok(body: &Value) -> Script {
    Script::of([Answer::ok(body)])
}

/// A request that also asks for the consumed units.
fn request(action: &str, mut body: Value) -> Sent {
    body["ReturnConsumedCapacity"] = "TOTAL".into();
    Sent { action: action.to_owned(), body }
}

/// Checks that exactly this request was sent.
fn assert_sent(script: &Script, action: &str, body: Value) {
    assert_eq!(script.sent(), [request(action, body)]);
}

fn renamed(raw: &mut RawOptions) {
    raw.attributes =
        RawAttributes { key: "pk".into(), value: "a.b".into(), ttl: "#e".into(), ..RawAttributes::default() }.into();
}

#[tokio::test]
async fn get_item_requests_only_value_and_ttl() {
    let script = ok(&json!({ "Item": { "value": { "S": "v" } } }));
    assert_eq!(script.store().read("k").await, Ok(Some(AttributeValue::S("v".to_owned()))));
    let body = json!({
        "TableName": "cache",
        "Key": { "key": { "S": "k" } },
        "ProjectionExpression": "#v, #t, #e",
        "ExpressionAttributeNames": { "#v": "value", "#t": "ttl", "#e": "enc" },
    });
    assert_sent(&script, "GetItem", body);
}

#[tokio::test]
async fn has_item_sends_the_same_request() {
    let script = ok(&json!({}));
    assert_eq!(script.store_with(renamed).has("k".into(), Input::Absent).await, Ok(false));
    let body = json!({
        "TableName": "cache",
        "Key": { "pk": { "S": "k" } },
        "ProjectionExpression": "#v, #t, #e",
        "ExpressionAttributeNames": { "#v": "a.b", "#t": "#e", "#e": "enc" },
    });
    assert_sent(&script, "GetItem", body);
}

#[tokio::test]
async fn set_item_puts_the_whole_row_and_remove_item_sends_only_the_key() {
    let script = ok(&json!({}));
    script.store().write("k", "").await.expect("stored");
    let item = json!({ "key": { "S": "k" }, "value": { "S": "" } });
    assert_sent(&script, "PutItem", json!({ "TableName": "cache", "Item": item }));
    let script = ok(&json!({}));
    script.store_with(renamed).remove("k").await.expect("removed");
    assert_sent(&script, "DeleteItem", json!({ "TableName": "cache", "Key": { "pk": { "S": "k" } } }));
}

/// [KEYS-4] Only the key is transferred, and DynamoDB filters by base and expiry.
#[tokio::test]
async fn get_keys_projects_the_key_and_filters_on_the_server() {
    let script = ok(&json!({ "Items": [{ "pk": { "S": "a:b" } }] }));
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
    assert_sent(&script, "Scan", body);
}

#[tokio::test]
async fn clear_also_scans_expired_rows_and_deletes_in_batches() {
    let page = json!({ "Items": [{ "key": { "S": "x" } }, { "key": { "S": "y" } }] });
    let script = Script::of([Answer::ok(&page), Answer::ok(&json!({}))]);
    script.store().clear(Input::Absent).await.expect("cleared");
    let scan = json!({
        "TableName": "cache", "ProjectionExpression": "#k, #e",
        "ExpressionAttributeNames": { "#k": "key", "#e": "enc" },
    });
    let delete = |key: &str| json!({ "DeleteRequest": { "Key": { "key": { "S": key } } } });
    let batch = json!({ "RequestItems": { "cache": [delete("x"), delete("y")] } });
    let expected = [request("Scan", scan), request("BatchWriteItem", batch)];
    assert_eq!(script.sent(), expected);
}
