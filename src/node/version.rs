//! The version that this addon was built from: its JavaScript refuses one of another.

/// The crate's version, which is the npm package's.
#[napi_derive::napi]
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
