//! Whoever embeds the migrations must be built again when one changes.

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
