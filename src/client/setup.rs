//! Explains why a connection could not be opened.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::retry::ErrorKind;
use http::{StatusCode, Uri};
use rustls::{AlertDescription, CertificateError, Error as TlsError, InvalidMessage};

use super::connect::{BoxError, has};
use super::trust::is_authority;
use super::tunnel::TunnelError;
use crate::error::chain;

/// How many of a certificate's names a message lists.
const SHOWN_NAMES: usize = 5;

const NO_CLIENT_CERTIFICATE: &str = "asks for a certificate of the client, which this driver does not have";

/// A failure whose `Display` says what is wrong and what to do.
#[derive(Debug)]
pub(crate) struct SetupError {
    text: String,
    kind: Kind,
    cause: Option<BoxError>,
}

/// Whether a retry can succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    TimedOut,
    Transient,
    Final,
    /// The options or the environment contain an unusable value.
    Unusable,
}

/// The peer of a connection, as shown in messages. Omits user information.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer<'a> {
    pub(super) uri: &'a Uri,
    pub(super) is_proxy: bool,
}

impl fmt::Display for Peer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_proxy { "the proxy " } else { "" };
        let scheme = self.uri.scheme_str().unwrap_or_default();
        write!(f, "{kind}{scheme}://{}", self.uri.host().unwrap_or_default())?;
        self.uri.port_u16().map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl SetupError {
    fn new(kind: Kind, text: String, cause: Option<BoxError>) -> Self {
        Self { text, kind, cause }
    }

    pub(super) fn timed_out(peer: Peer<'_>, limit: Duration) -> Self {
        let through = if peer.is_proxy { format!(" through {peer}") } else { String::new() };
        Self::new(Kind::TimedOut, format!("no connection{through} within {limit:?} (option `connectTimeout`)"), None)
    }

    pub(super) fn name(peer: Peer<'_>, cause: BoxError) -> Self {
        Self::new(Kind::Transient, format!("the name of {peer} could not be resolved"), Some(cause))
    }

    pub(super) fn tcp(peer: Peer<'_>, cause: BoxError) -> Self {
        Self::new(Kind::Transient, format!("{peer} does not accept connections"), Some(cause))
    }

    /// `ALL_PROXY` may contain any kind of proxy.
    pub(super) fn proxy_scheme(scheme: &str) -> Self {
        let text = format!("a proxy of the kind \"{scheme}\" cannot be used, only http and https");
        Self::new(Kind::Unusable, text, None)
    }

    pub(super) fn tunnel(peer: Peer<'_>, failed: TunnelError) -> Self {
        match failed {
            TunnelError::Refused(StatusCode::PROXY_AUTHENTICATION_REQUIRED) => {
                let text = format!(
                    "{peer} asks for a user name and a password (status 407): put the right ones into its URL, before \
                     the host"
                );
                Self::new(Kind::Final, text, None)
            }
            TunnelError::Refused(status) => {
                let kind = if status.is_server_error() { Kind::Transient } else { Kind::Final };
                Self::new(kind, format!("{peer} answered CONNECT with status {}", status.as_u16()), None)
            }
            TunnelError::NotHttp(cause) => {
                Self::new(Kind::Final, format!("{peer} did not answer CONNECT as an HTTP proxy does"), Some(cause))
            }
            TunnelError::Connection(cause) => {
                Self::new(Kind::Transient, format!("{peer} closed the connection on CONNECT"), Some(cause))
            }
        }
    }

    pub(super) fn http(peer: Peer<'_>, cause: BoxError) -> Self {
        Self::new(Kind::Transient, format!("no HTTP connection to {peer}"), Some(cause))
    }

    /// `verification_is_off` is the user's `NODE_TLS_REJECT_UNAUTHORIZED`, which the driver does not honour.
    pub(super) fn tls(peer: Peer<'_>, cause: BoxError, verification_is_off: bool) -> Self {
        let found = chain(&*cause).find_map(|error| error.downcast_ref::<TlsError>());
        let (kind, mut text) = match found {
            Some(TlsError::InvalidCertificate(refusal)) => (Kind::Final, refused(peer, refusal)),
            Some(TlsError::NoCertificatesPresented) => (Kind::Final, format!("{peer} presents no certificate")),
            Some(TlsError::AlertReceived(alert)) if is_about_the_certificate(*alert) => {
                (Kind::Final, format!("{peer} {NO_CLIENT_CERTIFICATE}"))
            }
            Some(TlsError::AlertReceived(alert)) => {
                (Kind::Transient, format!("{peer} ended the TLS handshake with the alert {alert:?}"))
            }
            Some(TlsError::InvalidMessage(InvalidMessage::InvalidContentType)) => {
                (Kind::Final, format!("{peer} does not speak TLS; if that is right, write http: in place of https:"))
            }
            // Corrupted in transit.
            Some(TlsError::DecryptError) => (Kind::Transient, format!("the TLS handshake with {peer} was damaged")),
            Some(_) => (Kind::Final, format!("{peer} does not speak TLS 1.2 or 1.3 as this driver does")),
            None if has::<io::Error>(&*cause) => {
                (Kind::Transient, format!("{peer} closed the connection during the TLS handshake"))
            }
            None => (Kind::Final, format!("no TLS handshake with {peer}")),
        };
        if verification_is_off && matches!(found, Some(TlsError::InvalidCertificate(_))) {
            text.push_str("; NODE_TLS_REJECT_UNAUTHORIZED=0 is not followed: certificates are always verified");
        }
        Self::new(kind, text, Some(cause))
    }

    /// In TLS 1.3, a server reports this after the handshake, instead of a response.
    pub(super) fn client_certificate(cause: BoxError) -> Self {
        Self::new(Kind::Final, format!("the server {NO_CLIENT_CERTIFICATE}"), Some(cause))
    }

    pub(super) fn not_http(cause: BoxError) -> Self {
        let text = "the response is not HTTP/1.1; the URL of a server that speaks TLS must begin with https:";
        Self::new(Kind::Final, text.to_owned(), Some(cause))
    }

    /// Whether the server's certificate was rejected.
    pub(super) fn is_refusal(&self) -> bool {
        let is_refusal = |error: &TlsError| matches!(error, TlsError::InvalidCertificate(_));
        chain(self).filter_map(|error| error.downcast_ref::<TlsError>()).any(is_refusal)
    }

    /// Converts into the SDK's classification.
    pub(super) fn into_connector_error(self) -> ConnectorError {
        match self.kind {
            Kind::TimedOut => ConnectorError::timeout(self.into()),
            Kind::Transient if has::<io::Error>(&self) => ConnectorError::io(self.into()),
            Kind::Transient => ConnectorError::other(self.into(), Some(ErrorKind::TransientError)),
            Kind::Final => ConnectorError::other(self.into(), None),
            Kind::Unusable => ConnectorError::user(self.into()),
        }
    }
}

