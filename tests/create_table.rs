//! `createTable` in cases that local engines cannot produce: tables that are being created, races and rejections. Also
//! the exact requests.

use crate::common;

use std::time::Duration;

use common::{Script, Sent};
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

/// A DescribeTable response for a table with the expected schema.
fn table(status: &str) -> Value {
    json!({ "Table": {
        "TableName": "cache",
        "TableStatus": status,
        "KeySchema": [{ "AttributeName": "key", "KeyType": "HASH" }],
        "AttributeDefinitions": [{ "AttributeName": "key", "AttributeType": "S" }],
    } })
}

/// A DescribeTimeToLive response.
fn ttl(status: &str) -> Value {
    json!({ "TimeToLiveDescription": { "TimeToLiveStatus": status, "AttributeName": "ttl" } })
}

fn done() -> Value {
    json!({})
}

async fn create(script: &Script) -> Result<bool, Error> {
    created(script.store().create_table(SHORT).await)
}

fn created(made: Result<CreatedTable, Error>) -> Result<bool, Error> {
    made.map(|CreatedTable { created, .. }| created)
}

/// Returns the requests in order.
fn actions(script: &Script) -> Vec<String> {
    script.sent().into_iter().map(|sent| sent.action).collect()
}

/// [TAB-2] [TAB-10]
#[tokio::test]
async fn a_missing_table_is_created_and_awaited() {
    let script = Script::default()
        .fail(400, "ResourceNotFoundException")
        .answer(200, &json!({ "TableDescription": table("CREATING")["Table"] }))
        .answer(200, &table("CREATING"))
        .answer(200, &table("ACTIVE"))
        .answer(200, &ttl("DISABLED"))
        .answer(200, &done());
    let renamed = |raw: &mut RawOptions| {
        raw.attributes = RawAttributes { value: "v".into(), ttl: "#e".into(), ..RawAttributes::default() }.into();
    };
    assert_eq!(created(script.store_with(renamed).create_table(SHORT).await), Ok(true));
    let sent = |action: &str, body: Value| Sent { action: action.to_owned(), body };
    let name = json!({ "TableName": "cache" });
    let new = json!({
        "TableName": "cache",
        "KeySchema": [{ "AttributeName": "key", "KeyType": "HASH" }],
        "AttributeDefinitions": [{ "AttributeName": "key", "AttributeType": "S" }],
        "BillingMode": "PAY_PER_REQUEST",
    });
    let on = json!({
        "TableName": "cache",
        "TimeToLiveSpecification": { "Enabled": true, "AttributeName": "#e" },
    });
    let expected = [
        sent("DescribeTable", name.clone()),
        sent("CreateTable", new),
        sent("DescribeTable", name.clone()),
        sent("DescribeTable", name.clone()),
        sent("DescribeTimeToLive", name),
        sent("UpdateTimeToLive", on),
    ];
    assert_eq!(script.sent(), expected);
}

/// [TAB-3]
#[tokio::test]
async fn a_table_with_the_expected_schema_is_not_changed() {
    for (status, expiry) in [("ACTIVE", "ENABLED"), ("ACTIVE", "ENABLING"), ("UPDATING", "ENABLED")] {
        let script = Script::default().answer(200, &table(status)).answer(200, &ttl(expiry));
        assert_eq!(create(&script).await, Ok(false));
        assert_eq!(actions(&script), ["DescribeTable", "DescribeTimeToLive"]);
    }
}

/// [TAB-2] DescribeTable is eventually consistent: it may not show a new table yet.
#[tokio::test]
async fn a_table_that_is_not_visible_yet_is_created_only_once() {
    let script = Script::default()
        .fail(400, "ResourceNotFoundException")
        .answer(200, &done())
        .fail(400, "ResourceNotFoundException")
        .answer(200, &table("ACTIVE"))
        .answer(200, &ttl("ENABLED"));
    assert_eq!(create(&script).await, Ok(true));
    assert_eq!(actions(&script).iter().filter(|action| *action == "CreateTable").count(), 1);
}

/// [TAB-7]
#[tokio::test]
async fn a_concurrent_call_waits_for_the_table_of_the_first() {
    let script = Script::default()
        .fail(400, "ResourceNotFoundException")
        .fail(400, "ResourceInUseException")
        .answer(200, &table("CREATING"))
        .answer(200, &table("ACTIVE"))
        .answer(200, &ttl("ENABLING"));
    assert_eq!(create(&script).await, Ok(false));
}

/// [TAB-7] The concurrent call deletes its table again.
#[tokio::test]
async fn a_table_that_was_deleted_in_the_meantime_is_created_again() {
    let script = Script::default()
        .fail(400, "ResourceNotFoundException")
        .fail(400, "ResourceInUseException")
        .fail(400, "ResourceNotFoundException")
        .answer(200, &done())
        .answer(200, &table("ACTIVE"))
        .answer(200, &ttl("ENABLED"));
    assert_eq!(create(&script).await, Ok(true));
}

