//! The option `endpoint`, and the same setting in the environment.

use std::net::Ipv4Addr;

use url::{Host, Url};

use crate::error::{Error, ErrorKind};
use crate::input::Input;

const ALLOWED: &str = "an http:// or https:// URL of a host, without user information, query or fragment";

/// The URL that replaces AWS's endpoint of the region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// Parses a URL. The error does not contain the URL, which may include a password.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| "no URL")?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("a URL of another scheme");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("a URL with user information");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("a URL with a query or fragment");
        }
        Ok(Self(url))
    }

    /// The URL as text, for the SDK and for messages.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// Whether requests are sent unencrypted.
    #[must_use]
    pub fn is_plain_http(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// Whether requests are sent unencrypted to a public host. Decided by the URL alone, without a DNS lookup: a name
    /// of one label, or under `.local` or `.internal`, belongs to a private network.
    #[must_use]
    pub fn is_exposed(&self) -> bool {
        self.is_plain_http()
            && match self.0.host() {
                Some(Host::Domain(name)) => {
                    let name = name.trim_end_matches('.');
                    name.contains('.') && ![".localhost", ".local", ".internal"].iter().any(|end| name.ends_with(end))
                }
                Some(Host::Ipv4(address)) => is_public(address),
                Some(Host::Ipv6(address)) => match address.to_ipv4_mapped() {
                    Some(address) => is_public(address),
                    None => {
                        !(address.is_loopback()
                            || address.is_unspecified()
                            || address.is_unique_local()
                            || address.is_unicast_link_local())
                    }
                },
                None => false,
            }
    }
}

fn is_public(address: Ipv4Addr) -> bool {
    !(address.is_loopback() || address.is_unspecified() || address.is_private() || address.is_link_local())
}

/// Validates the option.
pub(super) fn parse(endpoint: Input) -> Result<Option<Endpoint>, Error> {
    match endpoint {
        Input::Absent => Ok(None),
        Input::Text(text) if !text.is_empty() => {
            Endpoint::parse(&text).map(Some).map_err(|found| Error::option("endpoint", ALLOWED, found))
        }
        other => Err(Error::option("endpoint", ALLOWED, other.kind())),
    }
}

/// Validates an endpoint from the environment or the profile. Ignoring an invalid one would send the user's data to
/// AWS.
pub(crate) fn from_environment(text: &str, source: &str) -> Result<Endpoint, Error> {
    Endpoint::parse(text).map_err(|found| {
        Error::new(ErrorKind::InvalidOption, format!("The endpoint in {source} must be {ALLOWED}; it is {found}."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_http_and_https() {
        for (given, kept) in [
            ("http://localhost:8000", "http://localhost:8000"),
            ("https://dynamodb.eu-west-1.amazonaws.com/", "https://dynamodb.eu-west-1.amazonaws.com"),
            ("http://[::1]:8000", "http://[::1]:8000"),
            ("https://proxy.internal/dynamo", "https://proxy.internal/dynamo"),
        ] {
            assert_eq!(Endpoint::parse(given).expect("valid").as_str(), kept);
        }
        assert!(Endpoint::parse("http://localhost").expect("valid").is_plain_http());
        assert!(!Endpoint::parse("https://localhost").expect("valid").is_plain_http());
    }

    /// [TLS-4]
    #[test]
    fn an_unencrypted_public_host_is_exposed() {
        let is_exposed = |text: &str| Endpoint::parse(text).expect("valid").is_exposed();
        for exposed in [
            "http://dynamodb.example.com",
            "http://example.com.:8000",
            "http://8.8.8.8",
            "http://172.32.0.1",
            "http://[2001:db8::1]",
            "http://[::ffff:8.8.8.8]",
            "http://internal.example.com",
            "http://notlocal.com",
        ] {
            assert!(is_exposed(exposed), "{exposed}");
        }
        for private in [
            "https://dynamodb.example.com",
            "http://localhost:8000",
            "http://app.localhost",
            "http://dynamodb:8000",
            "http://dynamodb.local",
            "http://dynamodb.Internal.",
            "http://host.docker.internal:8000",
            "http://127.0.0.2",
            "http://0.0.0.0:8000",
            "http://10.1.2.3",
            "http://172.16.0.1",
            "http://192.168.1.1",
            "http://169.254.1.1",
            "http://[::1]",
            "http://[::]:8000",
            "http://[fd00::1]",
            "http://[fe80::1]",
            "http://[::ffff:10.0.0.1]",
        ] {
            assert!(!is_exposed(private), "{private}");
        }
    }

    #[test]
    fn rejects_other_values_without_showing_them() {
        for refused in [
            "localhost:8000",
            "file:///etc/passwd",
            "http://me:CANARY@host",
            "http://host?a=CANARY",
            "http://h#CANARY",
            "CANARY",
        ] {
            let message = parse(refused.into()).expect_err("refused").to_string();
            assert!(message.contains("`endpoint`") && message.contains("http://"), "{message}");
            assert!(!message.contains("CANARY"), "{message}");
        }
        assert!(parse("".into()).is_err());
        assert!(parse(Input::Number(8000.0)).is_err());
    }
}
