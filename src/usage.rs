//! The statistics of a single call, which tracing reports when the call ends.

use std::sync::{Mutex, PoisonError};

use crate::stats::{Counters, Effort, OperationStats};

/// The counters of a single call.
#[derive(Debug, Default)]
pub struct Usage {
    counters: Counters,
    request_id: Mutex<Option<String>>,
}

impl Usage {
    pub(crate) fn add(&self, effort: Effort) {
        self.counters.add(effort);
    }

    pub(crate) fn answered(&self, request_id: Option<String>) {
        *self.request_id.lock().unwrap_or_else(PoisonError::into_inner) = request_id;
    }

    /// Returns the requests, bytes and capacity units so far. Rows and errors are not counted per call.
    pub fn counts(&self) -> OperationStats {
        self.counters.snapshot()
    }

    /// Returns AWS's ID of the last successful request.
    pub fn request_id(&self) -> Option<String> {
        self.request_id.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
