//! Links the small programs of benchmark and soak without libc, as the resident programs are.

/// The service that does nothing, the floor, and the service that writes numbered lines.
const BARE: [&str; 3] = ["sleeper", "floor", "writer"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for program in BARE {
        for argument in ["-static", "-no-pie", "-nostartfiles", "-nostdlib", "-Wl,-z,norelro"] {
            println!("cargo:rustc-link-arg-bin={program}={argument}");
        }
    }
}
