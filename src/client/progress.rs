//! What a request has been through, for the code that sees it from inside the SDK.
//!
//! Interceptors, retry classifiers and credentials providers serve the whole client; they find the request that they
//! are called for by a task-local. Nothing is allocated per request.

use std::cell::Cell;
use std::future::Future;

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;

#[derive(Default)]
struct Progress {
    attempts: Cell<u32>,
    /// The serial of the credentials that the attempt was signed with.
    serial: Cell<u64>,
    /// The attempt after which the credentials were renewed; 0: none.
    renewed_after: Cell<u32>,
}

tokio::task_local! {
    static PROGRESS: Progress;
}

/// Runs one request and tells how many attempts it took.
pub(super) async fn counted<T>(request: impl Future<Output = T>) -> (T, u32) {
    PROGRESS
        .scope(Progress::default(), async {
            let result = request.await;
            (result, PROGRESS.with(|progress| progress.attempts.get()))
        })
        .await
}

/// Notes which credentials the attempt is signed with.
pub(super) fn signed_with(serial: u64) {
    // Outside a request there is nothing to note.
    let _outside = PROGRESS.try_with(|progress| progress.serial.set(serial));
}

/// Whether credentials that were refused are worth another attempt: once per request. `renew` is called then, with
/// their serial. The SDK asks several times about one attempt; the answer is the same.
pub(super) fn may_renew(renew: impl FnOnce(u64)) -> bool {
    PROGRESS
        .try_with(|progress| {
            let attempt = progress.attempts.get();
            if progress.renewed_after.get() == 0 {
                progress.renewed_after.set(attempt);
                renew(progress.serial.get());
            }
            progress.renewed_after.get() == attempt
        })
        .unwrap_or(false)
}

/// Counts the attempts, for `$metadata.attempts`. The SDK tells them to interceptors only.
#[derive(Debug)]
pub(super) struct Counter;

impl Intercept for Counter {
    fn name(&self) -> &'static str {
        "AttemptCounter"
    }

    fn read_before_attempt(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // Outside a counted request there is nothing to count.
        let _outside = PROGRESS.try_with(|progress| progress.attempts.set(progress.attempts.get() + 1));
        Ok(())
    }
}
