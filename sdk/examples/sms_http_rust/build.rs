//! A plugin is never unloaded, and knows every symbol that it uses. A cdylib exports its `no_mangle` functions and nothing else.
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,defs");
}
