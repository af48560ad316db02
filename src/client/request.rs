//! Sends a request of the store, attempt by attempt, until it succeeds or fails for good.
//!
//! This replaces the SDK's orchestrator, with its guarantees and on the same lower layers. The orchestrator looks up
//! everything for each request; here, what does not change is looked up once (`template.rs`). `docs/ARCHITECTURE.md`
//! gives the reasons and the savings.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_credential_types::Credentials;
use bytes::Bytes;
use futures_util::FutureExt;
use http::HeaderValue;
use http::uri::Authority;
use tokio::time::Instant;

use super::Action;
use super::attempt::{self, Attempt, Constants};
use super::budget::{Budgets, Paid, Work};
use super::channel::{Response, Transport};
use super::credentials::CredentialsCache;
use super::explain::{CONDITION_NOT_MET, is_throttle};
use super::failure::Failure;
use super::meter::Traffic;
use super::pool::Lease;
use super::retry::{self, Kind, Retry};
use super::skew::Skew;
use super::template::Template;
use super::throttles::RequestThrottles;
use super::timeouts::Timeouts;
use super::trace::TraceId;
use crate::clock::SharedClock;
use crate::json;
use crate::options::{Limits, Options};
use crate::stats::{Counters, Effort};
use crate::usage::Usage;

/// Sends the requests of a driver.
#[derive(Debug)]
pub(super) struct Requests {
    config: aws_sdk_dynamodb::Config,
    transport: Transport,
    table: String,
    limits: Limits,
    clock: SharedClock,
    identity: Identity,
    budgets: Budgets,
    skew: Skew,
    template: Mutex<Option<Arc<Template>>>,
    constants: Constants,
}

/// The credentials that requests are signed with.
#[derive(Debug)]
pub(super) enum Identity {
    /// Static credentials.
    Static(Credentials),
    /// Credentials that are looked up and renewed.
    Cached(CredentialsCache),
}

/// Whether to retry a request that may have been executed already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Retry it: all attempts together have the effect of one.
    Allowed,
    /// Retry it only if DynamoDB certainly did not execute it, and do not send it from this second of the epoch on. Small,
    /// because every waiting call holds it.
    Never { after: NonZeroU32 },
}

/// A request in progress: what its attempts share, and what they have used so far.
pub(crate) struct PendingRequest<'a> {
    pub(super) action: Action,
    work: Work,
    body: Bytes,
    /// The deadline of the call, if any.
    deadline: Option<Instant>,
    /// The request ID, the same for all attempts.
    id: HeaderValue,
    /// Attempts started, including those that sent nothing.
    attempts: u32,
    paid: Paid,
    renewed: bool,
    /// Whether the request has waited for credentials.
    has_waited: bool,
    /// Whether the request may be sent again if it may have been executed.
    repeat: Repeat,
    /// Whether an attempt that failed may have been executed.
    may_have_run: bool,
    counter: SendCounter<'a>,
}

impl<'a> PendingRequest<'a> {
    pub(crate) fn new(
        work: Work,
        action: Action,
        body: Vec<u8>,
        deadline: Option<Instant>,
        repeat: Repeat,
        observers: Observers<'a>,
    ) -> Self {
        Self {
            action,
            work,
            body: body.into(),
            deadline,
            id: attempt::invocation_id(),
            attempts: 0,
            paid: Paid::default(),
            renewed: false,
            has_waited: false,
            repeat,
            may_have_run: false,
            counter: SendCounter { observers, sent: 0 },
        }
    }

    /// Whether an attempt may have been executed although the request failed.
    pub(crate) fn may_have_run(&self) -> bool {
        self.may_have_run
    }

    /// How often the request was sent.
    pub(super) fn times_sent(&self) -> u32 {
        self.counter.sent
    }
}

/// Where the progress of a request is recorded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Observers<'a> {
    /// The counters of the method.
    pub(crate) counters: &'a Counters,
    /// The counters of the call, if it is traced.
    pub(crate) usage: Option<&'a Usage>,
    /// The traffic of the call, for calls that end when they stall.
    pub(crate) traffic: Option<&'a Traffic>,
    /// The throttles of a scan, which slows down.
    pub(crate) throttles: Option<&'a RequestThrottles>,
}

impl Observers<'_> {
    /// Adds to the counters of the method and of the call.
    pub(crate) fn add(&self, effort: Effort) {
        self.counters.add(effort);
        if let Some(usage) = self.usage {
            usage.add(effort);
        }
    }
}

