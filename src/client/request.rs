//! A request of one of the store's operations: what is sent, attempt by attempt, until a response counts.
//!
//! In place of the SDK's orchestrator, on the layers below it, and with its guarantees. The orchestrator serves every
//! AWS service and looks everything up with each request; here what does not change is looked up once (`template.rs`),
//! and the rest is a loop. Why, and what it saves: `docs/ARCHITECTURE.md`.

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
use super::channel::{Network, Reply};
use super::credentials::CredentialsKeeper;
use super::explain::is_throttle;
use super::failure::Failure;
use super::meter::Traffic;
use super::patience::Patience;
use super::pool::Lease;
use super::retry::{self, Kind, Retry};
use super::skew::Skew;
use super::template::Template;
use super::throttles::RequestThrottles;
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

/// A request on its way: what its attempts have in common, and what they took so far.
pub(crate) struct Sending<'a> {
    pub(super) action: Action,
    work: Work,
    body: Bytes,
    /// The end of the call's own time; `None`: no limit.
    deadline: Option<Instant>,
    /// The same in all attempts.
    id: HeaderValue,
    /// Attempts begun, whether or not they came to send anything.
    attempts: u32,
    paid: Paid,
    renewed: bool,
    /// Whether it has waited for credentials.
    has_waited: bool,
    tally: Tally<'a>,
}

impl<'a> Sending<'a> {
    pub(crate) fn new(
        work: Work,
        action: Action,
        body: Vec<u8>,
        deadline: Option<Instant>,
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
            tally: Tally { observers, sent: 0 },
        }
    }

    /// How often it was sent.
    pub(super) fn times_sent(&self) -> u32 {
        self.tally.sent
    }
}

/// Where the progress of a request is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Observers<'a> {
    /// Those of the method.
    pub(crate) counters: &'a Counters,
    /// That of the call, if it is traced.
    pub(crate) usage: Option<&'a Usage>,
    /// Bytes on their way, for calls that end when nothing moves.
    pub(crate) traffic: Option<&'a Traffic>,
    /// For scans, which slow down.
    pub(crate) throttles: Option<&'a RequestThrottles>,
}

impl Observers<'_> {
    /// Adds to the counts of the method and of the call.
    pub(crate) fn add(&self, effort: Effort) {
        self.counters.add(effort);
        if let Some(usage) = self.usage {
            usage.add(effort);
        }
    }
}

/// Counts what is sent, when it is sent.
pub(super) struct Tally<'a> {
    observers: Observers<'a>,
    sent: u32,
}

impl<'a> Tally<'a> {
    /// Where the bytes on their way are counted, if they are.
    pub(super) fn traffic(&self) -> Option<&'a Traffic> {
        self.observers.traffic
    }

    /// A request with a body of this size goes out. It counts also where its response is not waited for.
    pub(super) fn begin(&mut self, body: usize) -> InFlight<'_, 'a> {
        InFlight { tally: self, body, was_sent: true }
    }
}

/// A request that is under way. Counted when dropped.
pub(super) struct InFlight<'t, 'a> {
    tally: &'t mut Tally<'a>,
    body: usize,
    was_sent: bool,
}

impl InFlight<'_, '_> {
    /// It was not sent after all.
    pub(super) fn cancel(mut self) {
        self.was_sent = false;
    }
}

