//! The certificate authorities that TLS connections trust: those of Node's own `https`, of `AWS_CA_BUNDLE` and of the
//! operating system.
//!
//! Containers may lack a system store (`node:*-slim` has none), so the list bundled with Node is needed too. It is
//! requested only when the others are empty or did not verify a certificate, because Node compiles `node:tls` for it,
//! and because the JavaScript thread that answers may be busy for long.

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

/// Which authorities a configuration trusts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Extent {
    /// Those in files and in the operating system's store.
    Files,
    /// Also those of the source.
    All,
}

/// Why no authorities could be loaded. Never cached.
#[derive(Debug, Clone)]
pub(super) enum AuthoritiesError {
    /// A problem that the user can fix.
    Invalid(Error),
    /// A file could not be read for a transient reason, such as a lack of file descriptors or memory.
    Transient(Arc<io::Error>),
}

impl From<Error> for AuthoritiesError {
    fn from(error: Error) -> Self {
        Self::Invalid(error)
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
    cached: Mutex<Vec<(TrustVariables, Trust)>>,
    reading: SingleFlight<(TrustVariables, Extent), Result<Trust, AuthoritiesError>>,
}

/// A TLS configuration and what it trusts.
#[derive(Debug, Clone)]
pub(super) struct Trust {
    pub(super) config: Arc<ClientConfig>,
    pub(super) extent: Extent,
    /// Whether every file could be read completely.
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
        let shared = Shared { source, cached: Mutex::default(), reading: SingleFlight::new() };
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

    /// A TLS configuration that trusts at least `extent`. The authorities are loaded in a separate task, so that a
    /// caller can be cancelled without affecting the others.
    pub(super) async fn trust(&self, extent: Extent) -> Result<Trust, AuthoritiesError> {
        let fits = |(variables, trust): &&(_, Trust)| *variables == self.variables && trust.extent >= extent;
        if let Some((_, trust)) = self.shared.cached().iter().find(fits) {
            return Ok(trust.clone());
        }
        let reading = self.shared.reading.run((self.variables.clone(), extent), |promise| {
            let (shared, variables) = (Arc::clone(&self.shared), self.variables.clone());
            tokio::spawn(async move { promise.settle(shared.read(variables, extent).await) });
        });
        reading.await.unwrap_or_else(|| Err(unusable("the reading was given up").into()))
    }

    /// Drops an incomplete result, since the missing source may be available by now. Called when a certificate was
    /// rejected.
    pub(super) fn discard_incomplete(&self) {
        self.shared.cached().retain(|(variables, trust)| trust.is_complete || *variables != self.variables);
    }
}

impl Shared {
    fn cached(&self) -> MutexGuard<'_, Vec<(TrustVariables, Trust)>> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read(&self, variables: TrustVariables, wanted: Extent) -> Result<Trust, AuthoritiesError> {
        let for_files = variables.clone();
        let files = tokio::task::spawn_blocking(move || Files::read(&for_files)).await;
        let Files { certificates, is_complete } = files.map_err(|error| unusable(&error.to_string()))??;
        let mut trusted = Trusted::new();
        for certificate in certificates {
            trusted.add(certificate);
        }
        let extent = if trusted.is_empty() || self.source.is_none() { Extent::All } else { wanted };
        if let Some(source) = self.source.as_ref().filter(|_| extent == Extent::All) {
            for certificate in pem(source.list().await?.as_bytes()).map_while(Result::ok) {
                trusted.add(certificate);
            }
        }
        if trusted.is_empty() {
            return Err(unusable("neither Node nor the operating system has any").into());
        }
        let trust = Trust { config: tls::config(trusted)?, extent, is_complete };
        let mut cached = self.cached();
        // A narrower result may arrive last.
        cached.retain(|(others, other)| *others != variables || other.extent > extent);
        cached.push((variables, trust.clone()));
        Ok(trust)
    }
}

fn unusable(cause: &str) -> Error {
    Error::new(ErrorKind::Connection, "no certificate authority could be read, so no https endpoint can be trusted")
        .with_cause(cause)
}

#[cfg(test)]
mod tests;
