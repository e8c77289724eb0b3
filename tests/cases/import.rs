//! `sunup import` on what Debian's packages bring: 30 init scripts and 50 systemd units, taken from the archive.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tests::{cache, command, packages, programs, require};

/// Small packages that bring init scripts, most of them systemd units as well.
const PACKAGES: [&str; 48] = [
    "acpid",
    "alsa-utils",
    "anacron",
    "apache2",
    "apparmor",
    "at",
    "autofs",
    "avahi-daemon",
    "bluez",
    "chrony",
    "console-setup-linux",
    "cron",
    "cups-daemon",
    "dbus",
    "dnsmasq",
    "fail2ban",
    "fancontrol",
    "gpm",
    "haveged",
    "ifupdown",
    "irqbalance",
    "kmod",
    "lighttpd",
    "lightdm",
    "lm-sensors",
    "mdadm",
    "memcached",
    "nfs-common",
    "nginx-common",
    "ntpsec",
    "openssh-server",
    "openvpn",
    "procps",
    "quota",
    "redis-server",
    "rpcbind",
    "rsync",
    "smartmontools",
    "snmpd",
    "stunnel4",
    "sudo",
    "sysstat",
    "udev",
    "ulogd2",
    "unbound",
    "uuid-runtime",
    "vsftpd",
    "x11-common",
];

/// The cached packages; another name when the list changes.
const ARCHIVE: &str = "import-bookworm-1";

/// What insserv refers to and what orders the scripts.
const TOOLS: [&str; 2] = ["initscripts", "insserv"];

/// Debian's early scripts that sunup does the work of, and the unit that does it; `""`: a stage.
const REPLACED: [(&str, &str); 19] = [
    ("mountkernfs.sh", ""),
    ("mountdevsubfs.sh", ""),
    ("checkroot.sh", "root-rw"),
    ("checkroot-bootclean.sh", "root-rw"),
    ("checkfs.sh", "mounts"),
    ("mountall.sh", "mounts"),
    ("mountall-bootclean.sh", "tmpfiles"),
    ("mountnfs.sh", "mounts"),
    ("mountnfs-bootclean.sh", "tmpfiles"),
    ("bootmisc.sh", "tmpfiles"),
    ("hostname.sh", "hostname"),
    ("urandom", "random-seed"),
    ("rmnologin", "local"),
    ("single", "sulogin"),
    ("killprocs", ""),
    ("sendsigs", ""),
    ("umountfs", ""),
    ("halt", ""),
    ("reboot", ""),
];

/// The packages, unpacked below `packages`, and the tools below `tools`. Nothing of them is installed.
fn archive() -> PathBuf {
    cache::once(ARCHIVE, |directory| {
        for (name, packages) in [("packages", &PACKAGES[..]), ("tools", &TOOLS[..])] {
            let packages: Vec<_> = packages.iter().map(|package| (*package).to_owned()).collect();
            packages::unpack(&packages, &directory.join(name).join("root"));
        }
    })
}

fn sunup(arguments: &[&str], paths: &[&Path]) -> (Option<i32>, String) {
    let mut sunup = Command::new(programs::built().join("sunup"));
    command::output(sunup.args(arguments).args(paths).current_dir(programs::workspace()))
}

/// `late: early early` of the lists that insserv makes.
fn pairs(list: &str) -> Vec<(String, String)> {
    let lines = list.lines().filter_map(|line| line.split_once(": "));
    lines.flat_map(|(late, early)| early.split_whitespace().map(|early| (late.into(), early.into()))).collect()
}

/// What insserv makes of all scripts in a root of its own; nothing is written elsewhere.
fn insserv(archive: &Path, root: &Path) -> Vec<(String, String)> {
    let script = "cp -a \"$1\"/tools/root/. \"$2\"; mkdir -p \"$2\"/depend; cp -a \"$1\"/packages/root/etc/init.d/. \"$2\"/etc/init.d/; \
                  cd \"$2\"; for level in 0 1 2 3 4 5 6 S; do mkdir -p etc/rc$level.d; done; \
                  ./sbin/insserv -d -i \"$2\"/depend/ -p \"$2\"/etc/init.d -c \"$2\"/etc/insserv.conf -o \"$2\"/etc/insserv/overrides \
                  $(ls etc/init.d)";
    command::run(Command::new("sh").args(["-ec", script, "sh"]).args([archive, root]));
    let read = |name: &str| pairs(&fs::read_to_string(root.join("depend").join(name)).unwrap());
    [read(".depend.boot"), read(".depend.start")].concat()
}

/// The edges of a plan: unit → what it waits for.
fn planned(units: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let bundles = units.join("bundles");
    let arguments = ["plan", "default", "--format", "json", "--units"];
    let system = programs::workspace().join("units/system");
    let (code, text) = sunup(&arguments, &[units, Path::new("--units"), &system, Path::new("--bundles"), &bundles]);
    assert_eq!(code, Some(0), "{text}");
    let plan: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let name = |value: &Value| value.as_str().unwrap().to_owned();
    let steps = plan["steps"].as_array().unwrap().iter();
    steps.map(|step| (name(&step["unit"]), step["after"].as_array().unwrap().iter().map(name).collect())).collect()
}

