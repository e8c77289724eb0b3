//! `sunup check` of what is installed.

use std::os::unix::fs::PermissionsExt;

use crate::machine::Machine;

/// A unit of the administrator's that no bundle brings in, and a need that says nothing, are warnings; the cache that a
/// check leaves behind changes nothing of it.
#[test]
fn warnings() {
    let machine = Machine::new(&[
        ("local", "kind: milestone\n"),
        ("cache", "kind: milestone\nneeds: [local]\n"),
        ("spare", "kind: milestone\n"),
    ]);
    machine.write("etc/units/web.yaml", "kind: milestone\nneeds: [cache, local]\n");
    assert_eq!(machine.sunup(&["enable", "web"]).0, 0);
    machine.write("etc/units/mine.yaml", "kind: milestone\n");
    let expected = "\
etc/units/mine.yaml:1:1: warning: no bundle brings mine in: sunup enable mine lets it start at boot
    kind: milestone
    ^
etc/units/web.yaml:2:16: warning: web needs local is implied already
    needs: [cache, local]
                   ^
    lib/units/cache.yaml:2:9: cache needs local
";
    for _ in 0..2 {
        assert_eq!(machine.sunup(&["check"]), (0, expected.into(), String::new()));
    }
}

/// Of a few units that no bundle brings in each is told, with who would; many are one line, but in JSON.
#[test]
fn unreachable() {
    let machine = Machine::new(&[("local", "kind: milestone\n")]);
    assert_eq!(machine.sunup(&["enable", "local"]).0, 0);
    machine.write("etc/units/a.yaml", "kind: milestone\nneeds: [b]\n");
    machine.write("etc/units/b.yaml", "kind: milestone\n");
    let expected = "\
etc/units/a.yaml:1:1: warning: no bundle brings a in: sunup enable a lets it start at boot
    kind: milestone
    ^
etc/units/b.yaml:1:1: warning: no bundle brings b in, nor a, which would bring it in
    kind: milestone
    ^
";
    assert_eq!(machine.sunup(&["check"]), (0, expected.into(), String::new()));
    for name in ["c", "d", "e"] {
        machine.write(&format!("etc/units/{name}.yaml"), "kind: milestone\n");
    }
    let line =
        "etc: warning: no bundle brings a, b, c and 2 more in: sunup enable lets them start at boot (--json names all)";
    assert_eq!(machine.sunup(&["check"]), (0, format!("{line}\n"), String::new()));
    let all: serde_json::Value = serde_json::from_str(&machine.sunup(&["check", "--json"]).1).unwrap();
    let files: Vec<&str> = all.as_array().unwrap().iter().map(|one| one["file"].as_str().unwrap()).collect();
    assert_eq!(files.len(), 5, "{files:?}");
    assert!(
        files.iter().zip("abcde".chars()).all(|(file, name)| file.ends_with(&format!("units/{name}.yaml"))),
        "{files:?}"
    );
}

