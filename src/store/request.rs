//! Sends one request of a call: waits for a client, credentials and a slot, then sends and reads.

use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use futures_util::TryFutureExt;
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use super::Session;
use super::call::Call;
use crate::client::slots::Slot;
use crate::client::{Action, Client, PendingRequest, Repeat, RequestThrottles, Step};
use crate::error::{Error, ErrorKind};
use crate::json::{self, Consumed, Units};
use crate::stats::Effort;

/// What a request waits for, as shown in timeout errors.
const CREDENTIALS: &str = "AWS credentials";
const CONFIGURATION: &str = "the configuration to be read";

/// A failed request, and what is known about its effect.
pub(super) struct FailedRequest {
    pub(super) error: Error,
    /// The response, if the condition of a write was not met.
    pub(super) unmet: Option<Box<Bytes>>,
    /// Whether an attempt may have been executed nevertheless.
    pub(super) may_have_run: bool,
}

impl From<Error> for FailedRequest {
    /// The failure of a request that was not sent.
    fn from(error: Error) -> Self {
        Self { error, unmet: None, may_have_run: false }
    }
}

impl Call {
    /// Serializes a request on items. It asks DynamoDB to report the consumed capacity.
    pub(super) fn body(&self, request: &impl Serialize) -> serde_json::Result<Vec<u8>> {
        self.body_of(request, None)
    }

    /// Serializes a request that contains `value`.
    pub(super) fn body_of(
        &self,
        request: &impl Serialize,
        value: Option<&AttributeValue>,
    ) -> serde_json::Result<Vec<u8>> {
        let consumed = if self.session.options.index.is_some() { Consumed::Indexes } else { Consumed::Total };
        json::metered_body(request, consumed, value)
    }

    /// Sends a request and reads its response. `body` is called only when the request has a slot, because thousands of
    /// calls may wait. `read` also returns the consumed capacity that the response reports.
    pub(super) fn request<T>(
        &self,
        action: Action,
        body: impl FnOnce() -> serde_json::Result<Vec<u8>>,
        read: impl FnOnce(&[u8]) -> serde_json::Result<(T, Units)>,
    ) -> impl Future<Output = Result<T, Error>> {
        self.observed_request(action, body, read, None)
    }

    /// Sends a write. A failure says whether it may have been executed.
    pub(super) fn write<T>(
        &self,
        action: Action,
        repeat: Repeat,
        body: impl FnOnce() -> serde_json::Result<Vec<u8>>,
        read: impl FnOnce(&[u8]) -> serde_json::Result<(T, Units)>,
    ) -> impl Future<Output = Result<T, FailedRequest>> {
        self.send(action, repeat, body, read, None)
    }

    /// Sends a request whose throttled attempts are counted as they happen.
    pub(super) fn observed_request<T>(
        &self,
        action: Action,
        body: impl FnOnce() -> serde_json::Result<Vec<u8>>,
        read: impl FnOnce(&[u8]) -> serde_json::Result<(T, Units)>,
        throttles: Option<&RequestThrottles>,
    ) -> impl Future<Output = Result<T, Error>> {
        self.send(action, Repeat::Allowed, body, read, throttles).map_err(|failed| failed.error)
    }

    async fn send<T>(
        &self,
        action: Action,
        repeat: Repeat,
        body: impl FnOnce() -> serde_json::Result<Vec<u8>>,
        read: impl FnOnce(&[u8]) -> serde_json::Result<(T, Units)>,
        throttles: Option<&RequestThrottles>,
    ) -> Result<T, FailedRequest> {
        let pass = self.pass()?;
        let deadline = self.deadline();
        // Waiting must not count as a failure of the network.
        let admitted = self.admit(deadline).await.map_err(|error| self.fail(error))?;
        if let Some(pass) = pass {
            pass.check().map_err(|refused| self.fail(refused))?;
        }
        let result = Box::pin(self.exchange(admitted, deadline, (action, repeat), body, read, throttles)).await;
        if let Some(pass) = pass {
            match result.as_ref().err().map(|failed| failed.error.kind()) {
                Some(ErrorKind::Timeout | ErrorKind::Connection) => pass.failed(),
                // No request was sent.
                Some(ErrorKind::Credentials | ErrorKind::Closed | ErrorKind::Internal) => {}
                _ => pass.answered(),
            }
        }
        result.map_err(|failed| FailedRequest { error: self.fail(failed.error), ..failed })
    }

    /// Returns the client and a slot, without waiting if both are available.
    async fn admit(&self, deadline: Option<Instant>) -> Result<(&Client, Slot<'_>), Error> {
        let Session { client, slots, .. } = &*self.session;
        if let Some(client) = client.get()
            && client.is_ready()
            && let Some(slot) = slots.try_take().map_err(|_| Error::closed())?
        {
            return Ok((client, slot));
        }
        // Boxed because it is larger than everything else that a waiting call holds.
        Box::pin(self.admit_slowly(deadline)).await
    }

    async fn admit_slowly(&self, deadline: Option<Instant>) -> Result<(&Client, Slot<'_>), Error> {
        let _place = self.place()?;
        let _queued = self.queued();
        let client = match self.session.client.get() {
            Some(client) => client,
            None => self.wait(CONFIGURATION, deadline, Box::pin(self.client())).await??,
        };
        let slot = self.slot(client, deadline).await?;
        Ok((client, slot))
    }

    /// Returns the client, created by the first call that can. Failures are not cached, because files and networks
    /// recover.
    pub(super) async fn client(&self) -> Result<&Client, Error> {
        let session = &*self.session;
        session.client.get_or_try_init(|| Box::pin(session.connect())).await
    }

