//! `createTable` in cases that local engines cannot produce: tables that are being created, races and rejections. Also
//! the exact requests.

use crate::common;

use std::time::Duration;

use common::{Answer, Script, Sent};
use serde_json::{Value, json};
use unstorage_dynamodb::error::{Error, ErrorKind};
use unstorage_dynamodb::options::{RawAttributes, RawOptions};
use unstorage_dynamodb::store::{CreatedTable, Patience};

/// Three delays: 1, 2 and 4 ms.
const SHORT: Patience = Patience {
    first_pause: Duration::from_millis(1),
    longest_pause: Duration::from_millis(4),
    for_table: Duration::from_millis(7),
    for_ttl: Duration::from_millis(7),
};

const NEW: CreatedTable = CreatedTable { created: true, index_ready: None };

/// A table with the expected schema.
fn description(status: &str) -> Value {
    json!({
        "TableName": "cache",
        "TableStatus": status,
        "KeySchema": [{ "AttributeName": "key", "KeyType": "HASH" }],
        "AttributeDefinitions": [{ "AttributeName": "key", "AttributeType": "S" }],
    })
}

/// The response to DescribeTable.
fn table(status: &str) -> Answer {
    Answer::ok(&json!({ "Table": description(status) }))
}

/// The response to DescribeTimeToLive.
fn ttl(status: &str) -> Answer {
    Answer::ok(&json!({ "TimeToLiveDescription": { "TimeToLiveStatus": status, "AttributeName": "ttl" } }))
}

fn done() -> Answer {
    Answer::ok(&json!({}))
}

fn refused(name: &str) -> Answer {
    Answer::error(400, name)
}

fn missing() -> Answer {
    refused("ResourceNotFoundException")
}

fn taken() -> Answer {
    refused("ResourceInUseException")
}

async fn create(script: &Script) -> Result<bool, Error> {
    create_with(script, |_| ()).await.map(|made| made.created)
}

async fn create_with(script: &Script, change: impl FnOnce(&mut RawOptions)) -> Result<CreatedTable, Error> {
    script.store_with(change).create_table(SHORT).await
}

/// Returns the error of a call that receives these responses.
async fn failed(answers: impl IntoIterator<Item = Answer>) -> Error {
    create(&Script::of(answers)).await.expect_err("refused")
}

/// Renames the value and TTL attributes.
fn named(value: &'static str, ttl: String) -> impl FnOnce(&mut RawOptions) {
    move |raw| {
        raw.attributes =
            RawAttributes { value: value.into(), ttl: ttl.as_str().into(), ..RawAttributes::default() }.into();
    }
}

/// [TAB-2] [TAB-10]
#[tokio::test]
async fn a_missing_table_is_created_and_waited_for() {
    let made = Answer::ok(&json!({ "TableDescription": description("CREATING") }));
    let script = Script::of([missing(), made, table("CREATING"), table("ACTIVE"), ttl("DISABLED"), done()]);
    assert_eq!(create_with(&script, named("v", "#e".to_owned())).await, Ok(NEW));
    let sent = |action: &str, body: &Value| Sent { action: action.to_owned(), body: body.clone() };
    let name = json!({ "TableName": "cache" });
    let new = json!({
        "TableName": "cache",
        "KeySchema": [{ "AttributeName": "key", "KeyType": "HASH" }],
        "AttributeDefinitions": [{ "AttributeName": "key", "AttributeType": "S" }],
        "BillingMode": "PAY_PER_REQUEST",
    });
    let on = json!({ "TableName": "cache", "TimeToLiveSpecification": { "Enabled": true, "AttributeName": "#e" } });
    let expected = [
        sent("DescribeTable", &name),
        sent("CreateTable", &new),
        sent("DescribeTable", &name),
        sent("DescribeTable", &name),
        sent("DescribeTimeToLive", &name),
        sent("UpdateTimeToLive", &on),
    ];
    assert_eq!(script.sent(), expected);
}

/// [TAB-3]
#[tokio::test]
async fn a_table_with_the_expected_schema_is_not_changed() {
    for (status, expiry) in [("ACTIVE", "ENABLED"), ("ACTIVE", "ENABLING"), ("UPDATING", "ENABLED")] {
        let script = Script::of([table(status), ttl(expiry)]);
        assert_eq!(create(&script).await, Ok(false));
        assert_eq!(script.actions(), ["DescribeTable", "DescribeTimeToLive"]);
    }
}