/// Counts requests as they are sent.
pub(super) struct SendCounter<'a> {
    observers: Observers<'a>,
    sent: u32,
}

impl<'a> SendCounter<'a> {
    /// The traffic of the call, if it is recorded.
    pub(super) fn traffic(&self) -> Option<&'a Traffic> {
        self.observers.traffic
    }

    /// Starts counting a request with a body of `body` bytes. It is counted even if its response is not awaited.
    pub(super) fn begin(&mut self, body: usize) -> InFlight<'_, 'a> {
        InFlight { counter: self, body, was_sent: true }
    }
}

/// A request in flight. Counted when dropped.
pub(super) struct InFlight<'t, 'a> {
    counter: &'t mut SendCounter<'a>,
    body: usize,
    was_sent: bool,
}

impl InFlight<'_, '_> {
    /// Does not count the request, because it was not sent.
    pub(super) fn cancel(mut self) {
        self.was_sent = false;
    }
}

impl Drop for InFlight<'_, '_> {
    fn drop(&mut self) {
        if self.was_sent {
            let SendCounter { observers, sent } = &mut *self.counter;
            observers.add(Effort {
                requests: 1,
                retries: u64::from(*sent > 0),
                bytes_sent: self.body as u64,
                ..Effort::default()
            });
            *sent += 1;
        }
    }
}

/// The result of sending a request.
pub(crate) enum Step {
    Completed(Response),
    Failed(Failure),
    /// AWS rejected the credentials. Continue with new ones.
    NeedsCredentials,
}

