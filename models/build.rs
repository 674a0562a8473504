fn main() {
    println!("cargo::rustc-cfg=steadfast_models");
    println!("cargo::rerun-if-changed=build.rs");
}
