//! What can go wrong, told once: every failure of the core is an [`Error`], and `docs/ERRORS.md` explains each
//! [`ErrorKind`] by its stable code.

pub(crate) mod aws;
mod cause;

use std::fmt;

pub use cause::{Cause, CredentialsFailure, Thrown};

/// A method of the driver, or a function beside it, as the caller knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// `getItem`
    GetItem,
    /// `hasItem`
    HasItem,
    /// `setItem`
    SetItem,
    /// `removeItem`
    RemoveItem,
    /// `getKeys`
    GetKeys,
    /// `clear`
    Clear,
    /// `getItems`
    GetItems,
    /// `setItems`
    SetItems,
    /// `getItemRaw`
    GetItemRaw,
    /// `setItemRaw`
    SetItemRaw,
    /// `getMeta`
    GetMeta,
    /// `createTable`
    CreateTable,
}

impl Operation {
    /// The method's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GetItem => "getItem",
            Self::HasItem => "hasItem",
            Self::SetItem => "setItem",
            Self::RemoveItem => "removeItem",
            Self::GetKeys => "getKeys",
            Self::Clear => "clear",
            Self::GetItems => "getItems",
            Self::SetItems => "setItems",
            Self::GetItemRaw => "getItemRaw",
            Self::SetItemRaw => "setItemRaw",
            Self::GetMeta => "getMeta",
            Self::CreateTable => "createTable",
        }
    }
}

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
    fn is_about_the_item(self) -> bool {
        matches!(self, Self::InvalidKey | Self::InvalidValue | Self::ItemTooLarge)
    }

    /// The error's name where AWS gave none.
    fn name(self) -> &'static str {
        match self {
            Self::Timeout => "TimeoutError",
            Self::Connection => "ConnectionError",
            Self::Closed => "ClosedError",
            Self::Aborted => "AbortError",
            _ => "DynamoDbError",
        }
    }
}

/// What AWS and the network said, for `$metadata`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// HTTP status of the last answer.
    pub http_status: Option<u16>,
    /// AWS's id of the last request: what their support asks for.
    pub request_id: Option<String>,
    /// How many times the request was sent; 0 where it never was.
    pub attempts: u32,
}

/// A failure: cheap to pass on, and complete enough to act upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<Details>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Details {
    kind: ErrorKind,
    aws_name: Option<String>,
    operation: Option<Operation>,
    table: Option<String>,
    key: Option<String>,
    keys: Vec<String>,
    metadata: Metadata,
    reason: String,
    cause: Option<Cause>,
}

impl Error {
    /// A failure for this reason: a text for a person, without the prefix and without any value or secret.
    #[must_use]
    pub fn new(kind: ErrorKind, reason: impl Into<String>) -> Self {
        Self(Box::new(Details {
            kind,
            aws_name: None,
            operation: None,
            table: None,
            key: None,
            keys: Vec::new(),
            metadata: Metadata::default(),
            reason: reason.into(),
            cause: None,
        }))
    }

    /// An option that is not what it must be.
    #[must_use]
    pub fn option(option: &str, allowed: &str, found: &str) -> Self {
        Self::new(ErrorKind::InvalidOption, format!("Option `{option}` must be {allowed}; it is {found}."))
    }

    /// A call on a driver that was disposed.
    #[must_use]
    pub fn closed() -> Self {
        Self::new(ErrorKind::Closed, "the driver was disposed; make a new one to go on")
    }

    /// Names the method and the table.
    #[must_use]
    pub fn during(mut self, operation: Operation, table: &str) -> Self {
        self.0.operation = Some(operation);
        self.0.table = Some(table.to_owned());
        self
    }

    /// Names the table that the options hold.
    #[must_use]
    pub fn on_table(mut self, table: Option<&str>) -> Self {
        self.0.table = table.map(ToOwned::to_owned);
        self
    }