/// Explains why a certificate was rejected.
fn refused(peer: Peer<'_>, refusal: &CertificateError) -> String {
    const DAY: u64 = 86_400;
    match refusal {
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => format!(
            "the certificate of {peer} has no subjectAltName, so it names no host (a common name, CN, does not count); \
             have it issued with one (openssl: -addext \"subjectAltName=DNS:…\")"
        ),
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names: Vec<_> = presented.iter().take(SHOWN_NAMES).map(|name| plain_name(name)).collect();
            let more = if presented.len() > SHOWN_NAMES { ", …" } else { "" };
            format!("the certificate of {peer} is for another host: it names {}{more}", names.join(", "))
        }
        CertificateError::ExpiredContext { time, not_after } => format!(
            "the certificate of {peer}, or one it was issued by, expired {} days ago; renew it, or set this machine's \
             clock",
            time.as_secs().saturating_sub(not_after.as_secs()) / DAY
        ),
        CertificateError::Expired => format!("the certificate of {peer} has expired; renew it"),
        CertificateError::NotValidYetContext { time, not_before } => format!(
            "the certificate of {peer}, or one it was issued by, is only valid in {} days; set this machine's clock, or \
             wait",
            not_before.as_secs().saturating_sub(time.as_secs()).div_ceil(DAY)
        ),
        refusal if is_authority(refusal) => format!(
            "the certificate of {peer} is its own authority (CA:TRUE), and not trusted; add it, in PEM format, to the \
             file that NODE_EXTRA_CA_CERTS or AWS_CA_BUNDLE names"
        ),
        CertificateError::UnknownIssuer => format!(
            "the certificate of {peer} was issued by an authority that is not trusted; add the authority's certificate, \
             in PEM format, to the file that NODE_EXTRA_CA_CERTS or AWS_CA_BUNDLE names"
        ),
        _ => format!("the certificate of {peer} is not acceptable"),
    }
}

/// Strips webpki's notation (`DnsName("a.example")`) from a name, which comes from the peer.
fn plain_name(shown: &str) -> String {
    let name = shown.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(shown);
    name.trim_matches('"').chars().filter(|character| !character.is_control()).take(255).collect()
}

/// Whether the server ended the connection because the client has no certificate.
pub(super) fn wants_client_certificate(error: &(dyn StdError + 'static)) -> bool {
    let is_that =
        |error: &TlsError| matches!(error, TlsError::AlertReceived(alert) if is_about_the_certificate(*alert));
    chain(error).filter_map(|error| error.downcast_ref::<TlsError>()).any(is_that)
}

/// Whether the alert says that the client's certificate is missing or invalid.
fn is_about_the_certificate(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::NoCertificate
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::CertificateRequired
    )
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for SetupError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().map(|cause| &**cause as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests;
