//! TLS in front of an engine, with a certificate from a temporary authority.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::Failure;

/// Creates a certificate for `127.0.0.1`, and writes that of the authority to the file `authority`.
fn configuration(authority: &str) -> Result<ServerConfig, Failure> {
    let mut parameters = CertificateParams::default();
    // Must differ from the certificate's name, or the certificate would look self-signed.
    parameters.distinguished_name.push(DnType::CommonName, "The bench's authority");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let issuer = CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)?;
    std::fs::write(authority, issuer.pem())?;

    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()])?.signed_by(&key, &issuer)?;
    let key = PrivateKeyDer::try_from(key.serialize_der())?;
    let mut configuration =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key)?;
    configuration.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(configuration)
}

pub(crate) async fn serve(backend: &str, authority: &str) -> Result<(), Failure> {
    let acceptor = TlsAcceptor::from(Arc::new(configuration(authority)?));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("https://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (acceptor, backend) = (acceptor.clone(), backend.to_owned());
        tokio::spawn(async move {
            let mut front = acceptor.accept(stream).await?;
            let mut back = TcpStream::connect(backend).await?;
            back.set_nodelay(true)?;
            copy_bidirectional(&mut front, &mut back).await
        });
    }
}
