//! The addon: converts JavaScript values, calls the core and settles promises. It contains no logic of the driver.
//!
//! From the bottom up: `js` and `realm` wrap Node-API, `from_js` and `to_js` convert, `abort`, `settle`, `worker` and
//! `event_loop` run calls, `call` is common to all methods, and `exports` is the interface to JavaScript. No module
//! uses one that is listed after it.

#![expect(clippy::trivially_copy_pass_by_ref, reason = "napi hands its `Env` to functions by reference")]
#![expect(unreachable_pub, reason = "napi's macros export what the module tree hides")]

mod abort;
mod call;
mod event_loop;
mod exports;
#[cfg(feature = "fault")]
mod fault;
mod from_js;
mod js;
mod realm;
mod settle;
mod to_js;
mod worker;
