//! Links the resident programs without libc: they are `no_std` and start at their own `_start`.

/// The programs that stay in memory for as long as the machine runs.
/// With each the pages of what it seldom executes; see resident.ld.
const RESIDENT: [(&str, usize); 6] =
    [("svscan", 6), ("supervise", 3), ("svlog", 1), ("multilog", 1), ("readproctitle", 1), ("wrapper", 1)];

/// Bytes of the smallest page there is.
const PAGE: usize = 4096;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=resident.ld");
    let script = format!("-Wl,-T,{}/resident.ld", env!("CARGO_MANIFEST_DIR"));
    for (program, seldom) in RESIDENT {
        // Without relocations there is nothing to protect, and its padding would cost every process a dirty page.
        for argument in ["-static", "-no-pie", "-nostartfiles", "-nostdlib", "-Wl,-z,norelro", "-Wl,--gc-sections"] {
            println!("cargo:rustc-link-arg-bin={program}={argument}");
        }
        println!("cargo:rustc-link-arg-bin={program}={script}");
        println!("cargo:rustc-link-arg-bin={program}=-Wl,--defsym=seldom_bytes={:#x}", seldom * PAGE);
    }
}
