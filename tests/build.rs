//! Links the benchmark's two small programs without libc, as the resident programs are.

/// The service that does nothing, and the floor.
const BARE: [&str; 2] = ["sleeper", "floor"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for program in BARE {
        for argument in ["-static", "-no-pie", "-nostartfiles", "-nostdlib", "-Wl,-z,norelro"] {
            println!("cargo:rustc-link-arg-bin={program}={argument}");
        }
    }
}
