//! What importers make of sources.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use units::import::{Fate, Format, Import, import, import_texts};

fn one(format: Format, path: &str, text: &str) -> Import {
    import_texts(format, &[(Path::new(path), text.as_bytes())]).remove(0)
}

/// The text of the only unit.
pub fn text(import: &Import) -> &str {
    assert_eq!(import.units.len(), 1, "{import:#?}");
    &import.units[0].text
}

/// `name fate` for each directive.
pub fn fates(import: &Import) -> Vec<String> {
    import.directives.iter().map(|one| format!("{} {}", one.name, one.fate)).collect()
}

fn decisions(import: &Import) -> Vec<&str> {
    import.decisions.iter().map(|decision| decision.text.as_str()).collect()
}

pub const INIT_SCRIPT: &str = "\
#!/bin/sh
### BEGIN INIT INFO
# Provides:          web httpd
# Required-Start:    $remote_fs $syslog $network database
# Required-Stop:     $remote_fs mailer
# Should-Start:      $named cache
# X-Start-Before:    proxy
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# X-Interactive:     true
# Short-Description: Web server
# Description:       Serves
#                    pages
# X-Other:           1
### END INIT INFO
";

/// A header of all keys, with every edge that it gives, and a script whose other name another one requires.
#[test]
fn lsb_headers() {
    let other =
        "### BEGIN INIT INFO\n# Provides: proxy\n# Required-Start: httpd $all\n# Default-Start: S\n### END INIT INFO\n";
    let sources = [(Path::new("/i/web"), INIT_SCRIPT.as_bytes()), (Path::new("/i/proxy"), other.as_bytes())];
    let imports = import_texts(Format::Lsb, &sources);
    assert_eq!(
        text(&imports[1]),
        "\
# Serves pages
description: Web server
kind: oneshot
needs: [local, database]
wants: [rsyslog, network]
after: [network-mounts, cache]
before: [proxy]
if: {path: /etc/init.d/web}
start: [/etc/init.d/web, start]
stop: [/etc/init.d/web, stop]
start-timeout: 5m
stop-timeout: 1m
"
    );
    assert_eq!(imports[1].units[0].bundles, ["default"]);
    assert_eq!(
        fates(&imports[1]),
        [
            "Provides approximated",
            "Required-Start approximated",
            "Required-Stop approximated",
            "Should-Start kept",
            "X-Start-Before kept",
            "Default-Start kept",
            "Default-Stop kept",
            "X-Interactive dropped",
            "Short-Description kept",
            "Description approximated",
            "X-Other dropped",
        ]
    );
    assert_eq!(decisions(&imports[1]), ["nothing provides \"database\": import it too, or take it out of needs"]);
    assert!(text(&imports[0]).contains("needs: [web]\n"), "{}", text(&imports[0]));
}

/// A script without a header, one that stage 3 does the work of, and one that only stops something.
#[test]
fn lsb_scripts_of_other_kinds() {
    let bare = one(Format::Lsb, "/i/bare", "#!/bin/sh\n");
    assert!(text(&bare).contains("needs: [local]\nwants: [rsyslog]\n"), "{}", text(&bare));
    assert_eq!(bare.decisions.len(), 1);
    let halt =
        one(Format::Lsb, "/i/halt", "### BEGIN INIT INFO\n# Provides: halt\n# Default-Stop: 0\n### END INIT INFO\n");
    assert!(halt.units.is_empty());
    assert_eq!(fates(&halt), ["Provides dropped", "Default-Stop dropped"]);
    let last = one(
        Format::Lsb,
        "/i/last",
        "### BEGIN INIT INFO\n# Provides: last\n# Default-Start:\n# Default-Stop: 0 6\n### END INIT INFO\n",
    );
    assert!(text(&last).contains("start: [/etc/init.d/last, stop]\n"));
    assert_eq!(last.units[0].bundles, ["shutdown"]);
}

/// Keys that order scripts against all others, and keys without anything that they could mean, are reported too.
#[test]
fn lsb_headers_name_everything() {
    let header = "### BEGIN INIT INFO\n# Provides: a\n# Required-Start: $all $nonsense\n# X-Start-Before: $all\n\
                  # Should-Stop: nobody\n# X-Stop-After:\n# Default-Start:\n### END INIT INFO\n";
    let import = one(Format::Lsb, "/i/a", header);
    assert_eq!(
        fates(&import),
        [
            "Provides kept",
            "Required-Start approximated",
            "X-Start-Before approximated",
            "Should-Stop approximated",
            "X-Stop-After kept",
            "Default-Start kept"
        ]
    );
}

