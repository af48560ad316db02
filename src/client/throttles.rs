//! Throttled attempts, counted as they happen. A request that backs off and retries reports what it took only once it has
//! ended, and until then its neighbours would go on at full speed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The throttled attempts of many requests.
#[derive(Debug, Default)]
pub(crate) struct Throttles(Arc<AtomicU32>);

impl Throttles {
    /// A count for one of the requests, which is part of this one.
    pub(crate) fn of_request(&self) -> RequestThrottles {
        RequestThrottles { all: Arc::clone(&self.0), own: AtomicU32::new(0) }
    }

    /// How many there were since the last call.
    pub(crate) fn take(&self) -> u32 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

/// The throttled attempts of one request.
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
