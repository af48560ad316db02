//! The kinds of errors.

/// Whether the same call may succeed later without any change.
#[derive(Clone, Copy)]
enum Retryable {
    Never,
    Always,
    /// If the status is 500 or above.
    ServerFault,
}

use Retryable::{Always, Never, ServerFault};

/// Declares [`ErrorKind`]: the code of each kind, the error name if AWS reported none, and whether it is retryable.
macro_rules! error_kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident: $code:literal, $name:literal, $retryable:ident;)+) => {
        /// The kind of an error. Each has a stable code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[doc = $doc])+ $kind,)+
        }

        impl ErrorKind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The stable code, for programs.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$kind => $code,)+
                }
            }

            /// The error name if AWS reported none.
            pub(super) fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }

            fn retryable(self) -> Retryable {
                match self {
                    $(Self::$kind => $retryable,)+
                }
            }
        }
    };
}

error_kinds! {
    /// An option of the driver is missing or invalid.
    InvalidOption: "ERR_DYNAMODB_INVALID_OPTION", "DynamoDbError", Never;
    /// A key is empty, too long, ill-formed or not a string.
    InvalidKey: "ERR_DYNAMODB_INVALID_KEY", "DynamoDbError", Never;
    /// A value cannot be stored.
    InvalidValue: "ERR_DYNAMODB_INVALID_VALUE", "DynamoDbError", Never;
    /// Another argument (`ttl`, `base`, `maxDepth`) is invalid.
    InvalidArgument: "ERR_DYNAMODB_INVALID_ARGUMENT", "DynamoDbError", Never;
    /// The item exceeds DynamoDB's limit of 400 KB.
    ItemTooLarge: "ERR_DYNAMODB_ITEM_TOO_LARGE", "DynamoDbError", Never;
    /// The option, the environment and the profile contain no region.
    NoRegion: "ERR_DYNAMODB_NO_REGION", "DynamoDbError", Never;
    /// No credentials were found, or AWS rejected them.
    Credentials: "ERR_DYNAMODB_CREDENTIALS", "DynamoDbError", Never;
    /// The credentials do not permit the operation.
    AccessDenied: "ERR_DYNAMODB_ACCESS_DENIED", "DynamoDbError", Never;
    /// The table does not exist in this region.
    TableNotFound: "ERR_DYNAMODB_TABLE_NOT_FOUND", "DynamoDbError", Never;
    /// The table's key or, for `createTable`, its TTL attribute differs from the expected one.
    SchemaMismatch: "ERR_DYNAMODB_SCHEMA_MISMATCH", "DynamoDbError", Never;
    /// The table is being deleted, or is unavailable for another reason.
    TableUnavailable: "ERR_DYNAMODB_TABLE_UNAVAILABLE", "DynamoDbError", Always;
    /// AWS rejected the request as invalid.
    Validation: "ERR_DYNAMODB_VALIDATION", "DynamoDbError", Never;
    /// AWS still throttled the last attempt.
    Throttled: "ERR_DYNAMODB_THROTTLED", "DynamoDbError", Always;
    /// Too many calls are already waiting for a connection.
    QueueFull: "ERR_DYNAMODB_QUEUE_FULL", "DynamoDbError", Always;
    /// The circuit breaker is open because the last calls received no response.
    CircuitOpen: "ERR_DYNAMODB_CIRCUIT_OPEN", "DynamoDbError", Always;
    /// No response arrived in time.
    Timeout: "ERR_DYNAMODB_TIMEOUT", "TimeoutError", Always;
    /// The endpoint could not be reached, or the connection failed.
    Connection: "ERR_DYNAMODB_CONNECTION", "ConnectionError", Always;
    /// AWS responded with another error.
    Service: "ERR_DYNAMODB_SERVICE", "DynamoDbError", ServerFault;
    /// The stored item does not meet the condition of a write.
    CasMismatch: "ERR_CAS_MISMATCH", "ConditionalCheckFailedException", Never;
    /// An etag was given, but the table stores none.
    CasUnsupported: "ERR_CAS_UNSUPPORTED", "DynamoDbError", Never;
    /// A conditional write may or may not have been applied.
    OutcomeUnknown: "ERR_DYNAMODB_OUTCOME_UNKNOWN", "ConditionalCheckFailedException", Never;
    /// The stored value cannot be decoded.
    Format: "ERR_DYNAMODB_FORMAT", "DynamoDbError", Never;
    /// The response could not be read.
    Response: "ERR_DYNAMODB_RESPONSE", "DynamoDbError", Always;
    /// The driver was disposed.
    Closed: "ERR_DYNAMODB_CLOSED", "ClosedError", Never;
    /// The caller's signal aborted the call.
    Aborted: "ERR_DYNAMODB_ABORTED", "AbortError", Never;
    /// A bug in the driver.
    Internal: "ERR_DYNAMODB_INTERNAL", "DynamoDbError", Never;
}

