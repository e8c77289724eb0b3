//! Files that are no unit files, and directories of them.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use nix::sys::stat::Mode;
use units::UnitSet;

/// Everything that is wrong with a directory, less its own path.
fn complaints(set: &UnitSet, directory: &Path) -> Vec<String> {
    let prefix = format!("{}/", directory.display());
    set.diagnostics().iter().map(|one| one.summary().replace(&prefix, "")).collect()
}

/// Whatever lies there under a unit file's name is refused with one line, without blocking, and costs its own name.
#[test]
fn what_is_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    nix::unistd::mkfifo(&path("fifo.yaml"), Mode::S_IRUSR).unwrap();
    let _socket = UnixListener::bind(path("socket.yaml")).unwrap();
    fs::create_dir(path("directory.yaml")).unwrap();
    symlink("nowhere", path("dangling.yaml")).unwrap();
    symlink("loop.yaml", path("loop.yaml")).unwrap();
    symlink("/dev/zero", path("device.yaml")).unwrap();
    fs::write(path("latin1.yaml"), b"kind: milestone\ndescription: caf\xe9\n").unwrap();
    fs::write(path("nul.yaml"), b"kind: mile\0stone\n").unwrap();
    fs::write(path("huge.yaml"), vec![b'#'; (1 << 20) + 1]).unwrap();
    fs::write(path("bad name.yaml"), "kind: milestone\n").unwrap();
    fs::write(path("other.yml"), "kind: milestone\n").unwrap();
    fs::write(path(".hidden.yaml"), "[").unwrap();
    fs::write(path("good.yaml~"), "[").unwrap();
    fs::write(path("good.yaml"), "kind: milestone\n").unwrap();
    symlink("good.yaml", path("link.yaml")).unwrap();

    let set = UnitSet::load(&[directory.path().into()]);
    let expected = [
        "other.yml: warning: not read: unit files end with .yaml",
        "bad name.yaml:1:1: unit name \"bad name\" must not contain ' '",
        "dangling.yaml: unable to read: No such file or directory",
        "device.yaml: is a FIFO, socket or device, not a file",
        "directory.yaml: is a directory, not a file",
        "fifo.yaml: is a FIFO, socket or device, not a file",
        "huge.yaml: larger than 1024 KiB, which no unit is",
        "latin1.yaml:2:17: byte 0xe9 is not UTF-8",
        "loop.yaml: unable to read: Too many symbolic links encountered",
        "nul.yaml:1:11: control character U+0000 is not allowed",
        "socket.yaml: is a FIFO, socket or device, not a file",
    ];
    assert_eq!(complaints(&set, directory.path()), expected);
    assert_eq!(set.units().keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["good", "link"]);
    assert_eq!(set.broken().len(), 9);
}

/// A directory that is not there is empty; one that is no directory is an error.
#[test]
fn what_is_no_directory() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let set = UnitSet::load(&[directory.path().join("absent"), file.clone()]);
    let expected = format!("{}: unable to read the directory: Not a directory", file.display());
    assert_eq!(set.diagnostics().iter().map(|one| one.summary()).collect::<Vec<_>>(), [expected]);
}

/// Commands are looked up below the root that is asked about, links included, and not for a unit that is skipped there.
#[test]
fn commands_below_a_root() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name);
    fs::create_dir_all(path("usr/bin")).unwrap();
    symlink("usr/bin", path("bin")).unwrap();
    for (name, mode) in [("usr/bin/real", 0o755), ("usr/bin/plain", 0o644), ("usr/bin/sh", 0o755)] {
        fs::write(path(name), "").unwrap();
        fs::set_permissions(path(name), PermissionsExt::from_mode(mode)).unwrap();
    }
    symlink("/bin/real", path("usr/bin/absolute")).unwrap();
    symlink("/bin/circle", path("usr/bin/circle")).unwrap();
    let longrun = |run: &str| format!("kind: longrun\nrun: {run}\n");
    let texts = [
        ("a", longrun("[/bin/absolute]")),
        ("b", longrun("[/bin/plain]")),
        ("c", longrun("[/bin/circle]")),
        ("d", longrun("[/usr/../../../bin/absent]")),
        ("e", longrun("[/usr/bin]")),
        ("f", longrun("[real]")),
        ("g", longrun("[unreal]")),
        ("h", longrun("echo hello")),
        ("i", longrun("|\n  #!/usr/bin/python3 -u\n  x")),
        ("j", longrun("[./here]")),
        ("k", longrun("[/bin/absent]\nif: {path: /bin/absent}")),
        ("l", longrun("[/bin/absent]\nif: {path: \"!/bin/real\"}")),
        ("m", longrun("[/bin/real]\nready: {exec: [/bin/absent]}")),
        ("n", "kind: oneshot\nstart: [/bin/real]\nstop: [/bin/absent]\n".into()),
        // The engine asks from / whether a unit is ready, wherever the unit works.
        ("o", longrun("[./real]\ndirectory: /usr/bin\nready: {exec: [./real]}")),
        ("p", longrun("[/bin/real]\nready: {exec: [bin/real]}")),
    ];
    let texts: Vec<(String, String)> = texts.map(|(name, text)| (format!("u/{name}.yaml"), text)).to_vec();
    let texts: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let set = UnitSet::from_texts(&texts);
    assert_eq!(set.diagnostics(), []);
    let found: Vec<String> = set.check_commands(root.path()).iter().map(|one| one.summary()).collect();
    let expected = [
        "u/b.yaml:2:6: unable to run \"/bin/plain\": Permission denied",
        "u/c.yaml:2:6: unable to run \"/bin/circle\": No such file or directory",
        "u/d.yaml:2:6: unable to run \"/usr/../../../bin/absent\": No such file or directory",
        "u/e.yaml:2:6: unable to run \"/usr/bin\": not a file",
        "u/g.yaml:2:6: warning: unable to run \"unreal\": not found in the PATH",
        "u/i.yaml:3:3: unable to run \"/usr/bin/python3\": No such file or directory",
        "u/j.yaml:2:6: unable to run \"./here\": this path counts from \"directory\", which is not given",
        "u/m.yaml:3:8: unable to run \"/bin/absent\": No such file or directory",
        "u/n.yaml:3:7: unable to run \"/bin/absent\": No such file or directory",
        "u/o.yaml:4:8: unable to run \"/real\": No such file or directory",
    ];
    assert_eq!(found, expected);
}
