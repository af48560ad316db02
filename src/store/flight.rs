//! Request coalescing: overlapping, eventually consistent reads of one key share a request and its cost.
//!
//! A read may join a request only if no write of this driver has ended since the request started. Otherwise it could
//! miss a write that its caller knows of. A write therefore closes the flights of its keys, when it starts and when it
//! ends.

use std::collections::HashMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use super::call::Call;
use super::read::{Projection, StoredRow};
use crate::error::{Error, ErrorKind};
use crate::key::Key;
use crate::options::Options;

/// A request that any of its callers polls. Dropped, and thereby cancelled, with the last of them.
type Request = BoxFuture<'static, Result<Option<StoredRow>, FlightError>>;

#[derive(Clone)]
struct FlightError {
    error: Error,
    /// Whether the call that sent the request ran out of time. Calls that joined it started later and may have time
    /// left.
    was_over: bool,
}

/// The requests that later reads may join.
#[derive(Default)]
pub(super) struct Flights(Mutex<Open>);

#[derive(Default)]
struct Open {
    /// By the hash of the key.
    flights: HashMap<u64, Vec<Flight>>,
    last_number: u64,
}

struct Flight {
    number: u64,
    /// Different keys can have the same hash.
    key: Key,
    projection: Projection,
    request: WeakShared<Request>,
}

impl fmt::Debug for Flights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flights").field("open", &self.open().flights.len()).finish()
    }
}

impl Flights {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self, hashes: &[u64]) {
        let mut open = self.open();
        if !open.flights.is_empty() {
            for hash in hashes {
                open.flights.remove(hash);
            }
        }
    }

    fn close_one(&self, hash: u64, number: u64) {
        let mut open = self.open();
        if let Some(flights) = open.flights.get_mut(&hash) {
            flights.retain(|flight| flight.number != number);
            if flights.is_empty() {
                open.flights.remove(&hash);
            }
        }
    }
}

/// Prevents later callers from joining flights of these keys, immediately and again when dropped.
#[derive(Debug)]
pub(super) struct ClosedFlights<'a> {
    flights: &'a Flights,
    hashes: Vec<u64>,
}

impl<'a> ClosedFlights<'a> {
    pub(super) fn new(flights: &'a Flights, mut hashes: Vec<u64>) -> Self {
        hashes.sort_unstable();
        hashes.dedup();
        flights.close(&hashes);
        Self { flights, hashes }
    }

    /// The distinct hashes of the keys.
    pub(super) fn hashes(&self) -> &[u64] {
        &self.hashes
    }
}

impl Drop for ClosedFlights<'_> {
    fn drop(&mut self) {
        self.flights.close(&self.hashes);
    }
}

/// Closes a flight before its callers see the result, or when none of them is left.
struct FlightGuard<'a> {
    flights: &'a Flights,
    hash: u64,
    number: u64,
}

impl Drop for FlightGuard<'_> {
    fn drop(&mut self) {
        self.flights.close_one(self.hash, self.number);
    }
}

impl Call {
    /// Reads one row. Overlapping reads of the same row share the request.
    pub(super) async fn row(
        self: &Arc<Self>,
        key: &Key,
        consistent: bool,
        projection: Projection,
    ) -> Result<Option<StoredRow>, Error> {
        let Options { attributes, coalesce, .. } = &self.session.options;
        let has_metadata = attributes.mtime.is_some() || attributes.etag.is_some();
        let projection = if has_metadata { projection } else { Projection::Value };
        if consistent || !coalesce {
            return self.fetch(key, consistent, projection).await;
        }
        // An open circuit breaker must also reject calls that would join a request.
        let named = |error: Error| error.with_key(key.as_str());
        self.pass().map_err(named)?;
        let mut may_outlast = false;
        loop {
            let (request, joined) = self.join(key, projection);
            if !joined {
                return request.await.map_err(|failure| self.fail(failure.error));
            }
            self.coalesced();
            // Memory stays bounded, however many calls join.
            let _place = self.place().map_err(named)?;
            let result = if may_outlast {
                let waited = self.wait("another read of the same key", self.deadline(), request);
                Box::pin(waited).await.map_err(named)?
            } else {
                request.await
            };
            match result {
                // The next request may have been sent by a call that started later and has more time.
                Err(failure) if failure.was_over && !self.is_over() => may_outlast = true,
                result => return result.map_err(|failure| self.fail(failure.error)),
            }
        }
    }

    /// Joins the open flight of this row or starts one. Returns whether another call started it.
    fn join(self: &Arc<Self>, key: &Key, projection: Projection) -> (Shared<Request>, bool) {
        let order = &self.session.order;
        let hash = order.hash(key);
        let mut open = order.flights().open();
        let is_same = |flight: &&Flight| flight.projection == projection && flight.key == *key;
        let flights = open.flights.get(&hash).into_iter().flatten();
        if let Some(request) = flights.filter(is_same).find_map(|flight| flight.request.upgrade()) {
            return (request, true);
        }
        open.last_number += 1;
        let number = open.last_number;
        let request = send(Arc::clone(self), key.clone(), projection, hash, number).boxed().shared();
        if let Some(weak) = request.downgrade() {
            let flight = Flight { number, key: key.clone(), projection, request: weak };
            open.flights.entry(hash).or_default().push(flight);
        }
        (request, false)
    }
}

async fn send(
    call: Arc<Call>,
    key: Key,
    projection: Projection,
    hash: u64,
    number: u64,
) -> Result<Option<StoredRow>, FlightError> {
    let _guard = FlightGuard { flights: call.session.order.flights(), hash, number };
    // `Shared` does not wake other callers if a panic unwinds through it.
    let fetched = AssertUnwindSafe(call.fetch(&key, false, projection)).catch_unwind().await;
    let panicked = |_| Err(Error::new(ErrorKind::Internal, "the request panicked").with_key(key.as_str()));
    fetched.unwrap_or_else(panicked).map_err(|error| {
        let was_over = error.kind() == ErrorKind::Timeout && call.is_over();
        FlightError { error, was_over }
    })
}
