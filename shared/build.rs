//! Compiles the crate again when a migration is added, which `sqlx::migrate!` doesn't notice by itself.

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
