//! tmpfiles.d in a root that is a directory.

use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};

use super::*;

struct Sandbox {
    _directory: tempfile::TempDir,
    root: Root,
}

impl Sandbox {
    fn new(text: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::at(directory.path());
        for path in ["/etc/tmpfiles.d", "/usr/lib/tmpfiles.d", "/run/sunup/engine", "/var/lib"] {
            fs::create_dir_all(root.path(path)).unwrap();
        }
        fs::write(root.path("/usr/lib/tmpfiles.d/a.conf"), text).unwrap();
        Self { _directory: directory, root }
    }

    fn mode(&self, path: &str) -> u32 {
        fs::symlink_metadata(self.root.path(path)).unwrap().mode() & 0o7777
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.root.path(path)).unwrap()
    }
}

/// Everything that makes something, twice: the second time changes nothing.
#[test]
fn makes() {
    let sandbox = Sandbox::new(
        "d /run/a 0751 - - -\nf /run/a/file 0640 - - - one\\ntwo %% %t\nf /run/a/plain\nL /run/link - - - - ../x\n\
         p /run/a/fifo 0600\nD /run/b 1777\nC /run/copy - - - - /var/lib/from\nL? /run/no - - - - /nowhere\n\
         f+ /run/a/again - - - - new\n\"d\" '/run/with blank' :0700\n",
    );
    fs::create_dir(sandbox.root.path("/var/lib/from")).unwrap();
    fs::write(sandbox.root.path("/var/lib/from/x"), "copied").unwrap();
    for _ in 0..2 {
        run(&sandbox.root).unwrap();
        assert_eq!((sandbox.mode("/run/a"), sandbox.mode("/run/b")), (0o751, 0o1777));
        assert_eq!((sandbox.mode("/run/a/file"), sandbox.mode("/run/a/plain")), (0o640, 0o644));
        assert_eq!(sandbox.text("/run/a/file"), "one\ntwo % /run");
        assert_eq!(sandbox.text("/run/a/again"), "new");
        assert_eq!(sandbox.text("/run/copy/x"), "copied");
        assert_eq!(fs::read_link(sandbox.root.path("/run/link")).unwrap().to_str(), Some("../x"));
        assert!(fs::metadata(sandbox.root.path("/run/a/fifo")).unwrap().file_type().is_fifo());
        assert!(!sandbox.root.has("/run/no"));
        assert_eq!(sandbox.mode("/run/with blank"), 0o700);
    }
}

/// Removal, emptying and `!` happen once a boot.
#[test]
fn boot_only() {
    let sandbox = Sandbox::new("D /run/d\nr! /run/x*\nR /run/tree\nf! /run/once\n");
    fs::write(sandbox.root.path("/run/sunup/boot-id"), "x\n").unwrap();
    let fill = || {
        fs::create_dir_all(sandbox.root.path("/run/d/deep")).unwrap();
        fs::create_dir_all(sandbox.root.path("/run/tree/deep")).unwrap();
        fs::write(sandbox.root.path("/run/x1"), "").unwrap();
    };
    fill();
    run(&sandbox.root).unwrap();
    for gone in ["/run/d/deep", "/run/tree", "/run/x1"] {
        assert!(!sandbox.root.has(gone), "{gone}");
    }
    assert!(sandbox.root.has("/run/d") && sandbox.root.has("/run/once"));
    fs::remove_file(sandbox.root.path("/run/once")).unwrap();
    fill();
    run(&sandbox.root).unwrap();
    assert!(sandbox.root.has("/run/d/deep") && sandbox.root.has("/run/tree/deep") && sandbox.root.has("/run/x1"));
    assert!(!sandbox.root.has("/run/once"));
}

/// Where nothing has been booted nothing is removed.
#[test]
fn removes_nothing_without_a_boot() {
    let sandbox = Sandbox::new("D /run/d\nR! /run/tree\n");
    fs::create_dir_all(sandbox.root.path("/run/d/deep")).unwrap();
    fs::create_dir_all(sandbox.root.path("/run/tree")).unwrap();
    run(&sandbox.root).unwrap();
    assert!(sandbox.root.has("/run/d/deep") && sandbox.root.has("/run/tree"));
}

/// The root itself is never removed, however it is written.
#[test]
fn spares_the_root() {
    let sandbox = Sandbox::new("R //\nR /.\nR /./\nD //\n");
    fs::write(sandbox.root.path("/run/sunup/boot-id"), "x\n").unwrap();
    run(&sandbox.root).unwrap();
    assert!(sandbox.root.has("/usr/lib/tmpfiles.d/a.conf"));
}

/// What exists is changed, by pattern, and links lead nowhere.
#[test]
fn changes() {
    let sandbox = Sandbox::new(
        "z /run/z* 0600\nZ /run/tree ~0755\nw /run/w - - - - text\nw+ /run/w+ - - - - more\nw /run/none - - - - x\n",
    );
    let root = &sandbox.root;
    fs::create_dir_all(root.path("/run/tree/sub")).unwrap();
    for file in ["/run/z1", "/run/z2", "/run/tree/sub/f", "/run/w", "/run/w+", "/var/lib/target"] {
        fs::write(root.path(file), "old").unwrap();
        fs::set_permissions(root.path(file), fs::Permissions::from_mode(0o640)).unwrap();
    }
    symlink(root.path("/var/lib/target"), root.path("/run/zlink")).unwrap();
    run(root).unwrap();
    assert_eq!(
        (sandbox.mode("/run/z1"), sandbox.mode("/run/z2"), sandbox.mode("/var/lib/target")),
        (0o600, 0o600, 0o640)
    );
    assert_eq!((sandbox.mode("/run/tree/sub"), sandbox.mode("/run/tree/sub/f")), (0o755, 0o644));
    assert_eq!((sandbox.text("/run/w").as_str(), sandbox.text("/run/w+").as_str()), ("text", "oldmore"));
    assert!(!root.has("/run/none"));
}

