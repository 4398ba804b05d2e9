//! The migrations are embedded, so a change to them must rebuild this crate.

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
