//! The certificate authorities that TLS connections trust: those of Node's own `https`, of `AWS_CA_BUNDLE` and of the
//! operating system.
//!
//! Containers may lack a system store (`node:*-slim` has none), so the list bundled with Node is needed too. It is
//! requested only for the first TLS connection of an environment, because the JavaScript thread that answers may be
//! busy for long.

mod files;

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use rustls::ClientConfig;

pub use self::files::TrustVariables;
use self::files::{Files, pem};
use super::single_flight::SingleFlight;
use super::tls;
use super::trust::Trusted;
use crate::error::{Error, ErrorKind};

/// A source of authorities in addition to those of the environment variables and the operating system.
pub trait AuthoritySource: fmt::Debug + Send + Sync {
    /// Returns the certificates as PEM text.
    fn list(&self) -> BoxFuture<'_, Result<String, Error>>;
}

/// Why no authorities could be loaded. Never cached.
#[derive(Debug, Clone)]
pub(super) enum Untrusting {
    /// A problem that the user can fix.
    Explained(Error),
    /// A file could not be read for a transient reason, such as a lack of file descriptors or memory.
    Busy(Arc<io::Error>),
}

impl From<Error> for Untrusting {
    fn from(error: Error) -> Self {
        Self::Explained(error)
    }
}

/// The authorities of an environment, as selected by its variables. Clones share a cache.
#[derive(Debug, Clone)]
pub struct Authorities {
    variables: TrustVariables,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    source: Option<Box<dyn AuthoritySource>>,
    /// What was read successfully, at least in part.
    known: Mutex<Vec<Known>>,
    reading: SingleFlight<TrustVariables, Result<Arc<ClientConfig>, Untrusting>>,
}

/// The TLS configuration for one set of variables.
#[derive(Debug)]
struct Known {
    variables: TrustVariables,
    config: Arc<ClientConfig>,
    is_complete: bool,
}

impl Default for Authorities {
    /// Only the authorities of the operating system.
    fn default() -> Self {
        Self::over(None, TrustVariables::default())
    }
}

impl Authorities {
    /// Also trusts the authorities of `source`.
    pub fn new(source: impl AuthoritySource + 'static, variables: TrustVariables) -> Self {
        Self::over(Some(Box::new(source)), variables)
    }

    fn over(source: Option<Box<dyn AuthoritySource>>, variables: TrustVariables) -> Self {
        let shared = Shared { source, known: Mutex::default(), reading: SingleFlight::new() };
        Self { variables, shared: Arc::new(shared) }
    }

    /// Uses different variables but shares the source and the cache.
    #[must_use]
    pub fn with_variables(&self, variables: TrustVariables) -> Self {
        Self { variables, shared: Arc::clone(&self.shared) }
    }

    /// Whether `NODE_TLS_REJECT_UNAUTHORIZED` asks not to verify certificates.
    pub(super) fn verification_is_off(&self) -> bool {
        self.variables.verification_is_off
    }

    /// A TLS configuration that trusts all authorities. They are loaded in a separate task, so that a caller can be
    /// cancelled without affecting the others.
    pub(super) async fn config(&self) -> Result<Arc<ClientConfig>, Untrusting> {
        let is_ours = |known: &&Known| known.variables == self.variables;
        if let Some(known) = self.shared.known().iter().find(is_ours) {
            return Ok(Arc::clone(&known.config));
        }
        let reading = self.shared.reading.run(self.variables.clone(), |promise| {
            let (shared, variables) = (Arc::clone(&self.shared), self.variables.clone());
            tokio::spawn(async move { promise.settle(shared.read(variables).await) });
        });
        reading.await.unwrap_or_else(|| Err(unusable("the reading was given up").into()))
    }

    /// Drops an incomplete result, since the missing source may be available by now. Called when a certificate was
    /// rejected.
    pub(super) fn read_again_if_incomplete(&self) {
        self.shared.known().retain(|known| known.is_complete || known.variables != self.variables);
    }
}

impl Shared {
    fn known(&self) -> MutexGuard<'_, Vec<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read(&self, variables: TrustVariables) -> Result<Arc<ClientConfig>, Untrusting> {
        let given = async {
            match &self.source {
                Some(source) => source.list().await,
                None => Ok(String::new()),
            }
        };
        // Read the files while the JavaScript thread answers.
        let of_files = variables.clone();
        let files = tokio::task::spawn_blocking(move || Files::read(&of_files));
        let (given, files) = futures_util::join!(given, files);
        let Files { certificates, is_complete } = files.map_err(|error| unusable(&error.to_string()))??;
        let mut trusted = Trusted::new();
        for certificate in certificates.into_iter().chain(pem(given?.as_bytes()).map_while(Result::ok)) {
            trusted.add(certificate);
        }
        if trusted.is_empty() {
            return Err(unusable("neither Node nor the operating system has any").into());
        }
        let config = tls::config(trusted)?;
        let mut known = self.known();
        known.retain(|known| known.variables != variables);
        known.push(Known { variables, config: Arc::clone(&config), is_complete });
        Ok(config)
    }
}

fn unusable(cause: &str) -> Error {
    Error::new(ErrorKind::Connection, "no certificate authority could be read, so no https endpoint can be trusted")
        .with_cause(cause)
}

#[cfg(test)]
mod tests;
