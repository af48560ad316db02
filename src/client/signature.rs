//! Signature Version 4 for DynamoDB requests, which all have the same shape: a `POST` of JSON, signed in its headers.
//!
//! The signing key, dates and hexadecimal digits come from the crates that the SDK uses; only the canonical request is
//! built here. For each request, `aws-sigv4` sorts and normalises headers that are always the same, and derives the
//! signing key again. `signature/tests.rs` compares the results.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::sign::v4::generate_signing_key;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::{digest, hmac};

/// The content type of all requests.
pub(super) const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

const SECONDS_PER_DAY: u64 = 86_400;

/// The last second of the year 9999, because dates have four digits for the year. AWS rejects any clock that is so far
/// ahead.
const END_OF_CALENDAR: Duration = Duration::from_secs(253_402_300_799);

/// The region and service that requests are signed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) region: String,
    pub(super) service: String,
}

/// The parts of the signature that do not change between requests.
pub(super) struct Signer {
    credentials: Credentials,
    scope: Scope,
    /// The `host` header.
    host: String,
    /// The path, URI-encoded a second time.
    path: String,
    /// The `x-amz-user-agent` header.
    user_agent: String,
    /// The names of the signed headers, sorted.
    signed_headers: &'static str,
    day: Mutex<Option<Arc<Day>>>,
}

/// The signing key of one day.
struct Day {
    /// Days since 1970.
    number: u64,
    /// In the form `20301231`.
    date: String,
    key: hmac::Key,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(redacted)")
    }
}

/// The headers of a signed request.
#[derive(Debug)]
pub(super) struct Signed {
    /// The `x-amz-date` header.
    pub(super) date: String,
    /// The `authorization` header.
    pub(super) authorization: String,
}

impl Signer {
    pub(super) fn new(credentials: Credentials, scope: Scope, host: String, path: &str, user_agent: &str) -> Self {
        let signed_headers = if credentials.session_token().is_some() {
            "content-length;content-type;host;x-amz-date;x-amz-security-token;x-amz-target;x-amz-user-agent"
        } else {
            "content-length;content-type;host;x-amz-date;x-amz-target;x-amz-user-agent"
        };
        Self {
            credentials,
            scope,
            host,
            path: encoded_again(path),
            user_agent: user_agent.to_owned(),
            signed_headers,
            day: Mutex::default(),
        }
    }

    /// Signs a request for a time since 1970.
    pub(super) fn sign(&self, at: Duration, target: &str, body: &[u8]) -> Signed {
        let at = at.min(END_OF_CALENDAR);
        let Day { date: day, key, .. } = &*self.day(at);
        let second = at.as_secs() % SECONDS_PER_DAY;
        let date = format!("{day}T{:02}{:02}{:02}Z", second / 3_600, second / 60 % 60, second % 60);
        let Scope { region, service } = &self.scope;
        let request = self.canonical_request(&date, target, body);
        let hash = digest::digest(&digest::SHA256, request.as_bytes());
        let mut text = String::with_capacity(192);
        // Writing to a String cannot fail.
        let _ = write!(text, "{ALGORITHM}\n{date}\n{day}/{region}/{service}/aws4_request\n");
        push_hex(&mut text, hash.as_ref());
        let signature = hmac::sign(key, text.as_bytes());
        let id = self.credentials.access_key_id();
        let mut authorization = String::with_capacity(320);
        let _ = write!(
            authorization,
            "{ALGORITHM} Credential={id}/{day}/{region}/{service}/aws4_request, SignedHeaders={}, Signature=",
            self.signed_headers
        );
        push_hex(&mut authorization, signature.as_ref());
        Signed { date, authorization }
    }

    /// Returns the signing key of a day. The latest one is cached, because deriving it takes longer than signing.
    fn day(&self, at: Duration) -> Arc<Day> {
        let number = at.as_secs() / SECONDS_PER_DAY;
        let mut kept = self.day.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some(day) if day.number == number => Arc::clone(day),
            _ => Arc::clone(kept.insert(Arc::new(self.new_day(number, at)))),
        }
    }

    fn new_day(&self, number: u64, at: Duration) -> Day {
        let Scope { region, service } = &self.scope;
        let key = generate_signing_key(self.credentials.secret_access_key(), UNIX_EPOCH + at, region, service);
        let time = DateTime::from_secs(i64::try_from(at.as_secs()).unwrap_or_default());
        let mut date = time.fmt(Format::DateTime).unwrap_or_default().replace('-', "");
        date.truncate(8);
        Day { number, date, key: hmac::Key::new(hmac::HMAC_SHA256, key.as_ref()) }
    }

    fn canonical_request(&self, date: &str, target: &str, body: &[u8]) -> String {
        let mut text = String::with_capacity(768);
        let Self { path, host, user_agent, signed_headers, .. } = self;
        let _ = write!(
            text,
            "POST\n{path}\n\ncontent-length:{}\ncontent-type:{CONTENT_TYPE}\nhost:{host}\nx-amz-date:{date}\n",
            body.len()
        );
        if let Some(token) = self.credentials.session_token() {
            let _ = writeln!(text, "x-amz-security-token:{token}");
        }
        let _ = write!(text, "x-amz-target:{target}\nx-amz-user-agent:{user_agent}\n\n{signed_headers}\n");
        push_hex(&mut text, digest::digest(&digest::SHA256, body).as_ref());
        text
    }
}

/// The characters of a path that are not encoded.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes a path a second time and removes empty segments, as signatures require. (`aws-sigv4` also resolves dot
/// segments, which parsed URLs never contain.)
fn encoded_again(path: &str) -> String {
    let mut encoded = utf8_percent_encode(path, IN_PATH).to_string();
    while encoded.contains("//") {
        encoded = encoded.replace("//", "/");
    }
    encoded
}

/// Appends a SHA-256 hash in hexadecimal.
fn push_hex(text: &mut String, hash: &[u8]) {
    let mut digits = [0; 64];
    // Fails only for a hash of another length.
    if hex::encode_to_slice(hash, &mut digits).is_ok() {
        text.push_str(std::str::from_utf8(&digits).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests;