/// [TAB-7] Both calls found TTL disabled, and the request of the other one arrived first.
#[tokio::test]
async fn a_concurrent_call_finds_ttl_enabled() {
    for refusal in ["ValidationException", "ResourceInUseException"] {
        let script = Script::default()
            .answer(200, &table("ACTIVE"))
            .answer(200, &ttl("DISABLED"))
            .fail(400, refusal)
            .answer(200, &ttl("DISABLED"))
            .fail(400, refusal)
            .answer(200, &ttl("ENABLING"));
        assert_eq!(create(&script).await, Ok(false));
    }
}

/// [TAB-4] [TAB-11]
#[tokio::test]
async fn a_rejection_to_enable_ttl_quotes_aws() {
    let mut script = Script::default().answer(200, &table("ACTIVE"));
    for _ in 0..4 {
        script = script.answer(200, &ttl("DISABLED")).fail(400, "ValidationException");
    }
    let error = create(&script).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Validation);
    let message = error.to_string();
    assert!(
        message.starts_with("[unstorage] [aws-dynamodb] createTable on table \"cache\" failed: words"),
        "{message}"
    );
    assert!(message.contains("calling createTable again goes on"), "{message}");
}

/// [TAB-11]
#[tokio::test]
async fn a_throttled_request_is_sent_again() {
    let script = Script::default()
        .answer(200, &table("ACTIVE"))
        .answer(200, &ttl("DISABLED"))
        .fail(400, "ThrottlingException")
        .answer(200, &done());
    assert_eq!(create(&script).await, Ok(false));
}

/// [TAB-11]
#[tokio::test]
async fn a_call_that_failed_halfway_can_be_repeated() {
    let mut script = Script::default()
        .fail(400, "ResourceNotFoundException")
        .answer(200, &done())
        .answer(200, &table("ACTIVE"))
        .answer(200, &ttl("DISABLED"));
    for _ in 0..4 {
        script = script.fail(400, "ThrottlingException");
    }
    let error = create(&script).await.expect_err("throttled");
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert_eq!(error.metadata().attempts, 4);
    assert!(error.is_retryable() && error.to_string().contains("its TTL is not on"), "{error}");

    let again = script.answer(200, &table("ACTIVE")).answer(200, &ttl("DISABLED")).answer(200, &done());
    assert_eq!(create(&again).await, Ok(false));
    assert_eq!(actions(&again).last().map(String::as_str), Some("UpdateTimeToLive"));
}

/// The response to CreateTable was lost, and the SDK's second attempt finds the table of the first.
#[tokio::test]
async fn a_lost_response_does_not_fail_the_call() {
    let script = Script::default()
        .fail(400, "ResourceNotFoundException")
        .fail(500, "InternalServerError")
        .fail(400, "ResourceInUseException")
        .answer(200, &table("ACTIVE"))
        .answer(200, &ttl("ENABLED"));
    assert_eq!(create(&script).await, Ok(false));
}

/// [TAB-8]
#[tokio::test]
async fn a_table_that_is_not_ready_in_time_is_a_timeout() {
    let mut script = Script::default();
    for _ in 0..4 {
        script = script.answer(200, &table("CREATING"));
    }
    let error = create(&script).await.expect_err("too late");
    assert_eq!((error.kind(), error.name()), (ErrorKind::Timeout, "TimeoutError"));
    assert!(error.is_retryable() && error.to_string().contains("call again to wait on"), "{error}");
    assert_eq!(actions(&script).len(), 4);
}

/// [TAB-8] The duration that docs/SEMANTICS.md specifies, with a bounded number of requests.
#[test]
fn by_default_the_driver_waits_two_minutes_for_a_table() {
    let Patience { first_pause, longest_pause, for_table, .. } = Patience::default();
    assert_eq!(for_table, Duration::from_mins(2));
    assert!(first_pause <= Duration::from_millis(100) && longest_pause >= Duration::from_secs(5));
}

/// [TAB-9]
#[tokio::test]
async fn a_table_that_cannot_be_used_is_not_awaited() {
    // AWS omits the key of a table that is being deleted.
    let deleting = json!({ "Table": { "TableName": "cache", "TableStatus": "DELETING" } });
    let locked = table("INACCESSIBLE_ENCRYPTION_CREDENTIALS");
    for (answer, words) in [(deleting, "being deleted"), (locked, "INACCESSIBLE_ENCRYPTION_CREDENTIALS")] {
        let script = Script::default().answer(200, &answer);
        let error = create(&script).await.expect_err("unusable");
        assert_eq!(error.kind(), ErrorKind::TableUnavailable);
        assert!(error.is_retryable() && error.to_string().contains(words), "{error}");
    }
    let script = Script::default().answer(200, &table("ACTIVE")).answer(200, &ttl("DISABLING"));
    let error = create(&script).await.expect_err("turning off");
    assert_eq!(error.kind(), ErrorKind::TableUnavailable);
    assert!(error.to_string().contains("TTL is being turned off"), "{error}");
}

