//! Signature Version 4 with the signing key of the day kept, as the driver keeps it.

use std::cell::RefCell;
use std::time::{Duration, UNIX_EPOCH};

use aws_sigv4::sign::v4::generate_signing_key;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use ring::{digest, hmac};

use crate::Failure;

pub(crate) const CONTENT_TYPE: &str = "application/x-amz-json-1.0";
pub(crate) const KEY_ID: &str = "LOCAL";
pub(crate) const SECRET: &str = "local";
pub(crate) const REGION: &str = "us-east-1";

const SIGNED_HEADERS: &str = "content-type;host;x-amz-date;x-amz-target";
const SECONDS_PER_DAY: u64 = 86_400;

pub(crate) struct Signer {
    host: String,
    target: &'static str,
    day: RefCell<Option<Day>>,
}

struct Day {
    /// Days since 1970.
    number: u64,
    /// In the form `20301231`.
    date: String,
    key: hmac::Key,
}

/// The headers that a signature adds.
pub(crate) struct Signed {
    /// The `x-amz-date` header.
    pub(crate) date: String,
    pub(crate) authorization: String,
}

impl Signer {
    pub(crate) fn new(host: String, target: &'static str) -> Self {
        Self { host, target, day: RefCell::new(None) }
    }

    /// Signs a body for a time since 1970.
    pub(crate) fn sign(&self, at: Duration, body: &[u8]) -> Result<Signed, Failure> {
        let mut kept = self.day.borrow_mut();
        let number = at.as_secs() / SECONDS_PER_DAY;
        let Day { date: day, key, .. } = match kept.take() {
            Some(day) if day.number == number => kept.insert(day),
            _ => kept.insert(Day::new(number, at)?),
        };
        let second = at.as_secs() % SECONDS_PER_DAY;
        let date = format!("{day}T{:02}{:02}{:02}Z", second / 3_600, second / 60 % 60, second % 60);
        let Self { host, target, .. } = self;
        let hash = hex::encode(digest::digest(&digest::SHA256, body));
        let request = format!(
            "POST\n/\n\ncontent-type:{CONTENT_TYPE}\nhost:{host}\nx-amz-date:{date}\nx-amz-target:{target}\n\n{SIGNED_HEADERS}\n{hash}"
        );
        let hash = hex::encode(digest::digest(&digest::SHA256, request.as_bytes()));
        let scope = format!("{day}/{REGION}/dynamodb/aws4_request");
        let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{hash}");
        let signature = hex::encode(hmac::sign(key, text.as_bytes()));
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={KEY_ID}/{scope}, SignedHeaders={SIGNED_HEADERS}, Signature={signature}"
        );
        Ok(Signed { date, authorization })
    }
}

impl Day {
    fn new(number: u64, at: Duration) -> Result<Self, Failure> {
        let key = generate_signing_key(SECRET, UNIX_EPOCH + at, REGION, "dynamodb");
        let time = DateTime::from_secs(i64::try_from(at.as_secs())?);
        let mut date = time.fmt(Format::DateTime)?.replace('-', "");
        date.truncate(8);
        Ok(Self { number, date, key: hmac::Key::new(hmac::HMAC_SHA256, key.as_ref()) })
    }
}

#[cfg(test)]
mod tests {
    use aws_credential_types::Credentials;
    use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
    use aws_sigv4::sign::v4;

    use super::*;

    #[test]
    fn signatures_are_those_of_the_sdk_on_both_sides_of_midnight() {
        let (host, target) = ("127.0.0.1:8000", "DynamoDB_20120810.GetItem");
        let signer = Signer::new(host.to_owned(), target);
        let identity = Credentials::new(KEY_ID, SECRET, None, None, "test").into();
        for second in [1_924_991_999, 1_924_992_000, 1_924_992_001] {
            let at = Duration::from_secs(second);
            let headers = [("content-type", CONTENT_TYPE), ("host", host), ("x-amz-target", target)];
            let parameters = v4::SigningParams::builder()
                .identity(&identity)
                .region(REGION)
                .name("dynamodb")
                .time(UNIX_EPOCH + at)
                .settings(SigningSettings::default())
                .build()
                .unwrap()
                .into();
            let body = SignableBody::Bytes(b"{}");
            let request = SignableRequest::new("POST", "http://127.0.0.1:8000/", headers.into_iter(), body).unwrap();
            let (instructions, _) = sign(request, &parameters).unwrap().into_parts();
            let theirs: Vec<_> = instructions.headers().collect();
            let Signed { date, authorization } = signer.sign(at, b"{}").unwrap();
            assert_eq!(theirs, [("x-amz-date", date.as_str()), ("authorization", authorization.as_str())]);
        }
    }
}
