//! The event loop of an environment: starts calls on the worker and settles their promises.
//!
//! For each async call, napi itself creates a threadsafe function, a cleanup hook and two tasks. Here an environment has one
//! of each. Results wait in a mailbox that wakes the JavaScript thread once per batch.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::ffi::c_void;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;

use napi::bindgen_prelude::{JsObjectValue, Object, Unknown};
use napi::{Env, JsValue, Result, check_status, sys};

use super::abort::{Abort, Signals};
use super::js::outside_async_context;
use super::realm::Realm;
use super::settle::{CallResult, Immediate, Pending, TimeSlice, settle};
use super::worker::{self, Jobs};
use crate::handoff::{Mailbox, Outcome, Results, Ticket, Wake};
use crate::store::Authorities;

type Settled = (usize, Outcome<CallResult>);

/// Work of the worker that needs the JavaScript thread. Must not leave an exception pending.
type Task = Box<dyn FnOnce(&Env) + Send>;

/// Runs tasks on the JavaScript thread, in the empty async context.
#[derive(Clone)]
pub(super) struct Tasks(Arc<Mailbox<Task, Signal>>);

impl Tasks {
    /// Drops the task if the thread has ended.
    pub(super) fn run(&self, task: impl FnOnce(&Env) + Send + 'static) {
        drop(self.0.push(Box::new(task)));
    }
}

/// The capacity that is kept between bursts of calls. Excess capacity is freed.
const KEPT_CAPACITY: usize = 1024;

/// Wakes the JavaScript thread.
pub(super) struct Signal(sys::napi_threadsafe_function);

// SAFETY: a threadsafe function may be called from any thread. It outlives the mailboxes that hold this, because the
// environment closes them first.
unsafe impl Send for Signal {}

impl Wake for Signal {
    fn wake(&self) {
        // SAFETY: see above. The data is null; the items are in the mailbox.
        let _closing = unsafe {
            sys::napi_call_threadsafe_function(self.0, ptr::null_mut(), sys::ThreadsafeFunctionCallMode::nonblocking)
        };
    }
}

/// The instance data of an environment. Lives as long as the environment, and is used on its thread only.
pub(super) struct EventLoop {
    /// Settles calls. Referenced, and thereby keeping the process alive, while calls are unsettled.
    tsfn: sys::napi_threadsafe_function,
    results: Arc<Results<CallResult, Signal>>,
    pub(super) tasks: Tasks,
    unsettled: RefCell<Unsettled>,
    /// Kept to reuse its allocation.
    batch: Cell<Vec<Settled>>,
    /// Results that exceeded the time slice of a turn.
    backlog: Cell<VecDeque<Settled>>,
    /// Whether a later turn will settle the backlog.
    is_scheduled: Cell<bool>,
    immediate: Option<Immediate>,
    signals: Signals,
    jobs: Arc<Jobs>,
    pub(super) realm: Realm,
    /// The certificate authorities of this Node, set by the first driver that may use TLS.
    pub(super) authorities: OnceCell<Authorities>,
}

