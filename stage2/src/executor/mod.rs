//! The program around the engine: it carries actions out and turns what happens into events, in one single-threaded
//! loop over signals, pipes, inotify and deadlines.
//!
//! Nothing in it blocks on a unit, and nothing polls but what a unit asks to be polled. Whatever has to survive its
//! death is in a file before the next thing is begun: state files, records of running one-shots, supervises' status
//! records. So going on after a death is the same code as beginning a request: [`Executor::begin`] reads the files.

mod activity;
mod adopt;
mod begin;
mod context;
mod display;
mod foresight;
mod getty;
mod longrun;
mod oneshot;
mod operator;
mod postponed;
mod reporting;
mod signalled;
mod turn;
mod unwritten;
mod verdict;
mod watches;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use units::Unit;

use crate::engine::Engine;
use crate::engine::event::{Event, Nanoseconds, UnitIndex};
use crate::graph::Graph;
use crate::oneshot::{JobNumber, Keeper, Records, RunStep};
use crate::record::console::Console;
use crate::record::durations::Durations;
use crate::record::timeline::Timeline;
use crate::request::target::Target;
use crate::service::SupervisedService;
use crate::system::cgroup::CgroupRoot;
use crate::system::clock::monotonic;
use crate::system::condition::Surroundings;
use crate::system::descriptors;
use crate::system::places::Places;
use crate::system::processors;
use activity::Activity;
use display::OpenDisplay;
use foresight::Foresight;
use signalled::Signalled;
use unwritten::Unwritten;
use watches::{Interest, Watches};

/// What a state file calls a longrun.
const LONGRUN: &str = "longrun";
/// What a state file calls a one-shot.
const ONESHOT: &str = "oneshot";
/// epoll's word for the signals.
const TOKEN_CHILDREN: u64 = u64::MAX;
/// epoll's word for inotify.
const TOKEN_WATCHES: u64 = u64::MAX - 1;
/// epoll's word for the keeper.
const TOKEN_KEEPER: u64 = u64::MAX - 2;
/// epoll's word for the keyboard.
const TOKEN_KEYBOARD: u64 = u64::MAX - 3;

/// Whether the failure of an essential unit matters, and which has failed.
#[derive(Debug)]
enum Essential {
    Ignored,
    Watched,
    /// Why the boot is to go on in the rescue bundle.
    Failed(String),
}

/// What the executor is given.
pub struct Config {
    /// Where everything is.
    pub places: Places,
    /// Where units' control groups are made, if anywhere.
    pub cgroups: Option<CgroupRoot>,
    /// Output of one-shots goes to standard error, because standard output shows the console's lines.
    pub forward_to_error: bool,
    /// Does a native step.
    pub run_step: RunStep,
}

/// The executor.
pub struct Executor {
    config: Config,
    console: Console,
    display: Option<OpenDisplay>,
    timeline: Timeline,
    surroundings: Surroundings,
    epoll: Epoll,
    children: SignalFd,
    watches: Watches,
    /// Starting units that may keep one busy at once.
    processors: usize,
    target: Target,
    engine: Engine,
    activities: Vec<Activity>,
    /// Units that wait for a scout.
    unseen: VecDeque<UnitIndex>,
    /// Units whose readiness is being found out.
    probing: BTreeSet<UnitIndex>,
    events: VecDeque<Event>,
    /// Events that may overturn what was foreseen: the engine hears of them once nothing is.
    overturning: Vec<Event>,
    foresight: Foresight,
    notes: Records,
    keeper: Option<Keeper>,
    /// Units whose one-shots the keeper runs.
    jobs: HashMap<JobNumber, UnitIndex>,
    last_job: JobNumber,
    /// Commands that reload a unit, until when.
    reloads: BTreeMap<JobNumber, (UnitIndex, Option<Nanoseconds>)>,
    /// What became of a request that changes no state, by unit.
    complaints: Vec<String>,
    signalled: Signalled,
    /// The first essential unit that has failed, while that matters.
    essential: Essential,
    /// Files that are written as soon as something that came up lets them be.
    postponed: BTreeMap<PathBuf, Vec<u8>>,
    /// Units that have notes on disk.
    noted: BTreeSet<String>,
    /// Units whose notes may go once everything that was told is on disk.
    ended: Vec<String>,
    states: Unwritten,
    /// Gettys that wait for the early one to free the terminal.
    held: Vec<UnitIndex>,
    durations: Durations,
    /// Longruns whose supervise has not done yet as it was told, and when it is told again.
    disobeyed: BTreeMap<UnitIndex, Nanoseconds>,
    is_scan_wanted: bool,
    /// Something came up in this turn.
    is_up_news: bool,
    has_requests: bool,
}