/// [TAB-5] Applies to a table that is being created too: waiting would not change its key.
#[tokio::test]
async fn a_different_schema_is_reported_at_once() {
    let mut other = table("CREATING");
    other["Table"]["AttributeDefinitions"][0]["AttributeType"] = "N".into();
    let script = Script::default().answer(200, &other);
    let error = create(&script).await.expect_err("a number");
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
    assert!(error.to_string().contains("of type Number, and not String"), "{error}");
}

/// [TAB-10]
#[tokio::test]
async fn each_missing_permission_is_named() {
    let found = || Script::default().answer(200, &table("ACTIVE"));
    let missing = || Script::default().fail(400, "ResourceNotFoundException");
    for (script, action) in [
        (Script::default(), "DescribeTable"),
        (missing(), "CreateTable"),
        (found(), "DescribeTimeToLive"),
        (found().answer(200, &ttl("DISABLED")), "UpdateTimeToLive"),
    ] {
        let error = create(&script.fail(400, "AccessDeniedException")).await.expect_err("denied");
        assert_eq!(error.kind(), ErrorKind::AccessDenied);
        assert!(error.to_string().contains(&format!("dynamodb:{action} ")), "{error}");
    }
}

/// [TAB-12]
#[tokio::test]
async fn a_ttl_name_that_dynamodb_does_not_accept_sends_nothing() {
    let named = |length: usize| {
        move |raw: &mut RawOptions| {
            let ttl = "t".repeat(length).as_str().into();
            raw.attributes = RawAttributes { value: "v".into(), ttl, ..RawAttributes::default() }.into();
        }
    };
    let script = Script::default();
    let error = script.store_with(named(256)).create_table(SHORT).await.expect_err("too long");
    assert_eq!(error.kind(), ErrorKind::InvalidOption);
    assert!(error.to_string().contains("`attributes.ttl`") && error.to_string().contains("255 bytes"), "{error}");
    assert_eq!(script.sent(), []);
    let script = Script::default().answer(200, &table("ACTIVE")).answer(200, &ttl("DISABLED")).answer(200, &done());
    assert_eq!(created(script.store_with(named(255)).create_table(SHORT).await), Ok(false));
}

#[tokio::test]
async fn a_response_without_a_table_is_invalid() {
    let script = Script::default().answer(200, &done());
    assert_eq!(create(&script).await.expect_err("nothing").kind(), ErrorKind::Response);
}

/// A DescribeTable response for a table with a key index in this state.
fn indexed_table(status: &str, backfilling: Option<bool>) -> Value {
    let key = json!([{ "AttributeName": "key", "KeyType": "HASH" }]);
    let index = json!({
        "IndexName": "keys",
        "KeySchema": key,
        "Projection": { "ProjectionType": "INCLUDE", "NonKeyAttributes": ["ttl"] },
        "IndexStatus": status,
        "Backfilling": backfilling,
    });
    json!({ "Table": {
        "TableStatus": "ACTIVE",
        "KeySchema": key,
        "AttributeDefinitions": [{ "AttributeName": "key", "AttributeType": "S" }],
        "GlobalSecondaryIndexes": [{ "IndexName": "other" }, index],
    } })
}

async fn create_indexed(script: &Script) -> Result<CreatedTable, Error> {
    script.store_with(|raw| raw.index = "keys".into()).create_table(SHORT).await
}

/// [IDX-7]
#[tokio::test]
async fn a_table_is_created_with_its_index_and_both_are_awaited() {
    let script = Script::default()
        .fail(400, "ResourceNotFoundException")
        .answer(200, &done())
        .answer(200, &indexed_table("CREATING", None))
        .answer(200, &indexed_table("ACTIVE", None))
        .answer(200, &ttl("ENABLED"));
    let made = CreatedTable { created: true, index_ready: Some(true) };
    assert_eq!(create_indexed(&script).await, Ok(made));
    let indexes = json!([{
        "IndexName": "keys",
        "KeySchema": [{ "AttributeName": "key", "KeyType": "HASH" }],
        "Projection": { "ProjectionType": "INCLUDE", "NonKeyAttributes": ["ttl"] },
    }]);
    assert_eq!(script.sent()[1].body["GlobalSecondaryIndexes"], indexes);
    assert_eq!(actions(&script).len(), 5);
}

/// [IDX-7]
#[tokio::test]
async fn an_index_that_is_being_built_is_reported_and_not_awaited() {
    for backfilling in [false, true] {
        let building = indexed_table("CREATING", Some(backfilling));
        let script = Script::default().answer(200, &building).answer(200, &ttl("ENABLED"));
        assert_eq!(create_indexed(&script).await, Ok(CreatedTable { created: false, index_ready: Some(false) }));
    }
}

/// [IDX-7]
#[tokio::test]
async fn an_index_that_is_being_deleted_is_an_error() {
    let script = Script::default().answer(200, &indexed_table("DELETING", None));
    let error = create_indexed(&script).await.expect_err("deleting");
    assert_eq!(error.kind(), ErrorKind::TableUnavailable);
    assert!(error.is_retryable() && error.to_string().contains("\"keys\""), "{error}");
}
