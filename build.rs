//! Sets the addon's link flags. Does nothing in a build without Node.

fn main() {
    #[cfg(feature = "node")]
    napi_build::setup();
}
