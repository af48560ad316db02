//! The core against a scripted HTTP client, in one program: linking is most of what a build of tests takes.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "what fails here is a failed test")]

mod batches;
mod batching;
mod common;
mod compression;
mod create_table;
mod equivalence;
mod faults;
mod flights;
mod hostile;
mod injection;
mod key_index;
mod requests;
mod segments;
mod stats;
