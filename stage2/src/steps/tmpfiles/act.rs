//! What is made or changed. At the end of a path no link is followed: whoever may write in /tmp shall not have us write
//! elsewhere.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::Path;

use nix::fcntl::OFlag;
use nix::sys::stat::{Mode as Bits, SFlag, makedev, mknod};

use super::super::StepError;
use super::super::error::Trying;
use super::super::root::Root;
use super::line::{Kind, Line};
use super::{glob, words};

/// Mode of a file, a directory, where the line gives none.
const FILE: u32 = 0o644;
const DIRECTORY: u32 = 0o755;

/// Does what the line says.
pub(super) fn run(root: &Root, line: &Line) -> Result<(), StepError> {
    if line.kind.changes() {
        let paths = glob::find(&root.path("/"), &line.path);
        // One that cannot be changed costs no other; the first is what is told.
        let mut outcome = Ok(());
        for path in &paths {
            outcome = outcome.and(change(line, path).trying(format_args!("change {}", path.display())));
        }
        return outcome;
    }
    let path = root.path(&line.path);
    make(root, line, &path).trying(format_args!("make {}", line.path))
}

fn make(root: &Root, line: &Line, path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    match line.kind {
        Kind::File { truncate } => file(line, path, truncate),
        Kind::Directory | Kind::EmptiedDirectory => directory(line, path),
        Kind::Fifo => node(line, path, |metadata| metadata.file_type().is_fifo(), SFlag::S_IFIFO, 0),
        Kind::Device { block } => device(line, path, block),
        Kind::Link { replace, if_target } => link(root, line, path, replace, if_target),
        Kind::Copy => copy_if_new(root, line, path),
        _ => Ok(()),
    }
}

fn change(line: &Line, path: &Path) -> io::Result<()> {
    match line.kind {
        Kind::Write { append } => {
            let text = line.argument.as_deref().map(words::unescape_all).unwrap_or_default();
            let mut options = OpenOptions::new();
            options.write(true).append(append).custom_flags(OFlag::O_NOFOLLOW.bits()).open(path)?.write_all(&text)
        }
        Kind::ExistingDirectory if !is(path, fs::Metadata::is_dir) => Ok(()),
        Kind::AdjustTree => adjust_tree(line, path),
        _ => adjust(line, path, false),
    }
}

fn is(path: &Path, test: impl Fn(&fs::Metadata) -> bool) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| test(&metadata))
}

/// With `=` something of another kind makes room.
fn make_room(line: &Line, path: &Path, fits: impl Fn(&fs::Metadata) -> bool) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if line.replace && !fits(&metadata) => {
            if metadata.is_dir() {
                fs::remove_dir_all(path)
            } else {
                fs::remove_file(path)
            }
        }
        _ => Ok(()),
    }
}

fn file(line: &Line, path: &Path, truncate: bool) -> io::Result<()> {
    make_room(line, path, fs::Metadata::is_file)?;
    let text = line.argument.as_deref().map(words::unescape_all).unwrap_or_default();
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600).custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits());
    let is_new = match options.clone().create_new(true).open(path) {
        Ok(mut file) => file.write_all(&text).map(|()| true)?,
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Err(_) if truncate => options.truncate(true).open(path)?.write_all(&text).map(|()| false)?,
        Err(_) => false,
    };
    adjust(line, path, is_new)
}

fn directory(line: &Line, path: &Path) -> io::Result<()> {
    make_room(line, path, fs::Metadata::is_dir)?;
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => adjust(line, path, true),
        // A link to a directory (/var/run) is as good as one, and is not ours to change.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {
            if path.is_symlink() {
                Ok(())
            } else {
                adjust(line, path, false)
            }
        }
        Err(error) => Err(error),
    }
}

fn device(line: &Line, path: &Path, block: bool) -> io::Result<()> {
    let argument = line.argument.as_deref().unwrap_or_default();
    let (major, minor) = argument.split_once(':').ok_or(io::ErrorKind::InvalidInput)?;
    let number = |text: &str| text.trim().parse::<u64>().map_err(|_| io::Error::from(io::ErrorKind::InvalidInput));
    let device = makedev(number(major)?, number(minor)?);
    if block {
        node(line, path, |metadata| metadata.file_type().is_block_device(), SFlag::S_IFBLK, device)
    } else {
        node(line, path, |metadata| metadata.file_type().is_char_device(), SFlag::S_IFCHR, device)
    }
}