impl Executor {
    /// An executor without units. `blocked` are signals that must not end it.
    pub fn new(config: Config, console: Console, blocked: &[Signal]) -> io::Result<Self> {
        descriptors::raise_limit();
        let mut mask = SigSet::empty();
        mask.add(Signal::SIGCHLD);
        blocked.iter().for_each(|signal| mask.add(*signal));
        mask.thread_block()?;
        let children = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        let watches = Watches::new()?;
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        epoll.add(&children, EpollEvent::new(EpollFlags::EPOLLIN, TOKEN_CHILDREN))?;
        epoll.add(&watches, EpollEvent::new(EpollFlags::EPOLLIN, TOKEN_WATCHES))?;
        std::fs::create_dir_all(config.places.states())?;
        CgroupRoot::publish(config.cgroups.as_ref(), &config.places.run);
        let notes = Records::open(config.places.engine())?;
        // Now, while there is little to copy.
        let keeper = Keeper::start(&notes, config.run_step, config.forward_to_error)?;
        epoll.add(&keeper, EpollEvent::new(EpollFlags::EPOLLIN, TOKEN_KEEPER))?;
        let processors = config.places.settings().0.processors.unwrap_or_else(processors::count);
        let timeline = Timeline::open(&config.places.run);
        Ok(Self {
            console,
            display: None,
            timeline,
            surroundings: Surroundings::read(),
            epoll,
            children,
            watches,
            processors,
            target: Target::default(),
            engine: Engine::new(Graph::default()),
            activities: Vec::new(),
            unseen: VecDeque::new(),
            probing: BTreeSet::new(),
            events: VecDeque::new(),
            overturning: Vec::new(),
            foresight: Foresight::default(),
            notes,
            keeper: Some(keeper),
            jobs: HashMap::new(),
            last_job: 0,
            reloads: BTreeMap::new(),
            complaints: Vec::new(),
            signalled: Signalled::default(),
            essential: Essential::Ignored,
            postponed: BTreeMap::new(),
            noted: BTreeSet::new(),
            ended: Vec::new(),
            states: Unwritten::default(),
            held: Vec::new(),
            durations: Durations::default(),
            disobeyed: BTreeMap::new(),
            is_scan_wanted: false,
            is_up_news: false,
            has_requests: false,
            config,
        })
    }

    /// Wakes up when a request may have come.
    pub fn watch_requests(&mut self, directory: &std::path::Path) -> io::Result<()> {
        Ok(self.watches.add(directory, Interest::Requests)?)
    }

    /// Tells the progress of a request from now on, or nobody's.
    pub fn tell_progress(&mut self, path: Option<PathBuf>) {
        self.timeline.tell(path.as_deref());
    }

    /// Remembers for the next boot how long units took in this one, and what their files became. Where nothing can be
    /// remembered, nothing is lost.
    pub fn keep_durations(&mut self) {
        let set = &self.target.set;
        self.durations.retain(|unit| set.get(unit).is_some());
        let _ = self.durations.write(&self.config.places.durations());
        let _ = self.target.set.write_cache();
    }

    /// Where everything is.
    pub fn places(&self) -> &Places {
        &self.config.places
    }

    /// What is asked for.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The engine, to look at.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The console, for what is not about a unit.
    pub fn console(&mut self) -> &mut Console {
        &mut self.console
    }

    /// Tells the engine, and carries out whatever it asks for.
    pub fn tell(&mut self, event: Event) {
        self.events.push_back(event);
        self.pump();
    }

    fn now(&self) -> u64 {
        monotonic()
    }

    fn unit(&self, unit: UnitIndex) -> Option<&Unit> {
        self.target.graph.vertex(unit).unit.as_deref()
    }

    /// The same, to keep while something is done about it.
    fn shared_unit(&self, unit: UnitIndex) -> Option<Arc<Unit>> {
        self.target.graph.vertex(unit).unit.clone()
    }

    fn name(&self, unit: UnitIndex) -> &str {
        self.target.graph.name(unit)
    }

    /// What it is, or was while it had a file.
    fn kind_name(&self, unit: UnitIndex) -> &str {
        let former = || self.activities[unit].former_kind.as_deref().unwrap_or("unknown");
        self.unit(unit).map_or_else(former, |unit| unit.kind.name())
    }

    fn is_longrun(&self, unit: UnitIndex) -> bool {
        self.kind_name(unit) == LONGRUN
    }

    fn service(&self, unit: UnitIndex) -> SupervisedService {
        SupervisedService::new(self.config.places.service(self.name(unit)))
    }
}