impl EventLoop {
    /// Returns the event loop of an environment, created by the first call.
    pub(super) fn of(env: &Env) -> Result<&'static Self> {
        // SAFETY: env is live.
        if let Some(event_loop) = unsafe { Self::get(env.raw()) } {
            return Ok(event_loop);
        }
        outside_async_context(env, || Self::create(env))
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
        // SAFETY: only `install` sets the instance data. It is freed after the environment's thread has run its last
        // code, so no reference outlives it.
        unsafe { data.cast::<Self>().as_ref() }
    }

    fn create(env: &Env) -> Result<&'static Self> {
        let name = env.create_string("unstorage-dynamodb")?;
        let resource = Self::resource(env)?;
        let mut tsfn = ptr::null_mut();
        // SAFETY: env is live. No JavaScript function is passed, because `woken` finds its work by the environment.
        check_status!(unsafe {
            sys::napi_create_threadsafe_function(
                env.raw(),
                ptr::null_mut(),
                resource.raw(),
                name.raw(),
                0,
                1,
                ptr::null_mut(),
                None,
                ptr::null_mut(),
                Some(woken),
                &raw mut tsfn,
            )
        })?;
        let installed = Self::install(env, tsfn);
        if installed.is_err() {
            // SAFETY: made above, and not shared.
            unsafe { sys::napi_release_threadsafe_function(tsfn, sys::ThreadsafeFunctionReleaseMode::abort) };
        }
        installed
    }

    /// The resource that async hooks see for the threadsafe function. Node's own handles also have `hasRef`, and Jest's
    /// `--detectOpenHandles` reports every resource without it.
    fn resource(env: &Env) -> Result<Object<'_>> {
        let has_ref = env.create_function_from_closure::<(), bool, _>("hasRef", |context| {
            // SAFETY: Node calls with a live environment, on its thread.
            let event_loop = unsafe { Self::get(context.env.raw()) };
            Ok(event_loop.is_some_and(|event_loop| !event_loop.unsettled.borrow().is_empty()))
        })?;
        let mut resource = Object::new(env)?;
        resource.set_named_property("hasRef", has_ref)?;
        Ok(resource)
    }

    fn install(env: &Env, tsfn: sys::napi_threadsafe_function) -> Result<&'static Self> {
        // SAFETY: env and tsfn are live.
        check_status!(unsafe { sys::napi_unref_threadsafe_function(env.raw(), tsfn) })?;
        let jobs = worker::enter().map_err(|error| napi::Error::from_reason(error.to_string()))?;
        let event_loop = Box::into_raw(Box::new(Self {
            tsfn,
            results: Arc::new(Mailbox::new(Signal(tsfn))),
            tasks: Tasks(Arc::new(Mailbox::new(Signal(tsfn)))),
            unsettled: RefCell::default(),
            batch: Cell::default(),
            backlog: Cell::default(),
            is_scheduled: Cell::default(),
            immediate: Immediate::new(env),
            signals: Signals::default(),
            jobs,
            realm: Realm::default(),
            authorities: OnceCell::new(),
        }));
        // Hooks run in reverse order. This one is added after the threadsafe function, and runs before that one's own.
        // SAFETY: hooks run before the instance data is freed, and `free` is called once.
        let status = unsafe {
            match sys::napi_add_env_cleanup_hook(env.raw(), Some(close), event_loop.cast()) {
                sys::Status::napi_ok => {
                    sys::napi_set_instance_data(env.raw(), event_loop.cast(), Some(free), ptr::null_mut())
                }
                failed => failed,
            }
        };
        if status != sys::Status::napi_ok {
            // SAFETY: installed above, if at all, and not shared.
            unsafe {
                sys::napi_remove_env_cleanup_hook(env.raw(), Some(close), event_loop.cast());
                drop(Box::from_raw(event_loop));
            }
            worker::leave();
        }
        check_status!(status)?;
        // SAFETY: just made; see `get` for its lifetime.
        Ok(unsafe { &*event_loop })
    }

    /// Listens to the signals in the options of a call. `Err` names a value that is not a signal.
    pub(super) fn listen<'a, 'env: 'a>(
        &self,
        env: &Env,
        options: impl Iterator<Item = &'a Unknown<'env>>,
    ) -> Result<std::result::Result<Option<Abort>, &'static str>> {
        self.signals.listen(env, &self.realm, options)
    }

    /// Runs a call on the worker and returns its promise.
    pub(super) fn start<'env, F>(
        &self,
        env: &'env Env,
        abort: Option<Abort>,
        call: impl FnOnce() -> F + Send + 'static,
    ) -> Result<Unknown<'env>>
    where
        F: Future<Output = CallResult> + Send + 'static,
    {
        let (mut deferred, mut promise) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: env is live, and the out-pointers are valid for the call.
        check_status!(unsafe { sys::napi_create_promise(env.raw(), &raw mut deferred, &raw mut promise) })?;
        let number = {
            let mut unsettled = self.unsettled.borrow_mut();
            if unsettled.is_empty() {
                // SAFETY: env and tsfn are live, and this is their thread.
                unsafe { sys::napi_ref_threadsafe_function(env.raw(), self.tsfn) };
            }
            unsettled.add(Pending { deferred, abort })
        };
        let ticket = Ticket::new(number, Arc::clone(&self.results));
        // If the worker does not accept the job, dropping the ticket reports the call as lost.
        drop(self.jobs.push(Box::new(move || {
            // The future is created here, because it can be kilobytes that the JavaScript thread need not move. Boxed
            // once: each wrapping future would be just as large, and thousands of calls may wait.
            let call = Box::pin(call());
            drop(tokio::spawn(ticket.run(call)));
        })));
        // SAFETY: the promise was just made.
        Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), promise) })
    }

    fn run_tasks(&self, env: sys::napi_env) {
        let env = Env::from_raw(env);
        let mut tasks = Vec::new();
        self.tasks.0.take(&mut tasks);
        for task in tasks {
            task(&env);
        }
    }

    /// Settles calls until none is left or the time slice of this turn is over.
    fn settle_ready(&self, env: sys::napi_env) {
        if self.is_scheduled.get() {
            // The scheduled turn takes new results as well. Node may call again within this turn.
            return;
        }
        let mut slice = TimeSlice::default();
        let mut backlog = self.backlog.take();
        while let Some(result) = backlog.pop_front() {
            self.settle_one(env, result);
            if slice.is_over() && self.schedule(env) {
                self.backlog.set(backlog);
                return;
            }
        }
        let mut batch = self.batch.take();
        self.results.take(&mut batch);
        let mut results = batch.drain(..);
        while let Some(result) = results.next() {
            self.settle_one(env, result);
            if slice.is_over() && self.schedule(env) {
                backlog.extend(results.by_ref());
            }
        }
        drop(results);
        if batch.capacity() <= KEPT_CAPACITY {
            self.batch.set(batch);
        }
        self.backlog.set(backlog);
    }

    fn settle_one(&self, env: sys::napi_env, (number, outcome): Settled) {
        // Removed first, because settling can run JavaScript, which can start calls.
        let (call, is_idle) = {
            let mut unsettled = self.unsettled.borrow_mut();
            (unsettled.remove(number), unsettled.is_empty())
        };
        if is_idle {
            // SAFETY: env and tsfn are live, and this is their thread.
            unsafe { sys::napi_unref_threadsafe_function(env, self.tsfn) };
        }
        if let Some(call) = call {
            // SAFETY: env is live, and this is its thread.
            unsafe { settle(env, &self.realm, &self.signals, call, outcome) };
        }
    }

    /// Schedules a later turn to continue. Returns `false` if that is not possible.
    fn schedule(&self, env: sys::napi_env) -> bool {
        let resume = |env: &Env| {
            // SAFETY: Node calls with a live environment, on its thread.
            if let Some(event_loop) = unsafe { Self::get(env.raw()) } {
                event_loop.is_scheduled.set(false);
                event_loop.settle_ready(env.raw());
            }
        };
        let env = Env::from_raw(env);
        self.is_scheduled.set(self.immediate.as_ref().is_some_and(|immediate| immediate.schedule(&env, resume)));
        self.is_scheduled.get()
    }
}

