//! A process that is out of file descriptors cannot connect, but it can wait for a connection that it has.

use std::io;
use std::time::Duration;

use super::connect::chain;

/// Too many open files: in the process, or in the whole machine.
/// <https://man7.org/linux/man-pages/man3/errno.3.html>,
/// <https://learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2>
const NO_DESCRIPTOR: [i32; 2] = if cfg!(windows) { [10_024, 10_024] } else { [24, 23] };

/// How long to wait, at most, until a connection may have come free.
const PAUSE: Duration = Duration::from_millis(40);

/// Waits a little. The timeout of the attempt ends it.
pub(super) async fn pause() {
    tokio::time::sleep(PAUSE.mul_f64(fastrand::f64())).await;
}

/// Whether an error, or one below it, says that there is no descriptor left.
pub(super) fn are_short(error: &(dyn std::error::Error + 'static)) -> bool {
    chain(error).any(|error| {
        let code = error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error);
        code.is_some_and(|code| NO_DESCRIPTOR.contains(&code))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_runtime_api::client::result::ConnectorError;

    #[test]
    fn finds_the_shortage_below_other_errors() {
        let short = io::Error::from_raw_os_error(NO_DESCRIPTOR[0]);
        assert!(are_short(&ConnectorError::io(io::Error::other(short).into())));
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert!(!are_short(&ConnectorError::io(refused.into())));
    }
}