impl Drop for InFlight<'_, '_> {
    fn drop(&mut self) {
        if self.was_sent {
            let Tally { observers, sent } = &mut *self.tally;
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

/// How far a request has come.
pub(crate) enum Step {
    Answered(Reply),
    Failed(Failure),
    /// AWS refused the credentials. To be continued when there are others.
    NeedsCredentials,
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

    /// The host and port of the endpoint, once a request was prepared for it.
    pub(super) fn authority(&self) -> Option<Authority> {
        let template = self.template.lock().unwrap_or_else(PoisonError::into_inner);
        template.as_ref().map(|template| template.authority.clone())
    }

    /// Sends a request until a response counts. Repeats only what is worth it.
    pub(super) async fn advance(&self, sending: &mut Sending<'_>) -> Step {
        let budget = self.budgets.of(sending.work);
        loop {
            let template = match self.template(sending).await {
                Some(Ok(template)) => template,
                Some(Err(failure)) => return Step::Failed(failure),
                None => return Step::NeedsCredentials,
            };
            let failure = match self.attempt(&template, sending).await {
                Ok(reply) => {
                    budget.succeeded(sending.paid);
                    return Step::Answered(reply);
                }
                Err(failure) => failure,
            };
            let Some(retry) = failure.retry else { return Step::Failed(failure) };
            if sending.attempts >= self.limits.max_attempts {
                return Step::Failed(failure);
            }
            let wait = retry.wait(sending.attempts);
            // What AWS said is worth more than the news that time is up.
            if sending.deadline.is_some_and(|deadline| Instant::now() + wait >= deadline) {
                return Step::Failed(failure);
            }
            match budget.pay(retry.kind) {
                Some(price) => sending.paid = price,
                None => return Step::Failed(failure),
            }
            if retry.kind == Kind::Credentials {
                return Step::NeedsCredentials;
            }
            tokio::time::sleep(wait).await;
        }
    }

    async fn attempt(&self, template: &Template, sending: &mut Sending<'_>) -> Result<Reply, Failure> {
        sending.attempts += 1;
        let signed_at = self.skew.apply(self.clock.now());
        let Sending { action, body, id, attempts, .. } = &*sending;
        let attempt = Attempt { template, action: *action, body, id, number: *attempts };
        let mut request = Some(attempt.request(&self.constants, signed_at)?);
        let patience = Patience {
            deadline: sending.deadline,
            silence: self.limits.attempt_timeout,
            is_write: sending.action.is_write(),
            body: sending.body.len(),
        };
        let reply = template.channel.exchange(&mut request, sending.action, patience, &mut sending.tally).await;
        let mut reply = reply?;
        let observers = sending.tally.observers;
        observers.add(Effort { bytes_received: reply.body.len() as u64, ..Effort::default() });
        let lease = reply.lease.take();
        let keep = || lease.into_iter().for_each(Lease::keep);
        if reply.is_success() {
            keep();
            return Ok(reply);
        }
        let failure = self.judge(&reply, signed_at, template.serial, &mut sending.renewed);
        if is_throttle(failure.aws_name(), reply.status.as_u16()) {
            observers.add(Effort { throttles: 1, ..Effort::default() });
            if let Some(throttles) = observers.throttles {
                throttles.add();
            }
        }
        if may_keep(&failure, sending.body.len()) {
            keep();
        }
        Err(failure)
    }

    /// What an error response means.
    fn judge(&self, reply: &Reply, signed_at: Duration, serial: u64, renewed: &mut bool) -> Failure {
        let status = reply.status.as_u16();
        let said = json::error_body(reply.header("x-amzn-errortype"), &reply.body);
        let name = said.name.as_deref();
        let mut kind = retry::of_answer(name, status);
        let is_late = || {
            let (date, cached) = (reply.header("date"), reply.header("age").is_some());
            self.skew.learn(name, date, cached, signed_at, self.clock.now())
        };
        if kind.is_none() && is_late() {
            kind = Some(Kind::Server);
        }
        if let Identity::Kept(keeper) = &self.identity
            && !*renewed
            && retry::is_refusal(name, status)
            && keeper.drop_refused(serial)
        {
            *renewed = true;
            kind = Some(Kind::Credentials);
        }
        let asked = retry::asked_wait(reply.header("x-amz-retry-after"), reply.header("retry-after"));
        let retry = kind.map(|kind| Retry { kind, asked });
        Failure::answered(said, retry, status, reply.request_id())
    }

    /// The template for the current credentials; `None` where they have to be waited for, which must not take up a
    /// connection. Credentials that come expired have to be asked for with the request at hand: those are waited for.
    async fn template(&self, sending: &mut Sending<'_>) -> Option<Result<Arc<Template>, Failure>> {
        let current = match &self.identity {
            Identity::Given(credentials) => Ok((credentials.clone(), 0)),
            Identity::Kept(keeper) if sending.has_waited => keeper.current().await,
            Identity::Kept(keeper) => {
                let Some(current) = keeper.current().now_or_never() else {
                    sending.has_waited = true;
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
                let made = Template::make(&self.config, &self.network, &self.table, credentials, serial)?;
                Ok(Arc::clone(kept.insert(Arc::new(made))))
            }
        }
    }
}

/// The largest body after which an error response leaves its connection open.
const KEPT_BODY: usize = 64 * 1024;

/// Whether a connection that brought an error may be used again. Not where a proxy or a firewall may have answered before
/// it read the request, or where a server that fails for a moment may be another one the next time.
fn may_keep(failure: &Failure, body: usize) -> bool {
    let is_transient = failure.retry.is_some_and(|retry| retry.kind == Kind::Transient && retry.asked.is_none());
    failure.aws_name().is_some() && body <= KEPT_BODY && !is_transient
}
