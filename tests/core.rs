//! The tests of the core with a scripted HTTP client. They are a single program, because linking takes most of the
//! build time.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a panic fails the test")]

mod batches;
mod batching;
mod common;
mod compression;
mod conditions;
mod create_table;
mod equivalence;
mod faults;
mod flights;
mod hostile;
mod injection;
mod inspect;
mod key_index;
mod large_values;
mod requests;
mod segments;
mod stats;
