//! What the importer makes of the surroundings, sockets and templates of systemd's services.

use std::path::Path;

use units::import::{Fate, Format, Import, import, import_texts};

use crate::import::{fates, text, write};

fn service(lines: &str) -> Import {
    let text = format!("[Unit]\nDefaultDependencies=no\n[Service]\n{lines}");
    import_texts(Format::Systemd, &[(Path::new("/s/x.service"), text.as_bytes())]).remove(0)
}

/// What comes of lines of `[Service]` besides `kind` and `run`.
fn keys(lines: &str) -> String {
    let import = service(&format!("ExecStart=/bin/x\nRestart=always\n{lines}"));
    assert!(import.units[0].unit.is_some(), "{import:#?}");
    let everywhere = ["kind: longrun\n", "run: [/bin/x]\n", "start-timeout: 1m30s\n", "stop-timeout: 1m30s\n"];
    everywhere.iter().fold(text(&import).to_owned(), |text, line| text.replacen(line, "", 1))
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
        ("Restart=on-failure", "restart: on-failure\n", "approximated"),
        ("RemainAfterExit=yes", "", "dropped"),
        ("RemainAfterExit=No", "", "kept"),
        ("ExecStop=/bin/x stop", "", "dropped"),
        ("ExecReload=+/bin/kill -HUP $MAINPID", "", "kept"),
        ("ReloadSignal=SIGUSR1", "", "dropped"),
        ("Type=notify-reload", "ready: notify\n", "approximated"),
        ("OOMPolicy=continue", "cgroup: {memory.oom.group: 0}\n", "kept"),
        ("OOMPolicy=stop", "", "dropped"),
        ("IOAccounting=no", "", "approximated"),
        ("IgnoreSIGPIPE=False", "", "kept"),
        ("PrivateNetwork=yes", "", "dropped"),
        ("PrivateNetwork=no", "", "kept"),
        ("ProtectHome=read-only", "read-only: [/home, /root]\n", "approximated"),
        ("Environment=A=1 B", "env: {A: 1}\n", "approximated"),
        ("StateDirectoryMode=u=rwx", "", "dropped"),
        ("LimitNOFILE=1\nLimitNOFILE=2", "limits: {nofile: 2}\n", "kept"),
        ("TimeoutStopSec=infinity", "stop-timeout: 1h\n", "approximated"),
        ("[Unit]\nConditionPathExists=|/a", "if: {path: /a}\n", "kept"),
        ("[Unit]\nConditionPathExists=|/a\nConditionPathExists=|/b", "", "dropped"),
        ("[Unit]\nConditionPathExists=/a\nConditionUser=", "", "kept"),
        ("[Unit]\nAssertPathExists=/a", "if: {path: /a}\n", "approximated"),
        ("[X-Other]\nUser=x", "", "dropped"),
        ("KillSignal=SIGFOO", "", "dropped"),
        ("KillSignal=SIGQUIT\nExecStop=/bin/kill -INT $MAINPID", "stop-signal: INT\n", "kept"),
        ("MemoryMax=2G\nMemoryLimit=1G", "cgroup: {memory.max: 2G}\n", "dropped"),
        ("TemporaryFileSystem=/srv\nTemporaryFileSystem=", "", "approximated"),
        ("ReadOnlyPaths=/a\nReadOnlyDirectories=\nReadOnlyPaths=/b", "read-only: [/b]\n", "kept"),
    ] {
        assert_eq!(keys(lines), expected, "{lines}");
        let import = service(&format!("ExecStart=/bin/x\n{lines}"));
        let last = fates(&import).pop().unwrap();
        assert!(last.ends_with(told), "{lines}: {last}");
    }
    // What has to be written lies in what was to be read-only.
    let open = "ProtectSystem=strict\nReadWritePaths=/etc/x";
    assert_eq!(keys(open), "read-only: [/usr, /boot]\n");
    // A script may set what no file did, since files win there.
    let both = service("Environment=A=1\nEnvironmentFile=/etc/x\nExecStart=/bin/x $A\n");
    let script = "run: |\n  [ \"${A+set}\" ] || export A=1\n  exec /bin/x $A\nstop-timeout: 1m30s\nrestart: never\nenv-file: [/etc/x]\n";
    assert_eq!(text(&both), format!("kind: longrun\n{script}"));
    // The HUP must not get lost.
    let checked = service("ExecStart=/bin/x\nExecReload=/bin/x -t\nExecReload=/bin/kill -HUP $MAINPID\n");
    assert_eq!(text(&checked), "kind: longrun\nrun: [/bin/x]\nstop-timeout: 1m30s\nrestart: never\n");
    assert_eq!(checked.decisions.len(), 1, "{:#?}", checked.decisions);
}

