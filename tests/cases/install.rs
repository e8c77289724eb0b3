//! `make install` puts everything where DESIGN says, below any DESTDIR, and leaves the administrator's files alone.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use tests::{command, programs, require};

fn install(root: &Path) {
    command::run(&mut install_command(root));
}

fn install_command(root: &Path) -> Command {
    let mut make = make("install", &programs::built().display().to_string());
    make.arg(format!("DESTDIR={}", root.display()));
    make
}

fn make(goal: &str, bin: &str) -> Command {
    let mut make = Command::new("make");
    make.args(["--silent", "--no-print-directory", goal]).current_dir(programs::workspace());
    make.arg(format!("BIN={bin}"));
    make
}

/// A root that systemd boots.
fn foreign_root() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let sbin = directory.path().join("sbin");
    fs::create_dir(&sbin).unwrap();
    symlink("/lib/systemd/systemd", sbin.join("init")).unwrap();
    symlink("/bin/systemctl", sbin.join("poweroff")).unwrap();
    fs::write(sbin.join("runlevel"), "foreign").unwrap();
    directory
}

/// In a merged root /sbin is a link. A package may be made where it is not and unpacked where it is, so the links in it say
/// the whole way.
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
        assert_eq!(target, Path::new("/usr/lib/sunup/bin/shutdown"), "{name}");
    }
    assert!(fs::symlink_metadata(root.join("sbin/init")).unwrap().is_file());
    assert_eq!(fs::read_link(root.join("sbin/telinit")).unwrap(), Path::new("init"));
    assert_eq!(fs::read_link(root.join("usr/bin/sunup")).unwrap(), Path::new("../lib/sunup/bin/sunup"));
    for name in ["bin/svscan", "bin/stage2", "wrapper/supervise", "wrapper/runsv", "units/sshd.yaml"] {
        assert!(root.join("usr/lib/sunup").join(name).is_file(), "{name}");
    }
    for (link, program) in
        [("s6/s6-svc", "dialect"), ("s6/s6-svscan", "dialect"), ("runit/sv", "sv"), ("runit/chpst", "dialect")]
    {
        let target = fs::read_link(root.join("usr/lib/sunup").join(link)).unwrap();
        assert_eq!(target, Path::new("../bin").join(program), "{link}");
    }
    let link = fs::read_link(root.join("etc/sunup/bundles/default/sshd.yaml")).unwrap();
    assert_eq!(link, Path::new("/usr/lib/sunup/units/sshd.yaml"));
    assert!(root.join("etc/sunup/stage1/catch-all/run").is_file());
}

/// Programs look for each other where they were built for.
#[test]
fn refuses_programs_of_another_prefix() {
    if !require::tools(&["make", "install"]) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let (code, text) = command::output(install_command(directory.path()).arg("PREFIX=/opt/sunup"));
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("are built for another PREFIX than /opt/sunup\n"), "{text}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
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

/// Another init system's programs are named and nothing is changed.
#[test]
fn refuses_to_replace_another_init_system() {
    if !require::tools(&["make", "install"]) {
        return;
    }
    let directory = foreign_root();
    let root = directory.path();
    let (code, text) = command::output(&mut install_command(root));
    assert_eq!(code, Some(2), "{text}");
    let said = format!("make: install: another init system has {}/sbin: init poweroff runlevel\n", root.display());
    assert!(text.starts_with(&said), "{text}");
    assert!(text.contains("make install FORCE_SBIN=1 ") && text.contains("make install SBIN=no "), "{text}");
    assert_eq!(fs::read_dir(root).unwrap().count(), 1);
    assert_eq!(fs::read_dir(root.join("sbin")).unwrap().count(), 3);
}

/// When forced, what was there is kept beside; a second install finds only ours, an older build of init included.
#[test]
fn replaces_another_init_system_when_forced() {
    if !require::tools(&["make", "install"]) {
        return;
    }
    let directory = foreign_root();
    let root = directory.path();
    command::run(install_command(root).arg("FORCE_SBIN=1"));
    let kept = |name: &str| root.join("sbin").join(format!("{name}.before-sunup"));
    assert_eq!(fs::read_link(kept("init")).unwrap(), Path::new("/lib/systemd/systemd"));
    assert_eq!(fs::read_link(kept("poweroff")).unwrap(), Path::new("/bin/systemctl"));
    assert_eq!(fs::read_to_string(kept("runlevel")).unwrap(), "foreign");
    assert!(fs::symlink_metadata(kept("halt")).is_err());
    assert!(fs::symlink_metadata(root.join("sbin/init")).unwrap().is_file());
    for older in ["usr/lib/sunup/bin/init", "sbin/init"] {
        fs::write(root.join(older), "an older build").unwrap();
    }
    command::run(install_command(root).arg("FORCE_SBIN=1"));
    assert_eq!(fs::read_link(kept("init")).unwrap(), Path::new("/lib/systemd/systemd"));
    install(root);
}

/// Without /sbin everything else is installed.
#[test]
fn leaves_sbin_alone() {
    if !require::tools(&["make", "install"]) {
        return;
    }
    let directory = foreign_root();
    let root = directory.path();
    command::run(install_command(root).arg("SBIN=no"));
    assert_eq!(fs::read_dir(root.join("sbin")).unwrap().count(), 3);
    assert_eq!(fs::read_link(root.join("sbin/init")).unwrap(), Path::new("/lib/systemd/systemd"));
    assert!(root.join("usr/lib/sunup/bin/init").is_file());
}

/// Programs that are not there are not built in their place.
#[test]
fn programs_must_be_there() {
    if !require::tools(&["make", "install"]) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    for goal in ["demo", "install"] {
        for (bin, said) in [
            ("/nonexistent", "make: BIN: no program '/nonexistent/svscan'\n"),
            ("", "make: BIN is empty: name a directory of programs, or leave it out to build them\n"),
        ] {
            let mut make = make(goal, bin);
            let (code, text) = command::output(make.arg(format!("DESTDIR={}", root.display())));
            assert_eq!(code, Some(2), "{goal}: {text}");
            assert!(text.starts_with(said), "{goal}: {text}");
        }
    }
    assert_eq!(fs::read_dir(root).unwrap().count(), 0);
}
