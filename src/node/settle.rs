//! Settles the promise of a call: from the outcome on the worker to a value, or to the data of an error.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use napi::bindgen_prelude::{FnArgs, Function, JsObjectValue, Object, Unknown};
use napi::{Env, JsError, JsValue, Result, sys};

use super::abort::{Abort, quietly};
use super::answer::Answer;
use super::error::data;
use super::event_loop::EventLoop;
use super::pending::Call;
use crate::error::Error;
use crate::handoff::Outcome;

/// How a call of the core ended.
pub(super) struct Ended {
    pub(super) result: std::result::Result<Answer, Error>,
    /// Whether the call's signal ended it.
    pub(super) stopped: bool,
    /// What the user should be told, if anything.
    pub(super) notice: Option<String>,
}

/// Settles one promise, with a rejection where the conversion fails.
///
/// # Safety
/// `env` must be live, and this its thread.
pub(super) unsafe fn settle(env: sys::napi_env, event_loop: &EventLoop, call: Call, outcome: Outcome<Ended>) {
    let mut scope = ptr::null_mut();
    // SAFETY: the caller's promise; each out-pointer is valid for its call; the scope is closed as it was opened.
    unsafe {
        if sys::napi_open_handle_scope(env, &raw mut scope) != sys::Status::napi_ok {
            return;
        }
        let made = catch_unwind(AssertUnwindSafe(|| convert(env, event_loop, call.abort, outcome)));
        // A failure of either call means that the environment is about to end, and no JavaScript runs any more.
        match made.unwrap_or_else(|_| Err(napi::Error::from_reason("a panic"))) {
            Ok(Made::Value(value)) => sys::napi_resolve_deferred(env, call.deferred, value),
            Ok(Made::Failure(value)) => sys::napi_reject_deferred(env, call.deferred, value),
            Err(error) => sys::napi_reject_deferred(env, call.deferred, thrown(env, error)),
        };
        sys::napi_close_handle_scope(env, scope);
    }
}

/// What JavaScript threw meanwhile, or the error that napi made of a status.
unsafe fn thrown(env: sys::napi_env, error: napi::Error) -> sys::napi_value {
    let mut exception = ptr::null_mut();
    // SAFETY: env is live, and the out-pointers are valid for the calls.
    unsafe {
        let mut pending = false;
        sys::napi_is_exception_pending(env, &raw mut pending);
        if pending && sys::napi_get_and_clear_last_exception(env, &raw mut exception) == sys::Status::napi_ok {
            return exception;
        }
        JsError::from(error).into_unknown(Env::from_raw(env)).raw()
    }
}

/// What a promise settles with.
enum Made {
    Value(sys::napi_value),
    Failure(sys::napi_value),
}

/// Makes the JavaScript value of an outcome.
///
/// # Safety
/// `env` must be live, and this its thread.
unsafe fn convert(
    env: sys::napi_env,
    event_loop: &EventLoop,
    abort: Option<Abort>,
    outcome: Outcome<Ended>,
) -> Result<Made> {
    // SAFETY: the caller's promise.
    let js = Env::from_raw(env);
    let stopped = matches!(&outcome, Outcome::Done(ended) if ended.stopped);
    let reason = abort.and_then(|abort| abort.end(&js, event_loop, stopped));
    let ended = match outcome {
        Outcome::Done(ended) => ended,
        Outcome::Panicked(words) => return Err(napi::Error::from_reason(words)),
        Outcome::Lost => return Err(napi::Error::from_reason("the call was given up")),
    };
    if let Some(notice) = ended.notice {
        warn(&js, &notice);
    }
    match ended.result {
        // SAFETY: the caller's promise.
        Ok(answer) => unsafe { answer.into_js(env) }.map(Made::Value),
        Err(error) => Ok(Made::Failure(data(&js, &error, reason)?.raw())),
    }
}

/// Tells the user through Node's own warnings. One that cannot be given changes nothing about a call.
pub(super) fn warn(env: &Env, notice: &str) {
    let emit = || -> Result<()> {
        let process: Object<'_> = env.get_global()?.get_named_property("process")?;
        let emit: Function<'_, FnArgs<(&str, &str)>, Unknown<'_>> = process.get_named_property("emitWarning")?;
        emit.apply(process, (notice, "DynamoDbWarning").into())?;
        Ok(())
    };
    quietly(env, emit());
}
