//! What is made or changed, in a directory that is open. At the end of a path no link is followed, but by `w`, which is
//! documented to.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, OpenOptionsExt, symlink};
use std::path::Path;

use nix::fcntl::OFlag;
use nix::sys::stat::{Mode as Bits, SFlag, makedev, mknod};

use super::super::StepError;
use super::super::error::Trying;
use super::super::glob;
use super::super::root::Root;
use super::adjust::{adjust, adjust_tree};
use super::copy::copy;
use super::line::{Kind, Line};
use super::way::{self, Place};

/// Opening waits for nobody: not for a FIFO's reader, not for a carrier.
const WAITS_FOR_NOBODY: OFlag = OFlag::O_NONBLOCK.union(OFlag::O_NOCTTY);

/// Does what the line says.
pub(super) fn run(root: &Root, line: &Line) -> Result<(), StepError> {
    let top = root.path("/");
    if line.kind.changes() {
        let paths = glob::find(&top, &line.path);
        // One that cannot be changed costs no other; the first is what is told.
        let mut outcome = Ok(());
        for path in &paths {
            outcome = outcome.and(change(line, &top, path).trying(format_args!("change {}", path.display())));
        }
        return outcome;
    }
    make(root, line, &top).trying(format_args!("make {}", line.path))
}

fn make(root: &Root, line: &Line, top: &Path) -> io::Result<()> {
    let place = Place::find(top, Path::new(&line.path), true)?;
    let path = &place.path();
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

fn change(line: &Line, top: &Path, path: &Path) -> io::Result<()> {
    let path = path.strip_prefix(top).unwrap_or(path);
    if let Kind::Write { append } = line.kind {
        let file = way::follow(top, path)?;
        let mut options = OpenOptions::new();
        options.write(true).append(append).custom_flags(WAITS_FOR_NOBODY.bits());
        return options.open(way::path_of(&file))?.write_all(&line.text);
    }
    let file = way::find(top, path)?;
    match line.kind {
        Kind::ExistingDirectory if !file.metadata()?.is_dir() => Ok(()),
        Kind::AdjustTree => adjust_tree(line, &file),
        _ => adjust(line, &file, false),
    }
}

fn is(path: &Path, test: impl Fn(&fs::Metadata) -> bool) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| test(&metadata))
}

/// With `=`, and for a node with `+`, something of another kind makes room.
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
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600).custom_flags((OFlag::O_NOFOLLOW | WAITS_FOR_NOBODY).bits());
    let (mut file, is_new) = match options.clone().create_new(true).open(path) {
        Ok(file) => (file, true),
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists || !is(path, fs::Metadata::is_file) => {
            return Err(error);
        }
        Err(_) if truncate => (options.truncate(true).open(path)?, false),
        Err(_) => return adjust(line, &way::open(path)?, false),
    };
    file.write_all(&line.text)?;
    adjust(line, &file, is_new)
}

fn directory(line: &Line, path: &Path) -> io::Result<()> {
    make_room(line, path, fs::Metadata::is_dir)?;
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => adjust(line, &way::open_directory(path)?, true),
        // A link to a directory (/var/run) is as good as one, and is not ours to change.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {
            if path.is_symlink() {
                Ok(())
            } else {
                adjust(line, &way::open_directory(path)?, false)
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
    adjust(line, &way::open(path)?, is_new)
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
    let is_empty =
        |directory: File| fs::read_dir(way::path_of(&directory)).is_ok_and(|mut entries| entries.next().is_none());
    let is_new = fs::symlink_metadata(path).is_err() || way::open_directory(path).is_ok_and(is_empty);
    let source = root.path(source);
    if is_new && source.exists() {
        adjust(line, &copy(&source, path)?, true)?;
    }
    Ok(())
}
