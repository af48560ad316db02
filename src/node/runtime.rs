//! The worker: one thread per process that runs the calls of all drivers, while any environment (the main thread's, a
//! worker thread's) is there.

use std::future::Future;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

use crate::handoff::{Mailbox, UnderWay, Wake, go_round, rest};

/// Threads for name look-ups, which block; idle ones end after some seconds.
const MAX_BLOCKING: usize = 8;

/// What Rust gives a thread by default. Said here because `RUST_MIN_STACK` may say less than a request takes.
const STACK_BYTES: usize = 2 << 20;

/// What other threads wake (a credentials function that answered, a name looked up) comes after this many steps of what is
/// ready already: calls of one tick all get to where they wait before what they wait for is there, and share it.
const OWN_FIRST: u32 = 256;

/// How long the last environment waits for the threads to end: a name look-up can take longer.
const PATIENCE: Duration = Duration::from_millis(100);

/// A call on its way to the worker, which begins it. Must not panic.
pub(super) type Job = Box<dyn FnOnce() + Send>;

/// Where jobs are handed to the worker. Many on one tick wake it once.
pub(super) type Jobs = Mailbox<Job, Bell>;

/// Wakes the worker.
#[derive(Clone)]
pub(super) struct Bell(Arc<Notify>);

impl Wake for Bell {
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

/// Enters an environment; the first one starts the worker.
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

/// Leaves an environment; the last one ends the worker, and waits for it, but not long.
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

impl Worker {
    fn start() -> io::Result<Self> {
        // On a thread of our own, and not one of tokio's multi-threaded runtime: it keeps the order of the jobs, and no
        // other thread is there to steal from it.
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(MAX_BLOCKING)
            .global_queue_interval(OWN_FIRST)
            .thread_name("dynamodb-names")
            .thread_stack_size(STACK_BYTES)
            .on_thread_park(rest)
            .enable_all()
            .build()?;
        let bell = Bell(Arc::new(Notify::new()));
        let jobs = Arc::new(Jobs::new(bell.clone()));
        let (end, ended) = sync_channel(1);
        let todo = Arc::clone(&jobs);
        let thread = thread::Builder::new()
            .name("dynamodb".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || work(runtime, &todo, &bell, &end))?;
        Ok(Self { jobs, thread, ended, environments: 1 })
    }

    fn end(self) {
        let (bell, left) = self.jobs.close();
        drop(left);
        if let Some(bell) = bell {
            bell.wake();
        }
        // Joined, not left behind, where it ends in time: glibc before 2.43 can crash when a thread that is just ending
        // is detached (sourceware bug 19951). Twice as long, as the runtime has the same patience with its own threads.
        if self.ended.recv_timeout(PATIENCE * 2).is_ok() {
            let _a_panic_was_printed = self.thread.join();
        }
    }
}

/// Begins a call, on the worker. It answers for itself, and nobody waits for its task.
pub(super) fn spawn(call: impl Future<Output = ()> + Send + 'static) {
    drop(tokio::spawn(async move {
        let _counts = UnderWay::enter();
        call.await;
    }));
}

/// The worker's life.
fn work(runtime: Runtime, jobs: &Jobs, bell: &Bell, end: &SyncSender<()>) {
    runtime.block_on(async {
        drop(tokio::spawn(go_round()));
        let mut batch = Vec::new();
        while jobs.take(&mut batch) {
            for job in batch.drain(..) {
                job();
            }
            bell.0.notified().await;
        }
    });
    runtime.shutdown_timeout(PATIENCE);
    // Nobody listens where the time was up.
    let _nobody = end.send(());
}
