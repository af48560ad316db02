//! The kinds of failure.

/// Whether the same call may succeed later without any change.
#[derive(Clone, Copy)]
enum Retryable {
    Never,
    Always,
    /// Where the status says that the fault is the server's: 500 and above.
    ServerFault,
}

use Retryable::{Always, Never, ServerFault};

/// Declares [`ErrorKind`]: of each kind the code, the error's name where AWS gave none, and whether it is retryable.
macro_rules! error_kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident: $code:literal, $name:literal, $retryable:ident;)+) => {
        /// The kind of a failure. Each has one stable code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[doc = $doc])+ $kind,)+
        }

        impl ErrorKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The stable code that programs compare.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$kind => $code,)+
                }
            }

            /// The error's name where AWS gave none.
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
    /// An option of the driver is missing or not allowed.
    InvalidOption: "ERR_DYNAMODB_INVALID_OPTION", "DynamoDbError", Never;
    /// A key is empty, too long, ill-formed or no string.
    InvalidKey: "ERR_DYNAMODB_INVALID_KEY", "DynamoDbError", Never;
    /// A value cannot be stored.
    InvalidValue: "ERR_DYNAMODB_INVALID_VALUE", "DynamoDbError", Never;
    /// Another argument (`ttl`, `base`, `maxDepth`) is not allowed.
    InvalidArgument: "ERR_DYNAMODB_INVALID_ARGUMENT", "DynamoDbError", Never;
    /// The item is over DynamoDB's 400 KB.
    ItemTooLarge: "ERR_DYNAMODB_ITEM_TOO_LARGE", "DynamoDbError", Never;
    /// No region in the option, the environment or the profile.
    NoRegion: "ERR_DYNAMODB_NO_REGION", "DynamoDbError", Never;
    /// No credentials, or AWS refused them.
    Credentials: "ERR_DYNAMODB_CREDENTIALS", "DynamoDbError", Never;
    /// The credentials may not do this.
    AccessDenied: "ERR_DYNAMODB_ACCESS_DENIED", "DynamoDbError", Never;
    /// There is no such table in this region.
    TableNotFound: "ERR_DYNAMODB_TABLE_NOT_FOUND", "DynamoDbError", Never;
    /// The table's key, or for `createTable` its TTL attribute, is not the one the driver expects.
    SchemaMismatch: "ERR_DYNAMODB_SCHEMA_MISMATCH", "DynamoDbError", Never;
    /// The table is being deleted, or cannot be used for another reason of its own.
    TableUnavailable: "ERR_DYNAMODB_TABLE_UNAVAILABLE", "DynamoDbError", Always;
    /// AWS refused the request as ill-formed.
    Validation: "ERR_DYNAMODB_VALIDATION", "DynamoDbError", Never;
    /// AWS asked to slow down, and still did after the last attempt.
    Throttled: "ERR_DYNAMODB_THROTTLED", "DynamoDbError", Always;
    /// Too many calls wait for a connection already.
    QueueFull: "ERR_DYNAMODB_QUEUE_FULL", "DynamoDbError", Always;
    /// The circuit breaker is open: the last calls got no answer.
    CircuitOpen: "ERR_DYNAMODB_CIRCUIT_OPEN", "DynamoDbError", Always;
    /// No answer in time.
    Timeout: "ERR_DYNAMODB_TIMEOUT", "TimeoutError", Always;
    /// The endpoint could not be reached, or the connection broke.
    Connection: "ERR_DYNAMODB_CONNECTION", "ConnectionError", Always;
    /// AWS answered with another error.
    Service: "ERR_DYNAMODB_SERVICE", "DynamoDbError", ServerFault;
    /// The stored value is in a form that cannot be decoded.
    Format: "ERR_DYNAMODB_FORMAT", "DynamoDbError", Never;
    /// The answer could not be read.
    Response: "ERR_DYNAMODB_RESPONSE", "DynamoDbError", Always;
    /// The driver was disposed.
    Closed: "ERR_DYNAMODB_CLOSED", "ClosedError", Never;
    /// The caller's signal stopped the call.
    Aborted: "ERR_DYNAMODB_ABORTED", "AbortError", Never;
    /// A fault of the driver itself.
    Internal: "ERR_DYNAMODB_INTERNAL", "DynamoDbError", Never;
}

impl ErrorKind {
    /// Whether the message should show which key: the failure lies in that very item.
    pub(super) fn is_about_the_item(self) -> bool {
        matches!(self, Self::InvalidKey | Self::InvalidValue | Self::ItemTooLarge | Self::Format)
    }

    /// Whether the same call may succeed later without any change, after an answer of this HTTP status.
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

    /// The code of an addon that does not load: JavaScript's own, as there is no Rust then.
    const BINDING: &str = "ERR_DYNAMODB_BINDING";

    fn codes() -> BTreeSet<&'static str> {
        ErrorKind::ALL.iter().map(|kind| kind.code()).collect()
    }

    #[test]
    fn every_kind_has_a_code_of_its_own() {
        assert_eq!(codes().len(), ErrorKind::ALL.len());
    }

    /// [ERR-3]
    #[test]
    fn the_docs_explain_every_code_by_its_name() {
        let docs = include_str!("../../docs/ERRORS.md");
        for kind in ErrorKind::ALL {
            let row = docs.lines().find(|line| line.starts_with(&format!("| `{}` |", kind.code())));
            let row = row.unwrap_or_else(|| panic!("{} has no row in docs/ERRORS.md", kind.code()));
            // Kinds that only an answer of AWS leads to have AWS's name.
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
    fn only_what_may_pass_by_itself_is_retryable() {
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