impl Requests {
    /// Creates the sender of a driver's requests from the SDK's configuration.
    pub(super) fn new(
        config: aws_sdk_dynamodb::Config,
        transport: Transport,
        options: &Options,
        clock: SharedClock,
        identity: Identity,
        trace_id: TraceId,
    ) -> Self {
        Self {
            config,
            transport,
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

    /// The host and port of the endpoint, or `None` before the first request.
    pub(super) fn authority(&self) -> Option<Authority> {
        let template = self.template.lock().unwrap_or_else(PoisonError::into_inner);
        template.as_ref().map(|template| template.authority.clone())
    }

    /// Sends a request until it succeeds, cannot be retried, or needs other credentials.
    pub(super) async fn advance(&self, pending: &mut PendingRequest<'_>) -> Step {
        let budget = self.budgets.of(pending.work);
        loop {
            let template = match self.template(pending).await {
                Some(Ok(template)) => template,
                Some(Err(failure)) => return Step::Failed(failure),
                None => return Step::NeedsCredentials,
            };
            let sent = pending.times_sent();
            let failure = match self.attempt(&template, pending).await {
                Ok(response) => {
                    budget.succeeded(pending.paid);
                    return Step::Completed(response);
                }
                Err(failure) => failure,
            };
            pending.may_have_run |= pending.times_sent() > sent && !failure.is_certain();
            if pending.may_have_run && pending.repeat != Repeat::Allowed {
                return Step::Failed(failure);
            }
            let Some(retry) = failure.retry else { return Step::Failed(failure) };
            if pending.attempts >= self.limits.max_attempts {
                return Step::Failed(failure);
            }
            let delay = retry.delay(pending.attempts);
            // AWS's error is more useful than a timeout.
            if pending.deadline.is_some_and(|deadline| Instant::now() + delay >= deadline) {
                return Step::Failed(failure);
            }
            match budget.pay(retry.kind) {
                Some(price) => pending.paid = price,
                None => return Step::Failed(failure),
            }
            if retry.kind == Kind::Credentials {
                return Step::NeedsCredentials;
            }
            tokio::time::sleep(delay).await;
        }
    }

    async fn attempt(&self, template: &Template, pending: &mut PendingRequest<'_>) -> Result<Response, Failure> {
        pending.attempts += 1;
        let now = self.clock.now();
        if let Repeat::Never { after } = pending.repeat
            && now.as_secs() >= u64::from(after.get())
        {
            return Err(Failure::too_late());
        }
        let signed_at = self.skew.apply(now);
        let PendingRequest { action, body, id, attempts, .. } = &*pending;
        let attempt = Attempt { template, action: *action, body, id, number: *attempts };
        let mut request = Some(attempt.request(&self.constants, signed_at)?);
        let timeouts = Timeouts {
            deadline: pending.deadline,
            stall_timeout: self.limits.attempt_timeout,
            is_write: pending.action.is_write(),
            body: pending.body.len(),
        };
        let response = template.channel.exchange(&mut request, pending.action, timeouts, &mut pending.counter).await;
        let mut response = response?;
        let observers = pending.counter.observers;
        observers.add(Effort { bytes_received: response.body.len() as u64, ..Effort::default() });
        let lease = response.lease.take();
        let keep = || lease.into_iter().for_each(Lease::keep);
        if response.is_success() {
            keep();
            return Ok(response);
        }
        let failure = self.classify(&response, signed_at, template.serial, &mut pending.renewed);
        if is_throttle(failure.aws_name(), response.status.as_u16()) {
            observers.add(Effort { throttles: 1, ..Effort::default() });
            if let Some(throttles) = observers.throttles {
                throttles.add();
            }
        }
        if may_keep(&failure, pending.body.len()) {
            keep();
        }
        Err(failure)
    }

    /// Converts an error response into a failure.
    fn classify(&self, response: &Response, signed_at: Duration, serial: u64, renewed: &mut bool) -> Failure {
        let status = response.status.as_u16();
        let error = json::error_body(response.header("x-amzn-errortype"), &response.body);
        let name = error.name.as_deref();
        let mut kind = retry::of_response(name, status);
        let is_late = || {
            let (date, cached) = (response.header("date"), response.header("age").is_some());
            self.skew.learn(name, date, cached, signed_at, self.clock.now())
        };
        if kind.is_none() && is_late() {
            kind = Some(Kind::Server);
        }
        if let Identity::Cached(cache) = &self.identity
            && !*renewed
            && retry::is_rejection(name, status)
            && cache.discard_rejected(serial)
        {
            *renewed = true;
            kind = Some(Kind::Credentials);
        }
        let requested = retry::requested_delay(response.header("x-amz-retry-after"), response.header("retry-after"));
        let retry = kind.map(|kind| Retry { kind, requested });
        let unmet = (error.name.as_deref() == Some(CONDITION_NOT_MET)).then(|| Box::new(response.body.clone()));
        Failure { unmet, ..Failure::response(error, retry, status, response.request_id()) }
    }

    /// Waits for credentials and resolves the endpoint that they lead to. Sends nothing to it.
    pub(super) async fn prepare(&self) -> Result<Credentials, Failure> {
        let (credentials, serial) = match &self.identity {
            Identity::Static(credentials) => (credentials.clone(), 0),
            Identity::Cached(cache) => cache.current().await.map_err(|failure| Failure::credentials(&failure))?,
        };
        self.template_for(credentials.clone(), serial).map(|_| credentials)
    }

    /// Returns the template for the current credentials, or `None` if they must be awaited, which must not occupy a
    /// connection. A request that has waited once waits here: credentials that arrive expired serve only requests that
    /// wait for them.
    async fn template(&self, pending: &mut PendingRequest<'_>) -> Option<Result<Arc<Template>, Failure>> {
        let current = match &self.identity {
            Identity::Static(credentials) => Ok((credentials.clone(), 0)),
            Identity::Cached(cache) if pending.has_waited => cache.current().await,
            Identity::Cached(cache) => {
                let Some(current) = cache.current().now_or_never() else {
                    pending.has_waited = true;
                    return None;
                };
                current
            }
        };
        let current = current.map_err(|failure| Failure::credentials(&failure));
        Some(current.and_then(|(credentials, serial)| self.template_for(credentials, serial)))
    }

    fn template_for(&self, credentials: Credentials, serial: u64) -> Result<Arc<Template>, Failure> {
        let mut kept = self.template.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some(template) if template.serial == serial => Ok(Arc::clone(template)),
            _ => {
                let made = Template::make(&self.config, &self.transport, &self.table, credentials, serial)?;
                Ok(Arc::clone(kept.insert(Arc::new(made))))
            }
        }
    }
}

/// The largest request body after which an error response allows the connection to be reused.
const MAX_REUSE_BODY: usize = 64 * 1024;

/// Whether the connection of an error response may be reused. It may not if a proxy or firewall may have responded
/// before reading the whole request, or if a retry should reach a different server.
fn may_keep(failure: &Failure, body: usize) -> bool {
    let is_transient = failure.retry.is_some_and(|retry| retry.kind == Kind::Transient && retry.requested.is_none());
    failure.aws_name().is_some() && body <= MAX_REUSE_BODY && !is_transient
}