/// What systemd does where nothing is said, and what a command's prefixes say, is told or written.
#[test]
fn commands_and_defaults() {
    for (lines, expected, told) in [
        ("Type=oneshot\nExecStart=/bin/x", "start: [/bin/x]\nstart-timeout: none\n", "approximated kept"),
        (
            "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/x\nExecStop=/bin/y",
            "start: [/bin/x]\nstop: [/bin/y]\nstart-timeout: none\nstop-timeout: 1m30s\n",
            "kept kept kept kept",
        ),
        (
            "Type=oneshot\nExecStart=/bin/x\nExecStop=/bin/y",
            "start: [/bin/x]\nstop: [/bin/y]\nstart-timeout: none\nstop-timeout: 1m30s\n",
            "approximated kept approximated",
        ),
        ("ExecStart=-/bin/x", "run: |\n  exec /bin/x\nstop-timeout: 1m30s\nrestart: never\n", "approximated"),
        ("ExecStart=+/bin/x", "run: [/bin/x]\nstop-timeout: 1m30s\nrestart: never\n", "approximated"),
        (
            "ExecStart=/bin/x %u %H",
            "run: [/bin/x, root, \"%H\"]\nstop-timeout: 1m30s\nrestart: never\n",
            "approximated",
        ),
        (
            "ExecStart=/bin/x\nStandardOutput=append:/x",
            "run: |\n  exec >>/x 2>&1\n  exec /bin/x\nstop-timeout: 1m30s\nrestart: never\n",
            "kept approximated",
        ),
        (
            "ExecStart=/bin/x\nDynamicUser=yes",
            "no-new-privileges: true\nprivate-tmp: true\nrun: [/bin/x]\nstop-timeout: 1m30s\nrestart: never\nuser: x\n",
            "kept approximated",
        ),
    ] {
        let import = service(lines);
        let (_, keys) = text(&import).split_once('\n').unwrap();
        assert_eq!(keys, expected, "{lines}");
        let fates: Vec<String> = import.directives.iter().skip(1).map(|one| one.fate.to_string()).collect();
        assert_eq!(fates.join(" "), told, "{lines}");
        assert!(import.units[0].unit.is_some(), "{import:#?}");
    }
}

/// What no unit comes of is somebody's to write elsewhere, in the words that belong there.
#[test]
fn what_belongs_elsewhere() {
    for (name, text, decision) in [
        (
            "x.timer",
            "[Timer]\nOnCalendar=*-*-* 6:00\nUnit=y.service\nPersistent=true\n",
            "have cron do it, in /etc/cron.d: 0 6 * * * root sunup restart y",
        ),
        (
            "x.timer",
            "[Timer]\nOnBootSec=5min\nOnCalendar=\nOnCalendar=Sat..Sun\n",
            "have cron do it, in /etc/cron.d: 0 0 * * 6-7 root sunup restart x",
        ),
        ("x.timer", "[Timer]\nOnBootSec=5min\n", "have cron do it when it should be done: sunup restart x"),
        (
            "a-b.mount",
            "[Mount]\nWhat=/dev/sda1\nWhere=/a/b\nType=ext4\nOptions=ro\n",
            "write into /etc/fstab: /dev/sda1 /a/b ext4 ro 0 0",
        ),
        ("a.swap", "[Swap]\nWhat=/dev/sda2\n", "write into /etc/fstab: /dev/sda2 none swap defaults 0 0"),
        ("x.path", "[Path]\nPathExists=/a\n", "have something else do it: sunup restart x"),
        ("x.slice", "[Slice]\nCPUWeight=5\n", "leave it out"),
    ] {
        let import = import_texts(Format::Systemd, &[(Path::new(name), text.as_bytes())]).remove(0);
        let told: Vec<&str> = import.decisions.iter().map(|one| one.text.as_str()).collect();
        assert_eq!((told, import.units.len()), (vec![decision], 0), "{name}");
        assert!(import.directives.iter().all(|one| one.fate == Fate::Dropped), "{import:#?}");
    }
}

