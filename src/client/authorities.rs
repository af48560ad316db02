//! Whose signature on a server's certificate is trusted: whoever Node's own `https` trusts, the authorities in
//! `AWS_CA_BUNDLE`, and those of the operating system.
//!
//! A container may have no store of the operating system (`node:*-slim` has none), and Node brings a list of its own. So
//! Node is asked, but only by a connection that speaks TLS, and once per process.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio::sync::OnceCell;

use crate::error::{Error, ErrorKind};

/// Authorities for AWS tools: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-gen-config.html>
const AWS_BUNDLE: &str = "AWS_CA_BUNDLE";

/// Authorities for Node: <https://nodejs.org/api/cli.html#node_extra_ca_certsfile>
const NODE_BUNDLE: &str = "NODE_EXTRA_CA_CERTS";

/// Whoever knows more authorities than environment and operating system do.
pub trait AuthoritySource: fmt::Debug + Send + Sync {
    /// Their certificates, as PEM text.
    fn list(&self) -> BoxFuture<'_, Result<String, Error>>;
}

/// What is trusted in this process, once it was needed. Data alone, so that it may outlive a runtime.
static KNOWN: OnceCell<Arc<RootCertStore>> = OnceCell::const_new();

/// Where to look for authorities.
#[derive(Debug, Clone, Default)]
pub struct Authorities(Option<Arc<dyn AuthoritySource>>);

impl Authorities {
    /// Asks `source`, too.
    pub fn new(source: impl AuthoritySource + 'static) -> Self {
        Self(Some(Arc::new(source)))
    }

    /// Whether they were already looked up in this process, so that no source is asked any more.
    #[must_use]
    pub fn are_known() -> bool {
        KNOWN.initialized()
    }

    /// Everyone who is trusted.
    pub(super) async fn trusted(&self) -> Result<Arc<RootCertStore>, Error> {
        KNOWN.get_or_try_init(|| self.look_up()).await.cloned()
    }

    async fn look_up(&self) -> Result<Arc<RootCertStore>, Error> {
        let given = async {
            match &self.0 {
                Some(source) => source.list().await,
                None => Ok(String::new()),
            }
        };
        // Files are read beside, not before, what Node's thread does.
        let files = tokio::task::spawn_blocking(|| {
            let files = [AWS_BUNDLE, NODE_BUNDLE].map(|name| std::env::var_os(name).filter(|path| !path.is_empty()));
            (files.map(|path| path.map(|path| read(&path))), rustls_native_certs::load_native_certs().certs)
        });
        let (given, files) = futures_util::join!(given, files);
        let ([aws, node], system) = files.map_err(|error| unusable(&error.to_string()))?;
        let mut trusted = Trusted::new();
        if let Some(bundle) = aws {
            trusted.add_bundle(bundle)?;
        }
        trusted.add_all(pem(given?.as_bytes()));
        // One that cannot be read is ignored by Node, too, which warns of it.
        trusted.add_all(pem(&node.and_then(Result::ok).unwrap_or_default()));
        trusted.add_all(system);
        trusted.into_store()
    }
}

fn read(path: &OsStr) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// The certificates of a PEM text, up to where it is broken, if it is.
fn pem(text: &[u8]) -> impl Iterator<Item = CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(text).map_while(Result::ok)
}

fn unusable(cause: &str) -> Error {
    Error::new(ErrorKind::Connection, "no certificate authority could be read, so no https endpoint can be trusted")
        .with_cause(cause)
}

/// Certificates that TLS can use, each once.
struct Trusted {
    store: RootCertStore,
    seen: HashSet<CertificateDer<'static>>,
}

impl Trusted {
    fn new() -> Self {
        Self { store: RootCertStore::empty(), seen: HashSet::new() }
    }

    /// Adds what the user named for this very purpose: what is wrong with it is told.
    fn add_bundle(&mut self, bundle: Result<Vec<u8>, String>) -> Result<(), Error> {
        let wrong = |cause: String| {
            Error::new(
                ErrorKind::InvalidOption,
                format!("The file in the environment variable {AWS_BUNDLE} must hold certificates in PEM format."),
            )
            .with_cause(cause)
        };
        let text = bundle.map_err(wrong)?;
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        self.add_all(certificates.map_err(|error| wrong(error.to_string()))?);
        if self.seen.is_empty() {
            return Err(wrong("there is no certificate in it that can be used".to_owned()));
        }
        Ok(())
    }

    fn add_all(&mut self, certificates: impl IntoIterator<Item = CertificateDer<'static>>) {
        for certificate in certificates {
            self.add(certificate);
        }
    }

    fn add(&mut self, certificate: CertificateDer<'static>) {
        if !self.seen.contains(&certificate) && self.store.add(certificate.clone()).is_ok() {
            self.seen.insert(certificate);
        }
    }

    fn into_store(self) -> Result<Arc<RootCertStore>, Error> {
        if self.store.is_empty() {
            return Err(unusable("neither Node nor the operating system has any"));
        }
        Ok(Arc::new(self.store))
    }
}
