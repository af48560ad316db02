//! Certificates in files: those that variables name, and the operating system's.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls_native_certs::{CertificateResult, load_certs_from_paths};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{self, PemObject};

use super::Untrusting;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind};

/// Authorities for AWS tools: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-gen-config.html>
const AWS_CA_BUNDLE: &str = "AWS_CA_BUNDLE";

/// Authorities for Node: <https://nodejs.org/api/cli.html#node_extra_ca_certsfile>
const NODE_EXTRA_CA_CERTS: &str = "NODE_EXTRA_CA_CERTS";

/// In place of the operating system's store: <https://docs.openssl.org/master/man3/SSL_CTX_load_verify_locations/>
const SSL_CERT_FILE: &str = "SSL_CERT_FILE";
const SSL_CERT_DIR: &str = "SSL_CERT_DIR";

/// With `0`, Node verifies nothing: <https://nodejs.org/api/cli.html#node_tls_reject_unauthorizedvalue>
const NODE_TLS_REJECT_UNAUTHORIZED: &str = "NODE_TLS_REJECT_UNAUTHORIZED";

/// The variables that name trusted certificates. Empty variables count as absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TrustVariables {
    /// `AWS_CA_BUNDLE`.
    pub aws_ca_bundle: Option<OsString>,
    /// `NODE_EXTRA_CA_CERTS`.
    pub node_extra_ca_certs: Option<OsString>,
    /// `SSL_CERT_FILE`.
    pub ssl_cert_file: Option<OsString>,
    /// `SSL_CERT_DIR`: directories, separated as in `PATH`.
    pub ssl_cert_dir: Option<OsString>,
    /// Whether `NODE_TLS_REJECT_UNAUTHORIZED` is `0`. Not followed, but told where a certificate is refused.
    pub verification_is_off: bool,
}

impl TrustVariables {
    /// From a driver's environment.
    #[must_use]
    pub fn of(environment: &Environment) -> Self {
        let value = |name| environment.filled(name).map(OsString::from);
        Self {
            aws_ca_bundle: value(AWS_CA_BUNDLE),
            node_extra_ca_certs: value(NODE_EXTRA_CA_CERTS),
            ssl_cert_file: value(SSL_CERT_FILE),
            ssl_cert_dir: value(SSL_CERT_DIR),
            verification_is_off: value(NODE_TLS_REJECT_UNAUTHORIZED).is_some_and(|value| value == "0"),
        }
    }
}

/// What the files hold.
pub(super) struct Files {
    pub(super) certificates: Vec<CertificateDer<'static>>,
    /// Whether all of them could be read to their end.
    pub(super) is_complete: bool,
}

impl Files {
    /// Reads all of them; blocks.
    pub(super) fn read(variables: &TrustVariables) -> Result<Self, Untrusting> {
        let mut files = Self { certificates: Vec::new(), is_complete: true };
        if let Some(path) = &variables.aws_ca_bundle {
            files.certificates.extend(aws_bundle(path)?);
        }
        if let Some(path) = &variables.node_extra_ca_certs {
            files.add_extra(path)?;
        }
        files.add_system(system(variables.ssl_cert_file.as_deref(), variables.ssl_cert_dir.as_deref()))?;
        Ok(files)
    }

    /// A file that cannot be read, or from where on it is broken, is ignored by Node, too, which warns of it.
    fn add_extra(&mut self, path: &OsStr) -> Result<(), Untrusting> {
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) => return self.note(error),
        };
        let certificates: Vec<_> = pem(&text).map_while(Result::ok).collect();
        self.is_complete &= !certificates.is_empty() && pem(&text).all(|certificate| certificate.is_ok());
        self.certificates.extend(certificates);
        Ok(())
    }

    fn add_system(&mut self, found: CertificateResult) -> Result<(), Untrusting> {
        self.certificates.extend(found.certs);
        for error in found.errors {
            match error.kind {
                rustls_native_certs::ErrorKind::Io { inner, .. } => self.note(inner)?,
                _ => self.is_complete = false,
            }
        }
        Ok(())
    }

    /// Goes on without a file that is not there or not ours to read; not where the machine could not open it now.
    fn note(&mut self, error: io::Error) -> Result<(), Untrusting> {
        self.is_complete = false;
        if is_lasting(&error) { Ok(()) } else { Err(Untrusting::Busy(Arc::new(error))) }
    }
}

