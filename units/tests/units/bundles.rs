//! Directories of links.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use units::{Bundle, Bundles, UnitSet};

/// A unit directory with `a` and `b`, and elsewhere `extra.yaml`, `a.yaml`, a script and a directory.
struct Lab(TempDir);

impl Lab {
    fn new() -> Self {
        let lab = Self(tempfile::tempdir().unwrap());
        for directory in ["units", "elsewhere/dir", "bundles/default"] {
            fs::create_dir_all(lab.path(directory)).unwrap();
        }
        for file in ["units/a.yaml", "units/b.yaml", "elsewhere/extra.yaml", "elsewhere/a.yaml", "elsewhere/script"] {
            fs::write(lab.path(file), "kind: milestone\n").unwrap();
        }
        fs::write(lab.path("elsewhere/broken.yaml"), "kind: mile\n").unwrap();
        lab
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn link(&self, link: &str, target: &str) {
        symlink(target, self.path(link)).unwrap();
    }

    fn units(&self) -> UnitSet {
        UnitSet::load(&[self.path("units")])
    }

    fn strip(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.0.path().display()), "")
    }
}

fn members(bundle: &Bundle) -> Vec<&str> {
    bundle.members.iter().map(|member| member.unit.as_str()).collect()
}

/// A link's name is a member; its target counts outside the unit directories only; what cannot be followed is broken.
#[test]
fn links() {
    let lab = Lab::new();
    lab.link("bundles/default/a.yaml", "../../units/a.yaml");
    lab.link("bundles/default/b", "../../units/whatever.yaml");
    lab.link("bundles/default/extra.yaml", "../../elsewhere/extra.yaml");
    lab.link("bundles/default/mine", "../../elsewhere/extra.yaml");
    lab.link("bundles/default/broken", "../../elsewhere/broken.yaml");
    lab.link("bundles/default/gone", "../../elsewhere/gone.yaml");
    lab.link("bundles/default/bb", "../../units/bb.yaml");
    lab.link("bundles/default/dir", "../../elsewhere/dir");
    lab.link("bundles/default/script", "../../elsewhere/script");
    lab.link("bundles/default/bad name", "../../units/a.yaml");
    lab.link("bundles/default/S10odd", "../../elsewhere/extra.yaml");
    fs::write(lab.path("bundles/default/file.yaml"), "").unwrap();
    let mut units = lab.units();
    let (bundle, diagnostics) = Bundle::load(&lab.path("bundles/default"), &mut units).unwrap();
    assert_eq!(bundle.name, "default");
    assert_eq!(members(&bundle), ["S10odd", "a", "b", "bb", "broken", "extra", "gone", "mine", "script"]);
    assert_eq!(bundle.members[1].place.to_string(), lab.path("bundles/default/a.yaml").display().to_string());
    assert_eq!(
        units.units().keys().map(|name| name.as_str()).collect::<Vec<_>>(),
        ["S10odd", "a", "b", "extra", "mine"]
    );
    assert_eq!(lab.strip(&units.get("mine").unwrap().place.to_string()), "elsewhere/extra.yaml:1:1");
    let broken: Vec<String> =
        units.broken().iter().map(|(name, why)| lab.strip(&format!("{name}: {}", why[0].summary()))).collect();
    let in_broken = [
        "bb: bundles/default/bb: the unit directories have no unit \"bb\" (did you mean \"b\"?)",
        "broken: elsewhere/broken.yaml:1:7: \"kind\" must be longrun, oneshot or milestone, not \"mile\" (did you mean \"milestone\"?)",
        "gone: bundles/default/gone: dangling link to \"bundles/default/../../elsewhere/gone.yaml\": No such file or directory",
        "script: bundles/default/script: a link to \"bundles/default/../../elsewhere/script\", which is neither a unit nor an init script",
    ];
    assert_eq!(broken, in_broken);
    let said: Vec<String> = diagnostics.iter().map(|one| lab.strip(&one.summary())).collect();
    assert_eq!(said[0], "bundles/default/bad name: unit name \"bad name\" must not contain ' '");
    assert_eq!(said[2], "bundles/default/file.yaml: is not a symbolic link: a bundle has nothing else");
    assert_eq!(said.len(), 5);
}

