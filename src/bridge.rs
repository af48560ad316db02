//! The addon: converts what JavaScript passes in, calls the core and settles the promises. Nothing is decided here.
//!
//! From the bottom up: `js` and `realm` wrap Node-API, `from_js` and `to_js` convert, `abort`, `settle`, `worker` and
//! `event_loop` run calls, `call` is what all methods have in common, and `exports` is what JavaScript sees. No module
//! uses one that comes later.

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
