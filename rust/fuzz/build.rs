//! Compiles what C code calls that was built with `-fsanitize-coverage=trace-pc`, as `make fuzz` builds it.

fn main() {
    println!("cargo:rerun-if-changed=src/coverage.c");
    let mut build = cc::Build::new();
    // It must not call itself.
    build.flag("-fno-sanitize=all");
    build.flag("-fno-sanitize-coverage=trace-pc");
    for object in build.file("src/coverage.c").compile_intermediates() {
        println!("cargo:rustc-link-arg-bins={}", object.display());
    }
}
