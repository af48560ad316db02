//! What this process has used.

use std::time::Duration;

pub(crate) struct Usage {
    /// User and system time of all threads.
    pub(crate) cpu: Duration,
}

impl Usage {
    #[cfg(unix)]
    pub(crate) fn now() -> Self {
        let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: getrusage fills the struct that it is given; all zeroes, as before, is a valid one too.
        let usage = unsafe {
            libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
            usage.assume_init()
        };
        Self { cpu: duration(usage.ru_utime) + duration(usage.ru_stime) }
    }

    #[cfg(not(unix))]
    pub(crate) fn now() -> Self {
        Self { cpu: Duration::ZERO }
    }
}

#[cfg(unix)]
fn duration(time: libc::timeval) -> Duration {
    Duration::from_secs(time.tv_sec.unsigned_abs()) + Duration::from_micros(time.tv_usec.unsigned_abs())
}

/// The most memory that this process has had, in bytes; nothing where the system has no `/proc`.
pub(crate) fn peak_rss() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