/// Called on the JavaScript thread after [`Signal::wake`].
unsafe extern "C" fn woken(env: sys::napi_env, _function: sys::napi_value, _context: *mut c_void, _data: *mut c_void) {
    // Null if the environment has shut down.
    if env.is_null() {
        return;
    }
    // SAFETY: Node calls with a live environment, on its thread.
    let event_loop = unsafe { EventLoop::get(env) };
    // Panics of a conversion are caught in `settle`. Any other one was printed by the panic hook and must not reach Node.
    let _panic = catch_unwind(AssertUnwindSafe(|| {
        if let Some(event_loop) = event_loop {
            event_loop.run_tasks(env);
            event_loop.settle_ready(env);
        }
    }));
}

/// The cleanup hook of the environment: no promise can be settled any more, and the worker must not call into Node.
unsafe extern "C" fn close(event_loop: *mut c_void) {
    // SAFETY: the box of `install`, which is freed after the hooks have run.
    let event_loop = unsafe { &*event_loop.cast::<EventLoop>() };
    // From here on, no thread is or will be inside the threadsafe function.
    let (signal, unread) = event_loop.results.close();
    drop((unread, event_loop.backlog.take(), event_loop.tasks.0.close()));
    if let Some(Signal(tsfn)) = signal {
        // SAFETY: live until Node's own hook, which runs later.
        unsafe { sys::napi_release_threadsafe_function(tsfn, sys::ThreadsafeFunctionReleaseMode::abort) };
    }
    worker::leave();
}

/// The finalizer of the instance data.
unsafe extern "C" fn free(_env: sys::napi_env, event_loop: *mut c_void, _hint: *mut c_void) {
    // SAFETY: the box of `install`; Node calls this once.
    drop(unsafe { Box::from_raw(event_loop.cast::<EventLoop>()) });
}

/// The unsettled calls by number. Numbers are reused.
#[derive(Default)]
struct Unsettled {
    calls: Vec<Option<Pending>>,
    free: Vec<usize>,
}

impl Unsettled {
    fn is_empty(&self) -> bool {
        self.free.len() == self.calls.len()
    }

    fn add(&mut self, call: Pending) -> usize {
        if let Some(number) = self.free.pop()
            && let Some(slot) = self.calls.get_mut(number)
        {
            *slot = Some(call);
            return number;
        }
        self.calls.push(Some(call));
        self.calls.len() - 1
    }

    /// Returns `None` if the call was already removed.
    fn remove(&mut self, number: usize) -> Option<Pending> {
        let call = self.calls.get_mut(number)?.take()?;
        self.free.push(number);
        if self.is_empty() && self.calls.len() > KEPT_CAPACITY {
            *self = Self::default();
        }
        Some(call)
    }
}