/// [TAB-2] [TAB-7] [TAB-11] All responses are used, and there is no further request.
#[tokio::test]
async fn races_and_lost_responses_do_not_fail_the_call() {
    let (active, on) = (|| table("ACTIVE"), || ttl("ENABLED"));
    let (invalid, slow) = (|| refused("ValidationException"), || refused("ThrottlingException"));
    for (answers, is_made) in [
        // DescribeTable is eventually consistent and may not find a table that was just created.
        (vec![missing(), done(), missing(), active(), on()], true),
        // Another process created the table first, and may delete it again.
        (vec![missing(), taken(), table("CREATING"), active(), ttl("ENABLING")], false),
        (vec![missing(), taken(), missing(), done(), active(), on()], true),
        // Both found TTL disabled, and the other process enabled it first.
        (vec![active(), ttl("DISABLED"), invalid(), ttl("DISABLED"), invalid(), ttl("ENABLING")], false),
        (vec![active(), ttl("DISABLED"), taken(), ttl("DISABLED"), taken(), ttl("ENABLING")], false),
        (vec![active(), ttl("DISABLED"), slow(), done()], false),
        // The response to CreateTable was lost, and its retry found the table of the first attempt.
        (vec![missing(), Answer::error(500, "InternalServerError"), taken(), active(), on()], false),
    ] {
        let count = answers.len();
        let script = Script::of(answers);
        assert_eq!(create(&script).await, Ok(is_made));
        assert_eq!(script.sent().len(), count);
    }
}

/// [TAB-4] [TAB-11]
#[tokio::test]
async fn a_rejected_request_to_enable_ttl_is_reported_with_aws_s_message() {
    let tries = (0..4).flat_map(|_| [ttl("DISABLED"), refused("ValidationException")]);
    let error = failed([table("ACTIVE")].into_iter().chain(tries)).await;
    assert_eq!(error.kind(), ErrorKind::Validation);
    let message = error.to_string();
    let start = "[unstorage] [aws-dynamodb] createTable on table \"cache\" failed: words";
    assert!(message.starts_with(start), "{message}");
    assert!(message.contains("calling createTable again continues"), "{message}");
}

/// [TAB-11]
#[tokio::test]
async fn a_call_that_failed_half_way_continues_when_repeated() {
    let begun = [missing(), done(), table("ACTIVE"), ttl("DISABLED")];
    let error = failed(begun.into_iter().chain((0..4).map(|_| refused("ThrottlingException")))).await;
    assert_eq!((error.kind(), error.metadata().attempts), (ErrorKind::Throttled, 4));
    assert!(error.is_retryable() && error.to_string().contains("its TTL is not enabled"), "{error}");

    let again = Script::of([table("ACTIVE"), ttl("DISABLED"), done()]);
    assert_eq!(create(&again).await, Ok(false));
    assert_eq!(again.actions().last().map(String::as_str), Some("UpdateTimeToLive"));
}

/// [TAB-8]
#[tokio::test]
async fn a_table_that_is_not_ready_in_time_is_a_timeout() {
    let script = Script::repeating([table("CREATING")]);
    let error = create(&script).await.expect_err("too late");
    assert_eq!((error.kind(), error.name()), (ErrorKind::Timeout, "TimeoutError"));
    assert!(error.is_retryable() && error.to_string().contains("call again to keep waiting"), "{error}");
    assert_eq!(script.actions(), ["DescribeTable"; 4]);
}

/// [TAB-8] The duration that docs/SEMANTICS.md specifies, with a bounded number of requests.
#[test]
fn by_default_the_driver_waits_two_minutes_for_a_table() {
    let Patience { first_pause, longest_pause, for_table, .. } = Patience::default();
    assert_eq!(for_table, Duration::from_mins(2));
    assert!(first_pause <= Duration::from_millis(100) && longest_pause >= Duration::from_secs(5));
}

