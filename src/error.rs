//! Every failure of the core is an [`Error`]; `docs/ERRORS.md` explains each [`ErrorKind`] by its stable code.

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

    /// The reason alone, which is AWS's message where no better one is known.
    #[must_use]
    pub(crate) fn reason(&self) -> &str {
        &self.0.reason
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
        self.0.kind.is_retryable(self.0.metadata.http_status)
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
