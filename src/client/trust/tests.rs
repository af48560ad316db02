use std::time::Duration;

use rustls_pki_types::pem::PemObject;

use super::*;
use crate::client::tls;

/// A CA certificate for `pinned.example` and 127.0.0.1, made with `openssl req -x509` in 2026 and valid for ten years.
const PINNED: &[u8] = include_bytes!("pinned.pem");
/// The same, with only a common name.
const UNNAMED: &[u8] = include_bytes!("unnamed.pem");

const BEGIN: u64 = 1_795_908_832;
const END: u64 = BEGIN + 3650 * 86_400;

fn certificate(pem: &[u8]) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem).expect("a certificate")
}

fn verifier(trusted: &[u8]) -> Verifier {
    let mut all = Trusted::new();
    assert!(all.add(certificate(trusted)));
    Verifier::new(all, Arc::new(rustls::crypto::ring::default_provider())).expect("one is trusted")
}

/// Verifies a certificate for a name and a time.
fn verify(verifier: &Verifier, presented: &[u8], name: &str, now: u64) -> Result<(), CertificateError> {
    let name = ServerName::try_from(name).expect("a name");
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
    match verifier.verify_server_cert(&certificate(presented), &[], &name, &[], now) {
        Ok(_) => Ok(()),
        Err(Error::InvalidCertificate(refusal)) => Err(refusal),
        Err(other) => panic!("{other}"),
    }
}

/// [TLS-5]
#[test]
fn a_trusted_certificate_is_accepted_only_for_its_names() {
    let verifier = verifier(PINNED);
    for name in ["pinned.example", "127.0.0.1"] {
        assert_eq!(verify(&verifier, PINNED, name, BEGIN), Ok(()));
        assert_eq!(verify(&verifier, PINNED, name, END), Ok(()));
    }
    for name in ["other.example", "127.0.0.2", "sub.pinned.example", "pinned"] {
        let refused = verify(&verifier, PINNED, name, BEGIN).expect_err("of another host");
        assert!(matches!(refused, CertificateError::NotValidForNameContext { .. }), "{refused:?}");
    }
}

/// [TLS-5] webpki checks the period before it reports the errors that the verifier overrides. Nothing else would check
/// it.
#[test]
fn a_trusted_certificate_is_rejected_outside_its_validity() {
    let verifier = verifier(PINNED);
    for (now, too_early) in [(BEGIN - 1, true), (0, true), (END + 1, false), (END + 1_000_000_000, false)] {
        let refused = verify(&verifier, PINNED, "pinned.example", now).expect_err("not in date");
        let as_expected = match refused {
            CertificateError::NotValidYetContext { .. } => too_early,
            CertificateError::ExpiredContext { .. } => !too_early,
            _ => false,
        };
        assert!(as_expected, "{now}: {refused:?}");
    }
}

/// [TLS-5]
#[test]
fn an_untrusted_certificate_is_rejected() {
    let refused = verify(&verifier(UNNAMED), PINNED, "pinned.example", BEGIN).expect_err("not trusted");
    assert!(is_authority(&refused), "{refused:?}");
    // The common name is not used either.
    let refused = verify(&verifier(UNNAMED), UNNAMED, "pinned.example", BEGIN).expect_err("names no host");
    let is_unnamed = |error: &CertificateError| matches!(error, CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty());
    assert!(is_unnamed(&refused), "{refused:?}");
    // A certificate that differs in one byte is a different certificate.
    let mut altered = certificate(PINNED).to_vec();
    *altered.last_mut().expect("not empty") ^= 1;
    let name = ServerName::try_from("pinned.example").expect("a name");
    let now = UnixTime::since_unix_epoch(Duration::from_secs(BEGIN));
    assert!(verifier(PINNED).verify_server_cert(&altered.into(), &[], &name, &[], now).is_err());
}

/// [TLS-5] A server must have the key of the certificate that it presents.
#[tokio::test]
async fn a_trusted_certificate_requires_its_key() {
    use rustls::server::{ClientHello, ResolvesServerCert};
    use rustls::sign::CertifiedKey;
    use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

    #[derive(Debug)]
    struct Thief(Arc<CertifiedKey>);
    impl ResolvesServerCert for Thief {
        fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
            Some(Arc::clone(&self.0))
        }
    }

    let random = ring::rand::SystemRandom::new();
    let key = ring::signature::EcdsaKeyPair::generate_pkcs8(&ring::signature::ECDSA_P256_SHA256_ASN1_SIGNING, &random);
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.expect("a key").as_ref().to_vec()));
    let key = rustls::crypto::ring::sign::any_supported_type(&key).expect("a key");
    let certified = Arc::new(CertifiedKey::new(vec![certificate(PINNED)], key));
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let server = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[version])
            .expect("a version")
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Thief(Arc::clone(&certified))));
        let mut trusted = Trusted::new();
        assert!(trusted.add(certificate(PINNED)));
        let config = tls::config(trusted).expect("made");
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let server = tokio_rustls::TlsAcceptor::from(Arc::new(server)).accept(theirs);
        let client = tls::handshake(Box::new(hyper_util::rt::TokioIo::new(ours)), config, "pinned.example");
        let (client, _server) = tokio::join!(client, server);
        let refused = client.err().expect("refused");
        let refused = crate::error::chain(&*refused).find_map(|error| error.downcast_ref::<Error>());
        assert_eq!(refused, Some(&Error::InvalidCertificate(CertificateError::BadSignature)));
    }
}
