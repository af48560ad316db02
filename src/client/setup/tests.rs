//! These tests run against minimal servers, each of which fails in one way.

use std::sync::Arc;

use aws_smithy_runtime_api::client::result::ConnectorError;
use hyper_util::client::proxy::matcher::Matcher;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::client::authorities::Authorities;
use crate::client::connect::Connector;
use crate::client::tcp::SocketSettings;

/// How the failure is handled.
#[derive(Debug, PartialEq)]
enum Handling {
    Retried,
    Final,
}

fn handling(error: &ConnectorError) -> Handling {
    let is_transient = error.as_other() == Some(ErrorKind::TransientError);
    if error.is_timeout() || error.is_io() || is_transient { Handling::Retried } else { Handling::Final }
}

/// Starts a server that reads the request, sends `response`, and closes or resets the connection.
async fn serve_response(answer: &'static [u8], resets: bool) -> u16 {
    serve(move |mut stream| async move {
        let _request = stream.read(&mut [0; 4096]).await;
        stream.write_all(answer).await.expect("written");
        if resets {
            stream.set_zero_linger().expect("set");
        } else {
            let _closed = stream.shutdown().await;
            let _until_the_end = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
        }
    })
    .await
}

async fn serve<F: Future<Output = ()> + Send + 'static>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    port
}

async fn connect(origin: &str, proxy: Option<&str>) -> ConnectorError {
    let proxies = proxy.map(|proxy| Matcher::builder().all(proxy).build());
    let connector = Connector::tls(SocketSettings::default(), Authorities::default(), proxies);
    let limit = Some(Duration::from_mins(1));
    connector.connect(&origin.parse().expect("a URI"), limit).await.expect_err("cannot be")
}

fn text(error: &ConnectorError) -> String {
    let found = chain(error).find_map(|error| error.downcast_ref::<SetupError>());
    found.map(ToString::to_string).unwrap_or_default()
}

/// [NET-10] [NET-11] [NET-12]
#[tokio::test]
async fn a_rejected_tunnel() {
    let cases: [(&'static [u8], bool, Handling, &str); 12] = [
        (b"HTTP/1.1 500 No\r\n\r\n", false, Handling::Retried, "status 500"),
        (b"HTTP/1.1 502 No\r\ncontent-length: 3\r\n\r\nbad", false, Handling::Retried, "status 502"),
        (b"HTTP/1.0 503 No\r\n\r\n", false, Handling::Retried, "status 503"),
        (b"HTTP/1.1 504 No\r\n\r\n", false, Handling::Retried, "status 504"),
        (b"HTTP/1.1 407 No\r\nproxy-authenticate: Basic\r\n\r\n", false, Handling::Final, "status 407"),
        (b"HTTP/1.1 403 No\r\n\r\n", false, Handling::Final, "status 403"),
        (b"HTTP/1.1 302 No\r\nlocation: /\r\n\r\n", false, Handling::Final, "status 302"),
        (b"", false, Handling::Retried, "closed the connection on CONNECT"),
        (b"", true, Handling::Retried, "closed the connection on CONNECT"),
        (b"HTTP/1.1 200", false, Handling::Retried, "closed the connection on CONNECT"),
        (b"SSH-2.0-proxy\r\n", false, Handling::Final, "not answer CONNECT as an HTTP proxy"),
        // The tunnel opens, then closes.
        (b"HTTP/1.1 200 OK\r\n\r\n", false, Handling::Retried, "during the TLS handshake"),
    ];
    for (answer, resets, expected, words) in cases {
        let port = serve_response(answer, resets).await;
        let proxy = format!("http://CANARYuser:CANARYpassword@127.0.0.1:{port}");
        let error = connect("https://dynamodb.invalid", Some(&proxy)).await;
        let shown = text(&error);
        assert_eq!((handling(&error), shown.contains(words)), (expected, true), "{shown}: {error:?}");
        assert!(
            words.contains("handshake") || shown.contains(&format!("the proxy http://127.0.0.1:{port}")),
            "{shown}"
        );
        assert!(!format!("{error:?} {shown}").contains("CANARY"), "{error:?}");
    }
}

/// [NET-12] A response head without an end is read up to a limit.
#[tokio::test]
async fn a_proxy_with_an_endless_response() {
    let port = serve(|mut stream| async move {
        let _request = stream.read(&mut [0; 4096]).await;
        let _begun = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
        while stream.write_all(b"x-more: and more and more and more and more\r\n").await.is_ok() {}
    })
    .await;
    let error = connect("https://dynamodb.invalid", Some(&format!("http://127.0.0.1:{port}"))).await;
    assert_eq!(handling(&error), Handling::Final, "{error:?}");
}

/// [NET-11]
#[tokio::test]
async fn an_unreachable_proxy() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        listener.local_addr().expect("bound").port()
    };
    for origin in ["https://dynamodb.invalid", "http://dynamodb.invalid"] {
        let at = format!("127.0.0.1:{port}");
        for (proxy, named) in [
            (format!("http://CANARY:CANARY@{at}"), format!("the proxy http://{at}")),
            (format!("https://CANARY@{at}"), format!("the proxy https://{at}")),
            ("http://CANARY:x@proxy.invalid:3128".to_owned(), "the proxy http://proxy.invalid:3128".to_owned()),
        ] {
            let error = connect(origin, Some(&proxy)).await;
            assert_eq!((handling(&error), text(&error).contains(&named)), (Handling::Retried, true), "{error:?}");
            assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
        }
    }
    let error = connect("https://dynamodb.invalid", Some("socks5://CANARY:x@127.0.0.1:1")).await;
    assert!(error.is_user() && text(&error).contains("socks5"), "{error:?}");
}

