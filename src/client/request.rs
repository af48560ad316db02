//! A request of one of the store's operations: what is sent, attempt by attempt, until an answer counts.
//!
//! In place of the SDK's orchestrator, on the layers below it, and with its guarantees. The orchestrator serves every
//! AWS service by looking everything up anew with each request; here what does not change is looked up once
//! (`template.rs`), and the rest is a loop. Why, and what it saves: `docs/ARCHITECTURE.md`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_credential_types::Credentials;
use bytes::Bytes;
use http::HeaderValue;
use tokio::time::{Instant, timeout_at};

use super::Action;
use super::attempt::{self, Answer, Attempt, Constants};
use super::budget::{Budgets, Paid, Work};
use super::channel::Network;
use super::credentials::CredentialsKeeper;
use super::progress;
use super::retry::{self, Kind};
use super::skew::Skew;
use super::template::Template;
use super::trace::TraceId;
use crate::clock::SharedClock;
use crate::error::Metadata;
use crate::error::aws::{self, Failure};
use crate::json;
use crate::options::{Limits, Options};
use crate::stats::Effort;

/// What a request has been through so far: the one place that knows.
#[derive(Debug, Default)]
pub(super) struct Course {
    pub(super) effort: Effort,
    /// HTTP status of the last answer.
    pub(super) http_status: Option<u16>,
    /// AWS's id of the last request.
    pub(super) request_id: Option<HeaderValue>,
}

impl Course {
    /// As an error tells it.
    pub(super) fn into_metadata(self) -> Metadata {
        Metadata {
            http_status: self.http_status,
            request_id: self.request_id.as_ref().and_then(|id| id.to_str().ok()).map(ToOwned::to_owned),
            attempts: self.effort.attempts,
        }
    }
}

/// Sends the requests of a driver.
#[derive(Debug)]
pub(super) struct Requests {
    config: aws_sdk_dynamodb::Config,
    network: Network,
    table: String,
    limits: Limits,
    clock: SharedClock,
    identity: Identity,
    budgets: Budgets,
    skew: Skew,
    template: Mutex<Option<Arc<Template>>>,
    constants: Constants,
}

/// Whose requests they are.
#[derive(Debug)]
pub(super) enum Identity {
    /// Credentials that were simply given.
    Given(Credentials),
    /// Credentials that are looked up.
    Kept(CredentialsKeeper),
}

/// An attempt that failed: how, and why it may be repeated.
struct Failed {
    failure: Failure,
    again: Option<Kind>,
    /// The wait that AWS asked for.
    after: Option<Duration>,
}

impl Failed {
    fn for_good(failure: Failure) -> Self {
        Self { failure, again: None, after: None }
    }
}

impl Requests {
    /// For these options, as this configuration of the SDK would send.
    pub(super) fn new(
        config: aws_sdk_dynamodb::Config,
        network: Network,
        options: &Options,
        clock: SharedClock,
        identity: Identity,
        trace_id: TraceId,
    ) -> Self {
        Self {
            config,
            network,
            table: options.table.clone(),
            limits: options.limits.clone(),
            clock,
            identity,
            budgets: Budgets::new(options.limits.max_connections),
            skew: Skew::default(),
            template: Mutex::default(),
            constants: Constants::new(options.limits.max_attempts, trace_id),
        }
    }

    /// Sends a request until an answer counts. Repeats only what the answer or its absence says is worth it.
    pub(super) async fn send(
        &self,
        work: Work,
        action: Action,
        body: Bytes,
        course: &mut Course,
    ) -> Result<Bytes, Failure> {
        let begun = Instant::now();
        let budget = self.budgets.of(work);
        let mut deadline = self.limits.timeout.and_then(|limit| begun.checked_add(limit));
        let id = attempt::invocation_id();
        let (mut paid, mut renewed) = (Paid::default(), false);
        loop {
            // Credentials may have to be looked up, which is no part of an attempt and none of the request's time.
            let asked = Instant::now();
            let template = self.template().await?;
            deadline = deadline.and_then(|deadline| deadline.checked_add(asked.elapsed()));
            let ends = self.limits.attempt_timeout.and_then(|limit| Instant::now().checked_add(limit));
            let until = [ends, deadline].into_iter().flatten().min();
            let attempt = self.attempt(&template, action, &body, &id, &mut renewed, course);
            let failed = match bounded(until, attempt).await {
                Some(Ok(answer)) => {
                    budget.succeeded(paid);
                    return Ok(answer);
                }
                Some(Err(failed)) => failed,
                None => {
                    (course.http_status, course.request_id) = (None, None);
                    Failed { failure: Failure::timed_out(), again: Some(Kind::Transient), after: None }
                }
            };
            let Some(kind) = failed.again else {
                return Err(failed.failure);
            };
            if course.effort.attempts >= self.limits.max_attempts {
                return Err(failed.failure);
            }
            let wait = retry::wait(course.effort.attempts, failed.after);
            match budget.pay(kind) {
                Some(price) => paid = price,
                None => return Err(failed.failure),
            }
            if bounded(deadline, tokio::time::sleep(wait)).await.is_none() {
                (course.http_status, course.request_id) = (None, None);
                return Err(Failure::timed_out());
            }
        }
    }

