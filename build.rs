//! Sets up the addon's link flags; does nothing in a build without Node.

fn main() {
    #[cfg(feature = "node")]
    napi_build::setup();
}