    /// Names the key.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.0.key = Some(key.into());
        self
    }

    /// Names the keys that are not known to be written.
    #[must_use]
    pub fn with_keys(mut self, keys: Vec<String>) -> Self {
        self.0.keys = keys;
        self
    }

    /// Adds the deeper reason.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Cause>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Adds what AWS said.
    #[must_use]
    pub(crate) fn with_aws(mut self, name: Option<String>, metadata: Metadata) -> Self {
        self.0.aws_name = name;
        self.0.metadata = metadata;
        self
    }

    /// Adds to the reason.
    #[must_use]
    pub(crate) fn adding(mut self, note: &str) -> Self {
        self.0.reason.push_str(note);
        self
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// AWS's own error name, else the kind's.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.aws_name.as_deref().unwrap_or_else(|| self.0.kind.name())
    }

    /// The method that failed.
    #[must_use]
    pub fn operation(&self) -> Option<Operation> {
        self.0.operation
    }

    /// The table.
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        self.0.table.as_deref()
    }

    /// The key, whole.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.0.key.as_deref()
    }

    /// The keys that are not known to be written.
    #[must_use]
    pub fn keys(&self) -> &[String] {
        &self.0.keys
    }

    /// What AWS and the network said.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.0.metadata
    }

    /// The deeper reason.
    #[must_use]
    pub fn cause(&self) -> Option<&Cause> {
        self.0.cause.as_ref()
    }

    /// Whether the same call may succeed later without any change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self.0.kind {
            ErrorKind::TableUnavailable
            | ErrorKind::Throttled
            | ErrorKind::Timeout
            | ErrorKind::Connection
            | ErrorKind::Response => true,
            ErrorKind::Service => self.0.metadata.http_status.is_some_and(|status| status >= 500),
            _ => false,
        }
    }
}

/// The longest part of a key that a message shows, in characters.
const SHOWN_KEY_CHARS: usize = 100;

/// The key as a message shows it: quoted, escaped and cut.
fn shown(key: &str) -> String {
    let mut text: String = key.chars().take(SHOWN_KEY_CHARS).flat_map(char::escape_debug).collect();
    if key.chars().nth(SHOWN_KEY_CHARS).is_some() {
        text.push('…');
    }
    format!("\"{text}\"")
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Details { kind, operation, table, key, metadata, reason, .. } = &*self.0;
        f.write_str("[unstorage] [aws-dynamodb] ")?;
        if let Some(operation) = operation {
            f.write_str(operation.name())?;
            if let Some(table) = table {
                write!(f, " on table \"{table}\"")?;
            }
            f.write_str(" failed")?;
            if let (Some(key), true) = (key, kind.is_about_the_item()) {
                write!(f, " for key {}", shown(key))?;
            }
            f.write_str(": ")?;
        }
        f.write_str(reason)?;
        if metadata.attempts > 1 {
            write!(f, " ({} attempts)", metadata.attempts)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_kind_has_a_code_of_its_own_that_the_docs_explain() {
        let docs = include_str!("../docs/ERRORS.md");
        let codes: HashSet<_> = ErrorKind::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!(codes.len(), ErrorKind::ALL.len());
        for code in codes {
            assert!(docs.contains(&format!("| `{code}` |")), "{code} has no row in docs/ERRORS.md");
        }
    }

    #[test]
    fn a_message_names_method_table_and_attempts() {
        let error = Error::new(ErrorKind::Throttled, "rate exceeded")
            .during(Operation::GetItem, "sessions")
            .with_key("a:b")
            .with_aws(Some("ThrottlingException".into()), Metadata { attempts: 4, ..Metadata::default() });
        assert_eq!(
            error.to_string(),
            "[unstorage] [aws-dynamodb] getItem on table \"sessions\" failed: rate exceeded (4 attempts)"
        );
        assert_eq!(error.key(), Some("a:b"));
        assert_eq!(error.name(), "ThrottlingException");
        assert!(error.is_retryable());
    }

    #[test]
    fn a_key_is_escaped_and_cut_in_the_message_and_whole_beside_it() {
        let key = format!("a\n\u{0}\"{}", "x".repeat(200));
        let error = Error::new(ErrorKind::InvalidKey, "no").during(Operation::SetItem, "t").with_key(key.clone());
        let message = error.to_string();
        assert!(message.contains(r#"key "a\n\0\"xxx"#), "{message}");
        assert!(message.contains("x…\""), "{message}");
        assert!(message.len() < 300);
        assert_eq!(error.key(), Some(key.as_str()));
    }

    #[test]
    fn names_fall_back_to_the_kind() {
        assert_eq!(Error::closed().name(), "ClosedError");
        assert_eq!(Error::new(ErrorKind::Timeout, "").name(), "TimeoutError");
        assert_eq!(Error::new(ErrorKind::Connection, "").name(), "ConnectionError");
        assert_eq!(Error::new(ErrorKind::InvalidOption, "").name(), "DynamoDbError");
    }
}
