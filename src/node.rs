//! The addon: what JavaScript sees. Converts, and calls the core; nothing is decided here.

#![expect(clippy::trivially_copy_pass_by_ref, reason = "napi hands its `Env` to functions by reference")]
#![expect(unreachable_pub, reason = "napi's macros export what the module tree hides")]

mod abort;
mod answer;
mod authorities;
mod bytes;
mod context;
mod credentials;
mod environment;
mod error;
mod event_loop;
#[cfg(feature = "fault")]
mod fault;
mod found;
mod hints;
mod host;
mod input;
mod items;
mod kind;
mod meta;
mod options;
mod pending;
mod raw;
mod runtime;
mod settle;
mod stats;
mod store;
mod table;
mod turn;
mod value;
mod version;
