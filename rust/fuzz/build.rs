//! Compiles what C code calls that was built with `-fsanitize-coverage=trace-pc`, as `make fuzz` builds it.

fn main() {
    println!("cargo:rerun-if-changed=src/coverage.c");
    println!("cargo:rustc-link-arg-bins=-Wl,--wrap=__sanitizer_cov_trace_pc");
    let objects = cc::Build::new()
        .file("src/coverage.c")
        .compile_intermediates();
    for object in objects {
        println!("cargo:rustc-link-arg-bins={}", object.display());
    }
}
