//! AVX-512 takes a newer compiler than the rest.

fn main() {
    autocfg::new().emit_rustc_version(1, 89);
}
