//! `sunup`: the operator's command. Verbs are in [`stage2::command`].

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use stage2::command::asked::{Asked, Options};
use stage2::command::boots::BootVerb;
use stage2::command::failure::{Failure, Outcome};
use stage2::command::user::UserVerb;
use stage2::command::{
    against, apply, ask, boots, check, completion, enable, import, inhibit, inhibitors, list, log, plan, rollback,
    schema, status, step, user, why,
};
use stage2::rehearse;
use stage2::request::{self, Request};
use stage2::system::places::Places;
use units::import::Format;

/// Looks at the system's units and asks the engine to act on them.
#[derive(Debug, Parser)]
#[command(name = "sunup", version, after_help = EXAMPLES)]
struct Command {
    /// Your own services instead of the system's
    #[arg(long, global = true)]
    user: bool,
    #[command(subcommand)]
    verb: Verb,
}

const EXAMPLES: &str = "Examples:
  sunup status                   what every unit is now
  sunup restart nginx            restarts nginx and what needs it, and waits until it is ready
  sunup check /etc/sunup/units   everything that is wrong there, before it hurts
  sunup plan stop dbus           what would happen, in which order
  sunup rehearse                 boots this configuration in a sandbox

Exit codes: 0 yes or done, 1 no or not everything got there, 100 usage,
111 system failure.
The environment variables SUNUP_RUN, SUNUP_ETC, SUNUP_LIB and SUNUP_LOG replace
/run/sunup, /etc/sunup, /usr/lib/sunup and /var/log/sunup.";

