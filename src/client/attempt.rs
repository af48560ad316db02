//! One attempt of a request: its headers, its way to AWS, and the answer, read to its end.

use std::time::Duration;

use aws_smithy_runtime_api::client::result::ConnectorError;
use bytes::Bytes;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderName, HeaderValue};
use http_body_util::Full;

use super::Action;
use super::answer::{Limit, is_too_large};
use super::channel::Channel;
use super::pool::Lease;
use super::request::Course;
use super::retry::Kind;
use super::template::Template;
use super::trace::TraceId;
use crate::error::aws::Failure;

const X_AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
const X_AMZ_TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const INVOCATION_ID: HeaderName = HeaderName::from_static("amz-sdk-invocation-id");
const SDK_REQUEST: HeaderName = HeaderName::from_static("amz-sdk-request");
/// Under which names AWS gives its id of a request.
const REQUEST_IDS: [HeaderName; 2] =
    [HeaderName::from_static("x-amzn-requestid"), HeaderName::from_static("x-amz-request-id")];
const TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// What is the same in every attempt of a driver.
#[derive(Debug)]
pub(super) struct Constants {
    /// The header `amz-sdk-request` of each attempt, from the first on.
    counts: Vec<HeaderValue>,
    trace_id: TraceId,
}

impl Constants {
    pub(super) fn new(max_attempts: u32, trace_id: TraceId) -> Self {
        let count = |number| HeaderValue::try_from(format!("attempt={number}; max={max_attempts}")).ok();
        Self { counts: (1..=max_attempts).filter_map(count).collect(), trace_id }
    }
}

/// A random id of a request, the same in all of its attempts.
pub(super) fn invocation_id() -> HeaderValue {
    let mut buffer = uuid::Uuid::encode_buffer();
    let id = uuid::Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid();
    let id = id.hyphenated().encode_lower(&mut buffer);
    HeaderValue::from_str(id).unwrap_or(HeaderValue::from_static(""))
}

/// One attempt.
pub(super) struct Attempt<'a> {
    pub(super) template: &'a Template,
    pub(super) action: Action,
    pub(super) body: &'a Bytes,
    pub(super) id: &'a HeaderValue,
    /// From 1.
    pub(super) number: u32,
}

impl Attempt<'_> {
    /// The request, signed at this time.
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
    HeaderValue::try_from(text).map_err(|_| Failure::not_sent("credentials that no header can hold".to_owned()))
}

/// An answer, whole.
pub(super) struct Answer {
    pub(super) status: http::StatusCode,
    headers: http::HeaderMap,
    pub(super) body: Bytes,
    /// The connection that it came by, where there was one. Dropped, no other request goes by it.
    pub(super) lease: Option<Lease>,
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        self.status.is_success()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// An exchange that broke off.
pub(super) struct Broken {
    pub(super) failure: Failure,
    pub(super) again: Option<Kind>,
}

/// Sends a request, which it takes out of where it lies, and reads the answer. A connection that breaks is not used again.
pub(super) async fn exchange(
    channel: &Channel,
    request: &mut Option<Request<Full<Bytes>>>,
    action: Action,
    course: &mut Course,
) -> Result<Answer, Broken> {
    (course.http_status, course.request_id) = (None, None);
    let (head, body) = channel
        .send(request)
        .await
        .map_err(|error| Broken { failure: Failure::connector(&error), again: again(&error) })?;
    let id = REQUEST_IDS.iter().find_map(|name| head.headers.get(name));
    (course.http_status, course.request_id) = (Some(head.status.as_u16()), id.cloned());
    let (body, lease) = body.read(Limit::of(action, head.status.is_success())).await.map_err(|error| {
        // Another attempt would only bring it again.
        let again = (!is_too_large(&*error)).then_some(Kind::Transient);
        Broken { failure: Failure::unreadable(&*error), again }
    })?;
    course.effort.bytes_received += body.len() as u64;
    Ok(Answer { status: head.status, headers: head.headers, body, lease })
}

/// Why a failure to send may be repeated.
fn again(error: &ConnectorError) -> Option<Kind> {
    use aws_smithy_types::retry::ErrorKind;
    match error.as_other() {
        _ if error.is_timeout() || error.is_io() => Some(Kind::Transient),
        Some(ErrorKind::TransientError) => Some(Kind::Transient),
        Some(ErrorKind::ThrottlingError) => Some(Kind::Throttled),
        Some(ErrorKind::ServerError | ErrorKind::ClientError) => Some(Kind::Server),
        _ => None,
    }
}
