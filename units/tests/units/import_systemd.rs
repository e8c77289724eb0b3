//! What the importer makes of the surroundings, sockets and templates of systemd's services.

use std::path::Path;

use units::import::{Fate, Format, Import, import_texts};

use crate::import::{fates, text};

fn service(lines: &str) -> Import {
    let text = format!("[Unit]\nDefaultDependencies=no\n[Service]\n{lines}");
    import_texts(Format::Systemd, &[(Path::new("/s/x.service"), text.as_bytes())]).remove(0)
}

/// What comes of lines of `[Service]` besides `kind` and `run`.
fn keys(lines: &str) -> String {
    let import = service(&format!("ExecStart=/bin/x\nRestart=always\n{lines}"));
    assert!(import.units[0].unit.is_some(), "{import:#?}");
    text(&import).replacen("kind: longrun\n", "", 1).replacen("run: [/bin/x]\n", "", 1)
}

/// A directive that the language has a key for becomes that key, and is reported as kept.
#[test]
fn directives_with_a_key_are_kept() {
    for (lines, expected) in [
        ("User=www\nGroup=adm", "user: www\ngroup: adm\n"),
        ("User=root", ""),
        ("Environment=A=1 \"B=x y\" A=2", "env: {A: 2, B: \"x y\"}\n"),
        ("WorkingDirectory=/srv", "directory: /srv\n"),
        ("UMask=77", "umask: 0077\n"),
        ("Nice=-5\nOOMScoreAdjust=-900", "nice: -5\noom-score-adj: -900\n"),
        ("LimitNOFILE=1K:4K\nLimitCORE=infinity", "limits: {nofile: 1024:4096, core: unlimited}\n"),
        ("Type=notify\nWatchdogSec=3min", "ready: notify\nwatchdog: 3m\n"),
        ("Type=forking\nPIDFile=x.pid", "pidfile: /run/x.pid\nforks: true\n"),
        ("KillSignal=SIGQUIT\nKillMode=process", "stop-signal: QUIT\nkill-mode: main\n"),
        ("ExecStop=/bin/kill -INT $MAINPID", "stop-signal: INT\n"),
        ("ExecReload=/bin/x -r", "reload: [/bin/x, -r]\n"),
        ("NoNewPrivileges=yes\nPrivateTmp=true", "no-new-privileges: true\nprivate-tmp: true\n"),
        ("CapabilityBoundingSet=CAP_KILL cap_chown", "capabilities: [CAP_CHOWN, CAP_KILL]\n"),
        ("CapabilityBoundingSet=CAP_KILL CAP_FOWNER\nCapabilityBoundingSet=~CAP_KILL", "capabilities: [CAP_FOWNER]\n"),
        ("CapabilityBoundingSet=", "capabilities: []\n"),
        ("ReadOnlyPaths=/srv /usr\nProtectSystem=yes", "read-only: [/srv, /usr, /boot]\n"),
        ("InaccessiblePaths=/srv/a /srv", "hide: [/srv]\n"),
        ("StandardInput=tty\nTTYPath=/dev/tty9\nStandardOutput=tty", "tty: /dev/tty9\n"),
        (
            "MemoryMax=1G\nTasksMax=infinity\nCPUQuota=150%\nCPUWeight=20",
            "cgroup: {memory.max: 1G, pids.max: max, cpu.max: \"150000 100000\", cpu.weight: 20}\n",
        ),
        ("[Install]\nAlias=y.service dbus-org.z.service", "provides: [y, dbus-org.z]\n"),
    ] {
        assert_eq!(keys(lines), expected, "{lines}");
        let import = service(&format!("ExecStart=/bin/x\n{lines}"));
        assert!(import.directives.iter().all(|one| one.fate == Fate::Kept), "{:#?}", import.directives);
    }
}

