//! The environment of a driver: a snapshot of `process.env` at its first call.
//!
//! `process.env` may differ from the C environment: worker threads can have their own, test runners copy it for each
//! file, and programs may replace it. JavaScript therefore passes the variables on, and neither this code nor the SDK
//! reads those of the process (`clippy.toml` disallows `std::env::var`).

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use aws_types::os_shim_internal::Env;
use hyper_util::client::proxy::matcher::Matcher;

/// The prefixes of variables that the driver or the SDK reads.
const PREFIXES: [&str; 2] = ["AWS_", "UNSTORAGE_DYNAMODB_"];

/// The other variables that they read.
const NAMES: [&str; 19] = [
    // The ID of the current Lambda invocation.
    "_X_AMZN_TRACE_ID",
    // The SDK's alternative to AWS_SECRET_ACCESS_KEY.
    "SECRET_ACCESS_KEY",
    "NODE_EXTRA_CA_CERTS",
    "NODE_TLS_REJECT_UNAUTHORIZED",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "ALL_PROXY",
    "all_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    // Under CGI, clients control HTTP_PROXY: <https://httpoxy.org>
    "REQUEST_METHOD",
    // The location of the shared config files and of cached logins.
    "HOME",
    "USERPROFILE",
    "HOMEDRIVE",
    "HOMEPATH",
];

/// A snapshot of an environment. Clones share it.
#[derive(Clone)]
pub struct Environment(Arc<Snapshot>);

struct Snapshot {
    /// The variables that the driver and the SDK read.
    read: HashMap<String, String>,
    /// The same variables in the SDK's type.
    sdk: Env,
    /// All variables, for credential processes.
    all: Vec<(String, String)>,
}

impl fmt::Debug for Environment {
    /// Omits names and values, because many are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment(redacted)")
    }
}

impl Default for Environment {
    fn default() -> Self {
        Self::new([])
    }
}

impl Environment {
    /// Creates an environment from these variables.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let all: Vec<_> = variables.into_iter().map(|(name, value)| (canonical(name), value)).collect();
        let read: HashMap<_, _> = all.iter().filter(|(name, _)| is_read(name)).cloned().collect();
        Self(Arc::new(Snapshot { sdk: Env::from(read.clone()), read, all }))
    }

    /// Returns a variable that the driver reads.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.read.get(name).map(String::as_str)
    }

    /// Returns a variable unless it is empty: for most settings, an empty value counts as unset.
    #[must_use]
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// Returns the variables for the SDK.
    pub(crate) fn sdk(&self) -> Env {
        self.0.sdk.clone()
    }

    /// Returns the variables for the SDK, without the hidden ones and with an additional one.
    pub(crate) fn sdk_with(&self, hidden: &[&str], added: Option<(&str, &str)>) -> Env {
        let mut variables = self.0.read.clone();
        variables.retain(|name, _| !hidden.contains(&name.as_str()));
        variables.extend(added.map(|(name, value)| (name.to_owned(), value.to_owned())));
        Env::from(variables)
    }

    /// Returns all variables, for a child process.
    pub(crate) fn of_processes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.all.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the proxies that the variables configure, with curl's rules.
    pub(crate) fn proxies(&self) -> Matcher {
        if self.get("REQUEST_METHOD").is_some() {
            return Matcher::builder().build();
        }
        let first = |names: [&str; 2]| names.iter().find_map(|name| self.get(name)).unwrap_or_default().to_owned();
        Matcher::builder()
            .all(first(["ALL_PROXY", "all_proxy"]))
            .http(first(["HTTP_PROXY", "http_proxy"]))
            .https(first(["HTTPS_PROXY", "https_proxy"]))
            .no(first(["NO_PROXY", "no_proxy"]))
            .build()
    }
}

fn is_read(name: &str) -> bool {
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || NAMES.contains(&name)
}

/// Windows ignores the case of names, and the SDK looks up upper-case ones.
fn canonical(name: String) -> String {
    if cfg!(windows) { name.to_ascii_uppercase() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Environment {
        Environment::new(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    /// [ENV-4]
    #[test]
    fn reads_listed_variables_and_passes_all_to_processes() {
        let environment = of(&[("AWS_REGION", "eu-west-1"), ("AWS_PROFILE", ""), ("VAULT_TOKEN", "CANARY")]);
        assert_eq!(environment.get("AWS_REGION"), Some("eu-west-1"));
        assert_eq!(environment.get("AWS_PROFILE"), Some(""));
        assert_eq!(environment.filled("AWS_PROFILE"), None);
        assert_eq!(environment.get("VAULT_TOKEN"), None);
        assert!(environment.sdk().get("VAULT_TOKEN").is_err());
        assert_eq!(environment.of_processes().count(), 3);
        assert!(environment.sdk_with(&["AWS_REGION"], None).get("AWS_REGION").is_err());
        assert_eq!(environment.sdk_with(&[], Some(("AWS_PROFILE", "p"))).get("AWS_PROFILE").as_deref(), Ok("p"));
        assert!(!format!("{environment:?}").contains("CANARY"));
    }

    /// [ENV-4]
    #[test]
    fn an_empty_environment_does_not_inherit_from_the_process() {
        let environment = Environment::default();
        assert!(environment.sdk().get("PATH").is_err() && environment.sdk().get("HOME").is_err());
        assert_eq!(environment.of_processes().count(), 0);
    }

    /// [OPT-18]
    #[test]
    fn proxies_are_read_as_curl_reads_them() {
        let proxy = |variables: &[(&str, &str)], url: &'static str| {
            of(variables).proxies().intercept(&http::Uri::from_static(url)).map(|proxy| proxy.uri().to_string())
        };
        let https = "https://dynamodb.eu-west-1.amazonaws.com";
        assert_eq!(proxy(&[("HTTPS_PROXY", "http://a:1")], https).as_deref(), Some("http://a:1/"));
        assert_eq!(proxy(&[("https_proxy", "http://a:1")], https).as_deref(), Some("http://a:1/"));
        assert_eq!(proxy(&[("ALL_PROXY", "http://a:1")], https).as_deref(), Some("http://a:1/"));
        assert_eq!(proxy(&[("HTTPS_PROXY", ""), ("https_proxy", "http://a:1")], https), None);
        assert_eq!(proxy(&[("HTTP_PROXY", "http://a:1")], https), None);
        assert_eq!(proxy(&[("HTTPS_PROXY", "http://a:1"), ("NO_PROXY", "amazonaws.com")], https), None);
        assert_eq!(proxy(&[("HTTP_PROXY", "http://a:1"), ("REQUEST_METHOD", "GET")], "http://example.com"), None);
    }
}
