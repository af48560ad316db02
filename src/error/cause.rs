//! The deeper reason of an error: a text, or what the caller's own code threw.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// Something that the caller's code threw: opaque here, and handed back as it came.
#[derive(Clone)]
pub struct Thrown(Arc<dyn Any + Send + Sync>);

impl Thrown {
    /// Keeps what was thrown.
    pub fn new(thrown: impl Any + Send + Sync) -> Self {
        Self(Arc::new(thrown))
    }

    /// What was thrown, for who knows its type.
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

/// The deeper reason of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// In words.
    Text(String),
    /// As it was thrown.
    Thrown(Thrown),
}

impl<T: Into<String>> From<T> for Cause {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

/// Why a credentials provider of the caller's gave none. Its text goes into the message of our error.
#[derive(Debug, Clone)]
pub struct CredentialsFailure {
    pub(crate) reason: String,
    pub(crate) thrown: Option<Thrown>,
}

impl CredentialsFailure {
    /// A failure for this reason: a text for a person, without any secret.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), thrown: None }
    }

    /// Adds what the provider threw.
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
