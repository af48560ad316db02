//! For this crate alone: set for a whole build, `loom` would switch tokio over as well.

fn main() {
    println!("cargo::rustc-cfg=loom");
    println!("cargo::rerun-if-changed=build.rs");
}
