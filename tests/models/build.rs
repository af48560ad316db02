//! Only for this crate: with `loom` set for a whole build, tokio would use it as well.

fn main() {
    println!("cargo::rustc-cfg=loom");
    println!("cargo::rerun-if-changed=build.rs");
}
