//! From what the AWS SDK reports to an [`Error`] that a person can act on.
//!
//! AWS texts are quoted only as far as they cannot hold a secret: the first paragraph, cut. (The rest of a signature
//! mismatch is the canonical request, session token included.) `Debug` of SDK types is never used: it prints bodies.

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::result::ConnectorError;

use super::{Cause, CredentialsFailure, Error, ErrorKind, Metadata};
use crate::client::credentials;
use crate::json::ErrorBody;

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

/// How a request failed. Causes are texts that may be shown.
#[derive(Debug)]
pub(crate) enum Failure {
    /// AWS answered with an error.
    Answer(ErrorBody),
    /// The answer could not be read.
    Unreadable(String),
    /// There was no answer in time.
    TimedOut(Option<String>),
    /// There was no connection, or it broke.
    Unreached(String),
    /// There was nothing that could be sent.
    NotSent(String),
    /// The settings of the environment and the profile lead nowhere.
    NoEndpoint(String),
    /// There were no credentials.
    Credentials(Error),
}

impl Failure {
    pub(crate) fn answer(said: ErrorBody) -> Self {
        Self::Answer(said)
    }

    pub(crate) fn unreadable(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::Unreadable(causes(error))
    }

    pub(crate) fn timed_out() -> Self {
        Self::TimedOut(None)
    }

    pub(crate) fn not_sent(cause: String) -> Self {
        Self::NotSent(cause)
    }

    /// What the SDK reports where it cannot make a request.
    pub(crate) fn no_endpoint(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::NoEndpoint(causes(error))
    }

    pub(crate) fn credentials(failure: &credentials::Failure) -> Self {
        Self::Credentials(no_credentials(failure))
    }

    /// What the HTTP client reports.
    pub(crate) fn connector(error: &ConnectorError) -> Self {
        if error.is_timeout() {
            return Self::TimedOut(Some(causes(error)));
        }
        if let Some(explained) = without_credentials(error) {
            return Self::Credentials(explained);
        }
        if error.is_user() { Self::NotSent(causes(error)) } else { Self::Unreached(causes(error)) }
    }
}

/// Explains a failed request. `action` is DynamoDB's name of it ("GetItem").
pub(crate) fn explain(failure: Failure, action: &str, metadata: Metadata, target: &Target) -> Error {
    let (error, cause) = match failure {
        Failure::Answer(said) => {
            return from_answer(said.name.as_deref(), said.message.as_deref(), action, metadata, target);
        }
        Failure::Credentials(error) => return error.with_aws(None, metadata),
        Failure::TimedOut(cause) => {
            (Error::new(ErrorKind::Timeout, format!("no answer from {} in time", place(target))), cause)
        }
        Failure::Unreadable(cause) => {
            let reason = format!("the answer of {} could not be read", place(target));
            (Error::new(ErrorKind::Response, reason), Some(cause))
        }
        Failure::Unreached(cause) => {
            (Error::new(ErrorKind::Connection, format!("{} could not be reached", place(target))), Some(cause))
        }
        Failure::NoEndpoint(cause) => (Error::new(ErrorKind::InvalidOption, NO_ENDPOINT), Some(cause)),
        Failure::NotSent(cause) => {
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

/// The kind of an error answer: by AWS's name first, by its words where one name has several meanings.
fn classify(name: &str, said: &str, status: u16) -> ErrorKind {
    match name {
        "ResourceNotFoundException" => ErrorKind::TableNotFound,
        "ValidationException" if is_schema_mismatch(said) => ErrorKind::SchemaMismatch,
        "ValidationException" if said.contains("Item size") || said.contains("item size") => ErrorKind::ItemTooLarge,
        "ValidationException" | "SerializationException" => ErrorKind::Validation,
        "AccessDeniedException" | "AccessDenied" => ErrorKind::AccessDenied,
        "ProvisionedThroughputExceededException"
        | "ThrottlingException"
        | "Throttling"
        | "ThrottledException"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "LimitExceededException" => ErrorKind::Throttled,
        "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "ExpiredToken"
        | "ExpiredTokenException" => ErrorKind::Credentials,
        "RequestTimeout" | "RequestTimeoutException" => ErrorKind::Timeout,
        _ if status == 429 => ErrorKind::Throttled,
        _ => ErrorKind::Service,
    }
}

/// Whether an answer of this name and status asks to slow down.
pub(crate) fn is_throttle(name: Option<&str>, status: u16) -> bool {
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
fn without_credentials(error: &(dyn std::error::Error + 'static)) -> Option<Error> {
    let keeper = chain(error).find_map(|error| error.downcast_ref::<credentials::Failure>());
    match keeper {
        Some(failure) => Some(no_credentials(failure)),
        None => chain(error).find_map(|error| error.downcast_ref()).map(explain_source),
    }
}

/// Explains why there are no credentials.
pub(crate) fn no_credentials(failure: &credentials::Failure) -> Error {
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

/// An error and everything below it.
fn chain<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

/// The reasons below an SDK error, outermost first.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
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