fn reaches(edges: &BTreeMap<String, BTreeSet<String>>, late: &str, early: &str) -> bool {
    let mut seen = BTreeSet::from([late]);
    let mut waiting = vec![late];
    while let Some(unit) = waiting.pop() {
        let next = edges.get(unit).into_iter().flatten().map(String::as_str).filter(|next| seen.insert(next));
        waiting.extend(next.collect::<Vec<_>>());
    }
    seen.contains(early)
}

/// Every pair of scripts that insserv orders is ordered in the same way in the plan of the imported units; where sunup
/// does a script's work, its own unit stands for it.
#[test]
fn init_scripts_are_ordered_as_insserv_orders_them() {
    if !require::root() || !require::tools(&["apt-get", "dpkg", "sh"]) {
        return;
    }
    let archive = archive();
    let directory = tempfile::tempdir_in(cache::directory()).unwrap();
    let (root, units) = (directory.path().join("root"), directory.path().join("units"));
    fs::create_dir_all(&root).unwrap();
    let expected = insserv(&archive, &root);
    assert!(expected.len() > 100, "{expected:?}");
    sunup(&["import", "lsb", "-o"], &[&units, &root.join("etc/init.d")]);
    let imported = fs::read_dir(&units).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_file()).count();
    assert!(imported >= 30, "only {imported} units");
    let edges = planned(&units);
    let here = |script: &str| match REPLACED.iter().find(|(name, _)| *name == script) {
        Some((_, unit)) => (*unit).to_owned(),
        None => script.to_owned(),
    };
    let mut compared = 0;
    let mut differences = Vec::new();
    for (late, early) in &expected {
        let (late_unit, early_unit) = (here(late), here(early));
        let is_ours = |script: &str| REPLACED.iter().any(|(name, _)| *name == script);
        // The order of sunup's own units is sunup's own; what a stage does needs no edge.
        if is_ours(late) || early_unit.is_empty() {
            continue;
        }
        compared += 1;
        if !reaches(&edges, &late_unit, &early_unit) {
            differences.push(format!("{late} is not after {early}"));
        }
        if reaches(&edges, &early_unit, &late_unit) {
            differences.push(format!("{early} is after {late}"));
        }
    }
    assert!(compared > 60, "only {compared} pairs");
    assert_eq!(differences, Vec::<String>::new());
}

/// The keys in a unit file.
fn assignments(text: &str) -> usize {
    let mut is_continued = false;
    let mut count = 0;
    for line in text.lines() {
        let begin = line.trim_start();
        if begin.starts_with(['#', ';']) || (begin.is_empty() && !is_continued) {
            continue;
        }
        count += usize::from(!is_continued && !begin.starts_with('[') && begin.contains('='));
        is_continued = line.ends_with('\\');
    }
    count
}

/// At least 50 systemd units import; each directive has exactly one line in the report, with a reason, and every unit
/// that comes out is one that our own parser takes.
#[test]
fn systemd_units_are_reported_directive_by_directive() {
    if !require::root() || !require::tools(&["apt-get", "dpkg", "sh"]) {
        return;
    }
    let system = archive().join("packages/root/lib/systemd/system");
    let is_unit = |path: &PathBuf| {
        path.extension().is_some_and(|end| ["service", "socket", "target", "timer"].iter().any(|one| end == *one))
    };
    let paths = fs::read_dir(&system).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = paths.filter(|path| is_unit(path) && !path.is_symlink()).collect();
    files.sort();
    let arguments = ["import", "systemd", "--json"];
    let (_, text) = sunup(&arguments, &files.iter().map(PathBuf::as_path).collect::<Vec<_>>());
    let report: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(report["unreadable"], Value::Array(Vec::new()));
    let imports = report["imports"].as_array().unwrap();
    let count = |key: &str| imports.iter().map(|import| import[key].as_array().unwrap().len()).sum::<usize>();
    assert!(count("units") >= 50, "only {} units", count("units"));
    let dropped = imports.iter().flat_map(|import| import["directives"].as_array().unwrap());
    let dropped = dropped.filter(|one| one["fate"] == "dropped").count();
    assert!(dropped * 4 < count("directives"), "{dropped} of {} are dropped", count("directives"));
    for (import, file) in imports.iter().zip(&files) {
        let directives = import["directives"].as_array().unwrap();
        let expected = assignments(&fs::read_to_string(file).unwrap());
        assert_eq!(directives.len(), expected, "{}: {directives:#?}", file.display());
        let is_explained =
            |one: &Value| one["reason"].as_str().is_some_and(|reason| !reason.is_empty() && reason != "not known");
        assert!(directives.iter().all(is_explained), "{directives:#?}");
        let is_decided = !import["decisions"].as_array().unwrap().is_empty();
        let is_sound = import["units"].as_array().unwrap().iter().all(|unit| unit["sound"] == true);
        assert!(is_sound || is_decided, "{import:#}");
    }
}

