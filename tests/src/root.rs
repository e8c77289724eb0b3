//! The Debian 12 root that the tests boot: no init package, no init but ours.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::SystemTime;

use crate::{cache, command, packages, programs};

/// What the root holds besides the essential packages.
pub const PACKAGES: &str =
    "udev,kmod,login,e2fsprogs,iproute2,procps,ifupdown,cron,rsyslog,dbus,openssh-server,nginx-light";
/// Root's password.
pub const PASSWORD: &str = "sunup";
/// The root filesystem's UUID, which fstab names.
pub const UUID: &str = "5e1f0a3c-7d54-4a0e-9c55-73756e757031";

/// The root as the package manager leaves it, with fstab and root's password; made once a day.
pub fn debian() -> PathBuf {
    cache::once(&format!("debian-{}", cache::today()), |path| {
        remove_older("debian-");
        let fstab = format!("echo UUID={UUID} / ext4 errors=remount-ro 0 1 >\"$1/etc/fstab\"");
        // On a busy host an emulated machine takes longer for a login than the usual minute.
        let patience = "sed -i 's/^LOGIN_TIMEOUT.*/LOGIN_TIMEOUT 0/' \"$1/etc/login.defs\"";
        let password = format!("echo root:{PASSWORD} | chroot \"$1\" chpasswd");
        command::run(
            packages::bootstrap()
                .arg(format!("--include={PACKAGES}"))
                .arg(format!("--customize-hook={fstab}"))
                .arg(format!("--customize-hook={patience}"))
                .arg(format!("--customize-hook={password}"))
                .arg("--customize-hook=echo debian >\"$1/etc/hostname\"")
                .arg("bookworm")
                .arg(path),
        );
    })
}

/// The same with sunup installed by `make install`. Made again by the first test that asks after a program, a unit or
/// the Makefile has changed; never again by the same process, because it is the lower layer of guests that run.
pub fn installed() -> PathBuf {
    static INSTALLED: OnceLock<PathBuf> = OnceLock::new();
    INSTALLED.get_or_init(install).clone()
}

fn install() -> PathBuf {
    let (debian, programs) = (debian(), programs::built());
    let _lock = cache::lock("installed");
    let (path, stamp) = (cache::directory().join("installed"), cache::directory().join("installed.stamp"));
    let inputs = format!("{} {:?} {:?}", debian.display(), programs, newest());
    if fs::read_to_string(&stamp).is_ok_and(|text| text == inputs) {
        return path;
    }
    cache::remove(&stamp);
    cache::remove(&path);
    command::run(command::words(&["cp", "-a", "--reflink=auto"]).arg(&debian).arg(&path));
    command::run(
        command::words(&["make", "--silent", "--no-print-directory", "install"])
            .arg(format!("DESTDIR={}", path.display()))
            .arg(format!("BIN={}", programs.display()))
            .current_dir(programs::workspace()),
    );
    fs::write(&stamp, inputs).expect("the stamp of the installed root");
    path
}

/// When the newest of what `make install` installs was changed.
fn newest() -> Option<SystemTime> {
    let mut waiting = vec![programs::workspace().join("units"), programs::workspace().join("docs")];
    let mut newest = fs::metadata(programs::workspace().join("Makefile")).and_then(|data| data.modified()).ok();
    let programs = fs::read_dir(programs::built()).expect("the directory of programs");
    let files = programs.filter_map(Result::ok).filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let files: Vec<_> = files.map(|entry| entry.path()).filter(|path| path.extension().is_none()).collect();
    waiting.extend(files);
    while let Some(path) = waiting.pop() {
        if let Ok(entries) = fs::read_dir(&path) {
            waiting.extend(entries.filter_map(Result::ok).map(|entry| entry.path()));
        }
        newest = newest.max(fs::symlink_metadata(&path).and_then(|data| data.modified()).ok());
    }
    newest
}

/// Removes what was made of the package archive on earlier days.
pub fn remove_older(prefix: &str) {
    let current = format!("{prefix}{}", cache::today());
    let entries = fs::read_dir(cache::directory()).expect("the cache directory");
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(prefix) && !name.starts_with(&current) {
            cache::remove(&entry.path());
        }
    }
}