/// The administrator's file hides the distribution's; the first line for a path counts; bad lines cost themselves.
#[test]
fn order_and_faults() {
    let sandbox = Sandbox::new("d /run/hidden\n");
    let write = |name: &str, text: &str| fs::write(sandbox.root.path(name), text).unwrap();
    write("/usr/lib/tmpfiles.d/systemd-nologin.conf", "F! /run/nologin\n");
    write("/etc/tmpfiles.d/a.conf", "d /run/b/c 0700\nd /run/b 0711\nd relative\nd /run/../x\nd /run/q 9\n");
    write("/usr/lib/tmpfiles.d/b.conf", "d /run/b 0755\nK /x\nK /y\nd /run/u 0755 nobody-there\nd /run/%Y\n");
    run(&sandbox.root).unwrap();
    assert!(!sandbox.root.has("/run/nologin"));
    assert!(!sandbox.root.has("/run/hidden") && !sandbox.root.has("/run/q") && !sandbox.root.has("/run/u"));
    assert_eq!((sandbox.mode("/run/b"), sandbox.mode("/run/b/c")), (0o711, 0o700));
}

/// A link in the place of a file is not followed.
#[test]
fn hostile_links() {
    let sandbox = Sandbox::new("f+ /run/f 0600 - - - text\nd /run/d 0700\n");
    let root = &sandbox.root;
    fs::write(root.path("/var/lib/target"), "safe").unwrap();
    fs::create_dir(root.path("/var/lib/directory")).unwrap();
    fs::set_permissions(root.path("/var/lib/directory"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink(root.path("/var/lib/target"), root.path("/run/f")).unwrap();
    symlink(root.path("/var/lib/directory"), root.path("/run/d")).unwrap();
    run(root).unwrap();
    assert_eq!((sandbox.text("/var/lib/target").as_str(), sandbox.mode("/var/lib/directory")), ("safe", 0o755));
}

/// What belongs to a user does not lead to what is somebody else's, neither at the end nor on the way, nor back up.
#[test]
fn unsafe_ways() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let sandbox = Sandbox::new(
        "f /var/lib/eve/a/shadow 0644 1000 1000\nf /var/lib/eve/up/secret/shadow 0644 1000\nw /var/lib/eve/w - - - - text\n\
         z /var/lib/eve/a/shadow 0644\nR /var/lib/eve/a/*\nD /var/lib/eve/a/D\nC /var/lib/eve/C 0700 - - - /var/lib/from\n\
         f /var/lib/eve/made/file\nf /run/ours/file\nw /var/lib/eve/own - - - - text\n",
    );
    let root = &sandbox.root;
    fs::write(root.path("/run/sunup/boot-id"), "x\n").unwrap();
    for path in ["/var/lib/eve/files", "/var/lib/secret/D/x", "/var/lib/from/x", "/var/lib/empty", "/var/lib/ours"] {
        fs::create_dir_all(root.path(path)).unwrap();
    }
    fs::write(root.path("/var/lib/secret/shadow"), "safe").unwrap();
    fs::write(root.path("/var/lib/eve/files/own"), "old").unwrap();
    for path in ["/var/lib/secret/shadow", "/var/lib/empty"] {
        fs::set_permissions(root.path(path), fs::Permissions::from_mode(0o600)).unwrap();
    }
    for (target, link) in [("secret", "a"), ("secret/shadow", "w"), ("empty", "C")] {
        symlink(root.path("/var/lib").join(target), root.path("/var/lib/eve").join(link)).unwrap();
    }
    symlink("..", root.path("/var/lib/eve/up")).unwrap();
    symlink("files/../files/own", root.path("/var/lib/eve/own")).unwrap();
    symlink("../var/lib/ours", root.path("/run/ours")).unwrap();
    for name in ["", "files", "files/own", "a", "w", "C", "up", "own"] {
        std::os::unix::fs::lchown(root.path("/var/lib/eve").join(name), Some(1000), Some(1000)).unwrap();
    }
    run(root).unwrap();
    let shadow = fs::metadata(root.path("/var/lib/secret/shadow")).unwrap();
    assert_eq!((shadow.uid(), sandbox.mode("/var/lib/secret/shadow")), (0, 0o600));
    assert_eq!(sandbox.text("/var/lib/secret/shadow"), "safe");
    assert!(root.has("/var/lib/secret/D/x") && !root.has("/var/lib/eve/made/file"));
    assert_eq!((sandbox.mode("/var/lib/empty"), root.has("/var/lib/empty/x")), (0o600, false));
    assert!(root.has("/var/lib/ours/file"));
    assert_eq!(sandbox.text("/var/lib/eve/own"), "text");
}
