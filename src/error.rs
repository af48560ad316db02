//! The error type of the core. `docs/ERRORS.md` explains each [`ErrorKind`] by its stable code.

mod cause;
mod chain;
mod kind;
mod operation;

use std::fmt;

pub(crate) use chain::chain;

pub use cause::{Cause, CredentialsFailure, Thrown};
pub use kind::ErrorKind;
pub(crate) use operation::Extent;
pub use operation::Operation;

/// Details of the response, for `$metadata`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The HTTP status of the last response.
    pub http_status: Option<u16>,
    /// AWS's ID of the last request, which AWS Support asks for.
    pub request_id: Option<String>,
    /// How often the request was sent. May be 0.
    pub attempts: u32,
}

/// An error with all information that is needed to handle it. Cheap to move.
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
    /// Creates an error. `reason` is a message without prefix, values or secrets.
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

    /// The error for an invalid option.
    #[must_use]
    pub fn option(option: &str, allowed: &str, found: &str) -> Self {
        Self::new(ErrorKind::InvalidOption, format!("Option `{option}` must be {allowed}; it is {found}."))
    }

    /// The error for a call on a disposed driver.
    #[must_use]
    pub fn closed() -> Self {
        Self::new(ErrorKind::Closed, "the driver was disposed; create a new one to continue")
    }

    /// Adds the method and the table.
    #[must_use]
    pub fn during(mut self, operation: Operation, table: &str) -> Self {
        self.0.operation = Some(operation);
        self.0.table = Some(table.to_owned());
        self
    }

    /// Adds the table from the options.
    #[must_use]
    pub fn on_table(mut self, table: Option<&str>) -> Self {
        self.0.table = table.map(ToOwned::to_owned);
        self
    }

    /// Adds the key.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.0.key = Some(key.into());
        self
    }

    /// Adds the keys that may not have been written.
    #[must_use]
    pub fn with_keys(mut self, keys: Vec<String>) -> Self {
        self.0.keys = keys;
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Cause>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Adds AWS's error name and metadata.
    #[must_use]
    pub(crate) fn with_aws(mut self, name: Option<String>, metadata: Metadata) -> Self {
        self.0.aws_name = name;
        self.0.metadata = metadata;
        self
    }

    /// Replaces the kind and the reason.
    #[must_use]
    pub(crate) fn reclassified(mut self, kind: ErrorKind, reason: &str) -> Self {
        self.0.kind = kind;
        reason.clone_into(&mut self.0.reason);
        self
    }

    /// Appends a note to the reason.
    #[must_use]
    pub(crate) fn adding(mut self, note: &str) -> Self {
        self.0.reason.push_str(note);
        self
    }

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The reason without prefix. It is AWS's message if there is no better one.
    #[must_use]
    pub(crate) fn reason(&self) -> &str {
        &self.0.reason
    }

    /// AWS's name of the error, or that of the kind.
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

    /// The complete key.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.0.key.as_deref()
    }

    /// The keys that may not have been written.
    #[must_use]
    pub fn keys(&self) -> &[String] {
        &self.0.keys
    }

    /// Details of the response.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.0.metadata
    }

    /// The cause.
    #[must_use]
    pub fn cause(&self) -> Option<&Cause> {
        self.0.cause.as_ref()
    }

    /// Whether the same call may succeed later without any change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.kind.is_retryable(self.0.metadata.http_status)
    }
}

/// The maximum number of characters of a key that a message shows.
const SHOWN_KEY_CHARS: usize = 100;

/// Formats a key for a message: quoted, escaped and truncated.
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
    fn the_message_truncates_the_key_and_the_error_has_all_of_it() {
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
