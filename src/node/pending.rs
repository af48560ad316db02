//! The unanswered calls of an environment. Used only on the JavaScript thread.

use napi::sys;

use super::abort::Abort;

/// The largest number of slots kept while no call is in flight.
const ROOM: usize = 1024;

/// The handles needed to settle a call.
pub(super) struct Call {
    pub(super) deferred: sys::napi_deferred,
    pub(super) abort: Option<Abort>,
}

/// Calls by number. Numbers are reused.
#[derive(Default)]
pub(super) struct Pending {
    calls: Vec<Option<Call>>,
    free: Vec<usize>,
}

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        self.free.len() == self.calls.len()
    }

    /// Stores a call and returns its number.
    pub(super) fn add(&mut self, call: Call) -> usize {
        if let Some(number) = self.free.pop()
            && let Some(place) = self.calls.get_mut(number)
        {
            *place = Some(call);
            return number;
        }
        self.calls.push(Some(call));
        self.calls.len() - 1
    }

    /// Removes a call. Returns `None` if it was already removed.
    pub(super) fn remove(&mut self, number: usize) -> Option<Call> {
        let call = self.calls.get_mut(number)?.take()?;
        self.free.push(number);
        // Free the memory that a burst of calls needed.
        if self.is_empty() && self.calls.len() > ROOM {
            *self = Self::default();
        }
        Some(call)
    }
}
