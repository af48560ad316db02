//! Settles the promises of calls, in time slices that leave the event loop to timers and I/O in between.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::time::{Duration, Instant};

use napi::bindgen_prelude::{Function, JsObjectValue, Object, Unknown};
use napi::{Env, JsError, JsValue, Result, ValueType, sys};

use super::abort::{Abort, Signals};
use super::js::{Reference, builtin, discard_error, take_exception, warn};
use super::realm::Realm;
use super::to_js::{self, MethodResult};
use crate::error::Error;
use crate::handoff::Outcome;

/// How long one turn of the event loop settles calls. The code that awaits them runs in the same turn, and may take as
/// long again.
const TIME_SLICE: Duration = Duration::from_millis(4);

/// How many calls are settled between two readings of the clock.
const CALLS_PER_CLOCK_READ: usize = 8;

/// The state that is needed to settle a call on the JavaScript thread.
pub(super) struct Pending {
    pub(super) deferred: sys::napi_deferred,
    pub(super) abort: Option<Abort>,
}

/// The outcome of a call.
pub(super) struct CallResult {
    pub(super) result: std::result::Result<MethodResult, Error>,
    /// Whether the call was stopped by its signal.
    pub(super) was_stopped: bool,
    /// A warning for the user.
    pub(super) notice: Option<String>,
}

/// Settles one promise. Rejects it if the conversion of the result fails.
///
/// # Safety
/// `env` must be live, and this its thread.
pub(super) unsafe fn settle(
    env: sys::napi_env,
    realm: &Realm,
    signals: &Signals,
    call: Pending,
    outcome: Outcome<CallResult>,
) {
    let mut scope = ptr::null_mut();
    // SAFETY: guaranteed by the caller; the out-pointer is valid for the call, and the scope is closed as it was opened.
    unsafe {
        if sys::napi_open_handle_scope(env, &raw mut scope) != sys::Status::napi_ok {
            return;
        }
        let js = Env::from_raw(env);
        let settled = catch_unwind(AssertUnwindSafe(|| convert(&js, realm, signals, call.abort, outcome)));
        // Settling fails only if the environment is about to end, and no more JavaScript runs.
        match settled.unwrap_or_else(|_| Err(napi::Error::from_reason("a panic"))) {
            Ok(Ok(value)) => sys::napi_resolve_deferred(env, call.deferred, value.raw()),
            Ok(Err(data)) => sys::napi_reject_deferred(env, call.deferred, data.raw()),
            Err(error) => {
                let error = take_exception(&js).unwrap_or_else(|| JsError::from(error).into_unknown(js));
                sys::napi_reject_deferred(env, call.deferred, error.raw())
            }
        };
        sys::napi_close_handle_scope(env, scope);
    }
}

/// The value, or the data of an error.
type Converted<'env> = std::result::Result<Unknown<'env>, Object<'env>>;

fn convert<'env>(
    env: &'env Env,
    realm: &Realm,
    signals: &Signals,
    abort: Option<Abort>,
    outcome: Outcome<CallResult>,
) -> Result<Converted<'env>> {
    let was_stopped = matches!(&outcome, Outcome::Done(ended) if ended.was_stopped);
    let reason = abort.and_then(|abort| signals.end(env, realm, abort, was_stopped));
    let ended = match outcome {
        Outcome::Done(ended) => ended,
        Outcome::Panicked(message) => return Err(napi::Error::from_reason(message)),
        Outcome::Lost => return Err(napi::Error::from_reason("the call was given up")),
    };
    if let Some(notice) = ended.notice {
        warn(env, &notice);
    }
    match ended.result {
        Ok(answer) => answer.into_js(env).map(Ok),
        Err(error) => to_js::error(env, &error, reason).map(Err),
    }
}

/// The part of a turn of the event loop in which calls are settled.
#[derive(Default)]
pub(super) struct TimeSlice {
    settled: usize,
    begin: Option<Instant>,
}

impl TimeSlice {
    /// Counts a settled call. Reads the clock only once per several calls.
    #[expect(clippy::disallowed_methods, reason = "how long the thread was held is real time, not the store's")]
    pub(super) fn is_over(&mut self) -> bool {
        self.settled += 1;
        if !self.settled.is_multiple_of(CALLS_PER_CLOCK_READ) {
            return false;
        }
        let begin = *self.begin.get_or_insert_with(Instant::now);
        begin.elapsed() >= TIME_SLICE
    }
}

/// Node's `setImmediate`, which calls a function in a later turn, after timers and I/O. (A threadsafe function that is
/// called from its own callback runs in the same turn.)
pub(super) struct Immediate(Reference);

impl Immediate {
    /// Returns `None` if it is missing or was replaced by a test runner's fake timers, which may never fire. These have a
    /// property `clock`.
    pub(super) fn new(env: &Env) -> Option<Self> {
        let find = || -> Result<Option<Self>> {
            let function: Unknown<'_> = builtin(env, "node:timers")?.get_named_property("setImmediate")?;
            if function.get_type()? != ValueType::Function {
                return Ok(None);
            }
            // SAFETY: a function is an object.
            let function: Object<'_> = unsafe { function.cast() }?;
            if function.has_named_property("clock")? { Ok(None) } else { function.create_ref().map(Self).map(Some) }
        };
        discard_error(env, find()).flatten()
    }

    /// Schedules `callback`. Returns whether that succeeded.
    pub(super) fn schedule(&self, env: &Env, callback: impl Fn(&Env) + 'static) -> bool {
        let schedule = || -> Result<()> {
            let callback: Function<'_, (), ()> = env.create_function_from_closure("settle", move |context| {
                callback(context.env);
                Ok(())
            })?;
            // SAFETY: only a function is kept.
            let set_immediate: Function<'_, Unknown<'_>, Unknown<'_>> =
                unsafe { self.0.get_value(env)?.to_unknown().cast() }?;
            set_immediate.call(callback.to_unknown()).map(|_| ())
        };
        discard_error(env, schedule()).is_some()
    }
}
