//! Converts a [`Failure`] into an [`Error`] that the user can act on.
//!
//! Texts from AWS are cut to their first paragraph, because the rest may contain secrets: a signature mismatch quotes
//! the canonical request, including the session token. `Debug` of SDK types is never used because it prints bodies.

use aws_credential_types::provider::error::CredentialsError;
use aws_runtime::retries::classifiers::{THROTTLING_ERRORS, TRANSIENT_ERRORS};

use super::credentials;
use super::failure::{Failure, Reason};
use crate::error::{Cause, CredentialsFailure, Error, ErrorKind, Metadata, chain};

/// The maximum number of characters of an AWS message that an error quotes.
const QUOTED_CHARS: usize = 500;

/// AWS's name of the error for a write whose condition was not met.
pub(super) const CONDITION_NOT_MET: &str = "ConditionalCheckFailedException";

const NO_ENDPOINT: &str = "the AWS settings lead to no endpoint of DynamoDB: check the region, \
                           AWS_ACCOUNT_ID_ENDPOINT_MODE, AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT, and what \
                           the AWS profile says of them";

/// The destination of a driver's requests, as shown in errors.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// The name of the table.
    pub(crate) table: String,
    /// The ARN of the table, if requests use it.
    pub(crate) arn: Option<String>,
    pub(crate) region: String,
    /// The endpoint, unless it is the default of the region.
    pub(crate) endpoint: Option<String>,
    pub(crate) key_attribute: String,
}

/// Explains a failed request. `action` is DynamoDB's name of the operation ("GetItem").
pub(super) fn explain(failure: Failure, action: &str, attempts: u32, target: &Target) -> Error {
    let metadata = failure.metadata(attempts);
    let (error, cause) = match failure.reason {
        Reason::Response(body) => {
            return from_response(body.name.as_deref(), body.message.as_deref(), action, metadata, target);
        }
        Reason::Credentials(error) | Reason::Configuration(error) => return error.with_aws(None, metadata),
        Reason::TimedOut(cause) => {
            (Error::new(ErrorKind::Timeout, format!("no response from {} in time", destination(target))), cause)
        }
        Reason::Unreadable(cause) => {
            let reason = format!("the response of {} could not be read", destination(target));
            (Error::new(ErrorKind::Response, reason), Some(cause))
        }
        Reason::Unreachable { cause, advice } => {
            let reason = format!("{} could not be reached", destination(target));
            let reason = advice.map_or_else(|| reason.clone(), |advice| format!("{reason}: {advice}"));
            (Error::new(ErrorKind::Connection, reason), Some(cause))
        }
        Reason::TooLate => {
            let reason = "the write took too long to be completed: parts of it may have been removed as orphans";
            (Error::new(ErrorKind::Timeout, reason), None)
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

/// Describes the destination for a message.
fn destination(target: &Target) -> String {
    target.endpoint.as_ref().map_or_else(|| format!("DynamoDB in {}", target.region), Clone::clone)
}

/// Explains an error response of DynamoDB.
fn from_response(
    name: Option<&str>,
    message: Option<&str>,
    action: &str,
    metadata: Metadata,
    target: &Target,
) -> Error {
    let text = quoted(message.unwrap_or_default());
    let status = metadata.http_status.unwrap_or_default();
    let kind = classify(name.unwrap_or_default(), &text, status);
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
        ErrorKind::CasMismatch => "the stored item does not meet `ifMatch` or `ifNoneMatch`".to_owned(),
        ErrorKind::AccessDenied => {
            format!("the credentials may not call dynamodb:{action} on this table")
        }
        ErrorKind::Credentials => "AWS refused the credentials; check that they are right and not expired".to_owned(),
        // Several account quotas share this name, and only the message distinguishes them.
        ErrorKind::Throttled if name == Some("LimitExceededException") && !text.is_empty() => text.clone(),
        ErrorKind::Throttled => "rate exceeded: the table or the account is over its capacity".to_owned(),
        _ if text.is_empty() => format!("{} responded with status {status}", destination(target)),
        _ => text.clone(),
    };
    let cause = match (name, text.is_empty()) {
        (Some(name), false) => Some(format!("{name}: {text}")),
        (Some(name), true) => Some(name.to_owned()),
        (None, false) => Some(text),
        (None, true) => None,
    };
    let error = Error::new(kind, reason).with_aws(name.map(ToOwned::to_owned), metadata);
    match cause {
        Some(cause) => error.with_cause(cause),
        None => error,
    }
}

/// Returns the kind of an error response. The name decides first, then the message if a name has several meanings, then
/// the status.
fn classify(name: &str, message: &str, status: u16) -> ErrorKind {
    match name {
        "ResourceNotFoundException" => ErrorKind::TableNotFound,
        CONDITION_NOT_MET => ErrorKind::CasMismatch,
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

/// Whether an error response is a throttle.
///
/// The names are those of the AWS SDKs. Proxies and gateways in front of DynamoDB send status 429 without a name, which
/// the SDK for JavaScript treats as a throttle and the SDK for Rust does not.
pub(super) fn is_throttle(name: Option<&str>, status: u16) -> bool {
    classify(name.unwrap_or_default(), "", status) == ErrorKind::Throttled
}

/// Whether the message of DynamoDB or a local engine says that the key does not match the table's schema.
fn is_schema_mismatch(message: &str) -> bool {
    const PHRASES: [&str; 6] = [
        "does not match the schema",
        "Missing the key",
        "One of the required keys was not given a value",
        "Type mismatch for key",
        "number of conditions on the keys is invalid",
        "missing a key",
    ];
    PHRASES.iter().any(|phrase| message.contains(phrase))
}

/// Explains a failure to obtain credentials. Returns `None` for other failures.
pub(super) fn without_credentials(error: &(dyn std::error::Error + 'static)) -> Option<Error> {
    let lookup = chain(error).find_map(|error| error.downcast_ref::<credentials::LookupError>());
    match lookup {
        Some(failure) => Some(no_credentials(failure)),
        None => chain(error).find_map(|error| error.downcast_ref()).map(explain_source),
    }
}

/// Explains why no credentials are available.
pub(super) fn no_credentials(failure: &credentials::LookupError) -> Error {
    match failure {
        credentials::LookupError::Source(error) => explain_source(error),
        credentials::LookupError::Closed => Error::closed(),
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

/// Joins the sources of an error, outermost first.
pub(super) fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut texts: Vec<String> = chain(error).map(|error| quoted(&error.to_string())).collect();
    texts.dedup();
    texts.join(": ")
}

/// Returns the part of a third-party text that may be shown.
fn quoted(text: &str) -> String {
    let paragraph = text.split("\n\n").next().unwrap_or_default().trim();
    let shown: String = paragraph.chars().take(QUOTED_CHARS).collect();
    shown.replace(|character: char| character.is_control(), " ")
}

#[cfg(test)]
mod tests;
