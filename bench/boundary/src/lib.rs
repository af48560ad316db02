//! An empty asynchronous napi call: the other half of the bench's floor.
//!
//! In a crate of its own, because the addon that users get has no test hooks.

use napi::bindgen_prelude::create_custom_tokio_runtime;
use napi_derive::napi;

/// One worker thread, as the addon has it.
#[napi_derive::module_init]
fn start() {
    if let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        create_custom_tokio_runtime(runtime);
    }
}

/// Takes a text and gives it back, from the worker thread: one string each way, as `getItem` has.
#[napi]
pub async fn cross(text: String) -> String {
    text
}
