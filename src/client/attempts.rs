//! Counts how often a request was sent, for `$metadata.attempts`.
//!
//! The SDK tells its attempts to interceptors only. One interceptor serves the whole client and finds the request it
//! belongs to by a task-local: nothing is allocated per request.

use std::cell::Cell;
use std::future::Future;

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;

tokio::task_local! {
    static ATTEMPTS: Cell<u32>;
}

/// Runs one request and tells how many attempts it took.
pub(super) async fn counted<T>(request: impl Future<Output = T>) -> (T, u32) {
    ATTEMPTS
        .scope(Cell::new(0), async {
            let result = request.await;
            (result, ATTEMPTS.with(Cell::get))
        })
        .await
}

/// The client's interceptor.
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
        let _outside = ATTEMPTS.try_with(|attempts| attempts.set(attempts.get() + 1));
        Ok(())
    }
}