#[derive(Debug, Subcommand)]
enum Verb {
    /// What units are now: exit 0 all named are up, 1 not all
    Status {
        /// Units or bundles; all units when none is named
        units: Vec<String>,
        /// An array of the state files' objects
        #[arg(long)]
        json: bool,
    },
    /// Units and bundles that are there, and where they come from
    List {
        /// An array of objects
        #[arg(long)]
        json: bool,
    },
    /// Brings units up, with what they need and want: exit 1 unless all get there
    Start(Asked),
    /// Takes units down, after what needs them
    Stop(Asked),
    /// Takes units down and brings them up again, with what needs them
    Restart(Asked),
    /// Has units that are up read their configuration again: their `reload`, else HUP
    Reload(Asked),
    /// Sends a signal to units' processes: all of them, or the main one where `kill-mode` is main
    Kill {
        /// Its name or number
        #[arg(short, long, value_name = "NAME", default_value = "TERM")]
        signal: String,
        #[command(flatten)]
        asked: Asked,
    },
    /// Brings a bundle up, and takes everything down that is not part of it
    Switch {
        /// A bundle, or a unit
        bundle: String,
        #[command(flatten)]
        options: Options,
    },
    /// Has the running system follow its unit files: the smallest set of restarts
    Apply(Options),
    /// Puts the administrator's units, bundles and settings back as they were, and follows them
    Rollback {
        /// A generation; without it the one in force, or if the files are just that, the one before
        generation: Option<u64>,
        #[command(flatten)]
        options: Options,
    },
    /// Why a unit is what it is, down to the root cause, and what it takes down with it
    Why {
        /// The unit
        unit: String,
        /// An object
        #[arg(long)]
        json: bool,
    },
    /// What a unit has said, with local times; without a unit, what the catch-all logger has
    Log {
        /// The unit
        unit: Option<String>,
        /// Go on with what is said from now on
        #[arg(short, long)]
        follow: bool,
        /// Only so many last lines
        #[arg(short = 'n', long, value_name = "N")]
        lines: Option<usize>,
    },
    /// Links units into a bundle, unless that would close a cycle or bring conflicting units together
    Enable(Enabled),
    /// Removes units' links from a bundle
    Disable(Enabled),
    /// Everything wrong with the units: exit 1 if anything is
    Check {
        /// Files and directories; the installed ones when none is named
        paths: Vec<PathBuf>,
        /// An array of objects
        #[arg(long)]
        json: bool,
        /// Tell what would happen to the running system whose units are in this directory
        #[arg(long, value_name = "DIR")]
        against: Option<PathBuf>,
    },
    /// What a boot or a verb would do, in which order, and how long it takes: `plan [boot] TARGET` or `plan VERB UNIT`
    Plan {
        /// A verb (start, stop, restart, reload, kill, switch, boot, apply, rollback, enable, disable) and units, or a target
        words: Vec<String>,
        /// How to write it
        #[arg(long, default_value = "text", value_parser = ["text", "json", "dot"])]
        format: String,
        /// A directory of units before the installed ones
        #[arg(long, value_name = "DIR")]
        units: Vec<PathBuf>,
        /// A directory of bundles before the installed ones
        #[arg(long, value_name = "DIR")]
        bundles: Vec<PathBuf>,
        /// What kill sends: its name or number
        #[arg(short, long, value_name = "NAME")]
        signal: Option<String>,
    },
    /// Units from what another init system was told, with the fate of every directive
    #[command(after_help = import::EXAMPLES)]
    Import {
        /// What the sources are
        #[arg(value_parser = PossibleValuesParser::new(Format::ALL.map(|(_, word)| word)))]
        format: String,
        /// Files or service directories, or directories of them
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Where to write the units, with links for their bundles; what is there and differs stays. Without
        /// it they go to standard output, and the report to standard error
        #[arg(short, long, value_name = "DIR")]
        output: Option<PathBuf>,
        /// The report as an object, in which the units' texts are too
        #[arg(long)]
        json: bool,
    },
    /// Does a native step now, in this process: what a one-shot's `do:` does. Exit 1 if it could not be done
    Step {
        /// The step
        #[arg(value_parser = step::NAMES)]
        name: String,
        /// Say what would be done, and do nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// The JSON Schema of units, which editors complete and check them by
    Schema {
        /// What the schema is of
        #[arg(default_value = "unit", value_parser = schema::SUBJECTS)]
        subject: String,
    },
    #[command(flatten)]
    Boots(BootVerb),
    #[command(flatten)]
    User(UserVerb),
    /// Runs a command while which nobody stops the machine: `sunup inhibit -- apt-get upgrade`
    Inhibit {
        /// Who says so and why; the command, when absent
        #[arg(long, conflicts_with = "list")]
        why: Option<String>,
        /// Who does so now; runs nothing
        #[arg(long)]
        list: bool,
        /// An array
        #[arg(long, requires = "list", conflicts_with = "command")]
        json: bool,
        /// The command
        #[arg(required_unless_present = "list", conflicts_with = "list", trailing_var_arg = true)]
        command: Vec<OsString>,
    },
    /// Writes completions for a shell: `sunup completion bash >/etc/bash_completion.d/sunup`
    Completion {
        /// bash, elvish, fish, powershell or zsh
        shell: Shell,
    },
    /// Boots the configuration in a sandbox, reports, and stops it: exit 0 if it would have worked
    Rehearse(Rehearsed),
    #[command(name = completion::NAMES, hide = true)]
    CompleteNames,
    #[command(name = rehearse::INSIDE, hide = true)]
    RehearseInside,
    #[command(name = rehearse::FIRST, hide = true)]
    RehearseFirst { layout: String },
}

#[derive(Debug, Args)]
struct Enabled {
    /// Units
    #[arg(required = true)]
    units: Vec<String>,
    /// The bundle
    #[arg(long, default_value = "default")]
    bundle: String,
    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// An array of objects
    #[arg(long)]
    json: bool,
}

impl From<Enabled> for enable::Asked {
    fn from(asked: Enabled) -> Self {
        let Enabled { units, bundle, dry_run, json } = asked;
        Self { units, bundle, dry_run, json }
    }
}

#[derive(Debug, Args)]
struct Rehearsed {
    /// A bundle or a unit
    #[arg(default_value = "default")]
    target: String,
    /// The root to try
    #[arg(long, value_name = "DIR", default_value = "/")]
    root: PathBuf,
    /// A tree to lay over the root first, such as `make install DESTDIR=` makes
    #[arg(long, value_name = "DIR")]
    overlay: Option<PathBuf>,
    /// A directory of units that win over the installed ones
    #[arg(long, value_name = "DIR")]
    units: Vec<PathBuf>,
    /// A directory of bundles that win over the installed ones
    #[arg(long, value_name = "DIR")]
    bundles: Option<PathBuf>,
}

fn main() -> ExitCode {
    let command = match Command::try_parse() {
        Ok(command) => command,
        Err(message) => {
            return refused(&message);
        }
    };
    let mut out = io::stdout();
    let places = if command.user { Places::of_user().map_err(Failure::system) } else { Ok(Places::from_environment()) };
    let outcome = places.and_then(|places| run(&places, command.verb, &mut out)).and_then(|code| match out.flush() {
        Ok(()) => Ok(code),
        Err(error) => Err(Failure::unable("write", error)),
    });
    ExitCode::from(outcome.unwrap_or_else(|failure| {
        eprintln!("sunup: fatal: {failure}");
        failure.code
    }))
}

/// What the command line does not understand, in our form; else it is the help that was asked for.
fn refused(message: &clap::Error) -> ExitCode {
    let text = message.to_string();
    match text.strip_prefix("error: ") {
        Some(error) => eprint!("sunup: fatal: {error}"),
        None => drop(message.print()),
    }
    ExitCode::from(if message.use_stderr() { 100 } else { 0 })
}

/// Why a verb is about the machine only, if it is: a person's tree has nothing of the kind.
fn only_of_the_machine(verb: &Verb) -> Option<&'static str> {
    match verb {
        Verb::Rehearse(_) => Some(
            "only the machine's boot is rehearsed: sunup rehearse (what yours would do: sunup --user plan default)",
        ),
        Verb::Inhibit { .. } => Some("only the machine's stop is inhibited: sunup inhibit"),
        Verb::Step { .. } => Some("steps are the machine's only: sunup step"),
        _ => None,
    }
}

