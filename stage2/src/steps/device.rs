//! `LABEL=`, `UUID=`, `PARTLABEL=`, `PARTUUID=`, `ID=`: names of devices, which udev turns into links; and waiting for
//! one of those, because a disk may need longer than its bus. Nothing here waits without an end.

use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

/// How long all devices of a step together are waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The path that an fstab source means.
pub(super) fn resolve(source: &str) -> String {
    let Some((tag, value)) = source.split_once('=') else { return source.to_owned() };
    let value = value.trim_matches('"');
    match tag {
        "LABEL" => format!("/dev/disk/by-label/{}", encode(value)),
        "UUID" => format!("/dev/disk/by-uuid/{}", uuid(value)),
        "PARTLABEL" => format!("/dev/disk/by-partlabel/{}", encode(value)),
        "PARTUUID" => format!("/dev/disk/by-partuuid/{}", value.to_ascii_lowercase()),
        "ID" => format!("/dev/disk/by-id/{}", encode(value)),
        _ => source.to_owned(),
    }
}

/// True for a disk's node, or a link to one.
pub(super) fn is_block(path: &str) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_block_device())
}

/// True for a name in /dev without anything behind it.
pub(super) fn is_missing(path: &str) -> bool {
    path.starts_with("/dev/") && !Path::new(path).exists()
}

/// Waits until the path is there; false at the deadline. Its directory need not be there yet.
pub(super) fn wait(path: &Path, deadline: Instant) -> bool {
    let Ok(inotify) = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK) else { return path.exists() };
    let mut directories: Vec<&Path> = path.ancestors().skip(1).take(3).collect();
    directories.reverse();
    loop {
        // The outer ones first, then a look: what appears meanwhile is either seen or told of.
        for directory in &directories {
            let _ = inotify.add_watch(*directory, AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if path.exists() || left.is_zero() {
            return path.exists();
        }
        let timeout = PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::ZERO);
        let _ = poll(&mut [PollFd::new(inotify.as_fd(), PollFlags::POLLIN)], timeout);
        let _ = inotify.read_events();
    }
}

/// UUIDs are lower case in /dev; the short serial numbers of FAT and NTFS are upper case.
fn uuid(value: &str) -> String {
    if value.len() == 36 { value.to_ascii_lowercase() } else { value.to_owned() }
}

/// udev's names: what is not a letter, a digit, one of `#+-.:=@_` or beyond ASCII is `\xHH`.
fn encode(value: &str) -> String {
    let mut out = String::new();
    for c in value.chars() {
        if c.is_ascii_alphanumeric() || "#+-.:=@_".contains(c) || !c.is_ascii() {
            out.push(c);
        } else {
            out.push_str(&format!("\\x{:02x}", u32::from(c)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device is there as soon as its link is, though no directory was; one that does not come costs the deadline.
    #[test]
    fn waiting() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("disk/by-uuid/1");
        assert!(!wait(&path, Instant::now() + Duration::from_millis(20)));
        let link = path.clone();
        let udev = std::thread::spawn(move || {
            for directory in [link.parent().unwrap().parent().unwrap(), link.parent().unwrap()] {
                fs::create_dir(directory).unwrap();
                std::thread::yield_now();
            }
            std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        });
        let began = Instant::now();
        assert!(wait(&path, began + Duration::from_secs(30)));
        assert!(began.elapsed() < Duration::from_secs(20));
        udev.join().unwrap();
    }

    /// Tags become links, everything else stays.
    #[test]
    fn tags() {
        assert_eq!(resolve("LABEL=my disk/1"), "/dev/disk/by-label/my\\x20disk\\x2f1");
        assert_eq!(
            resolve("UUID=\"0A1B2C3D-0000-4000-8000-00000000000F\""),
            "/dev/disk/by-uuid/0a1b2c3d-0000-4000-8000-00000000000f"
        );
        assert_eq!(resolve("UUID=1A2B-3C4D"), "/dev/disk/by-uuid/1A2B-3C4D");
        assert_eq!(resolve("PARTUUID=AB-01"), "/dev/disk/by-partuuid/ab-01");
        assert_eq!(resolve("/dev/sda1"), "/dev/sda1");
        assert_eq!(resolve("server:/export=1"), "server:/export=1");
    }
}