/// Whether it lies in the file, and not in the moment.
fn is_lasting(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::NotFound
            | Kind::PermissionDenied
            | Kind::NotADirectory
            | Kind::IsADirectory
            | Kind::InvalidInput
            | Kind::InvalidData
            | Kind::InvalidFilename
    )
}

/// What the user named for this very purpose: what is wrong with it is told.
fn aws_bundle(path: &OsStr) -> Result<Vec<CertificateDer<'static>>, Untrusting> {
    let wrong = |cause: String| {
        Error::new(
            ErrorKind::InvalidOption,
            format!("The file in the environment variable {AWS_CA_BUNDLE} must hold certificates in PEM format."),
        )
        .with_cause(cause)
    };
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if is_lasting(&error) => return Err(wrong(format!("{}: {error}", path.display())).into()),
        Err(error) => return Err(Untrusting::Busy(Arc::new(error))),
    };
    let certificates: Result<Vec<_>, _> = pem(&text).collect();
    let certificates = certificates.map_err(|error| wrong(error.to_string()))?;
    let mut usable = rustls::RootCertStore::empty();
    if usable.add_parsable_certificates(certificates.iter().cloned()).0 == 0 {
        return Err(wrong("there is no certificate in it that can be used".to_owned()).into());
    }
    Ok(certificates)
}

/// The operating system's store, or what stands in its place.
fn system(file: Option<&OsStr>, directories: Option<&OsStr>) -> CertificateResult {
    let directories: Vec<PathBuf> = directories
        .map(|list| std::env::split_paths(list).filter(|directory| !directory.as_os_str().is_empty()).collect())
        .unwrap_or_default();
    if file.is_none() && directories.is_empty() { platform() } else { load(file.map(Path::new), &directories) }
}

fn load(file: Option<&Path>, directories: &[PathBuf]) -> CertificateResult {
    let mut all = load_certs_from_paths(file, None);
    for directory in directories {
        let more = load_certs_from_paths(None, Some(directory));
        all.certs.extend(more.certs);
        all.errors.extend(more.errors);
    }
    all
}

/// Where systems without an interface for it keep their store, in Go's order (`crypto/x509/root_linux.go`,
/// `root_bsd.go`). rustls-native-certs knows them as well, but reads variables of the C environment first.
#[cfg(all(unix, not(target_os = "macos")))]
fn platform() -> CertificateResult {
    const FILES: [&str; 7] = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/pki/tls/cacert.pem",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/ssl/cert.pem",
        "/usr/local/etc/ssl/cert.pem",
    ];
    const DIRECTORIES: [&str; 3] = ["/etc/ssl/certs", "/etc/pki/tls/certs", "/usr/local/share/certs"];
    let file = FILES.into_iter().map(Path::new).find(|path| path.exists());
    let directories: Vec<_> = DIRECTORIES.into_iter().map(PathBuf::from).filter(|path| path.exists()).collect();
    load(file, &directories)
}

/// The keychain of macOS, the certificate store of Windows.
#[cfg(not(all(unix, not(target_os = "macos"))))]
fn platform() -> CertificateResult {
    rustls_native_certs::load_native_certs()
}

/// The certificates of a PEM text.
pub(super) fn pem(text: &[u8]) -> impl Iterator<Item = Result<CertificateDer<'static>, pem::Error>> {
    CertificateDer::pem_slice_iter(text)
}