/// Of several files with one name the first counts, and drop-ins from all directories do, a template's for its instances.
#[test]
fn directories_overlay_each_other() {
    let directory = tempfile::tempdir().unwrap();
    let [etc, lib] = ["etc", "lib"].map(|name| directory.path().join(name));
    for (path, text) in [
        (etc.join("a.service"), "[Service]\nExecStart=/bin/etc\n"),
        (lib.join("a.service"), "[Service]\nExecStart=/bin/lib\n"),
        (lib.join("b@.service"), "[Service]\nExecStart=/bin/b\n"),
        (etc.join("b@.service.d/1.conf"), "[Service]\nNice=1\n"),
        (lib.join("b@.service.d/1.conf"), "[Service]\nNice=2\n"),
        (lib.join("b@x.service.d/2.conf"), "[Service]\nUMask=77\n"),
    ] {
        write(path, text);
    }
    std::os::unix::fs::symlink("b@.service", lib.join("b@x.service")).unwrap();
    let (imports, unreadable) = import(Format::Systemd, &[etc, lib]);
    assert_eq!(unreadable, []);
    let units: Vec<String> =
        imports.iter().flat_map(|one| &one.units).map(|unit| format!("{}: {}", unit.name, unit.text)).collect();
    let unit = |name: &str, more: &str, run: &str| {
        format!("{name}: kind: longrun\nneeds: [local]\n{more}run: [{run}]\nstop-timeout: 1m30s\nrestart: never\n")
    };
    let expected =
        [unit("a", "", "/bin/etc"), unit("b@", "nice: 1\n", "/bin/b"), unit("b@x", "nice: 1\numask: 0077\n", "/bin/b")];
    assert_eq!(units, expected);
    assert_eq!(imports[1].directives[0].reason, "a file of its name comes first");
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
stop-timeout: 1m30s
restart: never
env: {RUNTIME_DIRECTORY: /run/x}
";
    assert_eq!(text(&import), expected);
}

/// Who the user is, and what a script does in which order, is known however the lines stand.
#[test]
fn lines_know_of_later_ones() {
    for (lines, expected, decision) in [
        (
            "DynamicUser=yes\nUser=foo",
            "no-new-privileges: true\nprivate-tmp: true\nrun: [/bin/x]\nuser: foo\n",
            Some("make a user for it: useradd --system foo"),
        ),
        (
            "WorkingDirectory=~\nUser=bob\nExecStartPre=+/bin/y",
            "run: |\n  cd ~bob\n  /bin/y\n  exec setpriv --reuid=bob --regid=\"$(id -g bob)\" --init-groups -- /bin/x\n",
            None,
        ),
        (
            "UnsetEnvironment=A\nEnvironmentFile=/e\nEnvironment=A=1\nEnvironment=A=2",
            "run: |\n  [ \"${A+set}\" ] || export A=2\n  unset A\n  exec /bin/x\nenv-file: [/e]\n",
            None,
        ),
        (
            "RuntimeDirectory=a\nRuntimeDirectory=b\nEnvironment=STATE_DIRECTORY=/s\nStateDirectory=c",
            "run: |\n  install -d -m 0755 /run/a\n  install -d -m 0755 /run/b\n  install -d -m 0755 /var/lib/c\n  \
             exec /bin/x\nenv: {STATE_DIRECTORY: /s, RUNTIME_DIRECTORY: /run/a:/run/b}\n",
            None,
        ),
    ] {
        let import = service(&format!("{lines}\nRestart=always\nExecStart=/bin/x\n"));
        let everywhere = ["kind: longrun\n", "start-timeout: 1m30s\n", "stop-timeout: 1m30s\n"];
        let unit = everywhere.iter().fold(text(&import).to_owned(), |text, line| text.replacen(line, "", 1));
        assert_eq!(unit, expected, "{lines}");
        assert_eq!(import.decisions.first().map(|one| one.text.as_str()), decision, "{lines}");
    }
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
         \"udp://127.0.0.1:53 web\"]\nrun: [/bin/x]\nstop-timeout: 1m30s\nrestart: never\n"
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
stop-timeout: 1m30s
restart: never
";
    assert_eq!(text(&import), expected);
    assert!(import.units[0].unit.is_some() && import.units[0].bundles.is_empty(), "{import:#?}");
    let words = import_texts(Format::Systemd, &[(Path::new("/s/y@.service"), b"[Service]\nExecStart=/bin/y -%i\n")]);
    assert!(
        text(&words[0]).ends_with("run: [/bin/y, \"-${INSTANCE}\"]\nstop-timeout: 1m30s\nrestart: never\n"),
        "{}",
        text(&words[0])
    );
}
