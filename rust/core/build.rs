//! Compiles the shims over libjpeg that `image/jpeg` calls.

fn main() {
    println!("cargo:rerun-if-changed=csrc");
    let mut build = cc::Build::new();
    // turbojpeg-sys says where its vendored build installed jpeglib.h, jconfig.h and jmorecfg.h.
    let include = std::env::var("DEP_TURBOJPEG_INCLUDE").unwrap_or_default();
    build.includes(include.split(',').filter(|path| !path.is_empty()));
    build
        .file("csrc/jpeg.c")
        .file("csrc/jpeg_planes.c")
        .file("csrc/jpeg_write.c")
        .opt_level(3)
        .warnings(true)
        .compile("impasto_jpeg");
}