/// [TAB-9] [TAB-5] Waiting would not change its key.
#[tokio::test]
async fn a_table_that_cannot_be_used_is_not_waited_for() {
    // AWS omits the key of a table that is being deleted.
    let deleting = Answer::ok(&json!({ "Table": { "TableName": "cache", "TableStatus": "DELETING" } }));
    let mut other = description("CREATING");
    other["AttributeDefinitions"] = json!([{ "AttributeName": "key", "AttributeType": "N" }]);
    let other = Answer::ok(&json!({ "Table": other }));
    let locked = "INACCESSIBLE_ENCRYPTION_CREDENTIALS";
    for (answers, kind, words) in [
        (vec![deleting], ErrorKind::TableUnavailable, "being deleted"),
        (vec![table(locked)], ErrorKind::TableUnavailable, locked),
        (vec![table("ACTIVE"), ttl("DISABLING")], ErrorKind::TableUnavailable, "TTL is being turned off"),
        (vec![other], ErrorKind::SchemaMismatch, "of type Number, and not String"),
        (vec![done()], ErrorKind::Response, ""),
    ] {
        let error = failed(answers).await;
        assert_eq!(error.kind(), kind);
        assert_eq!(error.is_retryable(), kind != ErrorKind::SchemaMismatch);
        assert!(error.to_string().contains(words), "{error}");
    }
}

/// [TAB-10]
#[tokio::test]
async fn a_missing_permission_is_named() {
    for (mut answers, action) in [
        (vec![], "DescribeTable"),
        (vec![missing()], "CreateTable"),
        (vec![table("ACTIVE")], "DescribeTimeToLive"),
        (vec![table("ACTIVE"), ttl("DISABLED")], "UpdateTimeToLive"),
    ] {
        answers.push(refused("AccessDeniedException"));
        let error = failed(answers).await;
        assert_eq!(error.kind(), ErrorKind::AccessDenied);
        assert!(error.to_string().contains(&format!("dynamodb:{action} ")), "{error}");
    }
}

/// [TAB-12]
#[tokio::test]
async fn a_ttl_name_that_dynamodb_would_reject_sends_nothing() {
    let script = Script::of([table("ACTIVE"), ttl("DISABLED"), done()]);
    let error = create_with(&script, named("v", "t".repeat(256))).await.expect_err("too long");
    assert_eq!(error.kind(), ErrorKind::InvalidOption);
    assert!(error.to_string().contains("`attributes.ttl`") && error.to_string().contains("255 bytes"), "{error}");
    assert_eq!(script.sent(), []);
    let made = create_with(&script, named("v", "t".repeat(255))).await;
    assert_eq!(made, Ok(CreatedTable { created: false, ..NEW }));
}

/// The response to DescribeTable for a table with a key index in this state.
fn indexed_table(status: &str, backfilling: Option<bool>) -> Answer {
    let mut table = description("ACTIVE");
    let index = json!({
        "IndexName": "keys",
        "KeySchema": table["KeySchema"],
        "Projection": { "ProjectionType": "INCLUDE", "NonKeyAttributes": ["ttl"] },
        "IndexStatus": status,
        "Backfilling": backfilling,
    });
    table["GlobalSecondaryIndexes"] = json!([{ "IndexName": "other" }, index]);
    Answer::ok(&json!({ "Table": table }))
}

async fn create_indexed(script: &Script) -> Result<CreatedTable, Error> {
    create_with(script, |raw| raw.index = "keys".into()).await
}

/// [IDX-7]
#[tokio::test]
async fn a_table_is_created_with_its_index_and_both_are_waited_for() {
    let (building, active) = (indexed_table("CREATING", None), indexed_table("ACTIVE", None));
    let script = Script::of([missing(), done(), building, active, ttl("ENABLED")]);
    assert_eq!(create_indexed(&script).await, Ok(CreatedTable { index_ready: Some(true), ..NEW }));
    let indexes = json!([{
        "IndexName": "keys",
        "KeySchema": [{ "AttributeName": "key", "KeyType": "HASH" }],
        "Projection": { "ProjectionType": "INCLUDE", "NonKeyAttributes": ["ttl"] },
    }]);
    assert_eq!(script.sent()[1].body["GlobalSecondaryIndexes"], indexes);
    assert_eq!(script.sent().len(), 5);
}

/// [IDX-7]
#[tokio::test]
async fn an_index_that_is_being_built_is_reported_and_not_waited_for() {
    for backfilling in [false, true] {
        let script = Script::of([indexed_table("CREATING", Some(backfilling)), ttl("ENABLED")]);
        assert_eq!(create_indexed(&script).await, Ok(CreatedTable { created: false, index_ready: Some(false) }));
    }
}

/// [IDX-7]
#[tokio::test]
async fn an_index_that_is_being_deleted_is_an_error() {
    let error = create_indexed(&Script::of([indexed_table("DELETING", None)])).await.expect_err("deleting");
    assert_eq!(error.kind(), ErrorKind::TableUnavailable);
    assert!(error.is_retryable() && error.to_string().contains("\"keys\""), "{error}");
}
