//! The step `tmpfiles` beside the program that tmpfiles.d(5) describes: both get the same lines on the same root, and leave the
//! same tree.

use std::path::{Path, PathBuf};

use tests::{Layer, cache, command, packages, programs, require, root};

/// What is there before; everything is below /t.
const BEFORE: &str = "\
umask 022
mkdir -p t/lib/from/sub t/lib/directory t/D/deep t/empty t/e1 t/e2 t/tree/sub t/tree2/sub t/R/x t/glob1 t/link-directory/x
mkdir t/exists t/masked t/colon t/equal-link t/hidden t/.hidden t/remove t/r2 t/most
cd t
for file in exists-file again upper fifo fifo-plus fifo-equal null-plus link-file link-plus e3 z1 z2 r1 r2/x glob2 \\
    D/deep/file tree/file tree2/file mask colon-file equal w w-more lib/target lib/from/x lib/from/sub/y; do
    echo old $file >$file
done
chmod 600 tree/file mask; chmod 700 exists masked; chmod 4711 lib/from/x; chmod 2750 lib/from/sub
chown 1:1 lib/from/x; chown 6:6 lib/from/sub; mkfifo lib/from/fifo; ln -s x lib/from/link; chown -h 5:5 lib/from/link
cp /bin/true tree/program; chmod 700 tree/program; ln -s /etc/passwd tree/link; ln -s /old link; ln -s /old link-plus-link
ln -s lib/target file-link; ln -s lib/target w-link; echo >hard1; ln hard1 hard2
mkdir -p eve/own eve/roots secret/sub empty2; echo secret >secret/shadow; echo own >eve/own/file; echo roots >eve/root-file
chmod 600 secret/shadow secret/sub empty2; ln -s /t/secret eve/a; ln -s .. eve/up; ln -s own eve/b; ln -s /t/empty2 eve/C
ln -s /t/secret evil; chown -h 7:7 eve eve/own eve/own/file eve/a eve/up eve/b eve/C evil; ln -s eve/own to-own
";
/// The lines. Each makes, changes or removes something else.
const LINES: &str = r#"
d /t/a 0751
d /t/a/b
d	/t/owned	0750	daemon	games
d /t/numbers 0750 1234 4321
f /t/a/file 0640 - - - one\ntwo %%
f /t/plain
f /t/exists-file 0600 - - - new
f+ /t/again 0600 - - - new
F /t/upper 0600 - - - new
f /t/quoted - - - - "quoted text" 'as it is'
f /t/escaped - - - - a\x41\tb\\c
f /t/blanks - - - -   leading   and  inside
f~ /t/encoded 0600 - - - aGVsbG8=
f^ /t/credential 0600 - - - none-such
f /t/file-link 0600 - - - new
f+ /t/deep/er/file 04755
f /t/mask ~0777
f /t/colon-file :0600 :daemon :games
L /t/new-link - - - - ../x
L /t/factory
L /t/link - - - - /new
L+ /t/link-plus-link - - - - /new
L+ /t/link-plus - - - - /new
L+ /t/link-directory - - - - /new
L= /t/equal-link - - - - /new
L /t/link-file - - - - /new
p /t/new-fifo 0600
p /t/fifo 0600
p+ /t/fifo-plus 0600 daemon
p= /t/fifo-equal 0600
c /t/null 0666 - - - 1:3
c+ /t/null-plus 0666 - - - 1:3
b /t/block 0600 - - - 7:99
D /t/D 01777
C /t/copy 0700 - - - /t/lib/from
C /t/copy-as-it-is - - - - /t/lib/from
C /t/empty - - - - /t/lib/from
C /t/hidden - - - - /t/lib/from/x
C /t/copied-file - - - - /t/lib/from/x
d "/t/with blank" :0700 :daemon
d /t/exists 0711
d /t/colon :0700 :daemon :daemon
d /t/masked ~0777
d /t/new-mask ~0777
d /t/most 02770 - games
d= /t/equal 0700
v /t/v 0700
q /t/q 0700
Q /t/Q 0700
d /t/slash/ 0700
d /t//double//slash 0700
d /t/same 0700
d /t/same 0711
d /t/%m-%v-%a-%o-%w-%l
e /t/e[1-2] 0700
z /t/z* 0600
z /t/z1 0640 daemon
z /t/hard1 0600 daemon
m /t/v 0750
Z /t/tree ~0755 daemon
Z /t/tree2 0750
r /t/r?
r! /t/r2/x
r /t/remove
R /t/R
R! /t/glob*
w /t/w - - - - text
w+ /t/w-more - - - - more
w /t/w-link - - - - text\n
w /t/none - - - - text
d /t/eve 0755 7 7
f /t/eve/a/shadow 0644 7 7
f /t/eve/a/new 0644 7 7
d /t/eve/a/sub 0755 7 7
d /t/evil/new
z /t/eve/a/s* 0644 7 7
z /t/eve/root-file 0640 7
w /t/eve/a/shadow - - - - text
C /t/eve/C 0755 7 7 - /t/lib/from
f /t/eve/roots/file
f /t/eve/made/file
f /t/eve/made-file 0640 7
f /t/eve/b/file 0640 6
f /t/eve/b/new 0640 6
f /t/to-own/newer 0640 6
d! /t/at-boot 0700
f- /t/optional/x 0600 nobody-there
f /t/nobody 0600 nobody-there
d /t/bad-mode 9
dd /t/bad-type
f$ /t/bad-modifier
"#;
/// Runs a program in the root, among mounts and processes of its own, and lists what it has left: names, kinds, modes, owners and
/// links' targets, and what is in files.
const RUN: &str = "\
layers=$1 directory=$2; shift 2
mount -t tmpfs tmpfs \"$directory\"
cd \"$directory\"; mkdir upper work root
mount -t overlay overlay -o \"lowerdir=$layers,upperdir=upper,workdir=work\" root
mount -t proc proc root/proc; mount -t tmpfs tmpfs root/run
chroot root sh /before
mkdir -p root/run/sunup/engine; echo boot >root/run/sunup/boot-id
chroot root timeout -s KILL 60 \"$@\" >&2 || :
chroot root find /t -printf '%P %y %m %U:%G %l\\n' | sort
chroot root find /t -type f | sort | while read -r file; do echo \"$file $(od -An -c \"root$file\" | head -n 3)\"; done
";

