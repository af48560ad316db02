//! The only code that reads the current time, so that tests can supply their own.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Returns the wall-clock time. A parameter of [`Store`](crate::store::Store) that only Rust code can set.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Time since the Unix epoch; zero for a clock set before 1970.
    fn now(&self) -> Duration;
}

/// A shared clock.
pub type SharedClock = Arc<dyn Clock>;

/// The system clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        #[expect(clippy::disallowed_methods, reason = "this is the one clock the others are measured by")]
        let now = SystemTime::now();
        now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_clock_is_past_2020_and_advances() {
        let first = SystemClock.now();
        assert!(first > Duration::from_hours(24 * 365 * 50));
        std::thread::sleep(Duration::from_millis(2));
        assert!(SystemClock.now() > first);
    }
}
