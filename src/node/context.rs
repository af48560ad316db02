//! What is made outside the async context of whoever happens to call.
//!
//! A threadsafe function remembers the `AsyncLocalStorage` context in which it was made: its callbacks would run in that
//! of the first request that used the driver, and keep its store alive.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use napi::bindgen_prelude::Object;
use napi::{Env, JsValue, Result, check_status, sys};

struct Task<W, T> {
    work: Option<W>,
    done: Option<Result<T>>,
}

/// Does this in the empty async context.
pub(super) fn outside<T, W: FnOnce() -> Result<T>>(env: &Env, work: W) -> Result<T> {
    let mut task = Task { work: Some(work), done: None };
    // What Node takes for the resource of the context: a new object belongs to none.
    let receiver = Object::new(env)?;
    let (mut function, mut result) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: env is live. `task` outlives the call, and the function is not reachable from elsewhere. Where no context is named,
    // Node calls in the empty one.
    unsafe {
        let data = (&raw mut task).cast::<c_void>();
        check_status!(sys::napi_create_function(
            env.raw(),
            ptr::null(),
            0,
            Some(run::<T, W>),
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

unsafe extern "C" fn run<T, W: FnOnce() -> Result<T>>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let mut data = ptr::null_mut();
    // SAFETY: Node calls with a live environment; the out-pointer is valid for the call.
    let status =
        unsafe { sys::napi_get_cb_info(env, info, ptr::null_mut(), ptr::null_mut(), ptr::null_mut(), &raw mut data) };
    // SAFETY: the data of `outside`, which waits for this call.
    if let (sys::Status::napi_ok, Some(task)) = (status, unsafe { data.cast::<Task<W, T>>().as_mut() }) {
        task.done = task.work.take().and_then(|work| catch_unwind(AssertUnwindSafe(work)).ok());
    }
    ptr::null_mut()
}
