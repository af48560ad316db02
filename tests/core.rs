//! The core against a scripted HTTP client, in one program: linking is most of what a build of tests takes.

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
mod pages;
mod requests;
mod segments;
mod stats;
