//! An environment's event loop, as the worker and the drivers see it: starts calls and settles their promises.
//!
//! napi's own async calls make a threadsafe function, a cleanup hook and two tasks per call. Here an environment has one
//! of each. Answers wait in a mailbox; the first of a batch wakes the JavaScript thread, which settles them all.

use std::cell::{Cell, OnceCell, RefCell};
use std::ffi::c_void;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;

use napi::bindgen_prelude::{FnArgs, Function, JsObjectValue, Object, Unknown};
use napi::{Env, JsError, JsValue, Result, check_status, sys};

use super::abort::Abort;
use super::answer::Answer;
use super::context::outside;
use super::error::data;
use super::pending::{Call, Pending};
use super::runtime::{self, Jobs};
use crate::error::Error;
use crate::handoff::{Answers, Mailbox, Outcome, Ticket, Wake};
use crate::store::Authorities;

/// How a call of the core ended.
pub(super) struct Ended {
    pub(super) result: std::result::Result<Answer, Error>,
    /// Whether the call's signal ended it.
    pub(super) stopped: bool,
    /// What the user should be told, if anything.
    pub(super) notice: Option<String>,
}

type Settled = (usize, Outcome<Ended>);

/// Room that is kept between batches; more is given back.
const ROOM: usize = 1024;

/// Wakes the JavaScript thread.
struct Signal(sys::napi_threadsafe_function);

// SAFETY: to be called from any thread is what a threadsafe function is for. It is there as long as the mailbox that
// holds this one is open: the environment closes it before its end.
unsafe impl Send for Signal {}

impl Wake for Signal {
    fn wake(&self) {
        // SAFETY: see above. The data is null; what there is to do lies in the mailbox.
        let _closing = unsafe {
            sys::napi_call_threadsafe_function(self.0, ptr::null_mut(), sys::ThreadsafeFunctionCallMode::nonblocking)
        };
    }
}

/// Lives as long as its environment, as the environment's instance data; used on its thread alone.
pub(super) struct EventLoop {
    /// Settles; keeps the process alive while calls are under way, and only then.
    tsfn: sys::napi_threadsafe_function,
    answers: Arc<Answers<Ended, Signal>>,
    pending: RefCell<Pending>,
    batch: Cell<Vec<Settled>>,
    jobs: Arc<Jobs>,
    /// Whom this environment's connections trust, once it has a driver that may speak TLS.
    authorities: OnceCell<Authorities>,
}

impl EventLoop {
    /// That of an environment, made at the first call.
    pub(super) fn of(env: &Env) -> Result<&'static Self> {
        // SAFETY: env is live.
        if let Some(event_loop) = unsafe { Self::get(env.raw()) } {
            return Ok(event_loop);
        }
        outside(env, || Self::make(env))
    }

    /// # Safety
    /// `env` must be live, and this its thread.
    unsafe fn get(env: sys::napi_env) -> Option<&'static Self> {
        let mut data = ptr::null_mut();
        // SAFETY: the out-pointer is valid for the call.
        let status = unsafe { sys::napi_get_instance_data(env, &raw mut data) };
        if status != sys::Status::napi_ok {
            return None;
        }
        // SAFETY: nobody but `make` sets the instance data. It is freed when the environment is gone, and with it every
        // thread that could hold the reference: `'static` is as long as anybody can look.
        unsafe { data.cast::<Self>().as_ref() }
    }

    fn make(env: &Env) -> Result<&'static Self> {
        let name = env.create_string("unstorage-dynamodb")?;
        let mut tsfn = ptr::null_mut();
        // SAFETY: env is live; no JavaScript function is needed, as `settle_all` finds its work by the environment.
        check_status!(unsafe {
            sys::napi_create_threadsafe_function(
                env.raw(),
                ptr::null_mut(),
                ptr::null_mut(),
                name.raw(),
                0,
                1,
                ptr::null_mut(),
                None,
                ptr::null_mut(),
                Some(settle_all),
                &raw mut tsfn,
            )
        })?;
        let made = Self::install(env, tsfn);
        if made.is_err() {
            // SAFETY: made above, and known to nobody else.
            unsafe { sys::napi_release_threadsafe_function(tsfn, sys::ThreadsafeFunctionReleaseMode::abort) };
        }
        made
    }

    fn install(env: &Env, tsfn: sys::napi_threadsafe_function) -> Result<&'static Self> {
        // SAFETY: env and tsfn are live.
        check_status!(unsafe { sys::napi_unref_threadsafe_function(env.raw(), tsfn) })?;
        let jobs = runtime::enter().map_err(|error| napi::Error::from_reason(error.to_string()))?;
        let event_loop = Box::into_raw(Box::new(Self {
            tsfn,
            answers: Arc::new(Mailbox::new(Signal(tsfn))),
            pending: RefCell::default(),
            batch: Cell::default(),
            jobs,
            authorities: OnceCell::new(),
        }));
        // The hook comes after the threadsafe function, so that it runs before that one's own: last added, first run.
        // SAFETY: hooks run before the instance data is freed, and `free` is called once.
        let status = unsafe {
            match sys::napi_add_env_cleanup_hook(env.raw(), Some(end), event_loop.cast()) {
                sys::Status::napi_ok => {
                    sys::napi_set_instance_data(env.raw(), event_loop.cast(), Some(free), ptr::null_mut())
                }
                failed => failed,
            }
        };
        if status != sys::Status::napi_ok {
            // SAFETY: what was installed above, if it was, and known to nobody.
            unsafe {
                sys::napi_remove_env_cleanup_hook(env.raw(), Some(end), event_loop.cast());
                drop(Box::from_raw(event_loop));
            }
            runtime::leave();
        }
        check_status!(status)?;
        // SAFETY: just made, and freed no earlier than `get` says.
        Ok(unsafe { &*event_loop })
    }

    /// Runs a call of the core on the worker, and gives its promise.
    pub(super) fn call<'env, F>(
        &self,
        env: &'env Env,
        abort: Option<Abort>,
        call: impl FnOnce() -> F + Send + 'static,
    ) -> Result<Unknown<'env>>
    where
        F: Future<Output = Ended> + Send + 'static,
    {
        let (mut deferred, mut promise) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: env is live, and the out-pointers are valid for the call.
        check_status!(unsafe { sys::napi_create_promise(env.raw(), &raw mut deferred, &raw mut promise) })?;
        let number = {
            let mut pending = self.pending.borrow_mut();
            if pending.is_empty() {
                // SAFETY: env and tsfn are live, and this is their thread.
                unsafe { sys::napi_ref_threadsafe_function(env.raw(), self.tsfn) };
            }
            pending.add(Call { deferred, abort })
        };
        let ticket = Ticket::new(number, Arc::clone(&self.answers));
        // Where the worker takes no job, it is dropped, and its ticket answers.
        drop(self.jobs.push(Box::new(move || runtime::spawn(ticket.run(call)))));
        // SAFETY: the promise was just made.
        Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), promise) })
    }

    pub(super) fn authorities(&self) -> &OnceCell<Authorities> {
        &self.authorities
    }

    /// Settles what has been answered.
    fn settle_batch(&self, env: sys::napi_env) {
        let mut batch = self.batch.take();
        self.answers.take(&mut batch);
        for (number, outcome) in batch.drain(..) {
            // Taken out first: what follows can run JavaScript, which can start calls.
            let (call, idle) = {
                let mut pending = self.pending.borrow_mut();
                (pending.remove(number), pending.is_empty())
            };
            if idle {
                // SAFETY: env and tsfn are live, and this is their thread.
                unsafe { sys::napi_unref_threadsafe_function(env, self.tsfn) };
            }
            if let Some(call) = call {
                // SAFETY: env is live, and this is its thread.
                unsafe { settle(env, call, outcome) };
            }
        }
        if batch.capacity() <= ROOM {
            self.batch.set(batch);
        }
    }
}

