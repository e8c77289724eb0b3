//! parse(print(unit)) is the unit, places aside.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use units::{
    Address, Bound, Command, Condition, Context, Edge, KillMode, Kind, Limit, Log, Longrun, MaxDeaths, Place, Program,
    Readiness, Restart, Signal, Socket, Step, Unit, UnitName, UnitSet, WhenFull,
};

use crate::prng::Random;

/// What is hard to write in YAML.
const TEXTS: [&str; 39] = [
    "${A}",
    "$${A}",
    "$${",
    "a",
    "",
    " ",
    "-",
    "--",
    "---",
    "-x",
    "- x",
    "~",
    "null",
    "on",
    "0022",
    "!x",
    "*x",
    "&x",
    "a: b",
    "a:",
    "a #b",
    "#",
    "[x]",
    "{x}",
    "a,b",
    "\"",
    "'",
    "\\n",
    "a\nb",
    "a\n",
    "\na",
    "a\n\n",
    " a\nb\n",
    "a\n \nb\n",
    "\ta\n\tb\n",
    "a\r\nb\n",
    "ä\u{2028}\u{85}",
    "a\n\n  b\n",
    "%x @y `z` |> ? =",
];

fn nowhere() -> Place {
    Place::whole(Path::new("x"))
}

fn without_places(unit: &Unit) -> Unit {
    let mut unit = unit.clone();
    unit.place = nowhere();
    for edges in [&mut unit.needs, &mut unit.wants, &mut unit.after, &mut unit.before, &mut unit.conflicts] {
        edges.iter_mut().for_each(|edge| edge.place = nowhere());
    }
    unit.provides.iter_mut().for_each(|name| name.1 = nowhere());
    match &mut unit.kind {
        Kind::Longrun(longrun) => longrun.sockets.iter_mut().for_each(|socket| socket.place = nowhere()),
        Kind::Oneshot(oneshot) => oneshot.steps.iter_mut().for_each(|step| step.1 = nowhere()),
        Kind::Milestone => {}
    }
    unit
}

pub fn assert_same(unit: &Unit) {
    let text = unit.to_yaml();
    let path = format!("{}.yaml", unit.name);
    let set = UnitSet::from_texts(&[(&path, &text)]);
    assert_eq!(set.diagnostics(), [], "{text}");
    let read = set.get(unit.name.as_str()).unwrap();
    assert_eq!(without_places(read), without_places(unit), "{text}");
}

/// The units we ship and those of the manual.
#[test]
fn shipped_units() {
    let system = UnitSet::load(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("system")]);
    let examples = UnitSet::from_texts_with(&crate::manual::examples(), &crate::manual::reading());
    let units: Vec<&Unit> = system.units().values().chain(examples.units().values()).map(AsRef::as_ref).collect();
    assert!(units.len() > 30);
    units.into_iter().for_each(assert_same);
}

struct Generator {
    random: Random,
    bases: Vec<Unit>,
}

impl Generator {
    fn new(seed: u64) -> Self {
        let texts = ["kind: longrun\nrun: [x]\n", "kind: oneshot\nstart: [x]\n", "kind: milestone\n"];
        let base = |text| UnitSet::from_texts(&[("base.yaml", text)]).get("base").unwrap().as_ref().clone();
        Self { random: Random(seed), bases: texts.map(base).to_vec() }
    }

    fn unit(&mut self) -> Unit {
        let mut unit = self.random.pick(&self.bases).clone();
        unit.description = ["base", "It's a (test), 100 %", "a: b", "- x", "ä #"][self.random.below(5)].into();
        unit.needs = self.edges();
        unit.wants = self.edges();
        unit.after = self.edges();
        unit.before = self.edges();
        // What is brought up cannot be in conflict.
        let is_pulled = |name: &UnitName| unit.needs.iter().chain(&unit.wants).any(|edge| edge.unit == *name);
        unit.conflicts = self.edges().into_iter().filter(|edge| !is_pulled(&edge.unit)).collect();
        unit.provides = self.edges().into_iter().map(|edge| (edge.unit, edge.place)).collect();
        unit.essential = self.random.below(2) == 0;
        unit.conditions = self.conditions();
        if !matches!(unit.kind, Kind::Milestone) {
            unit.start_timeout = [Some(self.duration()), None][self.random.below(2)];
            unit.stop_timeout = self.duration();
        }
        match &mut unit.kind {
            Kind::Longrun(longrun) => {
                self.fill_longrun(longrun);
            }
            Kind::Oneshot(oneshot) => {
                oneshot.start = Some(self.command());
                oneshot.stop = self.perhaps(Self::command);
                oneshot.reload = self.perhaps(Self::command);
                oneshot.context = self.context().into();
                oneshot.steps =
                    (0..self.random.below(3)).map(|_| (self.random.pick(&Step::ALL).0.clone(), nowhere())).collect();
            }
            Kind::Milestone => {}
        }
        unit
    }

    fn perhaps<T>(&mut self, some: fn(&mut Self) -> T) -> Option<T> {
        (self.random.below(2) == 0).then(|| some(self))
    }

