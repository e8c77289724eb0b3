//! The verbs that look back at a boot.

use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;

use super::failure::Outcome;
use super::{blame, boot_log, chart, critical_path, diff, metrics, what_if};
use crate::system::places::Places;

/// One of them. A BOOT is 0 (this one, and what is meant where none is named), -1 (the one before), or the beginning of an
/// id; the last twenty are kept.
#[derive(Debug, Subcommand)]
pub enum BootVerb {
    /// The rc-style log of this boot
    BootLog,
    /// The chain of units that the end of a boot waited for
    CriticalPath {
        /// This boot, or -1, -2 or the beginning of an id
        #[arg(allow_negative_numbers = true)]
        boot: Option<String>,
        /// Every unit, and by how much it could have been later
        #[arg(long)]
        all: bool,
        /// An object
        #[arg(long)]
        json: bool,
    },
    /// What took how long at a boot, the slowest first; * is on the critical path
    Blame {
        /// This boot, or -1, -2 or the beginning of an id
        #[arg(allow_negative_numbers = true)]
        boot: Option<String>,
        /// An object
        #[arg(long)]
        json: bool,
    },
    /// A boot as a picture
    Chart {
        /// This boot, or -1, -2 or the beginning of an id
        #[arg(allow_negative_numbers = true)]
        boot: Option<String>,
        /// SVG, or a trace for Perfetto and Chrome
        #[arg(long, default_value = "svg", value_parser = ["svg", "trace"])]
        format: String,
        /// Where to write it; standard output without it
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// How two boots differ: exit 1 if a unit that was up in the earlier one was not in the later one
    Diff {
        /// The earlier and the later boot; -1 and 0 where none is named
        #[arg(num_args = 0..=2, allow_negative_numbers = true)]
        boots: Vec<String>,
        /// An object
        #[arg(long)]
        json: bool,
    },
    /// How much sooner a boot would have been done: `what-if --without web:db --takes fsck=50%`
    WhatIf {
        /// Units whose time is told; the gettys where none is named
        units: Vec<String>,
        /// UNIT:OTHER: UNIT does not wait for OTHER
        #[arg(long, value_name = "UNIT:OTHER")]
        without: Vec<String>,
        /// UNIT=50%: half of its time; UNIT=200ms: so long
        #[arg(long, value_name = "UNIT=TIME")]
        takes: Vec<String>,
        /// This boot, or -1, -2 or the beginning of an id
        #[arg(long, allow_negative_numbers = true)]
        boot: Option<String>,
        /// An object
        #[arg(long)]
        json: bool,
    },
    /// States and boot times as OpenMetrics text, for a node exporter's textfile collector
    Metrics,
}

/// Does what it says.
pub fn run(places: &Places, verb: BootVerb, out: &mut dyn Write) -> Outcome {
    match verb {
        BootVerb::BootLog => boot_log::show(places, out),
        BootVerb::CriticalPath { boot, all, json } => critical_path::show(places, boot.as_deref(), all, json, out),
        BootVerb::Blame { boot, json } => blame::run(places, boot.as_deref(), json, out),
        BootVerb::Chart { boot, format, output } => {
            chart::run(places, boot.as_deref(), &format, output.as_deref(), out)
        }
        BootVerb::Diff { boots, json } => diff::run(places, &boots, json, out),
        BootVerb::WhatIf { units, without, takes, boot, json } => {
            what_if::run(places, &what_if::Asked { without, takes, units, boot, json }, out)
        }
        BootVerb::Metrics => metrics::run(places, out),
    }
}
