//! TLS by rustls and ring: what is offered, and whom is trusted.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::{CipherSuite, ClientConfig, RootCertStore};

use crate::error::{Error, ErrorKind};

/// What AWS's own SDK for Rust offers, in its order: <https://docs.aws.amazon.com/sdk-for-rust/latest/dg/client-tls.html>
const SUITES: [CipherSuite; 7] = [
    CipherSuite::TLS13_AES_256_GCM_SHA384,
    CipherSuite::TLS13_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
];

/// For connections to whoever can show a certificate by one of these authorities.
pub(super) fn config(trusted: Arc<RootCertStore>) -> Result<Arc<ClientConfig>, Error> {
    let all = ring::default_provider();
    let cipher_suites =
        SUITES.iter().filter_map(|wanted| all.cipher_suites.iter().find(|suite| suite.suite() == *wanted)).copied();
    let provider = CryptoProvider { cipher_suites: cipher_suites.collect(), ..all };
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(ErrorKind::Internal, "TLS could not be prepared").with_cause(error.to_string()))?;
    let mut config = config.with_root_certificates(trusted).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use rustls::SupportedCipherSuite;

    use super::*;

    #[test]
    fn every_suite_is_there() {
        let config = config(Arc::new(RootCertStore::empty())).expect("made");
        let offered: Vec<_> = config.crypto_provider().cipher_suites.iter().map(SupportedCipherSuite::suite).collect();
        assert_eq!(offered, SUITES);
    }
}
