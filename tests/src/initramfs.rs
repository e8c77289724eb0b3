//! An initramfs that is the whole system: `init`, our programs without their symbols, a shell and a few tools of Debian's.
//! The archive is written here, because there may be no tool for it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{cache, command, root};

/// What of ours is needed, below `/usr/lib/sunup`.
const OURS: [&str; 11] = [
    "bin/confine",
    "bin/shutdown",
    "bin/stage2",
    "bin/sunup",
    "bin/supervise",
    "bin/svc",
    "bin/svlog",
    "bin/svscan",
    "bin/svscanctl",
    "wrapper/runsv",
    "wrapper/supervise",
];
/// What of Debian's.
const TOOLS: [&str; 10] = [
    "bin/sh",
    "bin/cat",
    "bin/ls",
    "bin/rm",
    "bin/sleep",
    "bin/tail",
    "bin/stty",
    "bin/touch",
    "usr/bin/od",
    "usr/bin/stat",
];
/// Modes of a directory, a program and a link.
const DIRECTORY: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;
const LINK: u32 = 0o120_777;

/// The archive. Removed when dropped.
pub struct Initramfs {
    directory: TempDir,
    bytes: Vec<u8>,
    entries: u32,
}

impl Initramfs {
    /// Everything but what a test adds.
    pub fn new() -> Self {
        let directory = TempDir::with_prefix_in("initramfs-", cache::directory()).expect("a temporary directory");
        let mut archive = Self { directory, bytes: Vec::new(), entries: 0 };
        let root = root::installed();
        for name in ["dev", "proc", "sys", "run", "tmp", "root"] {
            archive.add(name, DIRECTORY, b"");
        }
        for name in OURS {
            archive.stripped(&root, &format!("usr/lib/sunup/{name}"));
        }
        archive.stripped(&root, "sbin/init");
        archive.link("init", "sbin/init");
        archive.link("sbin/telinit", "init");
        archive.link("sbin/poweroff", "/usr/lib/sunup/bin/shutdown");
        archive.link("usr/bin/sunup", "../lib/sunup/bin/sunup");
        archive.tree(&root, "usr/lib/sunup/units");
        archive.tree(&root, "etc/sunup");
        for name in TOOLS.iter().copied().map(String::from).chain(libraries(&root)) {
            let content = fs::read(root.join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
            archive.file(&name, &content);
        }
        archive
    }

    /// Adds a file that can be executed.
    pub fn file(&mut self, name: &str, content: &[u8]) {
        self.parents(name);
        self.add(name, PROGRAM, content);
    }

    fn link(&mut self, name: &str, target: &str) {
        self.parents(name);
        self.add(name, LINK, target.as_bytes());
    }

    /// Writes the archive, and gives where.
    pub fn write(&mut self) -> PathBuf {
        self.add("TRAILER!!!", 0, b"");
        let path = self.directory.path().join("initramfs");
        fs::write(&path, &self.bytes).expect("the archive");
        path
    }

    fn stripped(&mut self, root: &Path, name: &str) {
        let small = self.directory.path().join("small");
        command::run(command::words(&["strip", "-o"]).arg(&small).arg(root.join(name)));
        self.file(name, &fs::read(&small).expect("a program without symbols"));
    }

    fn tree(&mut self, root: &Path, name: &str) {
        let path = root.join(name);
        let metadata = fs::symlink_metadata(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        if metadata.is_symlink() {
            let target = fs::read_link(&path).expect("a link");
            self.link(name, &target.to_string_lossy());
        } else if metadata.is_dir() {
            self.parents(name);
            self.add(name, DIRECTORY, b"");
            for entry in fs::read_dir(&path).expect("a directory") {
                self.tree(root, &format!("{name}/{}", entry.expect("an entry").file_name().to_string_lossy()));
            }
        } else {
            self.parents(name);
            self.add(name, metadata.permissions().mode(), &fs::read(&path).expect("a file"));
        }
    }

    /// A directory that is there already is no fault.
    fn parents(&mut self, name: &str) {
        let above: Vec<&Path> = Path::new(name).ancestors().skip(1).filter(|path| *path != Path::new("")).collect();
        above.iter().rev().for_each(|path| self.add(&path.to_string_lossy(), DIRECTORY, b""));
    }

    /// One entry of the format `newc`: thirteen numbers, the name, the content, each padded to four bytes.
    fn add(&mut self, name: &str, mode: u32, content: &[u8]) {
        self.entries += 1;
        let size = |bytes: usize| u32::try_from(bytes).expect("a small file");
        let numbers = [self.entries, mode, 0, 0, 1, 0, size(content.len()), 0, 0, 0, 0, size(name.len() + 1), 0];
        self.bytes.extend_from_slice(b"070701");
        numbers.iter().for_each(|number| self.bytes.extend_from_slice(format!("{number:08X}").as_bytes()));
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(content);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

impl Default for Initramfs {
    fn default() -> Self {
        Self::new()
    }
}

/// The shared libraries of the tools, as the root's own loader finds them.
fn libraries(root: &Path) -> Vec<String> {
    let tools = TOOLS.iter().map(|name| format!("/{name}"));
    let text = command::run(command::words(&["chroot"]).arg(root).arg("ldd").args(tools));
    let words = text.split_whitespace().filter_map(|word| word.strip_prefix('/'));
    let mut libraries: Vec<String> = words.filter(|word| !word.ends_with(':')).map(String::from).collect();
    libraries.sort();
    libraries.dedup();
    libraries
}
