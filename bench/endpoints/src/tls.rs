//! TLS in front of an engine, with a certificate from a temporary authority.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::Ticketer;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use crate::Failure;

/// Creates a certificate for `127.0.0.1`. Also returns the certificate of its authority.
fn configuration() -> Result<(ServerConfig, String), Failure> {
    let mut parameters = CertificateParams::default();
    // Must differ from the certificate's name, or the certificate would look self-signed.
    parameters.distinguished_name.push(DnType::CommonName, "The bench's authority");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let issuer = CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()])?.signed_by(&key, &issuer)?;
    let key = PrivateKeyDer::try_from(key.serialize_der())?;
    let mut configuration = ServerConfig::builder_with_protocol_versions(&[&TLS13, &TLS12])
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    // Tickets that any server of the service can resume, as DynamoDB's endpoints issue them.
    configuration.ticketer = Ticketer::new()?;
    configuration.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok((configuration, issuer.pem()))
}

pub(crate) async fn serve(backend: &str, authority: &str) -> Result<(), Failure> {
    let (configuration, certificate) = configuration()?;
    std::fs::write(authority, certificate)?;
    let acceptor = TlsAcceptor::from(Arc::new(configuration));
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::client::Resumption;
    use tokio_rustls::rustls::pki_types::CertificateDer;
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::{ClientConfig, HandshakeKind, ProtocolVersion, RootCertStore};

    use super::*;

    /// Connects, receives one byte and with it the tickets, and returns what was negotiated.
    async fn negotiated(
        acceptor: TlsAcceptor,
        connector: &TlsConnector,
    ) -> (Option<ProtocolVersion>, Option<HandshakeKind>) {
        let (near, far) = duplex(65_536);
        let serving = tokio::spawn(async move {
            let mut front = acceptor.accept(far).await.unwrap();
            front.write_u8(1).await.unwrap();
            front.flush().await.unwrap();
        });
        let mut stream = connector.connect("127.0.0.1".try_into().unwrap(), near).await.unwrap();
        stream.read_u8().await.unwrap();
        serving.await.unwrap();
        let (_, connection) = stream.get_ref();
        (connection.protocol_version(), connection.handshake_kind())
    }

    #[test]
    fn connections_speak_tls_1_3_and_are_resumed() {
        let (server, authority) = configuration().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(server));
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
        let mut client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        client.resumption = Resumption::in_memory_sessions(8);
        let connector = TlsConnector::from(Arc::new(client));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let kinds: Vec<_> = (0..2).map(|_| runtime.block_on(negotiated(acceptor.clone(), &connector))).collect();
        let version = Some(ProtocolVersion::TLSv1_3);
        assert_eq!(kinds, [(version, Some(HandshakeKind::Full)), (version, Some(HandshakeKind::Resumed))]);
    }
}
