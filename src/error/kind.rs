//! The kinds of failure, and their codes.

/// The kind of a failure. Each has one stable code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An option of the driver is missing or not allowed.
    InvalidOption,
    /// A key is empty, too long, ill-formed or no string.
    InvalidKey,
    /// A value cannot be stored.
    InvalidValue,
    /// Another argument (`ttl`, `base`, `maxDepth`) is not allowed.
    InvalidArgument,
    /// The item is over DynamoDB's 400 KB.
    ItemTooLarge,
    /// No region in the option, the environment or the profile.
    NoRegion,
    /// No credentials, or AWS refused them.
    Credentials,
    /// The credentials may not do this.
    AccessDenied,
    /// There is no such table in this region.
    TableNotFound,
    /// The table's key, or for `createTable` its TTL attribute, is not the one the driver expects.
    SchemaMismatch,
    /// The table is being deleted, or cannot be used for another reason of its own.
    TableUnavailable,
    /// AWS refused the request as ill-formed.
    Validation,
    /// AWS asked to slow down, and went on to do so after the last attempt.
    Throttled,
    /// No answer in time.
    Timeout,
    /// The endpoint could not be reached, or the connection broke.
    Connection,
    /// AWS answered with another error.
    Service,
    /// The answer could not be read.
    Response,
    /// The driver was disposed.
    Closed,
    /// The caller's signal stopped the call.
    Aborted,
    /// A fault of the driver itself.
    Internal,
}

impl ErrorKind {
    /// Every kind, for the check that `docs/ERRORS.md` names them all.
    pub const ALL: [Self; 20] = [
        Self::InvalidOption,
        Self::InvalidKey,
        Self::InvalidValue,
        Self::InvalidArgument,
        Self::ItemTooLarge,
        Self::NoRegion,
        Self::Credentials,
        Self::AccessDenied,
        Self::TableNotFound,
        Self::SchemaMismatch,
        Self::TableUnavailable,
        Self::Validation,
        Self::Throttled,
        Self::Timeout,
        Self::Connection,
        Self::Service,
        Self::Response,
        Self::Closed,
        Self::Aborted,
        Self::Internal,
    ];

    /// The stable code that programs compare.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::InvalidOption => "ERR_DYNAMODB_INVALID_OPTION",
            Self::InvalidKey => "ERR_DYNAMODB_INVALID_KEY",
            Self::InvalidValue => "ERR_DYNAMODB_INVALID_VALUE",
            Self::InvalidArgument => "ERR_DYNAMODB_INVALID_ARGUMENT",
            Self::ItemTooLarge => "ERR_DYNAMODB_ITEM_TOO_LARGE",
            Self::NoRegion => "ERR_DYNAMODB_NO_REGION",
            Self::Credentials => "ERR_DYNAMODB_CREDENTIALS",
            Self::AccessDenied => "ERR_DYNAMODB_ACCESS_DENIED",
            Self::TableNotFound => "ERR_DYNAMODB_TABLE_NOT_FOUND",
            Self::SchemaMismatch => "ERR_DYNAMODB_SCHEMA_MISMATCH",
            Self::TableUnavailable => "ERR_DYNAMODB_TABLE_UNAVAILABLE",
            Self::Validation => "ERR_DYNAMODB_VALIDATION",
            Self::Throttled => "ERR_DYNAMODB_THROTTLED",
            Self::Timeout => "ERR_DYNAMODB_TIMEOUT",
            Self::Connection => "ERR_DYNAMODB_CONNECTION",
            Self::Service => "ERR_DYNAMODB_SERVICE",
            Self::Response => "ERR_DYNAMODB_RESPONSE",
            Self::Closed => "ERR_DYNAMODB_CLOSED",
            Self::Aborted => "ERR_DYNAMODB_ABORTED",
            Self::Internal => "ERR_DYNAMODB_INTERNAL",
        }
    }

    /// Whether the message should show which key: the failure lies in that very item.
    pub(super) fn is_about_the_item(self) -> bool {
        matches!(self, Self::InvalidKey | Self::InvalidValue | Self::ItemTooLarge)
    }

    /// The error's name where AWS gave none.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Timeout => "TimeoutError",
            Self::Connection => "ConnectionError",
            Self::Closed => "ClosedError",
            Self::Aborted => "AbortError",
            _ => "DynamoDbError",
        }
    }
}
