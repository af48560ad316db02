//! TLS with rustls and ring: cipher suites and handshake.

use std::sync::Arc;

use hyper_util::rt::TokioIo;
use rustls::crypto::{CryptoProvider, ring};
use rustls::{CipherSuite, ClientConfig};
use rustls_pki_types::ServerName;
use tokio_rustls::TlsConnector;

use super::connect::{BoxError, Stream};
use super::trust::{Trusted, Verifier};
use crate::error::{Error, ErrorKind};

/// The cipher suites of the AWS SDK for Rust, in its order:
/// <https://docs.aws.amazon.com/sdk-for-rust/latest/dg/client-tls.html>
const SUITES: [CipherSuite; 7] = [
    CipherSuite::TLS13_AES_256_GCM_SHA384,
    CipherSuite::TLS13_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
];

/// Returns a configuration that accepts the trusted certificates and those issued by them.
pub(super) fn config(trusted: Trusted) -> Result<Arc<ClientConfig>, Error> {
    let failed = |cause: &str| Error::new(ErrorKind::Internal, "TLS could not be prepared").with_cause(cause);
    let all = ring::default_provider();
    let cipher_suites =
        SUITES.iter().filter_map(|wanted| all.cipher_suites.iter().find(|suite| suite.suite() == *wanted)).copied();
    let provider = Arc::new(CryptoProvider { cipher_suites: cipher_suites.collect(), ..all });
    let verifier = Verifier::new(trusted, Arc::clone(&provider)).ok_or_else(|| failed("nothing is trusted"))?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Performs a TLS handshake with `host`, which has the syntax of a URI's host.
pub(super) async fn handshake(
    stream: Box<dyn Stream>,
    config: Arc<ClientConfig>,
    host: &str,
) -> Result<Box<dyn Stream>, BoxError> {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let name = ServerName::try_from(host.to_owned())?;
    let stream = TlsConnector::from(config).connect(name, TokioIo::new(stream)).await?;
    Ok(Box::new(TokioIo::new(stream)))
}

#[cfg(test)]
mod tests {
    use rustls::SupportedCipherSuite;
    use rustls_pki_types::CertificateDer;
    use rustls_pki_types::pem::PemObject;

    use super::*;

    #[test]
    fn every_cipher_suite_is_available() {
        let mut trusted = Trusted::new();
        assert!(
            trusted.add(CertificateDer::from_pem_slice(include_bytes!("trust/pinned.pem")).expect("a certificate"))
        );
        let config = config(trusted).expect("made");
        let offered: Vec<_> = config.crypto_provider().cipher_suites.iter().map(SupportedCipherSuite::suite).collect();
        assert_eq!(offered, SUITES);
    }
}
