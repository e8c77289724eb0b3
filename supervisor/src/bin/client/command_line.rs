//! The two options that every client has, and the only ones that daemontools' programs gain: `--help` and `--version`,
//! and only as the sole argument, so that nothing that worked with daemontools changes its meaning.

use std::ffi::OsString;
use std::process::ExitCode;

/// Answers `--help` or `--version`; `None` when neither is the sole argument.
pub fn answer(program: &str, help: &str, arguments: &[OsString]) -> Option<ExitCode> {
    let [argument] = arguments else { return None };
    match argument.to_str()? {
        "--help" => print!("{help}"),
        "--version" => println!("{program} (sunup) {}", env!("CARGO_PKG_VERSION")),
        _ => return None,
    }
    Some(ExitCode::SUCCESS)
}

/// The arguments after the program's name.
pub fn words() -> Vec<OsString> {
    std::env::args_os().skip(1).collect()
}
