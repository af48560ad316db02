//! One request of a call: what it waits for, and its way through the client.

use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use super::Session;
use super::call::Call;
use crate::client::slots::Slot;
use crate::client::{Action, Client, RequestThrottles, Sending, Step};
use crate::error::{Error, ErrorKind};
use crate::json::{self, Consumed, Units};
use crate::stats::Effort;

/// What a request waits for before it has a connection.
const CREDENTIALS: &str = "AWS credentials";
const CONFIGURATION: &str = "the configuration to be read";

impl Call {
    /// The body of a request on items, which asks for the units that it takes.
    pub(super) fn body(&self, request: &impl Serialize) -> serde_json::Result<Vec<u8>> {
        let consumed = if self.session.options.index.is_some() { Consumed::Indexes } else { Consumed::Total };
        json::metered_body(request, consumed)
    }

    /// Sends a request, and has its response read. `body` is written, and memory taken, once there is a slot: thousands
    /// of calls may wait. `read` also returns the units that the response reports.
    pub(super) fn request<T>(
        &self,
        action: Action,
        body: impl FnOnce() -> serde_json::Result<Vec<u8>>,
        read: impl FnOnce(&[u8]) -> serde_json::Result<(T, Units)>,
    ) -> impl Future<Output = Result<T, Error>> {
        self.observed_request(action, body, read, None)
    }

    /// A request whose throttled attempts are counted while they happen.
    pub(super) async fn observed_request<T>(
        &self,
        action: Action,
        body: impl FnOnce() -> serde_json::Result<Vec<u8>>,
        read: impl FnOnce(&[u8]) -> serde_json::Result<(T, Units)>,
        throttles: Option<&RequestThrottles>,
    ) -> Result<T, Error> {
        let pass = self.pass()?;
        let deadline = self.deadline();
        // A wait says nothing about the network.
        let admitted = self.admit(deadline).await.map_err(|error| self.fail(error))?;
        if let Some(pass) = pass {
            pass.check().map_err(|refused| self.fail(refused))?;
        }
        let result = Box::pin(self.exchange(admitted, deadline, action, body, read, throttles)).await;
        if let Some(pass) = pass {
            match result.as_ref().err().map(Error::kind) {
                Some(ErrorKind::Timeout | ErrorKind::Connection) => pass.failed(),
                // Nothing was asked of the network.
                Some(ErrorKind::Credentials | ErrorKind::Closed | ErrorKind::Internal) => {}
                _ => pass.answered(),
            }
        }
        result.map_err(|error| self.fail(error))
    }

    /// The client and a slot: at once where nothing has to be waited for.
    async fn admit(&self, deadline: Option<Instant>) -> Result<(&Client, Slot<'_>), Error> {
        let Session { client, slots, .. } = &*self.session;
        if let Some(client) = client.get()
            && client.is_ready()
            && let Some(slot) = slots.try_take().map_err(|_| Error::closed())?
        {
            return Ok((client, slot));
        }
        // Apart, and only where it is needed: it is larger than everything else that a waiting call holds.
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

    /// The client, made by the first call that succeeds to. A failure is not kept: it lies in files or in the network.
    async fn client(&self) -> Result<&Client, Error> {
        let session = &*self.session;
        session.client.get_or_try_init(|| Box::pin(session.connect())).await
    }

    /// Waits for credentials, then for a slot.
    async fn slot(&self, client: &Client, deadline: Option<Instant>) -> Result<Slot<'_>, Error> {
        let slots = &self.session.slots;
        // Closed while the client was being made, say: no need to look for credentials.
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
        // Both may be due at the same moment, and a call whose time is up needs no connection.
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Err(self.timed_out(&self.connection()));
        }
        Ok(slot)
    }

    async fn exchange<'a, T>(
        &'a self,
        (client, mut slot): (&Client, Slot<'a>),
        deadline: Option<Instant>,
        action: Action,
        body: impl FnOnce() -> serde_json::Result<Vec<u8>>,
        read: impl FnOnce(&[u8]) -> serde_json::Result<(T, Units)>,
        throttles: Option<&'a RequestThrottles>,
    ) -> Result<T, Error> {
        // The error would repeat a part of the value.
        let body = body().map_err(|_| Error::new(ErrorKind::Internal, "the request could not be written"))?;
        let observers = self.observers(throttles);
        let mut sending = Sending::new(self.work(), action, body, deadline, observers);
        let reply = loop {
            match client.advance(&mut sending).await {
                Step::Answered(reply) => break reply,
                Step::Failed(failure) => return Err(self.with_wait(client.explain(failure, &sending))),
                Step::NeedsCredentials => {
                    drop(slot);
                    slot = self.slot(client, deadline).await?;
                }
            }
        };
        drop(slot);
        let (output, Units(units)) = read(&reply.body).map_err(|error| client.unreadable(error, &reply, &sending))?;
        observers.add(if action.is_write() {
            Effort { write_units: units, ..Effort::default() }
        } else {
            Effort { read_units: units, ..Effort::default() }
        });
        if let Some(usage) = observers.usage {
            usage.answered(reply.request_id());
        }
        Ok(output)
    }
}
