//! Single flight: eventually consistent reads of one key that overlap share a request, and its cost.
//!
//! A read may join a request only while every write of this driver that has ended ended before the request began.
//! Otherwise it could miss a write that its caller knows of. So a write closes the flights of its keys, at its start and
//! at its end.

use std::collections::HashMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use super::call::{Begun, Call};
use super::read::{Projection, StoredRow};
use crate::error::{Error, ErrorKind};
use crate::key::Key;
use crate::options::Options;

/// Polled by whichever of its callers is; dropped, and the request with it, with the last of them.
type Request = BoxFuture<'static, Result<Option<StoredRow>, Failure>>;

#[derive(Clone)]
struct Failure {
    error: Error,
    /// Whether the time of the call that sent the request was up. Calls that joined it began later.
    was_over: bool,
}

/// The requests that later reads may join.
#[derive(Default)]
pub(super) struct Flights(Mutex<Open>);

#[derive(Default)]
struct Open {
    /// By the hash of their key.
    flights: HashMap<u64, Vec<Flight>>,
    last_number: u64,
}

struct Flight {
    number: u64,
    /// Two keys may have one hash.
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

/// Closes the flights of keys to later callers, at once and again when dropped.
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

    /// The hashes of the keys, each once.
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
struct Landing<'a> {
    flights: &'a Flights,
    hash: u64,
    number: u64,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        self.flights.close_one(self.hash, self.number);
    }
}

impl Begun {
    /// Reads one row, by a request that overlapping reads of the same row share.
    pub(super) async fn row(
        &self,
        key: &Key,
        consistent: bool,
        projection: Projection,
    ) -> Result<Option<StoredRow>, Error> {
        let Options { attributes, coalesce, .. } = &self.session.options;
        let projection = if attributes.mtime.is_some() { projection } else { Projection::Value };
        if consistent || !coalesce {
            return self.fetch(key, consistent, projection).await;
        }
        // A call that joins is one, too: with an open circuit breaker it fails at once.
        self.pass().map_err(|error| error.with_key(key.as_str()))?;
        let mut may_outlast = false;
        loop {
            let (request, joined) = self.join(key, projection);
            if joined {
                self.coalesced();
            }
            let result = if joined && may_outlast {
                let waited = self.wait("another read of the same key", self.deadline(), request);
                Box::pin(waited).await.map_err(|error| error.with_key(key.as_str()))?
            } else {
                request.await
            };
            match result {
                Err(failure) if joined && failure.was_over && !self.is_over() => {
                    // The next one may be that of a call that began later, and has more time.
                    may_outlast = true;
                }
                result => return result.map_err(|failure| self.fail(failure.error)),
            }
        }
    }

    /// The open flight for this row, or a new one; and whether it is another call's.
    fn join(&self, key: &Key, projection: Projection) -> (Shared<Request>, bool) {
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
        let request = fly(Arc::clone(self), key.clone(), projection, hash, number).boxed().shared();
        if let Some(weak) = request.downgrade() {
            let flight = Flight { number, key: key.clone(), projection, request: weak };
            open.flights.entry(hash).or_default().push(flight);
        }
        (request, false)
    }
}

async fn fly(
    call: Arc<Call>,
    key: Key,
    projection: Projection,
    hash: u64,
    number: u64,
) -> Result<Option<StoredRow>, Failure> {
    let _landing = Landing { flights: call.session.order.flights(), hash, number };
    // Left to `Shared`, a panic would wake none of the other callers.
    let fetched = AssertUnwindSafe(call.fetch(&key, false, projection)).catch_unwind().await;
    let panicked = |_| Err(Error::new(ErrorKind::Internal, "the request panicked").with_key(key.as_str()));
    fetched.unwrap_or_else(panicked).map_err(|error| {
        let was_over = error.kind() == ErrorKind::Timeout && call.is_over();
        Failure { error, was_over }
    })
}