/// Every action of an inittab, levels that count and those that do not, ids that clash.
#[test]
fn inittab_actions() {
    let table = "\
id:1:initdefault:
b1:1:bootwait:/bin/b1
w6:06:wait:/bin/w6
on:a:ondemand:/bin/on
ca::ctrlaltdel:/sbin/shutdown -t3 -r now
cb::ctrlaltdel:/bin/cb
kb::kbrequest:/bin/kb --menu
pw::powerwait:/bin/pw
pf::powerfail:/bin/pf
po::powerokwait:/bin/po
pn::powerfailnow:/bin/pn
o1:23:once:+/bin/o1
o1:23:once:/bin/other
em:2:respawn:
";
    let import = one(Format::Inittab, "/etc/inittab", table);
    let units: Vec<String> =
        import.units.iter().map(|unit| format!("{} [{}]", unit.name, unit.bundles.join(" "))).collect();
    let expected = [
        "inittab-b1 [default]",
        "inittab-w6 [shutdown]",
        "inittab-on []",
        "kbrequest []",
        "powerfail []",
        "powerokwait []",
        "powerfailnow []",
        "inittab-o1 [default]",
    ];
    assert_eq!(units, expected);
    let told: Vec<String> = import.directives.iter().map(|one| format!("{} {}", one.name, one.fate)).collect();
    let expected = [
        "id:1:initdefault approximated",
        "b1:1:bootwait approximated",
        "w6:06:wait approximated",
        "on:a:ondemand approximated",
        "ca::ctrlaltdel kept",
        "cb::ctrlaltdel dropped",
        "kb::kbrequest approximated",
        "pw::powerwait approximated",
        "pf::powerfail approximated",
        "po::powerokwait approximated",
        "pn::powerfailnow approximated",
        "o1:23:once approximated",
        "o1:23:once approximated",
        "em:2:respawn dropped",
    ];
    assert_eq!(told, expected);
    let decisions: Vec<u32> = import.decisions.iter().map(|one| one.place.line).collect();
    assert_eq!(decisions, [1, 6, 8, 9, 9, 10, 11, 13], "{:#?}", import.decisions);
    assert!(import.units.iter().all(|unit| unit.unit.is_some()));
}

/// Gettys, daemons and scripts of an inittab; what process 1 does is told.
#[test]
fn inittab() {
    let table = "\
# a comment
id:2:initdefault:
si::sysinit:/etc/init.d/rcS
fw:S:sysinit:/sbin/firmware --load
~~:S:wait:/sbin/sulogin
pf::powerwait:/etc/init.d/powerfail start
1:2345:respawn:+/sbin/getty 38400 tty1
my:2345:respawn:/usr/bin/my \"a b\"
of::off:/bin/x
le:35:respawn:/bin/le
broken
xx:2:nonsense:/bin/x
";
    let import = one(Format::Inittab, "/etc/inittab", table);
    let texts: Vec<String> = import.units.iter().map(|unit| format!("{}: {}", unit.name, unit.text)).collect();
    assert_eq!(
        texts,
        [
            "inittab-fw: description: fw of inittab\nkind: oneshot\nafter: [root-rw]\nbefore: [local]\nstart: [/sbin/firmware, --load]\n",
            "powerfail: description: pf of inittab\nkind: oneshot\nstart: [/etc/init.d/powerfail, start]\n",
            "getty-tty1: description: Login on tty1\nkind: longrun\nafter: [root-rw]\nrun: [/sbin/getty, 38400, tty1]\nkill-mode: main\n",
            "inittab-my: description: my of inittab\nkind: longrun\nneeds: [local]\nrun: |\n  exec /usr/bin/my \"a b\"\n",
            "inittab-le: description: le of inittab\nkind: longrun\nneeds: [local]\nrun: [/bin/le]\n",
        ]
    );
    // Level 2 boots.
    assert_eq!(import.units.iter().map(|unit| unit.bundles.len()).collect::<Vec<_>>(), [1, 0, 1, 1, 0]);
    assert_eq!(import.directives.len(), 11);
    assert_eq!(import.decisions.len(), 3, "{import:#?}");
}

