//! An empty asynchronous napi call, the second part of the benchmark's floor.
//!
//! A separate crate, because the published addon has no test hooks.

use napi::bindgen_prelude::create_custom_tokio_runtime;
use napi_derive::napi;

/// One worker thread, like the addon.
#[napi_derive::module_init]
fn start() {
    if let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        create_custom_tokio_runtime(runtime);
    }
}

/// Returns a text from the worker thread: one string in each direction, like `getItem`.
#[napi]
pub async fn cross(text: String) -> String {
    text
}