fn node(line: &Line, path: &Path, fits: fn(&fs::Metadata) -> bool, kind: SFlag, device: u64) -> io::Result<()> {
    make_room(line, path, fits)?;
    let is_new = match mknod(path, kind, Bits::from_bits_truncate(0o600), device) {
        Ok(()) => true,
        Err(nix::errno::Errno::EEXIST) if is(path, fits) => false,
        Err(error) => return Err(error.into()),
    };
    adjust(line, path, is_new)
}

/// Without an argument the target is what the distribution ships below /usr/share/factory.
fn link(root: &Root, line: &Line, path: &Path, replace: bool, if_target: bool) -> io::Result<()> {
    let target = line.argument.clone().unwrap_or_else(|| format!("/usr/share/factory{}", line.path));
    let resolved = path.parent().unwrap_or(path).join(&target);
    let resolved = if target.starts_with('/') { root.path(&target) } else { resolved };
    if (if_target && !resolved.exists())
        || fs::read_link(path).is_ok_and(|current| current.as_os_str() == target.as_str())
    {
        return Ok(());
    }
    if replace && fs::symlink_metadata(path).is_ok() {
        if is(path, fs::Metadata::is_dir) { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
    }
    make_room(line, path, fs::Metadata::is_symlink)?;
    match symlink(target, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result,
    }
}

fn copy_if_new(root: &Root, line: &Line, path: &Path) -> io::Result<()> {
    let source = line.argument.clone().unwrap_or_else(|| format!("/usr/share/factory{}", line.path));
    let is_empty = || fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    let is_new = fs::symlink_metadata(path).is_err() || is_empty();
    let source = root.path(source);
    if is_new && source.exists() {
        copy(&source, path)?;
        adjust(line, path, true)?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(from)?;
    if metadata.is_symlink() {
        return symlink(fs::read_link(from)?, to);
    }
    if !metadata.is_dir() {
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir_all(to)?;
    fs::read_dir(from)?.try_for_each(|entry| {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))
    })?;
    fs::set_permissions(to, metadata.permissions())
}

/// The tree without recursion, because its depth may be anybody's choice.
fn adjust_tree(line: &Line, path: &Path) -> io::Result<()> {
    let mut waiting = vec![path.to_owned()];
    while let Some(path) = waiting.pop() {
        let metadata = fs::symlink_metadata(&path)?;
        if metadata.is_dir() {
            waiting.extend(fs::read_dir(&path)?.flatten().map(|entry| entry.path()));
        }
        adjust(line, &path, false)?;
    }
    Ok(())
}

/// Owner and mode of one file, by descriptor, so that what is checked is what is changed. Links stay as they are, and so
/// do files with several names, one of which may lie elsewhere.
fn adjust(line: &Line, path: &Path, is_new: bool) -> io::Result<()> {
    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_symlink() || (!metadata.is_dir() && metadata.nlink() > 1) {
        return Ok(());
    }
    own(line, &file, &metadata)?;
    let Some(bits) = bits(line, &metadata, is_new) else { return Ok(()) };
    if metadata.mode() & 0o7777 == bits && line.user.is_none() && line.group.is_none() {
        return Ok(());
    }
    // A descriptor without rights to the content changes the mode through its name in /proc.
    let name = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
    fs::set_permissions(name, Permissions::from_mode(bits))
}

fn own(line: &Line, file: &File, metadata: &fs::Metadata) -> io::Result<()> {
    let user = line.user.filter(|user| *user != metadata.uid());
    let group = line.group.filter(|group| *group != metadata.gid());
    if user.is_none() && group.is_none() {
        return Ok(());
    }
    let name = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(file));
    std::os::unix::fs::chown(name, user, group)
}

/// The mode that the file is to have; `None`: the one it has.
fn bits(line: &Line, metadata: &fs::Metadata, is_new: bool) -> Option<u32> {
    let default = if metadata.is_dir() { DIRECTORY } else { FILE };
    let Some(mode) = line.mode else { return is_new.then_some(default) };
    if mode.only_new && !is_new {
        return None;
    }
    if !mode.masked {
        return Some(mode.bits);
    }
    let current = metadata.mode();
    let mut bits = mode.bits;
    for (present, meant) in [(0o111, 0o111), (0o222, 0o222), (0o444, 0o444)] {
        if current & present == 0 {
            bits &= !meant;
        }
    }
    Some(if metadata.is_dir() { bits } else { bits & !0o7000 })
}