pub const SERVICE: &str = "\
[Unit]
Description=Web %p
Documentation=man:web(8)
Requires=db.service
Wants=cache.service
After=network.target db.service
Before=shutdown.target
Conflicts=other.service
ConditionPathExists=!/etc/web.off
ConditionVirtualization=!container
ConditionHost=x

[Service]
Type=notify
User=www
Environment=A=1 \"B=x y\"
EnvironmentFile=-/etc/default/web
ExecStartPre=-+/bin/mkdir /run/web
ExecStart=/usr/sbin/web --id %i $OPTS \\
  ${A}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
LimitNOFILE=4K
TimeoutStopSec=1min 30
KillMode=process
KillSignal=SIGINT
PrivateTmp=yes
Frobnicate=1

[Install]
WantedBy=multi-user.target lab.target
";

/// A service with what most services have; every line is in the report.
#[test]
fn systemd_service() {
    let import = one(Format::Systemd, "/lib/systemd/system/web@one.service", SERVICE);
    assert_eq!(
        text(&import),
        "\
# See man:web(8)
description: Web web
kind: longrun
needs: [local, db]
wants: [cache]
after: [network]
conflicts: [other]
if: {path: \"!/etc/web.off\", container: false}
ready: notify
restart: on-failure
stop-timeout: 1m30s
kill-mode: main
stop-signal: INT
run: |
  [ \"${A+set}\" ] || export A=1
  [ \"${B+set}\" ] || export B='x y'
  /bin/mkdir /run/web || true
  exec setpriv --reuid=www --regid=\"$(id -g www)\" --init-groups -- /usr/sbin/web --id one $OPTS \"${A}\"
start-timeout: 1m30s
private-tmp: true
env-file: [\"-/etc/default/web\"]
limits: {nofile: 4096}
"
    );
    let expected = "Description kept, Documentation approximated, Requires kept, Wants approximated, After kept, Before kept, \
                    Conflicts kept, ConditionPathExists kept, ConditionVirtualization kept, ConditionHost dropped, \
                    Type kept, User approximated, Environment approximated, EnvironmentFile approximated, \
                    ExecStartPre approximated, ExecStart approximated, ExecReload kept, Restart approximated, \
                    LimitNOFILE kept, TimeoutStopSec kept, KillMode kept, KillSignal kept, PrivateTmp kept, \
                    Frobnicate dropped, WantedBy approximated";
    let fates: Vec<String> = fates(&import).iter().map(|fate| fate.split_once("] ").unwrap().1.into()).collect();
    assert_eq!(fates.join(", "), expected);
    assert_eq!(import.units[0].bundles, ["default"]);
    assert_eq!(import.decisions.len(), 2, "{:#?}", import.decisions);
}

/// What forks, what is done once, what needs no script, and what no unit comes of.
#[test]
fn systemd_units_of_other_kinds() {
    let unit = |name: &str, text: &str| one(Format::Systemd, name, text);
    let plain = unit("a.service", "[Service]\nExecStart=/bin/a -x 'b c'\n");
    assert_eq!(
        text(&plain),
        "kind: longrun\nneeds: [local]\nrun: [/bin/a, -x, \"b c\"]\nstop-timeout: 1m30s\nrestart: never\n"
    );
    let forking = unit("b.service", "[Service]\nType=forking\nPIDFile=b.pid\nExecStart=/bin/b\n");
    assert_eq!(
        text(&forking),
        "kind: longrun\nneeds: [local]\npidfile: /run/b.pid\nrun: [/bin/b]\nforks: true\nstart-timeout: 1m30s\nstop-timeout: 1m30s\nrestart: never\n"
    );
    let once = unit(
        "c.service",
        "[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nExecStart=/bin/a\nExecStart=-/bin/b\n",
    );
    assert_eq!(text(&once), "kind: oneshot\nstart: |\n  /bin/a\n  /bin/b || true\nstart-timeout: none\n");
    let target = unit("d.target", "[Unit]\nRequires=a.service\nAfter=a.service\n");
    assert_eq!(text(&target), "kind: milestone\nneeds: [a]\n");
    let cleared = unit("e.service", "[Service]\nExecStart=/bin/a\nExecStart=\nExecStart=/bin/b\n");
    assert_eq!(text(&cleared), "kind: longrun\nneeds: [local]\nrun: [/bin/b]\nstop-timeout: 1m30s\nrestart: never\n");
    for (name, body) in [
        ("f.socket", "[Socket]\nListenStream=80\n"),
        ("g.timer", "[Timer]\nOnCalendar=daily\n"),
        ("i.mount", "[Mount]\nWhat=/dev/x\n"),
    ] {
        let import = unit(name, body);
        assert!(import.units.is_empty() && import.decisions.len() == 1, "{import:#?}");
        assert!(import.directives.iter().all(|one| one.fate == Fate::Dropped), "{import:#?}");
    }
}

/// In a directory: links that are instances are units, those that are other names are none, and what is masked is none.
#[test]
fn systemd_directory() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    write(here.join("web.service"), "[Service]\nExecStart=/bin/web\n");
    write(here.join("web.service.d/more.conf"), "[Service]\nExecStart=\nExecStart=/bin/more\n");
    write(here.join("get@.service"), "[Service]\nExecStart=/bin/get %i\n");
    for (link, target) in
        [("httpd.service", "web.service"), ("get@one.service", "get@.service"), ("off.service", "/dev/null")]
    {
        std::os::unix::fs::symlink(target, here.join(link)).unwrap();
    }
    let (imports, unreadable) = import(Format::Systemd, &[here.to_path_buf()]);
    assert_eq!(unreadable, []);
    let units: Vec<&str> = imports.iter().flat_map(|one| &one.units).map(|unit| unit.text.as_str()).collect();
    assert_eq!(imports.len(), 4);
    let unit =
        |run: &str| format!("kind: longrun\nneeds: [local]\nrun: [{run}]\nstop-timeout: 1m30s\nrestart: never\n");
    assert_eq!(units, [unit("/bin/get, \"${INSTANCE}\""), unit("/bin/get, one"), unit("/bin/more")]);
}

/// A command in the foreground is supervised; a script with a `start` of its own is run by OpenRC as before.
#[test]
fn openrc_scripts() {
    let script = "\
#!/sbin/openrc-run
description=\"Web server\"
command=/usr/sbin/web
command_args=\"-f ${CONF}\"
command_background=yes
pidfile=/run/web.pid
depend()
{
\tneed net localmount
\tuse logger
\tafter firewall
\tprovide httpd
\tkeyword -docker
}
";
    let import = one(Format::Openrc, "/etc/init.d/web", script);
    let unit = text(&import);
    assert!(unit.contains("kind: longrun\nneeds: [network, mounts]\nwants: [rsyslog]\nafter: [firewall]\n"), "{unit}");
    assert!(unit.contains("if: {container: false}\n"), "{unit}");
    assert!(unit.contains("exec  $command $command_args $command_args_foreground"), "{unit}");
    assert_eq!(import.directives.len(), 11, "{:#?}", import.directives);
    let daemon = "#!/sbin/openrc-run\ncommand=/usr/sbin/d\npidfile=/run/d.pid\nstopsig=SIGINT\nrespawn_max=3\nrespawn_period=60\n\
                  notify=fd:4\n: ${mode:=fast}\n";
    let daemon = one(Format::Openrc, "/etc/init.d/d", daemon);
    let keys = "forks: true\npidfile: /run/d.pid\nmax-deaths: 3 in 1m\nstop-signal: INT\nready: {fd: 4}\n";
    assert!(text(&daemon).ends_with(keys), "{}", text(&daemon));
    assert!(text(&daemon).contains("  mode=\"${mode:=fast}\"\n"), "{}", text(&daemon));
    assert!(daemon.directives.iter().all(|one| one.fate != Fate::Dropped), "{daemon:#?}");
    let own = one(Format::Openrc, "/etc/init.d/own", "#!/sbin/openrc-run\nstart() {\n\tebegin x\n}\n");
    assert!(text(&own).contains("start: [/etc/init.d/own, start]\n"), "{}", text(&own));
}

pub fn write(path: PathBuf, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}