    /// Waits for credentials, then for a slot.
    async fn slot(&self, client: &Client, deadline: Option<Instant>) -> Result<Slot<'_>, Error> {
        let slots = &self.session.slots;
        // The driver may have been closed while the client was created.
        if !slots.is_closed() && !client.is_ready() {
            self.wait(CREDENTIALS, deadline, Box::pin(client.ready())).await??;
        }
        let begun = Instant::now();
        let slot = match deadline {
            Some(deadline) => match timeout_at(deadline, slots.take()).await {
                Ok(slot) => slot,
                Err(_) => return Err(self.timed_out(&self.connection())),
            },
            None => slots.take().await,
        };
        self.waited(begun.elapsed());
        let slot = slot.map_err(|_| Error::closed())?;
        // Both may be ready at the same moment, and a call past its deadline needs no connection.
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Err(self.timed_out(&self.connection()));
        }
        Ok(slot)
    }

    async fn exchange<'a, T>(
        &'a self,
        (client, mut slot): (&Client, Slot<'a>),
        deadline: Option<Instant>,
        (action, repeat): (Action, Repeat),
        body: impl FnOnce() -> serde_json::Result<Vec<u8>>,
        read: impl FnOnce(&[u8]) -> serde_json::Result<(T, Units)>,
        throttles: Option<&'a RequestThrottles>,
    ) -> Result<T, FailedRequest> {
        // Drop the error, which may quote a part of the value.
        let body = body().map_err(|_| Error::new(ErrorKind::Internal, "the request could not be written"))?;
        let observers = self.observers(throttles);
        let mut pending = PendingRequest::new(self.work(), action, body, deadline, repeat, observers);
        let response = loop {
            match client.advance(&mut pending).await {
                Step::Completed(response) => break response,
                Step::Failed(mut failure) => {
                    let (unmet, may_have_run) = (failure.unmet.take(), pending.may_have_run());
                    let error = self.with_wait(client.explain(failure, &pending));
                    return Err(FailedRequest { error, unmet, may_have_run });
                }
                Step::NeedsCredentials => {
                    drop(slot);
                    slot = self
                        .slot(client, deadline)
                        .await
                        .map_err(|error| FailedRequest { may_have_run: pending.may_have_run(), ..error.into() })?;
                }
            }
        };
        drop(slot);
        let (output, Units(units)) = read(&response.body).map_err(|error| FailedRequest {
            error: client.unreadable(error, &response, &pending),
            unmet: None,
            may_have_run: true,
        })?;
        observers.add(if action.is_write() {
            Effort { write_units: units, ..Effort::default() }
        } else {
            Effort { read_units: units, ..Effort::default() }
        });
        if let Some(usage) = observers.usage {
            usage.answered(response.request_id());
        }
        Ok(output)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::sync::{Arc, Mutex};

    use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
    use aws_sdk_dynamodb::config::{RuntimeComponents, SharedHttpClient};
    use aws_smithy_runtime_api::client::http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    };
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_types::body::SdkBody;

    use super::*;
    use crate::clock::SystemClock;
    use crate::error::Operation;
    use crate::options::{Options, RawKeys, RawOptions};
    use crate::store::Store;

    /// Fails once, with an error response or without a response, then succeeds.
    #[derive(Debug, Clone)]
    struct FailsOnce(Option<(u16, &'static str)>, Arc<Mutex<usize>>);

    impl HttpClient for FailsOnce {
        fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
            SharedHttpConnector::new(self.clone())
        }
    }

    impl HttpConnector for FailsOnce {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            let mut requests = self.1.lock().expect("lock");
            *requests += 1;
            let response = |status: u16, body: String| {
                Ok(HttpResponse::new(status.try_into().expect("status"), SdkBody::from(body)))
            };
            HttpConnectorFuture::ready(match self.0 {
                _ if *requests > 1 => response(200, "{}".to_owned()),
                Some((status, name)) => response(status, format!(r#"{{"__type":"x#{name}"}}"#)),
                None => Err(ConnectorError::io("broken".into())),
            })
        }
    }

    #[tokio::test]
    async fn a_write_that_must_not_be_repeated_is_sent_again_only_if_it_was_refused() {
        let keys = RawKeys { access_key_id: "id".into(), secret_access_key: "secret".into(), ..RawKeys::default() };
        let raw = || RawOptions {
            table: "cache".into(),
            region: "eu-west-1".into(),
            credentials: keys.clone().into(),
            ..RawOptions::default()
        };
        for (failure, is_refusal) in [
            (Some((400, "ThrottlingException")), true),
            (Some((400, "ProvisionedThroughputExceededException")), true),
            (Some((500, "InternalServerError")), false),
            (Some((503, "ServiceUnavailable")), false),
            (None, false),
        ] {
            for repeat in [Repeat::Never { after: NonZeroU32::MAX }, Repeat::Allowed] {
                let http = FailsOnce(failure, Arc::default());
                let requests = Arc::clone(&http.1);
                let options = Options::parse(raw()).expect("options");
                let store = Store::with_http_client(options, Arc::new(SystemClock), SharedHttpClient::new(http));
                let call = store.begin(Operation::SetItem).expect("open");
                let written = call.write(Action::PutItem, repeat, || Ok(b"{}".to_vec()), json::acknowledged).await;
                let is_sent_again = is_refusal || repeat == Repeat::Allowed;
                assert_eq!(*requests.lock().expect("lock"), 1 + usize::from(is_sent_again), "{failure:?}");
                // Only the caller can find out whether the write was executed.
                assert_eq!(written.map_err(|failed| failed.may_have_run).err(), (!is_sent_again).then_some(true));
            }
        }
    }
}