/// A TLS alert that a server sends in response to a `ClientHello`.
fn alert(description: u8) -> &'static [u8] {
    Box::leak(Box::new([21, 3, 3, 0, 2, 2, description]))
}

/// [NET-9]
#[tokio::test]
async fn an_interrupted_handshake() {
    let mut cases: Vec<(&'static [u8], bool, Handling, &str)> = vec![
        (b"", false, Handling::Retried, "closed the connection during the TLS handshake"),
        (b"", true, Handling::Retried, "closed the connection during the TLS handshake"),
        // A truncated record.
        (&[22, 3, 3, 0, 100, 2], false, Handling::Retried, "closed the connection during the TLS handshake"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", false, Handling::Final, "does not speak TLS"),
        (b"SSH-2.0-OpenSSH\r\n", false, Handling::Final, "does not speak TLS"),
        (b"-ERR wrong\r\n", false, Handling::Final, "does not speak TLS"),
        (b"\x4a\x00\x00\x00\x0a8.0.36\x00", false, Handling::Final, "does not speak TLS"),
    ];
    for description in [10, 20, 40, 47, 50, 51, 70, 71, 80, 86, 112, 120, 200] {
        cases.push((alert(description), false, Handling::Retried, "ended the TLS handshake with the alert"));
    }
    for description in [42, 43, 44, 45, 46, 48, 116] {
        cases.push((alert(description), false, Handling::Final, "asks for a certificate of the client"));
    }
    for (answer, resets, expected, words) in cases {
        let port = serve_response(answer, resets).await;
        let error = connect(&format!("https://127.0.0.1:{port}"), None).await;
        let shown = text(&error);
        assert_eq!((handling(&error), shown.contains(words)), (expected, true), "{answer:?} {shown}: {error:?}");
        assert!(shown.contains(&format!("https://127.0.0.1:{port}")), "{shown}");
    }
}

/// [NET-11] The same error for a TLS proxy names the proxy.
#[tokio::test]
async fn a_proxy_without_tls() {
    let port = serve_response(b"HTTP/1.1 400 Bad Request\r\n\r\n", false).await;
    for origin in ["https://dynamodb.invalid", "http://dynamodb.invalid"] {
        let error = connect(origin, Some(&format!("https://127.0.0.1:{port}"))).await;
        let shown = text(&error);
        assert!(shown.contains(&format!("the proxy https://127.0.0.1:{port} does not speak TLS")), "{shown}");
    }
}

/// [TLS-6]
#[test]
fn a_rejected_certificate_is_explained() {
    use rustls_pki_types::{ServerName, UnixTime};
    let expected = ServerName::try_from("here.example").expect("a name");
    let wrong = |presented: &[&str]| CertificateError::NotValidForNameContext {
        expected: expected.clone(),
        presented: presented.iter().map(|name| (*name).to_owned()).collect(),
    };
    let at = |days: u64| UnixTime::since_unix_epoch(Duration::from_secs(days * 86_400));
    let cases = [
        (wrong(&[]), "subjectAltName"),
        (wrong(&["DnsName(\"a.example\")", "IpAddress(10.0.0.1)"]), "names a.example, 10.0.0.1"),
        (wrong(&["DnsName(\"a\")"; 9]), "names a, a, a, a, a, …"),
        (wrong(&["DnsName(\"a\u{1b}[31m\")"]), "names a[31m"),
        (CertificateError::ExpiredContext { time: at(110), not_after: at(100) }, "expired 10 days ago"),
        (CertificateError::NotValidYetContext { time: at(100), not_before: at(101) }, "only valid in 1 days"),
        (CertificateError::UnknownIssuer, "NODE_EXTRA_CA_CERTS or AWS_CA_BUNDLE"),
        (CertificateError::Other(rustls::OtherError(Arc::new(webpki::Error::CaUsedAsEndEntity))), "CA:TRUE"),
        (CertificateError::BadSignature, "not acceptable"),
    ];
    let uri = "https://here.example:8443/path".parse().expect("a URI");
    let peer = Peer { uri: &uri, is_proxy: false };
    for (refusal, words) in cases {
        for verification_is_off in [false, true] {
            let cause = io::Error::other(TlsError::InvalidCertificate(refusal.clone()));
            let error = SetupError::tls(peer, cause.into(), verification_is_off);
            let shown = error.to_string();
            assert!(
                error.is_refusal() && shown.contains(words) && shown.contains("https://here.example:8443"),
                "{shown}"
            );
            assert_eq!(
                shown.contains("NODE_TLS_REJECT_UNAUTHORIZED=0 is not followed"),
                verification_is_off,
                "{shown}"
            );
            assert_eq!(handling(&error.into_connector_error()), Handling::Final);
        }
    }
}
