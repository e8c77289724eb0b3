//! What the checks say, to the letter.

use crate::UnitSet;

#[test]
fn smoke() {
    let set = UnitSet::from_texts(&[
        (
            "u/sshd.yaml",
            "description: OpenSSH server\nkind: longrun\nneeds: [sshd-keys]\nwants: [network]\nif: {path: /usr/sbin/sshd}\nrun: [/usr/sbin/sshd, -D, -e]\nready: {tcp: \"127.0.0.1:22\"}\nkill-mode: main\n",
        ),
        ("u/bad.yaml", "kind: oneshot\nneed: [a]\nneeds: b\nkind: longrun\nif: {path: !/x}\nuser: root\n"),
    ]);
    eprintln!("{:#?}", set.get("sshd"));
    for diagnostic in set.diagnostics().iter().chain(&set.check()) {
        eprintln!("{diagnostic}");
    }
}
