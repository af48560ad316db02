//! Counts throttled attempts as they happen. A request that retries reports its statistics only when it ends, and until
//! then the other requests would continue at full speed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The number of throttled attempts of several requests.
#[derive(Debug, Default)]
pub(crate) struct Throttles(Arc<AtomicU32>);

impl Throttles {
    /// Returns a counter for one of the requests, which also adds to this one.
    pub(crate) fn of_request(&self) -> RequestThrottles {
        RequestThrottles { all: Arc::clone(&self.0), own: AtomicU32::new(0) }
    }

    /// Returns the number since the last call.
    pub(crate) fn take(&self) -> u32 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

/// The number of throttled attempts of one request.
#[derive(Debug)]
pub(crate) struct RequestThrottles {
    all: Arc<AtomicU32>,
    own: AtomicU32,
}

impl RequestThrottles {
    pub(super) fn add(&self) {
        self.own.fetch_add(1, Ordering::Relaxed);
        self.all.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether no attempt was throttled.
    pub(crate) fn is_zero(&self) -> bool {
        self.own.load(Ordering::Relaxed) == 0
    }
}
