//! `sunup --user boot` and `poweroff`: the beginning and the end of a person's own tree of services, which has no stage 1
//! and no stage 3.
//!
//! Between them there is nothing of these verbs: svscan, supervises and loggers run, and the engine comes and goes as it
//! does for the system. They must never touch the system's tree, so they refuse to run without `--user`.

mod begin;
mod end;
mod tree;

use std::io::Write;
use std::os::fd::RawFd;

use clap::Subcommand;

use super::failure::{Failure, Outcome};
use crate::system::places::Places;

/// Verbs that only a user tree has.
#[derive(Debug, Subcommand)]
pub enum UserVerb {
    /// With --user: begins your services in the foreground; TERM, INT and HUP end them in order
    Boot {
        /// Begin them in the background: return when everything is up, exit 1 if not everything got there
        #[arg(long)]
        detach: bool,
        /// The background half: the descriptor that hears when svscan runs
        #[arg(long, hide = true, value_name = "FD")]
        leader: Option<RawFd>,
    },
    /// With --user: stops your services in reverse order and ends the tree
    #[command(alias = "stop-all")]
    Poweroff {
        /// Write nothing but errors
        #[arg(short, long)]
        quiet: bool,
    },
}

/// Does what the verb says.
pub fn run(places: &Places, verb: UserVerb, out: &mut dyn Write) -> Outcome {
    if !places.is_user {
        let text = match verb {
            UserVerb::Boot { .. } => {
                "only your own services begin this way: sunup --user boot (init boots the machine)"
            }
            UserVerb::Poweroff { .. } => {
                "only your own services end this way: sunup --user poweroff (poweroff stops the machine)"
            }
        };
        return Err(Failure::usage(text));
    }
    match verb {
        UserVerb::Boot { leader: Some(descriptor), .. } => Err(begin::lead(places, descriptor)),
        UserVerb::Boot { detach: true, .. } => begin::in_background(places, out),
        UserVerb::Boot { .. } => Err(begin::in_foreground(places)),
        UserVerb::Poweroff { quiet: true } => end::run(places, &mut std::io::sink()),
        UserVerb::Poweroff { quiet: false } => end::run(places, out),
    }
}
