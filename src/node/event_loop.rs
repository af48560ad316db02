//! An environment's event loop, as the worker and the drivers see it: starts calls and settles their promises.
//!
//! napi's own async calls make a threadsafe function, a cleanup hook and two tasks per call. Here an environment has one
//! of each. Answers wait in a mailbox; the first of a batch wakes the JavaScript thread, which settles them: as many as fit
//! into a few milliseconds, and the others in later turns of the loop, so that timers and I/O run in between.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::ffi::c_void;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;

use napi::bindgen_prelude::Unknown;
use napi::{Env, JsValue, Result, check_status, sys};

use super::abort::{Abort, Signals};
use super::context::outside;
use super::host::Host;
use super::pending::{Call, Pending};
use super::runtime::{self, Jobs};
use super::settle::{Ended, settle};
use super::turn::{Later, Slice};
use crate::handoff::{Answers, Mailbox, Outcome, Ticket, Wake};
use crate::store::Authorities;

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
    /// Answers that did not fit into a turn of the loop.
    late: Cell<VecDeque<Settled>>,
    /// Whether a later turn goes on with them.
    goes_on: Cell<bool>,
    later: Option<Later>,
    host: OnceCell<Host>,
    pub(super) signals: Signals,
    jobs: Arc<Jobs>,
    /// The authorities that this environment's connections trust, once it has a driver that may use TLS.
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
        // SAFETY: only `make` sets the instance data. It is freed when the environment is gone, and with it every
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
            // SAFETY: made above, and not yet shared.
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
            late: Cell::default(),
            goes_on: Cell::default(),
            later: Later::new(env),
            host: OnceCell::new(),
            signals: Signals::default(),
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
            // SAFETY: what was installed above, if anything, and not yet shared.
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

    /// What JavaScript knows about values; looked up by the first call that needs it.
    pub(super) fn host(&self, env: &Env) -> Result<&Host> {
        if let Some(host) = self.host.get() {
            return Ok(host);
        }
        let host = Host::new(env)?;
        Ok(self.host.get_or_init(|| host))
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
        drop(self.jobs.push(Box::new(move || {
            // On the heap once: each future around it would be as large, and thousands of calls may wait.
            let work = Box::pin(call());
            runtime::spawn(ticket.run(move || work));
        })));
        // SAFETY: the promise was just made.
        Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), promise) })
    }

    pub(super) fn authorities(&self) -> &OnceCell<Authorities> {
        &self.authorities
    }

    /// Settles what has been answered, as far as there is time in this turn of the loop.
    fn settle_ready(&self, env: sys::napi_env) {
        if self.goes_on.get() {
            // A later turn takes what has come meanwhile. Node would call again in the same one.
            return;
        }
        let mut slice = Slice::default();
        let mut late = self.late.take();
        while let Some(settled) = late.pop_front() {
            self.settle_one(env, settled);
            if slice.is_over() && self.go_on_later(env) {
                self.late.set(late);
                return;
            }
        }
        let mut batch = self.batch.take();
        self.answers.take(&mut batch);
        let mut answers = batch.drain(..);
        while let Some(settled) = answers.next() {
            self.settle_one(env, settled);
            if slice.is_over() && self.go_on_later(env) {
                late.extend(answers.by_ref());
            }
        }
        drop(answers);
        if batch.capacity() <= ROOM {
            self.batch.set(batch);
        }
        self.late.set(late);
    }

    fn settle_one(&self, env: sys::napi_env, (number, outcome): Settled) {
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
            unsafe { settle(env, self, call, outcome) };
        }
    }

    /// Has a later turn of the loop go on; `false` where that is not to be had.
    fn go_on_later(&self, env: sys::napi_env) -> bool {
        let go_on = |env: &Env| {
            // SAFETY: Node calls with a live environment, on its thread.
            if let Some(event_loop) = unsafe { Self::get(env.raw()) } {
                event_loop.goes_on.set(false);
                event_loop.settle_ready(env.raw());
            }
        };
        let is_set = self.later.as_ref().is_some_and(|later| later.call(&Env::from_raw(env), go_on));
        self.goes_on.set(is_set);
        is_set
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
            event_loop.settle_ready(env);
        }
    }));
    // Each call's conversion is caught by itself; a panic here was printed, and must not reach Node.
    drop(settled);
}

/// The environment ends: no promise is settled any more, and the worker must not call.
unsafe extern "C" fn end(event_loop: *mut c_void) {
    // SAFETY: the box of `install`, which is freed after the hooks.
    let event_loop = unsafe { &*event_loop.cast::<EventLoop>() };
    // From here on no thread is inside the threadsafe function, nor will be.
    let (signal, unread) = event_loop.answers.close();
    drop((unread, event_loop.late.take()));
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