    async fn attempt(
        &self,
        template: &Template,
        action: Action,
        body: &Bytes,
        id: &HeaderValue,
        renewed: &mut bool,
        course: &mut Course,
    ) -> Result<Bytes, Failed> {
        course.effort.attempts += 1;
        let signed_at = self.skew.apply(self.clock.now());
        let attempt = Attempt { template, action, body, id, number: course.effort.attempts };
        let mut request = Some(attempt.request(&self.constants, signed_at).map_err(Failed::for_good)?);
        course.effort.bytes_sent += body.len() as u64;
        let mut answer = attempt::exchange(&template.channel, &mut request, action, course)
            .await
            .map_err(|broken| Failed { failure: broken.failure, again: broken.again, after: None })?;
        let lease = answer.lease.take();
        let keep = || {
            if let Some(lease) = lease {
                lease.keep();
            }
        };
        if answer.is_success() {
            keep();
            return Ok(answer.body);
        }
        let failed = self.judge(&answer, signed_at, template.serial, renewed, course);
        // A server that is not itself may be another one the next time.
        if failed.again != Some(Kind::Transient) || failed.after.is_some() {
            keep();
        }
        Err(failed)
    }

    /// What an error answer means.
    fn judge(
        &self,
        answer: &Answer,
        signed_at: Duration,
        serial: u64,
        renewed: &mut bool,
        course: &mut Course,
    ) -> Failed {
        let status = answer.status.as_u16();
        let said = json::error_body(answer.header("x-amzn-errortype"), &answer.body);
        let name = said.name.as_deref();
        if aws::is_throttle(name, status) {
            course.effort.throttles += 1;
            progress::throttled();
        }
        let mut again = retry::of_answer(name, status);
        let is_late = || {
            let (date, cached) = (answer.header("date"), answer.header("age").is_some());
            self.skew.learn(name, date, cached, signed_at, self.clock.now())
        };
        if again.is_none() && is_late() {
            again = Some(Kind::Server);
        }
        if let Identity::Kept(keeper) = &self.identity
            && !*renewed
            && retry::is_refusal(name, status)
            && keeper.drop_refused(serial)
        {
            *renewed = true;
            again = Some(Kind::Credentials);
        }
        let asked = answer.header("x-amz-retry-after").and_then(|milliseconds| milliseconds.parse().ok());
        Failed { failure: Failure::answer(said), again, after: asked.map(Duration::from_millis) }
    }

    /// The template for the credentials that are the current ones.
    async fn template(&self) -> Result<Arc<Template>, Failure> {
        let (credentials, serial) = match &self.identity {
            Identity::Given(credentials) => (credentials.clone(), 0),
            Identity::Kept(keeper) => keeper.current().await.map_err(|failure| Failure::credentials(&failure))?,
        };
        let mut kept = self.template.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some(template) if template.serial == serial => Ok(Arc::clone(template)),
            _ => {
                let made = Template::make(&self.config, &self.network, &self.table, credentials, serial)?;
                Ok(Arc::clone(kept.insert(Arc::new(made))))
            }
        }
    }
}

/// Waits until a moment at most; `None` where that comes first.
async fn bounded<T>(until: Option<Instant>, work: impl Future<Output = T>) -> Option<T> {
    match until {
        Some(until) => timeout_at(until, work).await.ok(),
        None => Some(work.await),
    }
}