/// What the language cannot say in just that way is approximated or dropped, and never silently.
#[test]
fn what_differs_is_told() {
    for (lines, expected, told) in [
        ("StartLimitBurst=3\nStartLimitIntervalSec=1min", "max-deaths: 3 in 1m\n", "approximated"),
        ("StartLimitIntervalSec=0", "", "kept"),
        ("WatchdogSec=5", "", "dropped"),
        ("MemoryMax=50%", "", "dropped"),
        ("ReadOnlyPaths=-/srv", "", "dropped"),
        ("EnvironmentFile=/etc/x/*.conf", "", "dropped"),
        ("ProtectHome=yes", "hide: [/home, /root]\n", "approximated"),
        ("ProtectKernelTunables=yes", "read-only: [/proc/sys, /sys]\n", "approximated"),
        ("ProtectSystem=no", "", "kept"),
        ("UMask=9", "", "dropped"),
        ("Nice=x", "", "dropped"),
    ] {
        assert_eq!(keys(lines), expected, "{lines}");
        let import = service(lines);
        let last = fates(&import).pop().unwrap();
        assert!(last.ends_with(told), "{lines}: {last}");
    }
    // What has to be written lies in what was to be read-only.
    let open = "ProtectSystem=strict\nReadWritePaths=/etc/x";
    assert_eq!(keys(open), "read-only: [/usr, /boot]\n");
    // A script may set what no file did, since files win there.
    let both = service("Environment=A=1\nEnvironmentFile=/etc/x\nExecStart=/bin/x $A\n");
    let script = "run: |\n  [ \"${A+set}\" ] || export A=1\n  exec /bin/x $A\nenv-file: [/etc/x]\nrestart: never\n";
    assert_eq!(text(&both), format!("kind: longrun\n{script}"));
    // The HUP must not get lost.
    let checked = service("ExecStart=/bin/x\nExecReload=/bin/x -t\nExecReload=/bin/kill -HUP $MAINPID\n");
    assert_eq!(text(&checked), "kind: longrun\nrun: [/bin/x]\nrestart: never\n");
    assert_eq!(checked.decisions.len(), 1, "{:#?}", checked.decisions);
}

/// Where a line has to be root's, the others are the user's by setpriv(1), and the keys do not say it twice.
#[test]
fn root_for_some_lines() {
    let import = service("User=www\nCapabilityBoundingSet=CAP_KILL\nRuntimeDirectory=x\nNice=1\nExecStart=/bin/x\n");
    let expected = "\
kind: longrun
nice: 1
run: |
  install -d -m 0755 -o www -g \"$(id -g www)\" /run/x
  exec setpriv --reuid=www --regid=\"$(id -g www)\" --init-groups --bounding-set=-all,+kill -- /bin/x
env: {RUNTIME_DIRECTORY: /run/x}
restart: never
";
    assert_eq!(text(&import), expected);
}

/// A socket's addresses go to its service, if that is imported with it.
#[test]
fn sockets_become_a_key() {
    let socket = "[Socket]\nListenStream=80\nListenStream=/run/x.sock\nListenDatagram=127.0.0.1:53\nListenStream=@x\n\
                  FileDescriptorName=web\nSocketMode=0600\n";
    let both = [
        (Path::new("/s/x.service"), &b"[Service]\nExecStart=/bin/x\n"[..]),
        (Path::new("/s/x.socket"), socket.as_bytes()),
    ];
    let imports = import_texts(Format::Systemd, &both);
    assert_eq!(
        text(&imports[0]),
        "kind: longrun\nneeds: [local]\nsockets: [\"tcp://0.0.0.0:80 web\", \"tcp://[::]:80 web\", \"unix:///run/x.sock web\", \
         \"udp://127.0.0.1:53 web\"]\nrun: [/bin/x]\nrestart: never\n"
    );
    assert!(imports[0].units[0].unit.is_some());
    let expected = ["approximated", "kept", "kept", "dropped", "kept", "dropped"];
    let fates: Vec<String> = imports[1].directives.iter().map(|one| one.fate.to_string()).collect();
    assert_eq!(fates, expected, "{:#?}", imports[1].directives);
    for text in [socket.to_owned(), format!("{socket}Accept=yes\n")] {
        let alone = import_texts(Format::Systemd, &[(Path::new("/s/x.socket"), text.as_bytes())]).remove(0);
        assert!(alone.units.is_empty() && alone.decisions.len() == 1, "{alone:#?}");
    }
}

/// A template becomes one: its instance is a variable in values, and in its commands' environment.
#[test]
fn templates_stay_templates() {
    let template = "[Unit]\nDescription=Login on %I\nConditionPathExists=/dev/%i\n[Service]\nExecStart=/bin/x %n $A '%i b' ${C}\n\
                    ExecReload=/bin/x %i ${C}d\n[Install]\nWantedBy=multi-user.target\nDefaultInstance=one\n";
    let import = import_texts(Format::Systemd, &[(Path::new("/s/x@.service"), template.as_bytes())]).remove(0);
    let expected = "\
description: \"Login on ${INSTANCE}\"
kind: longrun
needs: [local]
if: {path: \"/dev/${INSTANCE}\"}
run: |
  exec /bin/x 'x@'\"${INSTANCE}\"'.service' $A ''\"${INSTANCE}\"' b' \"${C}\"
reload: |
  /bin/x ''\"${INSTANCE}\"'' \"${C}\"d
restart: never
";
    assert_eq!(text(&import), expected);
    assert!(import.units[0].unit.is_some() && import.units[0].bundles.is_empty(), "{import:#?}");
    let words = import_texts(Format::Systemd, &[(Path::new("/s/y@.service"), b"[Service]\nExecStart=/bin/y -%i\n")]);
    assert!(text(&words[0]).ends_with("run: [/bin/y, \"-${INSTANCE}\"]\nrestart: never\n"), "{}", text(&words[0]));
}
