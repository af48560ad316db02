use aws_smithy_runtime_api::client::result::ConnectorError;

use super::*;
use crate::json::ErrorBody;

fn target() -> Target {
    Target {
        table: "sessions".into(),
        arn: None,
        region: "eu-west-1".into(),
        endpoint: Some("http://127.0.0.1:1".into()),
        key_attribute: "pk".into(),
    }
}

fn answer(status: u16, name: &str, message: &str) -> Error {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let said = ErrorBody { name: text(name), message: text(message) };
    let failure = Failure::response(said, None, status, Some("REQ1".to_owned()));
    explain(failure, "GetItem", 1, &target())
}

fn dispatch(source: &ConnectorError) -> Error {
    explain(Failure::connector(source), "GetItem", 4, &target())
}

#[test]
fn quotes_the_message_of_aws() {
    let error = answer(400, "ProvisionedThroughputExceededException", "slow down");
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert_eq!(error.name(), "ProvisionedThroughputExceededException");
    assert_eq!(error.metadata().http_status, Some(400));
    assert_eq!(error.metadata().request_id.as_deref(), Some("REQ1"));
    assert_eq!(error.cause(), Some(&Cause::from("ProvisionedThroughputExceededException: slow down")));
}

#[test]
fn says_what_to_do() {
    let reason = |name, message| answer(400, name, message).to_string();
    assert!(reason("ResourceNotFoundException", "").contains("no table \"sessions\" in region eu-west-1"));
    assert!(reason("AccessDeniedException", "").contains("dynamodb:GetItem"));
    let schema = reason("ValidationException", "The provided key element does not match the schema");
    assert!(schema.contains("partition key \"pk\""), "{schema}");
    assert!(reason("ExpiredTokenException", "").contains("not expired"));
    assert!(reason("LimitExceededException", "Too many tables").ends_with("Too many tables"));
    assert!(reason("LimitExceededException", "").contains("rate exceeded"));
    assert_eq!(answer(400, "ValidationException", "odd").to_string(), "[unstorage] [aws-dynamodb] odd");
}

#[test]
fn the_message_decides_if_a_name_has_several_meanings() {
    let kind = |message| answer(400, "ValidationException", message).kind();
    assert_eq!(kind("Item size has exceeded the maximum allowed size"), ErrorKind::ItemTooLarge);
    assert_eq!(
        kind("One or more parameter values were invalid: Missing the key pk in the item"),
        ErrorKind::SchemaMismatch
    );
    assert_eq!(kind("One of the required keys was not given a value"), ErrorKind::SchemaMismatch);
    assert_eq!(kind("anything else"), ErrorKind::Validation);
}

/// [ANS-7] Every error name that is retried as a throttle is also reported as one.
#[test]
fn errors_retried_as_throttles_are_reported_as_throttles() {
    for name in THROTTLING_ERRORS {
        let error = answer(400, name, "");
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Throttled, true), "{name}");
        assert!(is_throttle(Some(name), 400) && is_throttle(Some(name), 503), "{name}");
    }
    for name in TRANSIENT_ERRORS {
        assert_eq!(answer(400, name, "").kind(), ErrorKind::Timeout, "{name}");
    }
    assert!(is_throttle(None, 429) && is_throttle(Some("Unheard"), 429));
    assert_eq!(answer(429, "", "").kind(), ErrorKind::Throttled);
    assert!(!is_throttle(None, 400) && !is_throttle(None, 503) && !is_throttle(Some("AccessDeniedException"), 429));
}

#[test]
fn only_server_errors_are_retryable() {
    assert!(answer(500, "InternalServerError", "").is_retryable());
    assert!(answer(503, "", "").is_retryable());
    assert!(!answer(400, "SomethingNew", "").is_retryable());
    assert!(!answer(400, "AccessDeniedException", "").is_retryable());
}

#[test]
fn a_signature_mismatch_does_not_leak_the_canonical_request() {
    let error = answer(
        403,
        "InvalidSignatureException",
        "The signature does not match.\n\nThe Canonical String should have been\nx-amz-security-token:CANARY",
    );
    let all = format!("{error} {error:?}");
    assert!(!all.contains("CANARY"), "{all}");
    assert_eq!(error.kind(), ErrorKind::Credentials);
}

#[test]
fn network_failures_name_the_endpoint() {
    let refused = dispatch(&ConnectorError::io("connection refused".into()));
    assert_eq!(refused.name(), "ConnectionError");
    assert!(refused.to_string().contains("http://127.0.0.1:1 could not be reached (4 attempts)"), "{refused}");
    assert!(matches!(refused.cause(), Some(Cause::Text(text)) if text.contains("connection refused")));
    assert_eq!(dispatch(&ConnectorError::timeout("late".into())).name(), "TimeoutError");
}

#[test]
fn missing_credentials_differ_from_network_errors() {
    let none = dispatch(&ConnectorError::other(CredentialsError::not_loaded_no_source().into(), None));
    assert_eq!(none.kind(), ErrorKind::Credentials);
    assert!(none.to_string().contains("AWS_ACCESS_KEY_ID"));
}