impl ErrorKind {
    /// Whether the message should show the key, because the error concerns that item.
    pub(super) fn is_about_the_item(self) -> bool {
        matches!(
            self,
            Self::InvalidKey
                | Self::InvalidValue
                | Self::ItemTooLarge
                | Self::CasMismatch
                | Self::OutcomeUnknown
                | Self::Format
        )
    }

    /// Whether the same call may succeed later without any change, given the HTTP status of the response.
    pub(super) fn is_retryable(self, http_status: Option<u16>) -> bool {
        match self.retryable() {
            Never => false,
            Always => true,
            ServerFault => http_status.is_some_and(|status| status >= 500),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The code for an addon that fails to load. Only JavaScript can report it.
    const BINDING: &str = "ERR_DYNAMODB_BINDING";

    fn codes() -> BTreeSet<&'static str> {
        ErrorKind::ALL.iter().map(|kind| kind.code()).collect()
    }

    #[test]
    fn every_kind_has_a_distinct_code() {
        assert_eq!(codes().len(), ErrorKind::ALL.len());
    }

    /// [ERR-3]
    #[test]
    fn the_docs_explain_every_code_by_its_name() {
        let docs = include_str!("../../docs/ERRORS.md");
        for kind in ErrorKind::ALL {
            let row = docs.lines().find(|line| line.starts_with(&format!("| `{}` |", kind.code())));
            let row = row.unwrap_or_else(|| panic!("{} has no row in docs/ERRORS.md", kind.code()));
            // Kinds that only an AWS response can cause have AWS's name.
            assert!(
                row.contains(&format!("`{}`", kind.name()))
                    || row.contains("| AWS's |")
                    || row.contains("Exception` |"),
                "{row}"
            );
        }
    }

    /// [ERR-3]
    #[test]
    fn the_types_list_exactly_the_codes() {
        let types = include_str!("../../types.d.ts");
        let union = types.split("type DynamoDbErrorCode =").nth(1).and_then(|rest| rest.split(';').next());
        let listed: BTreeSet<_> = union.expect("the type").split('"').filter(|text| text.starts_with("ERR_")).collect();
        let mut expected = codes();
        expected.insert(BINDING);
        assert_eq!(listed, expected);
    }

    /// [ERR-1]
    #[test]
    fn only_temporary_failures_are_retryable() {
        for kind in ErrorKind::ALL {
            let by_status = [None, Some(400), Some(499), Some(500), Some(599)].map(|status| kind.is_retryable(status));
            let expected = match kind {
                ErrorKind::Service => [false, false, false, true, true],
                ErrorKind::TableUnavailable
                | ErrorKind::Throttled
                | ErrorKind::QueueFull
                | ErrorKind::CircuitOpen
                | ErrorKind::Timeout
                | ErrorKind::Connection
                | ErrorKind::Response => [true; 5],
                _ => [false; 5],
            };
            assert_eq!(by_status, expected, "{kind:?}");
        }
    }
}
