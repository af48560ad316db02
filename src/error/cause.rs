//! The cause of an error: a text, or a value that the caller's code threw.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// A value that the caller's code threw. Opaque here, and returned unchanged.
#[derive(Clone)]
pub struct Thrown(Arc<dyn Any + Send + Sync>);

impl Thrown {
    /// Wraps the value.
    pub fn new(thrown: impl Any + Send + Sync) -> Self {
        Self(Arc::new(thrown))
    }

    /// Returns the value if it is a `T`.
    #[must_use]
    pub fn downcast_ref<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }
}

impl PartialEq for Thrown {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Thrown {}

impl fmt::Debug for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Thrown")
    }
}

/// The cause of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// A text.
    Text(String),
    /// A thrown value.
    Thrown(Thrown),
}

impl<T: Into<String>> From<T> for Cause {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

/// Why the caller's credentials provider failed. Its text becomes part of the error message.
#[derive(Debug, Clone)]
pub struct CredentialsFailure {
    pub(crate) reason: String,
    pub(crate) thrown: Option<Thrown>,
}

impl CredentialsFailure {
    /// Creates a failure. `reason` is a message without secrets.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), thrown: None }
    }

    /// Adds the value that the provider threw.
    #[must_use]
    pub fn with_thrown(self, thrown: Thrown) -> Self {
        Self { thrown: Some(thrown), ..self }
    }
}

impl fmt::Display for CredentialsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for CredentialsFailure {}
