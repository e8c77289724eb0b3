//! What importers make of directories: service directories, and what lies beside init scripts.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use units::import::{Format, Import, import};

use crate::import::{fates, text, write};

/// runit's directories: `run` stays where it is, `check` becomes readiness, `sv start` an edge, `down` no bundle.
#[test]
fn service_directories() {
    let directory = tempfile::tempdir().unwrap();
    let here = fs::canonicalize(directory.path()).unwrap();
    write(here.join("web/run"), "#!/bin/sh\nsv start db cache || exit 1\nexec web\n");
    write(here.join("web/check"), "#!/bin/sh\n");
    write(here.join("web/finish"), "#!/bin/sh\n");
    write(here.join("web/log/run"), "#!/bin/sh\n");
    write(here.join("db/run"), "#!/bin/sh\n");
    write(here.join("db/down"), "");
    let (imports, unreadable) = import(Format::Runit, std::slice::from_ref(&here));
    assert_eq!(unreadable, []);
    assert_eq!(imports.iter().map(|one| one.units[0].bundles.len()).collect::<Vec<_>>(), [0, 1]);
    let at = here.display();
    let expected = format!(
        "kind: longrun\nneeds: [local, db, cache]\nif: {{path: {at}/web/run}}\nservicedir: {at}/web\n\
         ready: {{exec: [/bin/sh, -c, \"cd {at}/web && exec ./check\"], every: 1s}}\n"
    );
    assert_eq!(text(&imports[1]), expected);
    assert_eq!(
        fates(&imports[1]),
        ["check kept", "finish approximated", "log kept", "run kept", "sv start approximated", "sv start approximated"]
    );
}

/// s6-rc's sources: a bundle becomes one, and who depends on it depends on its members.
#[test]
fn s6_rc_sources() {
    let directory = tempfile::tempdir().unwrap();
    let here = fs::canonicalize(directory.path()).unwrap();
    for (path, text) in [
        ("db/type", "longrun\n"),
        ("db/run", "#!/bin/execlineb -P\ndb\n"),
        ("db/notification-fd", "3\n"),
        ("db/timeout-up", "5000\n"),
        ("db/finish", "#!/bin/execlineb\n"),
        ("db/down-signal", "SIGINT\n"),
        ("net/type", "oneshot\n"),
        ("net/up", "ip link set lo up\n"),
        ("net/down", "if { test -e /x } ip link set lo down\n"),
        ("all/type", "bundle\n"),
        ("all/contents", "db\nnet\n"),
        ("web/type", "oneshot\n"),
        ("web/up", "true"),
        ("web/dependencies.d/all", ""),
    ] {
        write(here.join(path), text);
    }
    let (imports, unreadable) = import(Format::S6Rc, std::slice::from_ref(&here));
    assert_eq!(unreadable, []);
    let texts: Vec<&str> = imports.iter().flat_map(|one| &one.units).map(|unit| unit.text.as_str()).collect();
    let at = here.display();
    let db = format!("kind: longrun\nif: {{path: {at}/db/run}}\nservicedir: {at}/db\nstart-timeout: 5s\n");
    let net = "kind: oneshot\nstop: [execlineb, -P, -c, \"if { test -e /x } ip link set lo down\\n\"]\nstart: [ip, link, set, lo, up]\n";
    assert_eq!(texts, [&db, net, "kind: oneshot\nneeds: [db, net]\nstart: [true]\n"]);
    assert_eq!(imports[1].units[0].bundles, ["all"]);
    assert!(imports.iter().all(|one| one.decisions.is_empty()), "{imports:#?}");
    let expected =
        ["down-signal", "finish", "notification-fd", "run", "timeout-up", "type"].map(|name| format!("{name} kept"));
    assert_eq!(fates(&imports[1]), expected);
}

