//! The failure of a request or of one attempt, from the connection up to the store.

use aws_smithy_runtime_api::client::result::ConnectorError;
use bytes::Bytes;

use super::credentials;
use super::explain::{causes, is_throttle, no_credentials, without_credentials};
use super::retry::Retry;
use super::setup::SetupError;
use super::timeouts::TimedOut;
use crate::error::{Error, Metadata, chain};
use crate::json::ErrorBody;

/// The failure of a request, or of one attempt.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(super) reason: Reason,
    /// How to retry, or `None` if a retry cannot succeed.
    pub(super) retry: Option<Retry>,
    /// The HTTP status, if a response was received.
    pub(super) http_status: Option<u16>,
    /// AWS's request ID, if a response was received.
    pub(super) request_id: Option<String>,
    /// The response to a write whose condition was not met. It may contain the stored item.
    pub(crate) unmet: Option<Box<Bytes>>,
}

/// What went wrong. The texts are safe to show.
#[derive(Debug)]
pub(super) enum Reason {
    /// AWS responded with an error.
    Response(ErrorBody),
    /// The response could not be read.
    Unreadable(String),
    /// No response arrived in time.
    TimedOut(Option<String>),
    /// The connection could not be opened, or it failed. `advice` says what to do, if known.
    Unreachable { cause: String, advice: Option<String> },
    /// The request could not be built.
    NotSent(String),
    /// The time until which the request could be sent had passed.
    TooLate,
    /// The environment and the profile do not resolve to an endpoint.
    NoEndpoint(String),
    /// No credentials were available.
    Credentials(Error),
    /// The environment contains an unusable setting.
    Configuration(Error),
}

impl Failure {
    /// A failure without a retry.
    fn of(reason: Reason) -> Self {
        Self { reason, retry: None, http_status: None, request_id: None, unmet: None }
    }

    pub(super) fn too_late() -> Self {
        Self::of(Reason::TooLate)
    }

    pub(super) fn not_sent(cause: impl Into<String>) -> Self {
        Self::of(Reason::NotSent(cause.into()))
    }

    /// The connection could not be opened, or it failed.
    pub(super) fn connector(error: &ConnectorError) -> Self {
        Self { retry: Retry::of_connector(error), ..Self::of(Reason::of_connector(error)) }
    }

    /// A timeout. A stalled attempt is retried; after the deadline there is no time for a retry.
    pub(super) fn timed_out(limit: TimedOut) -> Self {
        match limit {
            TimedOut::Deadline => Self::of(Reason::TimedOut(None)),
            TimedOut::Stalled(limit) => {
                let cause = format!("no byte moved for {} ms (`attemptTimeout`)", limit.as_millis());
                Self { retry: Some(Retry::TRANSIENT), ..Self::of(Reason::TimedOut(Some(cause))) }
            }
        }
    }

    pub(super) fn credentials(failure: &credentials::LookupError) -> Self {
        Self::of(Reason::Credentials(no_credentials(failure)))
    }

    /// A response that could not be read.
    pub(super) fn unreadable(error: &(dyn std::error::Error + 'static), retry: Option<Retry>) -> Self {
        Self { retry, ..Self::of(Reason::Unreadable(causes(error))) }
    }

    /// An error response.
    pub(super) fn response(body: ErrorBody, retry: Option<Retry>, status: u16, request_id: Option<String>) -> Self {
        Self { retry, http_status: Some(status), request_id, ..Self::of(Reason::Response(body)) }
    }

    /// Whether DynamoDB certainly did not execute the request. A server error, a lost response or one without AWS's
    /// error name, which a proxy may have sent, leave this open.
    pub(super) fn is_certain(&self) -> bool {
        let (Some(status), Some(name)) = (self.http_status, self.aws_name()) else { return false };
        (400..500).contains(&status) || is_throttle(Some(name), status)
    }

    /// AWS's name of the error, if it responded with one.
    pub(super) fn aws_name(&self) -> Option<&str> {
        match &self.reason {
            Reason::Response(body) => body.name.as_deref(),
            _ => None,
        }
    }

    /// The SDK could not resolve an endpoint.
    pub(super) fn no_endpoint(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::of(Reason::NoEndpoint(causes(error)))
    }

    /// The metadata of the error after this number of requests.
    pub(super) fn metadata(&self, attempts: u32) -> Metadata {
        Metadata { http_status: self.http_status, request_id: self.request_id.clone(), attempts }
    }
}

impl Reason {
    fn of_connector(error: &ConnectorError) -> Self {
        if let Some(explained) = chain(error).find_map(|error| error.downcast_ref::<Error>()) {
            return Self::Configuration(explained.clone());
        }
        if error.is_timeout() {
            return Self::TimedOut(Some(causes(error)));
        }
        if let Some(explained) = without_credentials(error) {
            return Self::Credentials(explained);
        }
        if error.is_user() {
            return Self::NotSent(causes(error));
        }
        let advice = chain(error).find_map(|error| error.downcast_ref::<SetupError>()).map(ToString::to_string);
        Self::Unreachable { cause: causes(error), advice }
    }
}
