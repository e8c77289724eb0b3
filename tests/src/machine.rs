//! A virtual machine: QEMU in software, Debian's cloud kernel, a disk, a serial console.
//!
//! One runs at a time on the whole host: software emulation takes all of a processor and up to 1.4 GB. KVM is not used
//! even where it seems to be there, because it may not run a stock kernel.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::fcntl::Flock;
use tempfile::TempDir;

use crate::{Console, Image, Kernel, cache};

/// How long a boot may take to the login prompt: fifteen times the 20 s of a quiet host.
pub const BOOT: Duration = Duration::from_secs(300);
/// How long a stop may take: 10 s on a quiet host, and within sunup's own overall deadline of 90 s.
pub const STOP: Duration = Duration::from_secs(180);
/// How long a single command may take.
pub const COMMAND: Duration = Duration::from_secs(90);

/// A running machine. Killed when dropped.
pub struct Machine {
    /// The serial console.
    pub console: Console,
    child: Child,
    directory: TempDir,
    _turn: Flock<File>,
}

/// What a machine is started with besides its disk.
pub struct Options {
    /// The kernel, maybe with an initramfs.
    pub kernel: Kernel,
    /// Words added to the kernel's command line.
    pub append: String,
    /// Whether a restart comes back; else it ends QEMU as a power-off does.
    pub restarts: bool,
    /// A second disk.
    pub slow: Option<SlowDisk>,
}

/// A disk that takes its time.
pub struct SlowDisk {
    /// The raw image.
    pub image: PathBuf,
    /// How much it writes in a second, in bytes.
    pub speed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { kernel: Kernel::plain(), append: String::new(), restarts: false, slow: None }
    }
}

impl Machine {
    /// Starts a machine from the image, once no other one runs.
    pub fn boot(image: &Image, options: &Options) -> Self {
        Self::start(command(image, options))
    }

    /// Starts one without a disk, whose whole system is the options' initramfs.
    pub fn boot_without_disk(options: &Options) -> Self {
        Self::start(computer(options))
    }

    fn start(mut command: Command) -> Self {
        let turn = cache::lock("machine");
        let directory = TempDir::with_prefix("sunup-machine-").expect("a temporary directory");
        command.arg("-qmp").arg(format!("unix:{},server=on,wait=off", directory.path().join("qmp").display()));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().expect("qemu-system-x86_64 runs");
        let output = child.stdout.take().expect("a pipe from the serial port");
        let input = child.stdin.take().expect("a pipe to the serial port");
        Self { console: Console::new("machine", output, input), child, directory, _turn: turn }
    }

    /// Waits until the machine has switched itself off. Panics at the deadline.
    pub fn expect_off(&mut self, deadline: Duration) {
        self.console.expect_end(deadline);
        let status = self.child.wait().expect("the machine's end");
        assert!(status.success(), "qemu ended with {status}; {}", self.console.tail());
    }

    /// Cuts the power: what the machine has not written to its disk is lost.
    pub fn cut_power(mut self) {
        self.child.kill().expect("the machine killed");
        self.child.wait().expect("the machine's end");
    }

    /// Presses Control, Alt and Delete together.
    pub fn control_alt_delete(&self) {
        self.press(&["ctrl", "alt", "delete"]);
    }

    /// Presses keys together, by QEMU's names for them.
    pub fn press(&self, keys: &[&str]) {
        let mut stream = UnixStream::connect(self.directory.path().join("qmp")).expect("the machine's monitor");
        stream.set_read_timeout(Some(COMMAND)).expect("a deadline on the monitor");
        let mut reader = BufReader::new(stream.try_clone().expect("a second descriptor"));
        let keys: Vec<_> = keys.iter().map(|key| format!(r#"{{"type":"qcode","data":"{key}"}}"#)).collect();
        let keys = keys.join(",");
        let press = format!(r#"{{"execute":"send-key","arguments":{{"keys":[{keys}]}}}}"#);
        for request in [r#"{"execute":"qmp_capabilities"}"#, &press] {
            writeln!(stream, "{request}").expect("the monitor takes a command");
            let mut line = String::new();
            while !line.contains("\"return\"") {
                line.clear();
                reader.read_line(&mut line).expect("the monitor answers");
                assert!(!line.is_empty() && !line.contains("\"error\""), "the monitor says {line:?}");
            }
        }
    }
}

/// QEMU with this disk and its serial port on standard input and output.
pub fn command(image: &Image, options: &Options) -> Command {
    let mut command = computer(options);
    // What a killed QEMU has written is in the host's memory, whether it waited for the host's disk or not.
    command.arg("-drive").arg(format!("file={},if=none,id=d,format=raw,cache=unsafe", image.path().display()));
    command.args(["-device", "nvme,drive=d,serial=x"]);
    if let Some(SlowDisk { image, speed }) = &options.slow {
        let throttled = format!("if=none,id=slow,format=raw,throttling.bps-write={speed}");
        command.arg("-drive").arg(format!("file={},{throttled}", image.display()));
        command.args(["-device", "nvme,drive=slow,serial=y"]);
    }
    command
}

/// The same without a disk.
fn computer(options: &Options) -> Command {
    let mut command = Command::new("qemu-system-x86_64");
    command.args(["-accel", "tcg,thread=multi", "-cpu", "qemu64", "-M", "q35", "-m", "512"]);
    command.args(["-display", "none", "-nodefaults", "-serial", "stdio"]);
    command.arg("-kernel").arg(&options.kernel.image);
    if let Some(initramfs) = &options.kernel.initramfs {
        command.arg("-initrd").arg(initramfs);
    }
    if !options.restarts {
        command.arg("-no-reboot");
    }
    // What the kernel has to say, but for errors, would stand in the middle of what is awaited.
    let fixed = "console=ttyS0 loglevel=4 root=/dev/nvme0n1 rootfstype=ext4 ro mitigations=off panic=-1";
    command.arg("-append").arg(format!("{fixed} {}", options.append));
    command
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
