//! What dracut leaves for the end of the machine: its own `/shutdown`, with the few programs that it calls. As in every initramfs
//! of a system that has our programs, the `poweroff` in there is ours.

use std::fs;
use std::path::PathBuf;

use crate::initramfs::libraries;
use crate::root::remove_older;
use crate::{Layer, cache, command, packages, root};

/// Where the unit takes it from.
const STORE: &str = "/usr/lib/dracut-left";
/// Leaves it as dracut's own service does, at the place where it is looked for.
const UNIT: &str = "kind: oneshot\nneeds: [local]\nstart: cp -a /usr/lib/dracut-left/. /run/initramfs\n";
/// Programs of Debian's that it calls.
const TOOLS: [&str; 13] = [
    "bin/cat",
    "bin/cp",
    "bin/ln",
    "bin/ls",
    "bin/mkdir",
    "bin/mount",
    "bin/rm",
    "bin/sh",
    "bin/sleep",
    "bin/umount",
    "sbin/losetup",
    "usr/bin/stat",
    "usr/bin/timeout",
];
/// What is dracut's: where it is in the package, and where in the initramfs.
const DRACUT: [(&str, &str); 4] = [
    ("modules.d/99shutdown/shutdown.sh", "shutdown"),
    ("modules.d/99base/dracut-lib.sh", "lib/dracut-lib.sh"),
    ("modules.d/99base/dracut-dev-lib.sh", "lib/dracut-dev-lib.sh"),
    ("dracut-util", "bin/dracut-getarg"),
];

/// Adds it, and the unit that leaves it.
#[must_use]
pub fn add(layer: Layer) -> Layer {
    let (root, package) = (root::installed(), unpacked().join("usr/lib/dracut"));
    let small = tempfile::NamedTempFile::new_in(cache::directory()).expect("a temporary file");
    command::run(command::words(&["strip", "-o"]).arg(small.path()).arg(root.join("usr/lib/sunup/bin/shutdown")));
    let files = TOOLS.iter().map(|name| (*name).to_owned()).chain(libraries(&root, &TOOLS));
    let files = files.map(|name| (root.join(&name), name));
    let dracut = DRACUT.into_iter().map(|(from, to)| (package.join(from), to.to_owned()));
    let ours = ["halt", "poweroff", "reboot"].map(|name| (small.path().to_owned(), format!("sbin/{name}")));
    files.chain(dracut).chain(ours).fold(layer.unit("dracut-left", UNIT), |layer, (path, name)| {
        let content = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        layer.program(&format!("{STORE}/{name}"), &content)
    })
}

/// The package, unpacked once a day.
fn unpacked() -> PathBuf {
    cache::once(&format!("dracut-{}", cache::today()), |path| {
        remove_older("dracut-");
        fs::create_dir(path).expect("a directory for the package");
        packages::unpack(&["dracut-core".to_owned()], path);
    })
}