/// Every kind of line but those for extended attributes.
#[test]
fn tmpfiles_are_made_as_documented() {
    if !(require::root() && require::tools(&["mmdebstrap", "unshare"])) {
        return;
    }
    let sunup = std::fs::read(programs::built().join("sunup")).expect("sunup");
    let layer = Layer::new().file("/before", BEFORE).file("/etc/tmpfiles.d/test.conf", LINES);
    let layer = layer.file("/etc/machine-id", "0123456789abcdef0123456789abcdef\n").program("/sunup", &sunup);
    let ours = left_by(&layer, &["/sunup", "step", "tmpfiles"]);
    let theirs = left_by(&layer, &["/bin/systemd-tmpfiles", "--create", "--remove", "--boot", "test.conf"]);
    assert!(theirs.lines().count() > 150, "{theirs}");
    assert_eq!(ours.lines().collect::<Vec<_>>(), theirs.lines().collect::<Vec<_>>());
}

fn left_by(layer: &Layer, program: &[&str]) -> String {
    let directory = tempfile::tempdir_in(cache::directory()).expect("a temporary directory");
    let layers = [layer.path(), &reference(), &root::debian()].map(|path| path.display().to_string()).join(":");
    let mut run = command::words(&["unshare", "--mount", "--propagation", "private", "--pid", "--fork"]);
    command::run(run.args(["--kill-child", "sh", "-ec", RUN, "sh"]).arg(layers).arg(directory.path()).args(program))
}

/// The program alone, as Debian has it for systems without the rest.
fn reference() -> PathBuf {
    cache::once("tmpfiles-bookworm", |path: &Path| {
        packages::unpack(&["systemd-standalone-tmpfiles".to_owned()], path);
        // In the root /bin is a link into /usr, which a directory would hide.
        command::run(command::words(&["sh", "-ec", "cd \"$1\"; mv bin usr/bin", "sh"]).arg(path));
    })
}