/// A unit directory's definition wins over a link to another file of that name, and that is said.
#[test]
fn a_definition_wins_over_a_link() {
    let lab = Lab::new();
    lab.link("bundles/default/a.yaml", "../../elsewhere/a.yaml");
    lab.link("bundles/default/b.yaml", "/nowhere/b.yaml");
    let mut units = lab.units();
    let (bundle, diagnostics) = Bundle::load(&lab.path("bundles/default"), &mut units).unwrap();
    assert_eq!(members(&bundle), ["a", "b"]);
    assert_eq!(lab.strip(&units.get("a").unwrap().place.to_string()), "units/a.yaml:1:1");
    let said: Vec<String> = diagnostics.iter().map(|one| lab.strip(&one.summary())).collect();
    let expected = [
        "bundles/default/a.yaml: warning: \"elsewhere/a.yaml\" is not read, because the unit is defined already",
        "bundles/default/b.yaml: warning: dangling link to \"/nowhere/b.yaml\": No such file or directory",
    ];
    assert_eq!(said, expected);
    assert!(units.broken().is_empty());
}

/// In a run level's directory, S and a number are not part of the name, and K links are not members.
#[test]
fn run_levels() {
    let lab = Lab::new();
    fs::create_dir(lab.path("rc2.d")).unwrap();
    fs::write(lab.path("rc2.d/README"), "").unwrap();
    lab.link("rc2.d/S01a", "../elsewhere/script");
    lab.link("rc2.d/K01b", "../elsewhere/script");
    lab.link("rc2.d/Sä", "../elsewhere/script");
    let mut units = lab.units();
    let (bundle, diagnostics) = Bundle::load(&lab.path("rc2.d"), &mut units).unwrap();
    assert_eq!(members(&bundle), ["a"]);
    assert_eq!(diagnostics, []);
}

/// The earlier directory of bundles wins by name; what is no bundle is said; what is not there is empty.
#[test]
fn directories_of_bundles() {
    let lab = Lab::new();
    lab.link("bundles/default/a", "../../units/a.yaml");
    lab.link("bundles/other", "default");
    fs::create_dir_all(lab.path("later/default")).unwrap();
    lab.link("later/default/b", "../../units/b.yaml");
    fs::write(lab.path("later/README"), "").unwrap();
    let mut units = lab.units();
    let directories = ["absent", "bundles", "later"].map(|name| lab.path(name));
    let bundles = Bundles::load(&directories, &mut units);
    assert_eq!(members(bundles.get("default").unwrap()), ["a"]);
    assert_eq!(bundles.all().keys().collect::<Vec<_>>(), ["default", "other"]);
    let said: Vec<String> = bundles.diagnostics().iter().map(|one| lab.strip(&one.summary())).collect();
    assert_eq!(said, ["later/README: unable to read the bundle: Not a directory"]);
    assert!(Bundle::load(Path::new("/nowhere"), &mut units).is_err());
}

