//! Builds and signs one attempt of a request.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderName, HeaderValue};
use http_body_util::Full;

use super::Action;
use super::failure::Failure;
use super::template::Template;
use super::trace::TraceId;

const X_AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
const X_AMZ_TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const INVOCATION_ID: HeaderName = HeaderName::from_static("amz-sdk-invocation-id");
const SDK_REQUEST: HeaderName = HeaderName::from_static("amz-sdk-request");
const TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// The headers that all attempts of a driver share.
#[derive(Debug)]
pub(super) struct Constants {
    /// The `amz-sdk-request` header of each attempt, starting with the first.
    counts: Vec<HeaderValue>,
    trace_id: TraceId,
}

impl Constants {
    pub(super) fn new(max_attempts: u32, trace_id: TraceId) -> Self {
        let count = |number| HeaderValue::try_from(format!("attempt={number}; max={max_attempts}")).ok();
        Self { counts: (1..=max_attempts).filter_map(count).collect(), trace_id }
    }
}

/// Returns a random request ID. All attempts of a request share it.
pub(super) fn invocation_id() -> HeaderValue {
    let mut buffer = uuid::Uuid::encode_buffer();
    let id = uuid::Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid();
    let id = id.hyphenated().encode_lower(&mut buffer);
    HeaderValue::from_str(id).unwrap_or(HeaderValue::from_static(""))
}

/// One attempt of a request.
pub(super) struct Attempt<'a> {
    pub(super) template: &'a Template,
    pub(super) action: Action,
    pub(super) body: &'a Bytes,
    pub(super) id: &'a HeaderValue,
    /// Starts at 1.
    pub(super) number: u32,
}

impl Attempt<'_> {
    /// Builds the request, signed for the time `at`.
    pub(super) fn request(&self, constants: &Constants, at: Duration) -> Result<Request<Full<Bytes>>, Failure> {
        let Self { template, action, body, id, number } = self;
        let signed = template.signer.sign(at, action.target(), body);
        let mut headers = template.headers.clone();
        headers.insert(X_AMZ_TARGET, HeaderValue::from_static(action.target()));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        headers.insert(X_AMZ_DATE, header(signed.date)?);
        headers.insert(AUTHORIZATION, header(signed.authorization)?);
        headers.insert(INVOCATION_ID, HeaderValue::clone(id));
        if let Some(count) = constants.counts.get(*number as usize - 1) {
            headers.insert(SDK_REQUEST, count.clone());
        }
        if let Some(id) = constants.trace_id.header() {
            headers.insert(TRACE_ID, id);
        }
        let mut request = Request::new(Full::new(Bytes::clone(body)));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = template.uri.clone();
        *request.headers_mut() = headers;
        Ok(request)
    }
}

fn header(text: String) -> Result<HeaderValue, Failure> {
    HeaderValue::try_from(text).map_err(|_| Failure::not_sent("credentials that no header can hold"))
}
