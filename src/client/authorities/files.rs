//! Reads certificates from files: those named by variables, and the operating system's store.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls_native_certs::{CertificateResult, load_certs_from_paths};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{self, PemObject};

use super::AuthoritiesError;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind};

/// Authorities for AWS tools: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-gen-config.html>
const AWS_CA_BUNDLE: &str = "AWS_CA_BUNDLE";

/// Authorities for Node: <https://nodejs.org/api/cli.html#node_extra_ca_certsfile>
const NODE_EXTRA_CA_CERTS: &str = "NODE_EXTRA_CA_CERTS";

/// Replaces the operating system's store: <https://docs.openssl.org/master/man3/SSL_CTX_load_verify_locations/>
const SSL_CERT_FILE: &str = "SSL_CERT_FILE";
const SSL_CERT_DIR: &str = "SSL_CERT_DIR";

/// If it is `0`, Node does not verify certificates: <https://nodejs.org/api/cli.html#node_tls_reject_unauthorizedvalue>
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
    /// Whether `NODE_TLS_REJECT_UNAUTHORIZED` is `0`. The driver still verifies certificates; errors mention the
    /// variable.
    pub verification_is_off: bool,
}

impl TrustVariables {
    /// Reads the variables from a driver's environment.
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

/// The certificates found in files.
pub(super) struct Files {
    pub(super) certificates: Vec<CertificateDer<'static>>,
    /// Whether every file could be read completely.
    pub(super) is_complete: bool,
}

impl Files {
    /// Reads all files. Blocks.
    pub(super) fn read(variables: &TrustVariables) -> Result<Self, AuthoritiesError> {
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

    /// Adds a file that may be missing or partly invalid. Like Node, ignores what cannot be read or parsed; Node prints
    /// the warning.
    fn add_extra(&mut self, path: &OsStr) -> Result<(), AuthoritiesError> {
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) => return self.record(error),
        };
        let certificates: Vec<_> = pem(&text).map_while(Result::ok).collect();
        self.is_complete &= !certificates.is_empty() && pem(&text).all(|certificate| certificate.is_ok());
        self.certificates.extend(certificates);
        Ok(())
    }

    fn add_system(&mut self, found: CertificateResult) -> Result<(), AuthoritiesError> {
        self.certificates.extend(found.certs);
        for error in found.errors {
            match error.kind {
                rustls_native_certs::ErrorKind::Io { inner, .. } => self.record(inner)?,
                _ => self.is_complete = false,
            }
        }
        Ok(())
    }

    /// Records a read error. Only transient errors are returned; a missing or unreadable file is skipped.
    fn record(&mut self, error: io::Error) -> Result<(), AuthoritiesError> {
        self.is_complete = false;
        if is_permanent(&error) { Ok(()) } else { Err(AuthoritiesError::Transient(Arc::new(error))) }
    }
}

/// Whether the error will recur, as opposed to a transient lack of resources.
fn is_permanent(error: &io::Error) -> bool {
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

/// Reads the bundle that the user configured for AWS. Unlike for other files, every problem is an error.
fn aws_bundle(path: &OsStr) -> Result<Vec<CertificateDer<'static>>, AuthoritiesError> {
    let wrong = |cause: String| {
        Error::new(
            ErrorKind::InvalidOption,
            format!("The file in the environment variable {AWS_CA_BUNDLE} must hold certificates in PEM format."),
        )
        .with_cause(cause)
    };
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if is_permanent(&error) => return Err(wrong(format!("{}: {error}", path.display())).into()),
        Err(error) => return Err(AuthoritiesError::Transient(Arc::new(error))),
    };
    let certificates: Result<Vec<_>, _> = pem(&text).collect();
    let certificates = certificates.map_err(|error| wrong(error.to_string()))?;
    let mut usable = rustls::RootCertStore::empty();
    if usable.add_parsable_certificates(certificates.iter().cloned()).0 == 0 {
        return Err(wrong("there is no certificate in it that can be used".to_owned()).into());
    }
    Ok(certificates)
}

/// Reads the operating system's store or its replacement.
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

/// Reads the store of systems that keep it in files, at the paths that Go uses (`crypto/x509/root_linux.go`,
/// `root_bsd.go`). rustls-native-certs knows these paths too, but first reads variables of the C environment.
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

/// Reads the macOS keychain or the Windows certificate store.
#[cfg(not(all(unix, not(target_os = "macos"))))]
fn platform() -> CertificateResult {
    rustls_native_certs::load_native_certs()
}

/// Parses certificates in PEM format.
pub(super) fn pem(text: &[u8]) -> impl Iterator<Item = Result<CertificateDer<'static>, pem::Error>> {
    CertificateDer::pem_slice_iter(text)
}
