//! `make install` puts everything where DESIGN says, below any DESTDIR, and leaves the administrator's files alone.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use tests::{command, programs, require};

fn install(root: &Path) {
    let mut make = Command::new("make");
    make.args(["--silent", "--no-print-directory", "install"]).current_dir(programs::workspace());
    make.arg(format!("DESTDIR={}", root.display())).arg(format!("BIN={}", programs::built().display()));
    command::run(&mut make);
}

/// In a merged root /sbin is a link; the links in it lead to the programs from wherever the root is.
#[test]
fn installs_below_a_merged_root() {
    if !require::tools(&["make", "install"]) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    fs::create_dir_all(root.join("usr/sbin")).unwrap();
    symlink("usr/sbin", root.join("sbin")).unwrap();
    install(root);
    for name in ["halt", "poweroff", "reboot", "shutdown", "runlevel"] {
        let target = fs::read_link(root.join("sbin").join(name)).unwrap();
        assert_eq!(target, Path::new("../lib/sunup/bin/shutdown"), "{name}");
        assert!(root.join("sbin").join(name).exists(), "{name}");
    }
    assert!(fs::symlink_metadata(root.join("sbin/init")).unwrap().is_file());
    assert_eq!(fs::read_link(root.join("sbin/telinit")).unwrap(), Path::new("init"));
    assert_eq!(fs::read_link(root.join("usr/bin/sunup")).unwrap(), Path::new("../lib/sunup/bin/sunup"));
    for name in ["bin/svscan", "bin/stage2", "wrapper/supervise", "wrapper/runsv", "units/sshd.yaml"] {
        assert!(root.join("usr/lib/sunup").join(name).is_file(), "{name}");
    }
    let link = fs::read_link(root.join("etc/sunup/bundles/default/sshd.yaml")).unwrap();
    assert_eq!(link, Path::new("/usr/lib/sunup/units/sshd.yaml"));
    assert!(root.join("etc/sunup/stage1/catch-all/run").is_file());
}

/// A unit taken out of a bundle stays out, and an edited image stays edited.
#[test]
fn a_second_install_keeps_the_configuration() {
    if !require::tools(&["make", "install"]) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    install(root);
    let link = root.join("etc/sunup/bundles/default/nginx.yaml");
    let run = root.join("etc/sunup/stage1/engine/run");
    fs::remove_file(&link).unwrap();
    fs::write(&run, "#!/bin/false\n").unwrap();
    install(root);
    assert!(fs::symlink_metadata(&link).is_err());
    assert_eq!(fs::read_to_string(&run).unwrap(), "#!/bin/false\n");
}