    fn fill_longrun(&mut self, longrun: &mut Longrun) {
        longrun.ready = self.readiness();
        longrun.reload = self.perhaps(Self::command);
        if self.random.below(5) == 0 {
            longrun.program = Program::ServiceDirectory("/etc/sv/x y".into());
            Arc::make_mut(&mut longrun.context).cgroup = vec![("memory.max".into(), "512M".into())];
            return;
        }
        longrun.program = Program::Command(self.command());
        longrun.restart = self.random.pick(&Restart::ALL).0;
        longrun.max_deaths = self.perhaps(|own| MaxDeaths { count: 5, within: own.duration() });
        longrun.stop_signal = self.perhaps(|own| Signal::new(["INT", "RTMIN+3", "40"][own.random.below(3)]).unwrap());
        longrun.kill_mode = self.random.pick(&KillMode::ALL).0;
        longrun.forks = self.random.below(2) == 0;
        longrun.pidfile = longrun.forks.then(|| "/run/x y.pid".into());
        longrun.sockets = self.sockets();
        longrun.watchdog = (longrun.ready == Some(Readiness::Notify)).then(|| self.duration());
        longrun.log = self.log();
        longrun.context = self.context().into();
    }

    fn sockets(&mut self) -> Vec<Socket> {
        let socket = |address, name: Option<&str>| Socket { address, name: name.map(Into::into), place: nowhere() };
        let all = [
            socket(Address::Tcp("[::]:80".parse().unwrap()), Some("http,#")),
            socket(Address::Udp("0.0.0.0:53".parse().unwrap()), None),
            socket(Address::Unix("/run/x y".into()), None),
            socket(Address::UnixDatagram("/dev/log".into()), Some("log")),
            socket(Address::UnixSeqpacket("/run/z".into()), None),
        ];
        all[self.random.below(6)..].iter().filter(|socket| !socket.to_string().contains("x y")).cloned().collect()
    }

    fn context(&mut self) -> Context {
        let mut context = Context::default();
        let text = *self.random.pick(&TEXTS);
        match self.random.below(8) {
            0 => context.user = Some("www-data".into()),
            1 => {
                context.group = Some("0".into());
                context.groups = vec!["adm".into(), "1000".into()];
                context.umask = Some(0o27);
                context.nice = Some(-20);
                context.oom_score_adj = Some(1000);
            }
            2 => context.env = vec![("A".into(), text.into()), ("_b2".into(), "".into())],
            3 => context.env_file = vec!["/etc/default/x y".into(), "-/etc/z".into()],
            4 => {
                let bounds = [Some(1024), None].map(|hard| Bound { soft: Some(0), hard });
                let limits = Limit::ALL.iter().map(|(limit, _)| (*limit, *self.random.pick(&bounds)));
                context.limits = limits.collect();
                context.limits[0].1 = Bound { soft: None, hard: None };
            }
            5 => {
                context.tty = Some("/dev/tty1".into());
                context.directory = Some("/srv/#".into());
                context.no_new_privileges = true;
                context.private_tmp = true;
            }
            6 => {
                let some = ["CAP_NET_RAW", "CAP_SYS_TIME"].map(String::from);
                context.capabilities = Some(some[self.random.below(3)..].to_vec());
                context.read_only = vec!["/usr".into()];
                context.hide = vec!["/home".into(), "/root".into()];
            }
            _ => {
                let files = [("memory.max", "512M"), ("io.weight", "default 50"), ("cpu.max", "max 100000")];
                context.cgroup = files.map(|(file, value)| (file.into(), value.into())).to_vec();
            }
        }
        context
    }

    fn edges(&mut self) -> Vec<Edge> {
        let names = ["a", "@b", "c:d:", "0022", "+x", ":y", "_z.yaml"];
        let first = self.random.below(names.len());
        let some = &names[first..(first + self.random.below(3)).min(names.len())];
        some.iter().map(|name| Edge { unit: UnitName::new(name).unwrap(), place: nowhere() }).collect()
    }

    fn conditions(&mut self) -> Vec<Condition> {
        let absent = self.random.below(2) == 0;
        let path = |text: &str| Condition::Path { path: text.into(), absent };
        let all = [
            path("/x"),
            path("/y: z"),
            Condition::Container(absent),
            Condition::Cmdline { word: "x=!y,".into(), absent },
            Condition::User("www-data".into()),
        ];
        all[self.random.below(all.len())..].to_vec()
    }

    fn duration(&mut self) -> Duration {
        Duration::from_millis([1, 999, 10_000, 60_000, 90_001, 3_723_004][self.random.below(6)])
    }

    fn command(&mut self) -> Command {
        let text = TEXTS[self.random.below(TEXTS.len())];
        if self.random.below(2) == 0 && !text.trim().is_empty() {
            return Command::Script(text.into());
        }
        Command::Argv(vec!["/bin/x".into(), text.into(), (*self.random.pick(&TEXTS)).into()])
    }

    fn readiness(&mut self) -> Option<Readiness> {
        let every = self.duration().max(Duration::from_millis(10));
        let argv = vec!["x".into(), (*self.random.pick(&TEXTS)).into()];
        let all = [
            None,
            Some(Readiness::Notify),
            Some(Readiness::Descriptor(3)),
            Some(Readiness::Tcp { address: "[::1]:22".into(), every }),
            Some(Readiness::Socket("/run/x y".into())),
            Some(Readiness::File("/run/x".into())),
            Some(Readiness::Exec { argv, every }),
        ];
        self.random.pick(&all).clone()
    }

    fn log(&mut self) -> Log {
        let directory = [None, Some("/var/log/x".into())][self.random.below(2)].clone();
        let when_full = WhenFull::ALL[self.random.below(2)].0;
        let all = [Log::Auto, Log::None, Log::Directory { directory, size: 4096, keep: 3, when_full }];
        self.random.pick(&all).clone()
    }
}

/// Units with everything that the language has, and with texts that YAML would take for something else.
#[test]
fn generated_units() {
    let mut generator = Generator::new(1);
    for _ in 0..5000 {
        assert_same(&generator.unit());
    }
}
