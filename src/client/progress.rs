//! What a request has been through, for the code that sees it from inside the SDK.
//!
//! Interceptors, retry classifiers and credentials providers serve the whole client; they find the request that they
//! are called for by a task-local. Nothing is allocated per request.

use std::cell::Cell;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::config::interceptors::{BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::{BoxError, ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::interceptors::context::Error as OperationError;

use crate::error::aws::is_throttle;
use crate::stats::Effort;

struct Progress {
    effort: Cell<Effort>,
    /// AWS's name of an error: which type holds it depends on the operation.
    name_of: fn(&OperationError) -> Option<&str>,
    /// The serial of the credentials that the attempt was signed with.
    serial: Cell<u64>,
    /// The attempt after which the credentials were renewed; 0: none.
    renewed_after: Cell<u32>,
}

tokio::task_local! {
    static PROGRESS: Progress;
    static WATCH: Watch;
}

struct Watch {
    own: Cell<u32>,
    all: Throttles,
}

/// Runs one request and tells what it took.
pub(super) async fn counted<O, E>(
    request: impl Future<Output = Result<O, SdkError<E, HttpResponse>>>,
) -> (Result<O, SdkError<E, HttpResponse>>, Effort)
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let begun = Progress {
        effort: Cell::default(),
        name_of: name_of::<E>,
        serial: Cell::default(),
        renewed_after: Cell::default(),
    };
    PROGRESS
        .scope(begun, async {
            let result = request.await;
            (result, PROGRESS.with(|progress| progress.effort.get()))
        })
        .await
}

fn name_of<E>(error: &OperationError) -> Option<&str>
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    error.downcast_ref::<E>()?.code()
}

/// Counts throttled attempts while they happen, for whoever must slow down: the SDK waits and sends again by itself, and
/// a request that succeeds in the end does not tell what it took.
#[derive(Debug, Clone, Default)]
pub(crate) struct Throttles(Arc<AtomicU32>);

impl Throttles {
    /// Runs `work`, counting for its requests. Tells how many there were in this work alone.
    pub(crate) async fn watch<T>(&self, work: impl Future<Output = T>) -> (T, u32) {
        WATCH
            .scope(Watch { own: Cell::default(), all: self.clone() }, async {
                let result = work.await;
                (result, WATCH.with(|watch| watch.own.get()))
            })
            .await
    }

    /// How many there were since this was last asked.
    pub(crate) fn take(&self) -> u32 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

/// Counts a throttled attempt for who watches.
pub(super) fn throttled() {
    let _unwatched = WATCH.try_with(|watch| {
        watch.own.set(watch.own.get() + 1);
        watch.all.0.fetch_add(1, Ordering::Relaxed);
    });
}

/// Outside a counted request there is nothing to count.
fn count(add: impl FnOnce(&mut Effort)) {
    let _outside = PROGRESS.try_with(|progress| {
        let mut effort = progress.effort.get();
        add(&mut effort);
        progress.effort.set(effort);
    });
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
            let attempt = progress.effort.get().attempts;
            if progress.renewed_after.get() == 0 {
                progress.renewed_after.set(attempt);
                renew(progress.serial.get());
            }
            progress.renewed_after.get() == attempt
        })
        .unwrap_or(false)
}

/// Counts attempts, those that were throttled, and the bytes of bodies. The SDK tells them to interceptors only.
#[derive(Debug)]
pub(super) struct Counter;

impl Intercept for Counter {
    fn name(&self) -> &'static str {
        "AttemptCounter"
    }

    fn read_before_attempt(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        count(|effort| {
            effort.attempts += 1;
            effort.bytes_sent += context.request().body().content_length().unwrap_or_default();
        });
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().and_then(|response| response.body().bytes());
        count(|effort| effort.bytes_received += body.map_or(0, |body| body.len() as u64));
        let Some(Err(failure)) = context.output_or_error() else {
            return Ok(());
        };
        let error = failure.as_operation_error();
        let name = error.and_then(|error| PROGRESS.try_with(|progress| (progress.name_of)(error)).ok().flatten());
        let status = context.response().map_or(0, |response| response.status().as_u16());
        if is_throttle(name, status) {
            count(|effort| effort.throttles += 1);
            throttled();
        }
        Ok(())
    }
}
