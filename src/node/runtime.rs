//! The threads of the addon.

use napi::bindgen_prelude::create_custom_tokio_runtime;

/// One worker: requests wait on the network, not on the processor, and a second thread costs more in wake-ups than it
/// wins.
const WORKERS: usize = 1;

/// Threads for name look-ups, which block; idle ones end after some seconds.
const MAX_BLOCKING: usize = 8;

/// What Rust gives a thread by default. Said here because `RUST_MIN_STACK` may say less than a request takes.
const STACK_BYTES: usize = 2 << 20;

/// Made by us because the default runtime starts a thread per core and dies of an ill-formed `TOKIO_WORKER_THREADS`.
/// If it cannot be made, napi falls back to that default on first use.
#[napi_derive::module_init]
fn start() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(MAX_BLOCKING)
        .thread_name("dynamodb")
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build();
    if let Ok(runtime) = runtime {
        create_custom_tokio_runtime(runtime);
    }
}
