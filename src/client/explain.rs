//! From a [`Failure`] to an [`Error`] that a person can act on.
//!
//! AWS texts are quoted only as far as they cannot hold a secret: the first paragraph, cut. (The rest of a signature
//! mismatch is the canonical request, session token included.) `Debug` of SDK types is never used: it prints bodies.

use aws_credential_types::provider::error::CredentialsError;
use aws_runtime::retries::classifiers::{THROTTLING_ERRORS, TRANSIENT_ERRORS};

use super::credentials;
use super::failure::{Failure, Reason};
use crate::error::{Cause, CredentialsFailure, Error, ErrorKind, Metadata, chain};

/// The longest AWS text that a message quotes, in characters.
const QUOTED_CHARS: usize = 500;

const NO_ENDPOINT: &str = "the AWS settings lead to no endpoint of DynamoDB: check the region, \
                           AWS_ACCOUNT_ID_ENDPOINT_MODE, AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT, and what \
                           the AWS profile says of them";

/// What the requests of a driver go to, as far as its errors tell.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// The table's name.
    pub(crate) table: String,
    /// The table's ARN, where requests name it so.
    pub(crate) arn: Option<String>,
    pub(crate) region: String,
    /// The endpoint where it is not AWS's own for the region.
    pub(crate) endpoint: Option<String>,
    pub(crate) key_attribute: String,
}

/// Explains a failed request. `action` is DynamoDB's name of it ("GetItem").
pub(super) fn explain(failure: Failure, action: &str, attempts: u32, target: &Target) -> Error {
    let metadata = failure.metadata(attempts);
    let (error, cause) = match failure.reason {
        Reason::Answered(said) => {
            return from_answer(said.name.as_deref(), said.message.as_deref(), action, metadata, target);
        }
        Reason::Credentials(error) | Reason::Explained(error) => return error.with_aws(None, metadata),
        Reason::TimedOut(cause) => {
            (Error::new(ErrorKind::Timeout, format!("no answer from {} in time", place(target))), cause)
        }
        Reason::Unreadable(cause) => {
            let reason = format!("the answer of {} could not be read", place(target));
            (Error::new(ErrorKind::Response, reason), Some(cause))
        }
        Reason::Unreached { cause, advice } => {
            let reason = format!("{} could not be reached", place(target));
            let reason = advice.map_or_else(|| reason.clone(), |advice| format!("{reason}: {advice}"));
            (Error::new(ErrorKind::Connection, reason), Some(cause))
        }
        Reason::NoEndpoint(cause) => (Error::new(ErrorKind::InvalidOption, NO_ENDPOINT), Some(cause)),
        Reason::NotSent(cause) => {
            (Error::new(ErrorKind::Internal, "the request could not be built or sent"), Some(cause))
        }
    };
    let error = error.with_aws(None, metadata);
    match cause {
        Some(cause) => error.with_cause(cause),
        None => error,
    }
}

/// Where the requests go, for a message.
fn place(target: &Target) -> String {
    target.endpoint.as_ref().map_or_else(|| format!("DynamoDB in {}", target.region), Clone::clone)
}

/// Explains an error answer of DynamoDB.
fn from_answer(name: Option<&str>, message: Option<&str>, action: &str, metadata: Metadata, target: &Target) -> Error {
    let said = quoted(message.unwrap_or_default());
    let status = metadata.http_status.unwrap_or_default();
    let kind = classify(name.unwrap_or_default(), &said, status);
    let Target { table, arn, region, key_attribute, .. } = target;
    let reason = match kind {
        ErrorKind::TableNotFound => format!(
            "there is no table \"{table}\" in region {region}{}; create it, or check the options `table` and `region`",
            arn.as_ref().map(|arn| format!(" ({arn})")).unwrap_or_default()
        ),
        ErrorKind::SchemaMismatch => format!(
            "the table's key is not the one expected: a partition key \"{key_attribute}\" (option `attributes.key`) \
             of type String, and no sort key"
        ),
        ErrorKind::ItemTooLarge => {
            "the item is over DynamoDB's limit of 409600 bytes, names and values together".to_owned()
        }
        ErrorKind::AccessDenied => {
            format!("the credentials may not call dynamodb:{action} on this table")
        }
        ErrorKind::Credentials => "AWS refused the credentials; check that they are right and not expired".to_owned(),
        // Quotas of the account on tables, which come under one name: only AWS's words tell which.
        ErrorKind::Throttled if name == Some("LimitExceededException") && !said.is_empty() => said.clone(),
        ErrorKind::Throttled => "rate exceeded: the table or the account is over its capacity".to_owned(),
        _ if said.is_empty() => format!("{} answered with status {status}", place(target)),
        _ => said.clone(),
    };
    let cause = match (name, said.is_empty()) {
        (Some(name), false) => Some(format!("{name}: {said}")),
        (Some(name), true) => Some(name.to_owned()),
        (None, false) => Some(said),
        (None, true) => None,
    };
    let error = Error::new(kind, reason).with_aws(name.map(ToOwned::to_owned), metadata);
    match cause {
        Some(cause) => error.with_cause(cause),
        None => error,
    }
}

