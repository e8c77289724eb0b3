//! Whole stops in namespaces of their own: this very program is process 1 and everything else there, since it is linked
//! statically and so pins no file of any root. Its names are roles; see [`role`].

mod cases;
mod ends;
#[path = "../../../tests/src/executable.rs"]
mod executable;
mod play;
mod role;
mod scheduled;
#[path = "../../../tests/src/skip.rs"]
mod skip;
mod world;

fn main() -> std::process::ExitCode {
    role::play_or(cases::main)
}
