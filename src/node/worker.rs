//! The worker: a single thread that runs the calls of all drivers in the process. It lives while at least one Node
//! environment (of the main thread or of a worker thread) has loaded the addon.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

use crate::handoff::{Mailbox, Wake};

/// The maximum number of threads for DNS lookups and for compressing large values. Idle threads exit after a few seconds.
const MAX_BLOCKING: usize = 8;

/// Rust's default. Set explicitly because `RUST_MIN_STACK` could make it too small for a request.
const STACK_BYTES: usize = 2 << 20;

/// How many local tasks are polled before tasks that other threads woke (by a DNS result or credentials, for example).
/// All calls of one tick are then already waiting when the result arrives, and share it.
const GLOBAL_QUEUE_INTERVAL: u32 = 256;

/// How long the last environment waits for the threads to exit. A DNS lookup can take much longer.
const EXIT_TIMEOUT: Duration = Duration::from_millis(100);

/// Starts a call on the worker. Must not panic.
pub(super) type Job = Box<dyn FnOnce() + Send>;

/// The queue of jobs for the worker. Several jobs added in one tick wake it once.
pub(super) type Jobs = Mailbox<Job, JobSignal>;

/// Wakes the worker when jobs arrive.
#[derive(Clone)]
pub(super) struct JobSignal(Arc<Notify>);

impl Wake for JobSignal {
    fn wake(&self) {
        self.0.notify_one();
    }
}

struct Worker {
    jobs: Arc<Jobs>,
    thread: JoinHandle<()>,
    ended: Receiver<()>,
    environments: usize,
}

static WORKER: Mutex<Option<Worker>> = Mutex::new(None);

/// Registers an environment. The first one starts the worker.
pub(super) fn enter() -> io::Result<Arc<Jobs>> {
    let mut worker = WORKER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(worker) = worker.as_mut() {
        worker.environments += 1;
        return Ok(Arc::clone(&worker.jobs));
    }
    // The thread may outlive the environment that loaded the addon.
    napi::bindgen_prelude::retain_current_module_for_unload_safety();
    let started = Worker::start()?;
    let jobs = Arc::clone(&started.jobs);
    *worker = Some(started);
    Ok(jobs)
}

/// Unregisters an environment. The last one stops the worker and waits briefly for its thread to exit.
pub(super) fn leave() {
    let mut shared = WORKER.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(mut worker) = shared.take() else {
        return;
    };
    worker.environments -= 1;
    if worker.environments > 0 {
        *shared = Some(worker);
        return;
    }
    drop(shared);
    worker.end();
}

/// Keeps freed memory for at least a tenth of a second. After the default of 10 ms, reads of large values find most of it
/// returned to the system, and cause four times as many page faults. A user's `MIMALLOC_PURGE_DELAY` takes precedence.
#[cfg(feature = "mimalloc")]
fn keep_freed_memory() {
    /// `mi_option_purge_delay` of mimalloc 2, which the crate does not name. In milliseconds.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    // SAFETY: sets a number.
    unsafe { libmimalloc_sys::mi_option_set_default(PURGE_DELAY, 100) };
}

impl Worker {
    fn start() -> io::Result<Self> {
        #[cfg(feature = "mimalloc")]
        keep_freed_memory();
        // A current-thread runtime keeps the order of the jobs and avoids the cost of work stealing.
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(MAX_BLOCKING)
            .global_queue_interval(GLOBAL_QUEUE_INTERVAL)
            .thread_name("dynamodb-names")
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build()?;
        let signal = JobSignal(Arc::new(Notify::new()));
        let jobs = Arc::new(Jobs::new(signal.clone()));
        let (end, ended) = sync_channel(1);
        let todo = Arc::clone(&jobs);
        let thread = thread::Builder::new()
            .name("dynamodb".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || work(runtime, &todo, &signal, &end))?;
        Ok(Self { jobs, thread, ended, environments: 1 })
    }

    fn end(self) {
        let (signal, left) = self.jobs.close();
        drop(left);
        if let Some(signal) = signal {
            signal.wake();
        }
        // Join rather than detach if possible: glibc before 2.43 can crash when a thread is detached while it exits
        // (sourceware bug 19951). The timeout is doubled because `shutdown_timeout` may already use it up once.
        if self.ended.recv_timeout(EXIT_TIMEOUT * 2).is_ok() {
            let _panic_already_reported = self.thread.join();
        }
    }
}

/// The main loop of the worker thread.
fn work(runtime: Runtime, jobs: &Jobs, signal: &JobSignal, end: &SyncSender<()>) {
    runtime.block_on(async {
        let mut batch = Vec::new();
        while jobs.take(&mut batch) {
            for job in batch.drain(..) {
                job();
            }
            signal.0.notified().await;
        }
    });
    runtime.shutdown_timeout(EXIT_TIMEOUT);
    // Fails if `Worker::end` has stopped waiting.
    let _timed_out = end.send(());
}
