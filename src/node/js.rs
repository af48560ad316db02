//! Helpers for Node-API, independent of the driver.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use napi::bindgen_prelude::{FnArgs, Function, JsObjectValue, Object, ObjectRef, Unknown};
use napi::{Env, JsValue, Result, check_status, sys};

/// A reference without napi's leak check: a worker thread that is terminated never gets to release its references.
pub(super) type Reference = ObjectRef<false>;

/// Copies a handle, because a `Function` takes its arguments by value.
pub(super) fn copy_handle<'env>(value: &Unknown<'env>) -> Unknown<'env> {
    // SAFETY: env and value belong to a live handle.
    unsafe { Unknown::from_raw_unchecked(value.value().env, value.value().value) }
}

/// Loads a built-in module with `process.getBuiltinModule`, because bundlers and test runners replace `require`.
pub(super) fn builtin<'env>(env: &'env Env, name: &str) -> Result<Object<'env>> {
    let process: Object<'_> = env.get_global()?.get_named_property("process")?;
    let get: Function<'_, FnArgs<(&str,)>, Object<'env>> = process.get_named_property("getBuiltinModule")?;
    get.apply(process, (name,).into())
}

/// Emits a Node warning. Failures are ignored.
pub(super) fn warn(env: &Env, text: &str) {
    let emit = || -> Result<()> {
        let process: Object<'_> = env.get_global()?.get_named_property("process")?;
        let emit: Function<'_, FnArgs<(&str, &str)>, Unknown<'_>> = process.get_named_property("emitWarning")?;
        emit.apply(process, (text, "DynamoDbWarning").into())?;
        Ok(())
    };
    discard_error(env, emit());
}

/// Clears and returns a pending exception, which would make most of Node-API fail.
pub(super) fn take_exception(env: &Env) -> Option<Unknown<'_>> {
    let (mut is_pending, mut exception) = (false, ptr::null_mut());
    // SAFETY: env is live, and the out-pointers are valid for the calls.
    unsafe {
        sys::napi_is_exception_pending(env.raw(), &raw mut is_pending);
        (is_pending && sys::napi_get_and_clear_last_exception(env.raw(), &raw mut exception) == sys::Status::napi_ok)
            .then(|| Unknown::from_raw_unchecked(env.raw(), exception))
    }
}

/// Returns the exception behind a failed call, or the error if there is none.
pub(super) fn caught(env: &Env, error: napi::Error) -> napi::Error {
    take_exception(env).map_or(error, Into::into)
}

/// Ignores a failure, including an exception.
pub(super) fn discard_error<T>(env: &Env, result: Result<T>) -> Option<T> {
    result.map_err(|error| caught(env, error)).ok()
}

struct Task<W, T> {
    work: Option<W>,
    done: Option<Result<T>>,
}

/// Runs `work` in the empty async context.
///
/// A threadsafe function keeps the `AsyncLocalStorage` context that it was created in. Without this, its callbacks would
/// run in the context of the first request that used the driver, and keep that request's store alive.
pub(super) fn outside_async_context<T, W: FnOnce() -> Result<T>>(env: &Env, work: W) -> Result<T> {
    let mut task = Task { work: Some(work), done: None };
    // Node takes the context from this object; a new one has none.
    let receiver = Object::new(env)?;
    let (mut function, mut result) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: env is live. `task` outlives the call, and the function is not reachable from elsewhere. Without an async
    // context, Node calls in the empty one.
    unsafe {
        let data = (&raw mut task).cast::<c_void>();
        check_status!(sys::napi_create_function(
            env.raw(),
            ptr::null(),
            0,
            Some(run_task::<T, W>),
            data,
            &raw mut function
        ))?;
        let (env, receiver) = (env.raw(), receiver.raw());
        check_status!(sys::napi_make_callback(
            env,
            ptr::null_mut(),
            receiver,
            function,
            0,
            ptr::null(),
            &raw mut result
        ))?;
    }
    task.done.unwrap_or_else(|| Err(napi::Error::from_reason("a panic")))
}

unsafe extern "C" fn run_task<T, W: FnOnce() -> Result<T>>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let mut data = ptr::null_mut();
    // SAFETY: Node calls with a live environment; the out-pointer is valid for the call.
    let status =
        unsafe { sys::napi_get_cb_info(env, info, ptr::null_mut(), ptr::null_mut(), ptr::null_mut(), &raw mut data) };
    // SAFETY: the data of `outside_async_context`, which waits for this call.
    if let (sys::Status::napi_ok, Some(task)) = (status, unsafe { data.cast::<Task<W, T>>().as_mut() }) {
        task.done = task.work.take().and_then(|work| catch_unwind(AssertUnwindSafe(work)).ok());
    }
    ptr::null_mut()
}