/// Called on the JavaScript thread after [`Signal::wake`].
unsafe extern "C" fn settle_all(
    env: sys::napi_env,
    _function: sys::napi_value,
    _context: *mut c_void,
    _data: *mut c_void,
) {
    // Without an environment when it has ended before.
    if env.is_null() {
        return;
    }
    // SAFETY: Node calls with a live environment, on its thread.
    let event_loop = unsafe { EventLoop::get(env) };
    let settled = catch_unwind(AssertUnwindSafe(|| {
        if let Some(event_loop) = event_loop {
            event_loop.settle_batch(env);
        }
    }));
    // Each call's conversion is caught by itself; a panic here was printed, and must not reach Node.
    drop(settled);
}

/// The environment ends: nobody settles any more, and the worker must not call.
unsafe extern "C" fn end(event_loop: *mut c_void) {
    // SAFETY: the box of `install`, which is freed after the hooks.
    let event_loop = unsafe { &*event_loop.cast::<EventLoop>() };
    // From here on no thread is inside the threadsafe function, nor will be.
    let (signal, unread) = event_loop.answers.close();
    drop(unread);
    if let Some(Signal(tsfn)) = signal {
        // SAFETY: live until Node's own hook, which comes later.
        unsafe { sys::napi_release_threadsafe_function(tsfn, sys::ThreadsafeFunctionReleaseMode::abort) };
    }
    runtime::leave();
}

/// The environment has ended.
unsafe extern "C" fn free(_env: sys::napi_env, event_loop: *mut c_void, _hint: *mut c_void) {
    // SAFETY: the box of `install`; Node calls once.
    drop(unsafe { Box::from_raw(event_loop.cast::<EventLoop>()) });
}

/// Settles one promise, with a rejection where the conversion fails.
///
/// # Safety
/// `env` must be live, and this its thread.
unsafe fn settle(env: sys::napi_env, call: Call, outcome: Outcome<Ended>) {
    let mut scope = ptr::null_mut();
    // SAFETY: the caller's promise; each out-pointer is valid for its call; the scope is closed as it was opened.
    unsafe {
        if sys::napi_open_handle_scope(env, &raw mut scope) != sys::Status::napi_ok {
            return;
        }
        let made = catch_unwind(AssertUnwindSafe(|| convert(env, call.abort, outcome)));
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
unsafe fn convert(env: sys::napi_env, abort: Option<Abort>, outcome: Outcome<Ended>) -> Result<Made> {
    let ended = match outcome {
        Outcome::Done(ended) => ended,
        Outcome::Panicked(words) => return Err(napi::Error::from_reason(words)),
        Outcome::Lost => return Err(napi::Error::from_reason("the call was given up")),
    };
    // SAFETY: the caller's promise.
    let js = Env::from_raw(env);
    if let Some(notice) = ended.notice {
        warn(&js, &notice)?;
    }
    let reason = abort.map(|abort| abort.end(&js)).transpose()?.flatten();
    match ended.result {
        // SAFETY: the caller's promise.
        Ok(answer) => unsafe { answer.into_js(env) }.map(Made::Value),
        Err(error) => Ok(Made::Failure(data(&js, &error, if ended.stopped { reason } else { None })?.raw())),
    }
}

/// Tells the user through Node's own warnings.
fn warn(env: &Env, notice: &str) -> Result<()> {
    let process: Object<'_> = env.get_global()?.get_named_property("process")?;
    let emit: Function<'_, FnArgs<(&str, &str)>, Unknown<'_>> = process.get_named_property("emitWarning")?;
    emit.apply(process, (notice, "DynamoDbWarning").into())?;
    Ok(())
}