/// `-o` writes a file a unit and a link a bundle; a file that somebody has changed stays, and is told with exit 1.
#[test]
fn writes_units_and_leaves_what_was_changed() {
    let directory = tempfile::tempdir().unwrap();
    let (source, units) = (directory.path().join("web.service"), directory.path().join("units"));
    fs::write(&source, "[Service]\nExecStart=/bin/web\n[Install]\nWantedBy=multi-user.target\n").unwrap();
    let import = || sunup(&["import", "systemd", "-o"], &[&units, &source]);
    let (code, text) = import();
    assert_eq!(code, Some(0), "{text}");
    let at = source.display();
    let expected = format!(
        "{at}: web\n  kept          [Service] ExecStart: as run ({at}:2)\n  kept          [Install] WantedBy: in the bundle default \
         ({at}:4)\n1 sources, 1 units; 2 directives kept, 0 approximated, 0 dropped; 0 to decide\n"
    );
    assert_eq!(text, expected);
    assert_eq!(import().0, Some(0));
    let (unit, link) = (units.join("web.yaml"), units.join("bundles/default/web.yaml"));
    assert_eq!(fs::canonicalize(link).unwrap(), fs::canonicalize(&unit).unwrap());
    fs::write(&unit, "kind: longrun\nneeds: [local]\nrun: [/bin/mine]\n").unwrap();
    let (code, text) = import();
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("is there and differs: left as it is\n"), "{text}");
    assert_eq!(fs::read_to_string(&unit).unwrap(), "kind: longrun\nneeds: [local]\nrun: [/bin/mine]\n");
    let (code, text) = sunup(&["import", "systemd"], &[&source]);
    assert_eq!(code, Some(0));
    assert_eq!(
        text,
        "name: \"web\"\nkind: longrun\nneeds: [local]\nrun: [/bin/web]\nstop-timeout: 1m30s\nrestart: never\n"
    );
    assert_eq!(sunup(&["import", "nonsense"], &[&source]).0, Some(100));
    assert_eq!(sunup(&["import", "lsb"], &[Path::new("/no/such")]).0, Some(100));
    let (code, text) = sunup(&["import", "runit", "-o"], &[&units, directory.path()]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.starts_with(&format!("{}: nothing in it is of runit\n", directory.path().display())), "{text}");
}

/// What `check` finds wrong with imported units beside sunup's own, each with the name of its unit; but for programs and
/// accounts that are not installed here, and rivals among the packages, of which a machine has only one.
fn errors(units: &Path) -> Vec<(String, String)> {
    let (_, text) = sunup(&["check", "--json"], &[units, &programs::workspace().join("units/system")]);
    let found: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let said = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    let is_absent = |message: &str| {
        ["unable to run", "there is no user", "there is no group"].iter().any(|begin| message.starts_with(begin))
    };
    let is_rival = |message: &str| message.contains(" conflicts with ") && message.ends_with("both are asked for");
    let errors = found.as_array().unwrap().iter().filter(|one| one["severity"] == "error");
    let named = errors.map(|one| {
        let unit = Path::new(&said(one, "file")).file_stem().unwrap().to_string_lossy().into_owned();
        (unit, said(one, "message"))
    });
    named.filter(|(_, message)| !is_absent(message) && !is_rival(message)).collect()
}

/// Whatever comes out of Debian's scripts and units `check` takes, or the report has said what somebody must decide.
#[test]
fn what_is_imported_passes_check_or_is_left_to_decide() {
    if !require::root() || !require::tools(&["apt-get", "dpkg", "sh"]) {
        return;
    }
    let root = archive().join("packages/root");
    for (format, sources, least) in
        [("lsb", root.join("etc/init.d"), 30), ("systemd", root.join("lib/systemd/system"), 50)]
    {
        let directory = tempfile::tempdir().unwrap();
        let units = directory.path().join("units");
        let (_, text) = sunup(&["import", format, "--json", "-o"], &[&units, &sources]);
        let report: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let imports = report["imports"].as_array().unwrap().iter();
        let undecided = imports.filter(|import| import["decisions"].as_array().unwrap().is_empty());
        let undecided: BTreeSet<String> = undecided
            .flat_map(|import| import["units"].as_array().unwrap())
            .map(|unit| unit["unit"].as_str().unwrap().to_owned())
            .collect();
        assert!(undecided.len() >= least, "{format}: only {}", undecided.len());
        let wrong: Vec<_> = errors(&units).into_iter().filter(|(unit, _)| undecided.contains(unit)).collect();
        assert_eq!(wrong, [], "{format}");
    }
}