/// What the units of one bundle cannot have together is an error; of units that no bundle brings together nothing is said,
/// and of those that are checked by their paths a warning.
#[test]
fn together() {
    let server = |more: &str| format!("kind: longrun\nrun: [/bin/sh]\n{more}\n");
    let machine = Machine::new(&[
        ("apache", &server("ready: {tcp: \"0.0.0.0:80\"}\nprovides: [www]")),
        ("nginx", &server("ready: {tcp: \"localhost:80\"}\nprovides: [www]")),
        ("old", &server("conflicts: [nginx]\nprovides: [www]\nready: {tcp: \"127.0.0.1:80\"}")),
    ]);
    machine.link("one", &["apache"]);
    machine.link("other", &["nginx"]);
    assert_eq!(machine.sunup(&["check"]), (0, String::new(), String::new()));
    let expected = "\
lib/units/nginx.yaml:3:8: WARNunit \"apache\" is ready by \"tcp://0.0.0.0:80\", too; if only one of them is to be up, say \"conflicts\"
    ready: {tcp: \"localhost:80\"}
           ^
    lib/units/apache.yaml:3:8: the other one
lib/units/nginx.yaml:4:12: WARNunit \"apache\" provides \"www\", too; if only one of them is to be up, say \"conflicts\"
    provides: [www]
               ^
    lib/units/apache.yaml:4:12: the other one
";
    machine.link("other", &["apache"]);
    assert_eq!(machine.sunup(&["check"]), (1, expected.replace("WARN", ""), String::new()));
    let paths = ["check", "lib/units/nginx.yaml", "lib/units/apache.yaml"];
    assert_eq!(machine.sunup(&paths), (0, expected.replace("WARN", "warning: "), String::new()));
    std::fs::remove_file(machine.path("etc/bundles/other/apache.yaml")).unwrap();
    machine.link("other", &["old"]);
    let expected = "\
lib/units/old.yaml:3:13: nginx conflicts with old, and both are asked for
    conflicts: [nginx]
                ^
    lib/units/nginx.yaml:1:1: nginx is asked for
    lib/units/old.yaml:1:1: old is asked for
";
    assert_eq!(machine.sunup(&["check"]), (1, expected.into(), String::new()));
}

/// What a broken unit says elsewhere counts: the cycle that it closes is told beside its error, and who needs what it
/// provides needs something that is there.
#[test]
fn broken_units_hide_nothing() {
    let machine = Machine::new(&[
        ("one", "kind: milestone\nneeds: [two]\ndescripton: x\nprovides: [uno]\n"),
        ("two", "kind: milestone\nafter: [one]\nwants: [uno]\n"),
    ]);
    let (code, text, _) = machine.sunup(&["check"]);
    let summaries: Vec<&str> = text.lines().filter(|line| !line.starts_with(' ')).collect();
    let expected = [
        "lib/units/one.yaml:2:9: cycle of 2 units: one needs two, two is after one",
        "lib/units/one.yaml:3:1: unknown key \"descripton\" (did you mean \"description\"?)",
    ];
    assert_eq!((code, summaries), (1, expected.to_vec()), "{text}");
}

/// Whatever is named is looked at as what it is: settings, a drop-in, a bundle, all that an administrator has; and what nobody
/// would read is no unit in which nothing is wrong.
#[test]
fn paths() {
    let machine = Machine::new(&[("local", "kind: milestone\n"), ("web", "kind: milestone\nneeds: [lokal]\n")]);
    machine.write("etc/sunup.yaml", "scaner: s6\n");
    machine.write("etc/units/local.yaml.d/a.yaml", "need: [x]\n");
    machine.write("etc/units/.hidden.yaml", "x\n");
    machine.write("etc/units/notes", "x\n");
    machine.link("default", &["local", "web", "gone"]);
    std::os::unix::fs::symlink("/nonexistent", machine.path("etc/units/gone.yaml")).unwrap();
    let settings = "etc/sunup.yaml:1:1: unknown key \"scaner\" (did you mean \"scanner\"?)\n";
    let drop_in = "etc/units/local.yaml.d/a.yaml:1:1: unknown key \"need\" (did you mean \"needs\"?)\n";
    let unit = "lib/units/web.yaml:2:9: there is no unit \"lokal\" (did you mean \"local\"?)\n";
    let gone = "etc/units/gone.yaml: unable to read: No such file or directory\n";
    let unread = ": not read: the name of a unit file ends with .yaml and begins with no dot, and an init script has an LSB header or is a program in init.d\n";
    for (path, expected) in [
        ("etc/sunup.yaml", settings.to_owned()),
        ("etc/units/local.yaml.d", drop_in.into()),
        ("etc/units/local.yaml.d/a.yaml", drop_in.into()),
        ("etc/bundles/default", [gone, drop_in, unit].concat()),
        ("etc/bundles", [gone, drop_in, unit].concat()),
        // What is installed is named from the root on, and so comes first.
        ("etc", [unit, settings, gone, drop_in].concat()),
        ("etc/units/gone.yaml", gone.into()),
        ("etc/units/.hidden.yaml", format!("etc/units/.hidden.yaml{unread}")),
        ("etc/units/notes", format!("etc/units/notes{unread}")),
    ] {
        let (code, text, _) = machine.sunup(&["check", path]);
        let told: String = text.lines().filter(|line| !line.starts_with(' ')).map(|line| format!("{line}\n")).collect();
        assert_eq!((code, told), (1, expected), "{path}");
    }
    assert_eq!(machine.sunup(&["check", "etc/nothing"]).0, 100);
}

/// A directory is what it is by its place, however it is named; elsewhere by what it holds, and never by itself again.
#[test]
fn directories() {
    let link = |to: &str, from: std::path::PathBuf| {
        std::fs::create_dir_all(from.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(to, from).unwrap();
    };
    let machine = Machine::new(&[("web", "kind: milestone\nneeds: [lokal]\n")]);
    machine.write("etc/bundles/default/web.yaml", "x\n");
    machine.write("only/sunup.yaml", "scaner: s6\n");
    link("../lib/units/web.yaml", machine.path("stow/other.yaml"));
    link("../../lib/units/web.yaml", machine.path("sets/one/web"));
    link(".", machine.path("loop/units"));
    link(".", machine.path("loop/bundles"));
    std::fs::create_dir_all(machine.path("etc/bundles/empty")).unwrap();
    let file = ": is not a symbolic link: a bundle has nothing else\n";
    let missing = ":2:9: there is no unit \"lokal\"\n";
    for (path, expected) in [
        ("etc/bundles", format!("etc/bundles/default/web.yaml{file}")),
        ("etc/bundles/.", format!("etc/bundles/./default/web.yaml{file}")),
        ("etc/units/../bundles", format!("etc/units/../bundles/default/web.yaml{file}")),
        ("etc/bundles/default", format!("etc/bundles/default/web.yaml{file}")),
        ("etc/bundles/empty", String::new()),
        ("only", "only/sunup.yaml:1:1: unknown key \"scaner\" (did you mean \"scanner\"?)\n".into()),
        ("stow", format!("stow/other.yaml{missing}")),
        ("sets", format!("lib/units/web.yaml{missing}")),
        ("sets/one", format!("lib/units/web.yaml{missing}")),
    ] {
        let (code, text, _) = machine.sunup(&["check", path]);
        let told: String = text.lines().filter(|line| !line.starts_with(' ')).map(|line| format!("{line}\n")).collect();
        assert_eq!((code, told), (i32::from(!expected.is_empty()), expected), "{path}");
    }
    assert_ne!(machine.sunup(&["check", "loop"]).0, 100);
}

/// What a link may lead to is checked as if it were linked, a link as the bundle's directory would have it; what is read by
/// nobody is said to be so.
#[test]
fn links_and_what_they_lead_to() {
    let machine = Machine::new(&[("sshd", "kind: milestone\n"), ("web", "kind: milestone\nneeds: [lokal]\n")]);
    machine.write("lib/units/t@.yaml", "kind: milestone\n");
    machine.link("default", &["web", "gone", "t@"]);
    machine.write("etc/bundles/default/file.yaml", "kind: milestone\n");
    for (name, needs) in [("lone", "nobody"), ("ssh", ""), ("mountkernfs", ""), ("fine", "lone"), ("data", "")] {
        let header = format!("# Provides: {name}\n# Required-Start: {needs}\n# Default-Start: 2 3 4 5");
        let path = format!("init.d/{name}");
        machine.write(&path, &format!("#!/bin/sh\n### BEGIN INIT INFO\n{header}\n### END INIT INFO\n"));
        let mode = if name == "data" { 0o644 } else { 0o755 };
        std::fs::set_permissions(machine.path(&path), std::fs::Permissions::from_mode(mode)).unwrap();
    }
    for (name, text) in [("legacy", "#!/bin/sh\n"), ("lone.dpkg-old", "#!/bin/sh\n")] {
        machine.write(&format!("init.d/{name}"), text);
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(machine.path(&format!("init.d/{name}")), mode).unwrap();
    }
    machine.write("init.d/README", "x\n");
    machine.write("sv/web-server/run", "#!/bin/sh\n");
    machine.write("sv/web-server/data/README", "x\n");
    std::fs::create_dir_all(machine.path("rc2.d")).unwrap();
    std::os::unix::fs::symlink("../init.d/lone", machine.path("rc2.d/S01lone")).unwrap();
    std::os::unix::fs::symlink("../init.d/lone", machine.path("rc2.d/K01lone")).unwrap();
    let lone = "init.d/lone: there is no unit \"nobody\"\n";
    let data = "init.d/data: not read: no init script that can be executed\n";
    let kernel = "init.d/mountkernfs: warning: not read: stage 1 does this before any unit\n";
    let ssh = "init.d/ssh: warning: not read: the unit \"sshd\" (lib/units/sshd.yaml) is there in its place\n";
    machine.write("sv/b/README", "x\n");
    std::os::unix::fs::symlink("nowhere", machine.path("sv/b/run")).unwrap();
    let legacy = "init.d/legacy: there is no unit \"local\"\n\
                  init.d/legacy: warning: there is no unit \"rsyslog\"\n\
                  init.d/legacy: warning: there is no unit \"network-mounts\"\n";
    let dangling = "sv/b: unable to run \"sv/b/run\": No such file or directory\n";
    let service = "sv/web-server: unable to run \"sv/web-server/run\": Permission denied\n";
    let unread = "not read: neither units nor links to them, no service directory, and no init scripts\n";
    for (path, code, expected) in [
        ("init.d/lone", 1, lone.to_owned()),
        ("init.d/fine", 0, String::new()),
        ("init.d/ssh", 0, ssh.into()),
        ("init.d/mountkernfs", 0, kernel.into()),
        ("init.d/data", 1, data.into()),
        ("init.d/legacy", 1, legacy.into()),
        ("init.d", 1, [lone, data, kernel, ssh, legacy].concat()),
        ("rc2.d/S01lone", 1, lone.into()),
        ("rc2.d/K01lone", 0, String::new()),
        ("sv/web-server", 1, service.into()),
        ("sv/b", 1, dangling.into()),
        ("sv", 1, [service, dangling].concat()),
        ("sv/web-server/data", 1, format!("sv/web-server/data: {unread}")),
        ("etc/bundles/default/web.yaml", 1, "lib/units/web.yaml:2:9: there is no unit \"lokal\"\n".into()),
        (
            "etc/bundles/default/gone.yaml",
            1,
            "etc/bundles/default/gone.yaml: the unit directories have no unit \"gone\"\n".into(),
        ),
        (
            "etc/bundles/default/t@.yaml",
            1,
            "etc/bundles/default/t@.yaml: the unit directories have no unit \"t@\" (it is a template: name an instance of it, t@NAME)\n".into(),
        ),
        (
            "etc/bundles/default/file.yaml",
            1,
            "etc/bundles/default/file.yaml: is not a symbolic link: a bundle has nothing else\n".into(),
        ),
    ] {
        let (was, text, _) = machine.sunup(&["check", path]);
        let sorted = |text: &str| {
            let mut lines: Vec<String> =
                text.lines().filter(|line| !line.starts_with(' ')).map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!((was, sorted(&text)), (code, sorted(&expected)), "{path}");
    }
}

/// A circle through what is named is told, wherever it begins.
#[test]
fn circle_with_what_is_installed() {
    let machine = Machine::new(&[("a", "kind: milestone\nneeds: [b]\n")]);
    machine.write("etc/units/b.yaml", "kind: milestone\nneeds: [a]\n");
    let (code, text, _) = machine.sunup(&["check", "etc/units/b.yaml"]);
    assert!(code == 1 && text.starts_with("lib/units/a.yaml:2:9: cycle of 2 units: "), "{text}");
}
