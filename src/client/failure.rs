//! How a request fails: one type on the whole way of a request, from a connection to the store.

use aws_smithy_runtime_api::client::result::ConnectorError;

use super::credentials;
use super::explain::{causes, no_credentials, without_credentials};
use super::patience::TimedOut;
use super::retry::Retry;
use super::setup::SetupError;
use crate::error::{Error, Metadata, chain};
use crate::json::ErrorBody;

/// A request, or one attempt of it, that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(super) reason: Reason,
    /// Whether another attempt is worth it; `None`: no.
    pub(super) retry: Option<Retry>,
    /// HTTP status of the answer, where there was one.
    pub(super) http_status: Option<u16>,
    /// AWS's id of the request, where there was an answer.
    pub(super) request_id: Option<String>,
}

/// What went wrong. Causes are texts that may be shown.
#[derive(Debug)]
pub(super) enum Reason {
    /// AWS answered with an error.
    Answered(ErrorBody),
    /// The answer could not be read.
    Unreadable(String),
    /// There was no answer in time.
    TimedOut(Option<String>),
    /// There was no connection, or it broke; where it is known what to do, with advice.
    Unreached { cause: String, advice: Option<String> },
    /// There was nothing that could be sent.
    NotSent(String),
    /// The settings of the environment and the profile lead nowhere.
    NoEndpoint(String),
    /// There were no credentials.
    Credentials(Error),
    /// The environment names what cannot be used.
    Explained(Error),
}

impl Failure {
    /// A failure that another attempt would meet again.
    fn of(reason: Reason) -> Self {
        Self { reason, retry: None, http_status: None, request_id: None }
    }

    pub(super) fn not_sent(cause: impl Into<String>) -> Self {
        Self::of(Reason::NotSent(cause.into()))
    }

    /// There was no connection, or it failed.
    pub(super) fn connector(error: &ConnectorError) -> Self {
        Self { retry: Retry::of_connector(error), ..Self::of(Reason::of_connector(error)) }
    }

    /// One of the limits of an exchange was reached. Silence may end with another attempt, the deadline does not.
    pub(super) fn timed_out(limit: TimedOut) -> Self {
        match limit {
            TimedOut::Deadline => Self::of(Reason::TimedOut(None)),
            TimedOut::Silence(limit) => {
                let cause = format!("no byte moved for {} ms (`attemptTimeout`)", limit.as_millis());
                Self { retry: Some(Retry::TRANSIENT), ..Self::of(Reason::TimedOut(Some(cause))) }
            }
        }
    }

    pub(super) fn credentials(failure: &credentials::Failure) -> Self {
        Self::of(Reason::Credentials(no_credentials(failure)))
    }

    /// An answer that could not be read.
    pub(super) fn unreadable(error: &(dyn std::error::Error + 'static), retry: Option<Retry>) -> Self {
        Self { retry, ..Self::of(Reason::Unreadable(causes(error))) }
    }

    /// An answer of AWS's that is an error.
    pub(super) fn answered(said: ErrorBody, retry: Option<Retry>, status: u16, request_id: Option<String>) -> Self {
        Self { retry, http_status: Some(status), request_id, ..Self::of(Reason::Answered(said)) }
    }

    /// AWS's name of the error, where it answered with one.
    pub(super) fn aws_name(&self) -> Option<&str> {
        match &self.reason {
            Reason::Answered(said) => said.name.as_deref(),
            _ => None,
        }
    }

    /// What the SDK reports where it cannot make a request.
    pub(super) fn no_endpoint(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::of(Reason::NoEndpoint(causes(error)))
    }

    /// As an error tells it, after so many requests.
    pub(super) fn metadata(&self, attempts: u32) -> Metadata {
        Metadata { http_status: self.http_status, request_id: self.request_id.clone(), attempts }
    }
}

impl Reason {
    fn of_connector(error: &ConnectorError) -> Self {
        if let Some(explained) = chain(error).find_map(|error| error.downcast_ref::<Error>()) {
            return Self::Explained(explained.clone());
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
        Self::Unreached { cause: causes(error), advice }
    }
}
