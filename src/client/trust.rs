//! Verifies server certificates. Accepts what rustls accepts, and certificates that are themselves in the trust list.
//!
//! By default, `openssl req -x509` creates CA certificates. Servers present them as their own, users add them to the
//! trust list, and OpenSSL (and thus Node) accepts them, although RFC 5280 does not allow it.

use std::collections::HashSet;
use std::sync::Arc;

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

type Digest = [u8; SHA256_OUTPUT_LEN];

/// The usable certificates, without duplicates.
#[derive(Debug)]
pub(super) struct Trusted {
    store: RootCertStore,
    digests: HashSet<Digest>,
}

impl Trusted {
    pub(super) fn new() -> Self {
        Self { store: RootCertStore::empty(), digests: HashSet::new() }
    }

    /// Adds a certificate. Returns whether it is usable.
    pub(super) fn add(&mut self, certificate: CertificateDer<'static>) -> bool {
        let digest = digest_of(&certificate);
        self.digests.contains(&digest) || self.store.add(certificate).is_ok() && self.digests.insert(digest)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.store.is_empty()
    }
}

fn digest_of(certificate: &CertificateDer<'_>) -> Digest {
    let mut bytes = Digest::default();
    for (byte, digested) in bytes.iter_mut().zip(digest(&SHA256, certificate).as_ref()) {
        *byte = *digested;
    }
    bytes
}

/// rustls' verifier, extended by trusted server certificates.
#[derive(Debug)]
pub(super) struct Verifier {
    webpki: Arc<WebPkiServerVerifier>,
    trusted: HashSet<Digest>,
}

impl Verifier {
    /// Returns `None` if the list is empty.
    pub(super) fn new(trusted: Trusted, provider: Arc<CryptoProvider>) -> Option<Self> {
        let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(trusted.store), provider).build().ok()?;
        Some(Self { webpki, trusted: trusted.digests })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let refusal = match self.webpki.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(Error::InvalidCertificate(refusal)) => refusal,
            result => return result,
        };
        if is_of_the_chain(&refusal) && self.trusted.contains(&digest_of(end_entity)) {
            verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
            return Ok(ServerCertVerified::assertion());
        }
        Err(refusal.into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.webpki.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.webpki.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.webpki.supported_verify_schemes()
    }
}

/// Whether the certificate was rejected because of its issuer or because it is a CA certificate. webpki checks the
/// validity period before either (`check_issuer_independent_properties` in its `verify_cert.rs`), so the certificate
/// has not expired.
fn is_of_the_chain(refusal: &CertificateError) -> bool {
    *refusal == CertificateError::UnknownIssuer || is_authority(refusal)
}

/// Whether the certificate was rejected because it is a CA certificate.
pub(super) fn is_authority(refusal: &CertificateError) -> bool {
    let CertificateError::Other(other) = refusal else { return false };
    matches!(other.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

#[cfg(test)]
mod tests;
