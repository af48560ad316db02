//! The calls of an environment that have no answer yet. On the JavaScript thread alone.

use napi::sys;

use super::abort::Abort;

/// Places that are kept while no call is under way.
const ROOM: usize = 1024;

/// What it takes to settle a call.
pub(super) struct Call {
    pub(super) deferred: sys::napi_deferred,
    pub(super) abort: Option<Abort>,
}

/// Calls by number; numbers are given again.
#[derive(Default)]
pub(super) struct Pending {
    calls: Vec<Option<Call>>,
    free: Vec<usize>,
}

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        self.free.len() == self.calls.len()
    }

    /// Keeps a call under a number that no other call has.
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

    /// Gives the call back, once.
    pub(super) fn remove(&mut self, number: usize) -> Option<Call> {
        let call = self.calls.get_mut(number)?.take()?;
        self.free.push(number);
        // After a burst the room is given back.
        if self.is_empty() && self.calls.len() > ROOM {
            *self = Self::default();
        }
        Some(call)
    }
}
