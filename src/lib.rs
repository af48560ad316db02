//! The core of `unstorage-dynamodb`: a key-value store in one DynamoDB table and, with the feature `node`, the addon
//! that exposes it to JavaScript.
//!
//! `src/node/` only converts; all behaviour is in [`store`], and `docs/SEMANTICS.md` specifies and tests it rule by
//! rule.

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod backoff;
mod batch;
mod client;
pub mod clock;
pub mod compression;
pub mod condition;
pub mod environment;
pub mod error;
pub mod expiry;
#[cfg(any(feature = "node", test))]
mod handoff;
pub mod input;
pub mod item;
mod json;
pub mod key;
mod large;
pub mod names;
#[cfg(feature = "node")]
mod node;
pub mod options;
mod random;
pub mod stats;
pub mod store;
mod table;
pub mod text;
pub mod usage;
pub mod value;