fn run(places: &Places, verb: Verb, out: &mut dyn Write) -> Outcome {
    if let Some(reason) = only_of_the_machine(&verb).filter(|_| places.is_user) {
        return Err(Failure::usage(reason));
    }
    match verb {
        Verb::Status { units, json } => status::run(places, &units, json, out),
        Verb::List { json } => list::run(places, json, out),
        Verb::Start(asked) => ask_or_plan(places, request::Verb::Start, asked, None, out),
        Verb::Stop(asked) => ask_or_plan(places, request::Verb::Stop, asked, None, out),
        Verb::Restart(asked) => ask_or_plan(places, request::Verb::Restart, asked, None, out),
        Verb::Reload(asked) => ask_or_plan(places, request::Verb::Reload, asked, None, out),
        Verb::Kill { signal, asked } => ask_or_plan(places, request::Verb::Kill, asked, Some(signal), out),
        Verb::Switch { bundle, options } => {
            ask_or_plan(places, request::Verb::Switch, Asked { units: vec![bundle], options }, None, out)
        }
        Verb::Apply(options) => apply::apply(places, &options, out),
        Verb::Rollback { generation, options } => rollback::rollback(places, generation, &options, out),
        Verb::Why { unit, json } => why::run(places, &unit, json, out),
        Verb::Log { unit, follow, lines } => log::run(places, &log::Asked { unit, follow, lines }),
        Verb::Enable(asked) => enable::enable(places, &asked.into(), out),
        Verb::Disable(asked) => enable::disable(places, &asked.into(), out),
        Verb::Check { paths, json, against: Some(old) } => against::run(places, &old, &paths, json, out),
        Verb::Check { paths, json, against: None } => check::run(places, &paths, json, out),
        Verb::Plan { words, format, units, bundles, signal } => {
            plan::run(places, &plan::Asked { words, format, units, bundles, signal }, out)
        }
        Verb::Import { format, paths, output, json } => {
            import::run(&import::Asked { format, paths, output, json }, out)
        }
        Verb::Schema { subject } => schema::run(&subject, out),
        Verb::Step { name, dry_run } => step::run(&name, dry_run),
        Verb::Boots(verb) => boots::run(places, verb, out),
        Verb::User(verb) => user::run(places, verb, out),
        Verb::Inhibit { list: true, json, .. } => inhibitors::list(places, json, out),
        Verb::Inhibit { why, command, .. } => inhibit::run(places, why.as_deref(), &command),
        Verb::Completion { shell } => completion::run(shell, &mut Command::command(), out),
        Verb::CompleteNames => completion::names(places, out),
        Verb::Rehearse(asked) => rehearsal(asked, out),
        Verb::RehearseInside => Ok(rehearse::inside::run()),
        Verb::RehearseFirst { layout } => Ok(rehearse::first::run(&layout)),
    }
}

fn ask_or_plan(
    places: &Places,
    verb: request::Verb,
    asked: Asked,
    signal: Option<String>,
    out: &mut dyn Write,
) -> Outcome {
    let Asked { units, options } = asked;
    if options.dry_run {
        let words: Vec<String> = [verb.name().to_owned()].into_iter().chain(units).collect();
        let format = if options.json { "json".to_owned() } else { String::new() };
        return plan::run(places, &plan::Asked { words, format, signal, ..plan::Asked::default() }, out);
    }
    ask::run(places, Request { signal, ..Request::new(verb, units) }, &options, out)
}

fn rehearsal(asked: Rehearsed, out: &mut dyn Write) -> Outcome {
    let Rehearsed { target, root, overlay, units, bundles } = asked;
    let options = rehearse::Options { target, root, overlay, units, bundles };
    options.check().map_err(Failure::usage)?;
    let worked = rehearse::run(&options, out).map_err(Failure::system)?;
    Ok(u8::from(!worked))
}