/// The kind of an error answer: by AWS's name first, by its message where one name has several meanings, and by the
/// status where the name says nothing.
fn classify(name: &str, message: &str, status: u16) -> ErrorKind {
    match name {
        "ResourceNotFoundException" => ErrorKind::TableNotFound,
        "ValidationException" if is_schema_mismatch(message) => ErrorKind::SchemaMismatch,
        "ValidationException" if message.contains("Item size") || message.contains("item size") => {
            ErrorKind::ItemTooLarge
        }
        "ValidationException" | "ValidationError" | "SerializationException" => ErrorKind::Validation,
        "AccessDeniedException" | "AccessDenied" => ErrorKind::AccessDenied,
        "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "ExpiredToken"
        | "ExpiredTokenException" => ErrorKind::Credentials,
        name if TRANSIENT_ERRORS.contains(&name) => ErrorKind::Timeout,
        name if THROTTLING_ERRORS.contains(&name) => ErrorKind::Throttled,
        _ if status == 429 => ErrorKind::Throttled,
        _ => ErrorKind::Service,
    }
}

/// Whether an answer of this name and status asks to slow down.
///
/// The names are those of the AWS SDKs. The status 429 alone is a throttle for the SDK for JavaScript, but not for that
/// for Rust; proxies and gateways in front of DynamoDB send it without a name.
pub(super) fn is_throttle(name: Option<&str>, status: u16) -> bool {
    classify(name.unwrap_or_default(), "", status) == ErrorKind::Throttled
}

/// The words DynamoDB and its local twins use when the key of a request is not the table's.
fn is_schema_mismatch(said: &str) -> bool {
    const WORDS: [&str; 6] = [
        "does not match the schema",
        "Missing the key",
        "One of the required keys was not given a value",
        "Type mismatch for key",
        "number of conditions on the keys is invalid",
        "missing a key",
    ];
    WORDS.iter().any(|words| said.contains(words))
}

/// Explains a failure that lies in finding credentials; `None` where it does not.
pub(super) fn without_credentials(error: &(dyn std::error::Error + 'static)) -> Option<Error> {
    let keeper = chain(error).find_map(|error| error.downcast_ref::<credentials::Failure>());
    match keeper {
        Some(failure) => Some(no_credentials(failure)),
        None => chain(error).find_map(|error| error.downcast_ref()).map(explain_source),
    }
}

/// Explains why there are no credentials.
pub(super) fn no_credentials(failure: &credentials::Failure) -> Error {
    match failure {
        credentials::Failure::Source(error) => explain_source(error),
        credentials::Failure::Closed => Error::closed(),
    }
}

fn explain_source(failed: &CredentialsError) -> Error {
    if let Some(failure) = chain(failed).find_map(|error| error.downcast_ref::<CredentialsFailure>()) {
        let error = Error::new(ErrorKind::Credentials, failure.reason.as_str());
        return match &failure.thrown {
            Some(thrown) => error.with_cause(Cause::Thrown(thrown.clone())),
            None => error,
        };
    }
    Error::new(
        ErrorKind::Credentials,
        match failed {
            CredentialsError::CredentialsNotLoaded(_) => {
                "no AWS credentials were found in the option `credentials`, the environment (AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY), the shared config and credentials files, web identity, the ECS container or \
                 the EC2 instance"
            }
            CredentialsError::ProviderTimedOut(_) => "the AWS credentials did not come in time",
            CredentialsError::InvalidConfiguration(_) => "the AWS configuration of the credentials is not right",
            _ => "the AWS credentials could not be loaded",
        },
    )
    .with_cause(causes(failed))
}

/// The reasons below an SDK error, outermost first.
pub(super) fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut texts: Vec<String> = chain(error).map(|error| quoted(&error.to_string())).collect();
    texts.dedup();
    texts.join(": ")
}

/// The part of a foreign text that may be shown.
fn quoted(text: &str) -> String {
    let paragraph = text.split("\n\n").next().unwrap_or_default().trim();
    let shown: String = paragraph.chars().take(QUOTED_CHARS).collect();
    shown.replace(|character: char| character.is_control(), " ")
}

#[cfg(test)]
mod tests;
