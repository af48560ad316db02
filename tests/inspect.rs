//! What the command `doctor` inspects: the exact requests, and states that local engines do not have.

use crate::common;

use common::{Answer, Script};
use serde_json::{Value, json};
use unstorage_dynamodb::error::ErrorKind;
use unstorage_dynamodb::options::RawOptions;
use unstorage_dynamodb::store::{Facts, Subject};

/// Returns the facts of one subject, with the option `index`.
async fn inspect(script: &Script, subject: Subject) -> Facts {
    let indexed = |raw: &mut RawOptions| raw.index = "keys".into();
    script.store_with(indexed).inspect(subject).await.expect("facts")
}

fn facts(expected: &[(&'static str, &str)]) -> Facts {
    expected.iter().map(|(name, fact)| (*name, (*fact).to_owned())).collect()
}

fn table(status: &str, index: Value) -> Answer {
    let key = json!([{ "AttributeName": "key", "KeyType": "HASH" }]);
    let mut index = index;
    index["IndexName"] = json!("keys");
    index["KeySchema"] = key.clone();
    index["Projection"] = json!({ "ProjectionType": "ALL" });
    Answer::ok(&json!({ "Table": {
        "TableArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/cache",
        "TableStatus": status,
        "KeySchema": key,
        "AttributeDefinitions": [{ "AttributeName": "key", "AttributeType": "S" }],
        "GlobalSecondaryIndexes": [index],
    } }))
}

/// [CLI-3] [CLI-4]
#[tokio::test]
async fn a_table_is_described_with_the_state_of_its_index() {
    let arn = ("arn", "arn:aws:dynamodb:eu-west-1:123456789012:table/cache");
    for (status, state, index, index_state) in [
        ("ACTIVE", "ready", json!({ "IndexStatus": "ACTIVE" }), "ready"),
        ("UPDATING", "ready", json!({ "IndexStatus": "CREATING", "Backfilling": true }), "building"),
        ("ACTIVE", "ready", json!({ "IndexStatus": "DELETING" }), "deleting"),
        ("CREATING", "the table is still being created", json!({ "IndexStatus": "CREATING" }), "building"),
    ] {
        let script = Script::of([table(status, index)]);
        let found = inspect(&script, Subject::Table).await;
        assert_eq!(found, facts(&[("state", state), arn, ("index", index_state)]));
        assert_eq!(script.actions(), ["DescribeTable"]);
    }
    let script = Script::of([Answer::error(400, "ResourceNotFoundException")]);
    assert_eq!(inspect(&script, Subject::Table).await, facts(&[("state", "missing")]));
}

/// [CLI-4]
#[tokio::test]
async fn each_state_of_ttl_is_distinguished() {
    for (status, name, expected) in [
        ("ENABLED", "ttl", &[("state", "on")][..]),
        ("ENABLED", "other", &[("state", "another"), ("attribute", "other")][..]),
        ("DISABLED", "ttl", &[("state", "off")][..]),
        ("DISABLING", "ttl", &[("state", "turningOff")][..]),
    ] {
        let ttl = json!({ "TimeToLiveDescription": { "TimeToLiveStatus": status, "AttributeName": name } });
        let script = Script::of([Answer::ok(&ttl)]);
        assert_eq!(inspect(&script, Subject::TimeToLive).await, facts(expected));
        assert_eq!(script.actions(), ["DescribeTimeToLive"]);
    }
}

/// [CLI-5]
#[tokio::test]
async fn a_scan_reads_one_row() {
    for (subject, index) in [(Subject::Scan, None), (Subject::Index, Some("keys"))] {
        let script = Script::of([Answer::ok(&json!({}))]);
        assert_eq!(inspect(&script, subject).await, Facts::new());
        let sent = script.sent();
        let [scan] = sent.as_slice() else { panic!("{sent:?}") };
        assert_eq!((scan.action.as_str(), &scan.body["Limit"]), ("Scan", &json!(1)));
        assert_eq!(scan.body["IndexName"].as_str(), index);
    }
}

/// [CLI-2] [CLI-7] These send nothing.
#[tokio::test]
async fn settings_and_permissions_are_known_without_a_request() {
    let script = Script::of([]);
    let settings = inspect(&script, Subject::Settings).await;
    assert!(settings.iter().any(|(name, _)| *name == "region"), "{settings:?}");
    let batches = facts(&[("BatchGetItem", "allowed"), ("BatchWriteItem", "allowed")]);
    assert_eq!(inspect(&script, Subject::Batches).await, batches);
    assert!(script.sent().is_empty());
}

/// [CLI-4]
#[tokio::test]
async fn a_failed_request_is_an_error_of_the_doctor() {
    let script = Script::of([Answer::error(400, "AccessDeniedException")]);
    let error = script.store_with(|_| ()).inspect(Subject::Table).await.expect_err("denied");
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert!(error.to_string().contains("doctor on table"), "{error}");
}
