//! Sets `loom` for this crate only. Set for a whole build, it would affect tokio as well.

fn main() {
    println!("cargo::rustc-cfg=loom");
    println!("cargo::rerun-if-changed=build.rs");
}
