//! Signature Version 4 of the one shape that a DynamoDB request has: `POST` of JSON, signed in its headers.
//!
//! Our own, because a request needs a fraction of what `aws-sigv4` does for any: the key of a day is derived once and
//! not with every request, and nothing is sorted, normalised or collected that is always the same. That both sign alike
//! is proved request by request in `signature/tests.rs`.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::fmt::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_credential_types::Credentials;
use ring::{digest, hmac};

/// The type of every body.
pub(super) const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

const SECONDS_PER_DAY: u64 = 86_400;

/// Where and for what requests are signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) region: String,
    pub(super) service: String,
}

/// What of a request goes into its signature and does not change.
pub(super) struct Signer {
    credentials: Credentials,
    scope: Scope,
    /// The header `host`.
    host: String,
    /// The path, encoded once more.
    path: String,
    /// The header `x-amz-user-agent`.
    user_agent: String,
    /// The names of the headers that are signed, in order.
    signed_headers: &'static str,
    /// The key of a day.
    key: Mutex<Option<(u64, hmac::Key)>>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(redacted)")
    }
}

/// What a request is sent with.
#[derive(Debug)]
pub(super) struct Signed {
    /// The header `x-amz-date`.
    pub(super) date: String,
    /// The header `authorization`.
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
            key: Mutex::default(),
        }
    }

    /// Signs a request at this time, since 1970.
    pub(super) fn sign(&self, at: Duration, target: &str, body: &[u8]) -> Signed {
        let date = date_time(at.as_secs());
        let day = date.get(..8).unwrap_or_default();
        let Scope { region, service } = &self.scope;
        let request = self.canonical_request(&date, target, body);
        let hash = digest::digest(&digest::SHA256, request.as_bytes());
        let mut text = String::with_capacity(192);
        // Writing to a String does not fail.
        let _ = write!(text, "{ALGORITHM}\n{date}\n{day}/{region}/{service}/aws4_request\n");
        push_hex(&mut text, hash.as_ref());
        let signature = self.authenticate(at.as_secs() / SECONDS_PER_DAY, day, &text);
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

    /// The signature of a text, by the key of its day.
    fn authenticate(&self, day_number: u64, day: &str, text: &str) -> hmac::Tag {
        let mut key = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        match &*key {
            Some((of, key)) if *of == day_number => hmac::sign(key, text.as_bytes()),
            _ => {
                let (_, key) = key.insert((day_number, self.derive(day)));
                hmac::sign(key, text.as_bytes())
            }
        }
    }

    fn derive(&self, day: &str) -> hmac::Key {
        let sign = |key: &[u8], text: &str| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes());
        let secret = zeroize::Zeroizing::new(["AWS4", self.credentials.secret_access_key()].concat());
        let key = sign(secret.as_bytes(), day);
        let key = sign(key.as_ref(), &self.scope.region);
        let key = sign(key.as_ref(), &self.scope.service);
        let key = sign(key.as_ref(), "aws4_request");
        hmac::Key::new(hmac::HMAC_SHA256, key.as_ref())
    }
}

/// A path, which is encoded already, as it is signed: without empty segments, and encoded a second time. (Segments of
/// dots, which `aws-sigv4` resolves, are none of a URL that was parsed.)
fn encoded_again(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte == b'/' && encoded.ends_with('/') {
            continue;
        }
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Appends a hash in hexadecimal digits, all at once: three of them go into each request.
fn push_hex(text: &mut String, hash: &[u8]) {
    let digit = |half: u8| half + if half < 10 { b'0' } else { b'a' - 10 };
    let mut digits = [0; 64];
    let (pairs, _) = digits.as_chunks_mut();
    for (pair, byte) in pairs.iter_mut().zip(hash) {
        *pair = [digit(byte >> 4), digit(byte & 15)];
    }
    text.push_str(std::str::from_utf8(&digits).unwrap_or_default());
}

/// `20301231T235959Z`.
fn date_time(epoch_second: u64) -> String {
    let (year, month, day) = civil(epoch_second / SECONDS_PER_DAY);
    let second = epoch_second % SECONDS_PER_DAY;
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// Year, month and day of a day since 1970: <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>
fn civil(day: u64) -> (u64, u64, u64) {
    /// Days of 400 years, and from 0000-03-01 to 1970.
    const ERA: u64 = 146_097;
    const TO_1970: u64 = 719_468;
    let shifted = day + TO_1970;
    let (era, of_era) = (shifted / ERA, shifted % ERA);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    // Counted from March, so that the leap day is the last of a year.
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    (year + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests;
