//! The migrations are embedded, so a change to them must rebuild the command.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