fn write_program(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A link may lead to a service directory, which runs as it is, and to another bundle, whose members are this one's.
#[test]
fn service_directories_and_other_bundles() {
    let lab = Lab::new();
    write_program(&lab.path("sv/web/run"), "#!/bin/sh\n");
    lab.link("bundles/default/httpd", "../../sv/web");
    lab.link("bundles/default/a", "../../sv/web");
    lab.link("bundles/default/more", "../more");
    fs::create_dir(lab.path("bundles/more")).unwrap();
    lab.link("bundles/more/b", "../../units/b.yaml");
    let mut units = lab.units();
    let (bundle, diagnostics) = Bundle::load(&lab.path("bundles/default"), &mut units).unwrap();
    assert_eq!(members(&bundle), ["a", "httpd", "b"]);
    assert_eq!(lab.strip(&bundle.members[2].place.to_string()), "bundles/more/b");
    let httpd = units.get("httpd").unwrap();
    let units::Kind::Longrun(longrun) = &httpd.kind else { panic!("{httpd:?}") };
    let directory = fs::canonicalize(lab.path("sv/web")).unwrap();
    assert_eq!(longrun.program, units::Program::ServiceDirectory(directory.clone()));
    assert_eq!(httpd.place.to_string(), directory.display().to_string());
    let said: Vec<String> = diagnostics.iter().map(|one| lab.strip(&one.summary())).collect();
    let shown = lab.strip(&directory.display().to_string());
    let expected =
        [format!("bundles/default/a: warning: \"{shown}\" is not read, because the unit is defined already")];
    assert_eq!(said, expected);
}

/// A bundle that is in itself, however far down, is told at the link that closes the circle, and costs that link only.
#[test]
fn a_bundle_in_itself() {
    let lab = Lab::new();
    fs::create_dir(lab.path("bundles/inner")).unwrap();
    lab.link("bundles/default/a", "../../units/a.yaml");
    lab.link("bundles/default/inner", "../inner");
    lab.link("bundles/inner/b", "../../units/b.yaml");
    lab.link("bundles/inner/outer", "../default");
    let mut units = lab.units();
    let (bundle, diagnostics) = Bundle::load(&lab.path("bundles/default"), &mut units).unwrap();
    assert_eq!(members(&bundle), ["a", "b"]);
    let said: Vec<String> = diagnostics.iter().map(|one| lab.strip(&one.summary())).collect();
    assert_eq!(said, ["bundles/inner/outer: the bundle is in itself"]);
}

/// A link may be an instance of a template.
#[test]
fn instances() {
    let lab = Lab::new();
    fs::write(lab.path("units/getty@.yaml"), "kind: longrun\nrun: [/sbin/agetty, \"${INSTANCE}\"]\n").unwrap();
    lab.link("bundles/default/getty@tty1", "../../units/getty@.yaml");
    lab.link("bundles/default/gety@tty1", "../../units/getty@.yaml");
    let mut units = lab.units();
    let (bundle, diagnostics) = Bundle::load(&lab.path("bundles/default"), &mut units).unwrap();
    assert_eq!(members(&bundle), ["getty@tty1", "gety@tty1"]);
    assert!(units.get("getty@tty1").is_some());
    let said: Vec<String> = diagnostics.iter().map(|one| lab.strip(&one.summary())).collect();
    let expected =
        "bundles/default/gety@tty1: the unit directories have no unit \"gety@tty1\" (did you mean \"getty@tty1\"?)";
    assert_eq!(said, [expected]);
}

const FTP: &str = "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: ftp\n# Required-Start: db $local_fs\n# Default-Start: 2\n### END INIT INFO\n";
fn script(name: &str) -> String {
    FTP.replace("ftp", name).replace("# Required-Start: db $local_fs\n", "")
}

/// Debian's rc2.d works as it is: scripts are units in memory, with what they require; where sunup has a unit or a stage
/// in a script's place, that is the member, or nothing is.
#[test]
fn run_levels_of_init_scripts() {
    let lab = Lab::new();
    let sshd = "kind: milestone\n";
    fs::write(lab.path("units/sshd.yaml"), sshd).unwrap();
    write_program(&lab.path("init.d/ftp"), FTP);
    for name in ["db", "ssh", "mountkernfs", "unnamed"] {
        write_program(&lab.path(&format!("init.d/{name}")), &script(name));
    }
    fs::create_dir(lab.path("rc2.d")).unwrap();
    for (link, name) in
        [("S01ftp", "ftp"), ("S02ssh", "ssh"), ("S01mountkernfs", "mountkernfs"), ("K01unnamed", "unnamed")]
    {
        lab.link(&format!("rc2.d/{link}"), &format!("../init.d/{name}"));
    }
    let mut units = lab.units();
    let (bundle, diagnostics) = Bundle::load(&lab.path("rc2.d"), &mut units).unwrap();
    assert_eq!(diagnostics, []);
    assert_eq!(members(&bundle), ["ftp", "sshd"]);
    let ftp = units.get("ftp").unwrap();
    assert_eq!(lab.strip(&ftp.place.to_string()), "init.d/ftp");
    assert!(ftp.needs.iter().any(|edge| edge.unit.as_str() == "db"), "{:?}", ftp.needs);
    assert!(units.get("db").is_some() && units.get("unnamed").is_none());
}

/// An init script is a unit wherever its name is asked for, unless a unit file has that name.
#[test]
fn init_scripts_by_name() {
    let lab = Lab::new();
    write_program(&lab.path("init.d/db"), &script("db"));
    write_program(&lab.path("init.d/a"), &script("a"));
    fs::write(lab.path("units/c.yaml"), "kind: milestone\nneeds: [db, a]\n").unwrap();
    let reading = units::Reading { init_scripts: Some(lab.path("init.d")), ..units::Reading::default() };
    let units = UnitSet::load_with(&[lab.path("units")], &reading);
    assert_eq!(units.diagnostics(), []);
    assert_eq!(lab.strip(&units.get("db").unwrap().place.to_string()), "init.d/db");
    assert_eq!(lab.strip(&units.get("a").unwrap().place.to_string()), "units/a.yaml:1:1");
    assert!(units.check().iter().all(|one| !lab.strip(&one.place.to_string()).starts_with("units/c.yaml")));
}
