//! A process that is out of file descriptors cannot connect, but it can wait for a connection that it has.

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use super::slots::Slots;

/// Too many open files: in the process, or in the whole machine.
/// <https://man7.org/linux/man-pages/man3/errno.3.html>,
/// <https://learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2>
const NO_DESCRIPTOR: [i32; 2] = if cfg!(windows) { [10_024, 10_024] } else { [24, 23] };

/// How long to wait, at most, until a connection may have come free.
const PAUSE: Duration = Duration::from_millis(40);

/// A connector that waits where the process has no descriptor for another connection. The timeout of the attempt ends it.
#[derive(Debug)]
pub(super) struct Patient {
    pub(super) connector: SharedHttpConnector,
    pub(super) slots: Arc<Slots>,
}

impl HttpConnector for Patient {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (connector, slots) = (self.connector.clone(), Arc::clone(&self.slots));
        HttpConnectorFuture::new(async move {
            let mut request = request;
            loop {
                // A copy costs, and is made only once there is a shortage; the request that finds it out is sent again
                // by whoever sends again after any other failure to connect.
                let again = if slots.are_short() { request.try_clone() } else { None };
                let result = connector.call(request).await;
                match result {
                    Err(error) if is_out_of_descriptors(&error) => {
                        let wait = slots.shrink();
                        let (Some(_wait), Some(again)) = (wait, again) else { return Err(error) };
                        tokio::time::sleep(PAUSE.mul_f64(fastrand::f64())).await;
                        request = again;
                    }
                    result => return result,
                }
            }
        })
    }
}

/// Whether an error, or one below it, says that the process has no descriptor left.
fn is_out_of_descriptors(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| {
        let code = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::raw_os_error);
        code.is_some_and(|code| NO_DESCRIPTOR.contains(&code))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_runtime_api::client::result::ConnectorError;

    #[test]
    fn finds_the_shortage_below_other_errors() {
        let short = ConnectorError::io(std::io::Error::from_raw_os_error(NO_DESCRIPTOR[0]).into());
        assert!(is_out_of_descriptors(&short));
        let refused = ConnectorError::io(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into());
        assert!(!is_out_of_descriptors(&refused));
    }
}