/// A `run` that leaves its directory finds another one there; one that is no program cannot be run.
#[test]
fn what_a_directory_cannot_keep() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path().join("web/run"), "#!/bin/sh\n# ../ in a comment\nexec envdir ../env web\n");
    fs::set_permissions(directory.path().join("web/run"), fs::Permissions::from_mode(0o644)).unwrap();
    let (imports, _) = import(Format::Daemontools, &[directory.path().to_path_buf()]);
    let told: Vec<(u32, &str)> = imports[0].decisions.iter().map(|one| (one.place.line, one.text.as_str())).collect();
    let upwards = "write ../ as a whole path: run is started in a directory of links to this one's files";
    assert_eq!(told, [(0, "make run executable"), (3, upwards)]);
}

/// insserv.conf and its fragments, which lie beside `init.d`, say what a facility is; each line of them has its verdict,
/// leftovers are not read, and what insserv.conf does not name is as it always is, with what fragments add. Who talks to
/// somebody keeps the deadline.
#[test]
fn insserv_conf_lies_beside_the_scripts() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| write(directory.path().join(name), text);
    let script = |name: &str, requires: &str| {
        let header = format!("# Provides: {name}\n# Required-Start: {requires}\n# Default-Start: 2 3 4 5\n");
        write(&format!("init.d/{name}"), &format!("#!/bin/sh\n### BEGIN INIT INFO\n{header}### END INIT INFO\n"));
    };
    script("db", "");
    script("web", "$database $local_fs");
    let imported = || {
        let (imports, unreadable) = import(Format::Lsb, &[directory.path().join("init.d")]);
        assert_eq!(unreadable, []);
        imports
    };
    let unit = |imports: &[Import], name: &str| {
        let units = imports.iter().flat_map(|import| &import.units);
        units.filter(|unit| unit.name.as_str() == name).find_map(|unit| unit.unit.clone()).unwrap()
    };
    let deadline = |imports: &[Import], name: &str| unit(imports, name).start_timeout;
    let edges = |imports: &[Import], name: &str| {
        let unit = unit(imports, name);
        let names = |edges: &[units::Edge]| edges.iter().map(|edge| edge.unit.to_string()).collect::<Vec<_>>();
        (names(&unit.needs), names(&unit.wants), names(&unit.after))
    };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(edges(&imported(), "web"), (words(&["local"]), words(&[]), words(&[])));
    ["bind9", "dnsmasq"].iter().for_each(|name| script(name, ""));
    script("asks", "$named $portmap");
    let usual = (words(&[]), words(&["network"]), words(&["bind9", "dnsmasq", "rpcbind"]));
    assert_eq!(edges(&imported(), "asks"), usual);
    write("insserv.conf.d/dnsmasq", "$named dnsmasq\n$portmap +db\n");
    let more = (words(&[]), words(&["network", "db"]), words(&["bind9", "dnsmasq"]));
    assert_eq!(edges(&imported(), "asks"), more);
    write("insserv.conf", "# What is what\n$database\t+mysql $store # and\n<interactive> web\n$database $database\n");
    write("insserv.conf.d/store", "$store +db\nstore db\n");
    write("insserv.conf.d/store~", "$database +web\n");
    let imports = imported();
    assert_eq!(edges(&imports, "web"), (words(&["local"]), words(&["db"]), words(&[])));
    assert_eq!(deadline(&imports, "web"), Some(Duration::from_secs(300)));
    let said = imports.iter().filter(|import| import.units.is_empty()).flat_map(|import| &import.directives);
    let said: Vec<String> =
        said.map(|one| format!("{} {} {}: {}", one.place.line, one.fate, one.name, one.reason)).collect();
    let expected = [
        "2 kept $database: it is db",
        "3 dropped <interactive>: web: the console is not theirs",
        "4 kept $database: it is db",
        "1 kept $named: it is bind9, dnsmasq, network",
        "2 kept $portmap: it is db",
        "1 kept $store: it is db",
        "2 dropped store: no facility",
    ];
    assert_eq!(said, expected);
    // Named by hand as well, they count once.
    let paths = ["init.d", "insserv.conf", "insserv.conf.d/store"].map(|name| directory.path().join(name));
    assert_eq!(import(Format::Lsb, &paths).0, imports);
}
