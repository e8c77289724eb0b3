//! Links the resident programs without libc: they are `no_std` and start at their own `_start`.

/// The programs that stay in memory for as long as the machine runs.
const RESIDENT: [&str; 6] = ["svscan", "supervise", "svlog", "multilog", "readproctitle", "wrapper"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=resident.ld");
    let script = format!("-Wl,-T,{}/resident.ld", env!("CARGO_MANIFEST_DIR"));
    for program in RESIDENT {
        // Without relocations there is nothing to protect, and its padding would cost every process a dirty page.
        for argument in ["-static", "-no-pie", "-nostartfiles", "-nostdlib", "-Wl,-z,norelro", "-Wl,--gc-sections"] {
            println!("cargo:rustc-link-arg-bin={program}={argument}");
        }
        println!("cargo:rustc-link-arg-bin={program}={script}");
    }
}
