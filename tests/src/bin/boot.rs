//! `boot qemu` and `boot namespace`: the tests' root, booted by hand. The other two verbs are the harness's own.

use std::io::IsTerminal;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use tests::machine::{self, Options};
use tests::{Image, Kernel, Layer, Namespace, guest};

const USAGE: &str = "usage: boot qemu [--initramfs] [--disk-only PATH] [KERNEL-WORD…]
       boot namespace [INIT-ARGUMENT…]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["hold", directory, console, layers, ..] => {
            report(guest::hold(Path::new(directory), console, layers, &arguments[4..]))
        }
        ["enter", directory, console, layers, ..] => {
            report(guest::enter(Path::new(directory), console, layers, &arguments[4..]))
        }
        ["qemu", "--disk-only", path] => {
            Image::new(&Layer::new()).keep(Path::new(path));
            ExitCode::SUCCESS
        }
        ["qemu", rest @ ..] => qemu(rest),
        ["namespace", rest @ ..] => namespace(rest),
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(100)
        }
    }
}

fn report(outcome: Result<(), Box<dyn std::error::Error>>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("boot: fatal: unable to make the namespaces: {error}");
            ExitCode::from(111)
        }
    }
}

/// QEMU on this terminal, its disk thrown away at the end.
fn qemu(words: &[&str]) -> ExitCode {
    let (initramfs, words) = match words {
        ["--initramfs", rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let kernel = if initramfs { Kernel::with_initramfs() } else { Kernel::plain() };
    let image = Image::new(&Layer::new());
    let mut command =
        machine::command(&image, &Options { kernel, append: words.join(" "), restarts: true, slow: None });
    eprintln!("boot: info: root's password is {}; running {command:?}", tests::root::PASSWORD);
    let ended = command.status().is_ok_and(|status| status.success());
    image.assert_clean();
    eprintln!("boot: info: the disk was unmounted cleanly");
    if ended { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The namespaces on this terminal, which passes every key on while it runs.
fn namespace(arguments: &[&str]) -> ExitCode {
    let layer = Layer::new();
    eprintln!("boot: info: root's password is {}", tests::root::PASSWORD);
    let mut guest = Namespace::boot_with(&layer, arguments);
    guest.console.mirror();
    let mut keyboard = guest.console.keyboard();
    let terminal = std::io::stdin().is_terminal();
    if terminal {
        stty(&["raw", "-echo"]);
    }
    std::thread::spawn(move || std::io::copy(&mut std::io::stdin(), &mut keyboard));
    let end = guest.expect_end(Duration::from_secs(60 * 60 * 24));
    if terminal {
        stty(&["sane"]);
    }
    eprintln!("boot: info: process 1 ended: {end:?}");
    ExitCode::SUCCESS
}

fn stty(arguments: &[&str]) {
    Command::new("stty").args(arguments).status().ok();
}
