//! The option `proxy`. The URL has no `Debug`, because its user information is secret.

use std::fmt;

use url::Url;

use crate::error::Error;
use crate::input::Input;

const ALLOWED: &str = "true (take it from HTTPS_PROXY, HTTP_PROXY and NO_PROXY), false, or an http:// or https:// URL \
                       of a host, without path, query or fragment";

/// The proxy that requests use.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Proxy {
    /// No proxy, even if the environment configures one, as in the JavaScript SDK.
    #[default]
    Off,
    /// The proxy that the environment configures.
    Environment,
    /// This proxy.
    Url(Url),
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "Off",
            Self::Environment => "Environment",
            Self::Url(_) => "Url(redacted)",
        })
    }
}

/// Validates the option.
pub(super) fn parse(proxy: Input) -> Result<Proxy, Error> {
    if proxy.is_absent() {
        return Ok(Proxy::Off);
    }
    if let Some(on) = proxy.as_boolean() {
        return Ok(if on { Proxy::Environment } else { Proxy::Off });
    }
    match proxy {
        Input::Text(text) => read(&text).map(Proxy::Url).map_err(|found| Error::option("proxy", ALLOWED, found)),
        other => Err(Error::option("proxy", ALLOWED, other.kind())),
    }
}

/// Parses a proxy URL. The error does not contain the URL.
fn read(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "no URL")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("a URL of another scheme");
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err("a URL with a path, query or fragment");
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_off_the_environment_or_a_url() {
        assert_eq!(parse(Input::Absent).expect("valid"), Proxy::Off);
        assert_eq!(parse(Input::Boolean(false)).expect("valid"), Proxy::Off);
        assert_eq!(parse(Input::Boolean(true)).expect("valid"), Proxy::Environment);
        assert_eq!(parse("true".into()).expect("valid"), Proxy::Environment);
        for off in ["false", ""] {
            assert_eq!(parse(off.into()).expect("valid"), Proxy::Off);
        }
        for url in ["http://proxy:3128", "https://me:CANARY@proxy.example/"] {
            let proxy = parse(url.into()).expect("valid");
            assert!(matches!(proxy, Proxy::Url(_)));
            assert!(!format!("{proxy:?}").contains("CANARY"));
        }
    }

    #[test]
    fn rejects_other_values_without_showing_them() {
        for refused in [
            "proxy:3128".into(),
            "socks5://me:CANARY@proxy".into(),
            "http://me:CANARY@proxy/path".into(),
            "http://me:CANARY@proxy?x".into(),
            "http://me:CANARY@".into(),
            Input::Number(3128.0),
            Input::Other("an object"),
        ] {
            let message = parse(refused).expect_err("refused").to_string();
            assert!(message.contains("`proxy`") && message.contains("HTTPS_PROXY"), "{message}");
            assert!(!message.contains("CANARY"), "{message}");
        }
    }
}
