//! What surrounds a unit that is about to start: its control-group leaf, and the options of `confine`.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use units::{Command, Context, Kind};

use super::Executor;
use crate::engine::event::UnitIndex;
use crate::service::{CONFINE, Confinement};
use crate::system::command_lookup::{beside, look_up, look_up_in};
use crate::system::look::{Looking, glance};
use crate::system::{cgroup, cgroup_values};

impl Executor {
    /// The circumstances that a unit asks for.
    pub(super) fn context(&self, unit: UnitIndex) -> Arc<Context> {
        match self.unit(unit).map(|unit| &unit.kind) {
            Some(Kind::Longrun(longrun)) => longrun.context.clone(),
            Some(Kind::Oneshot(oneshot)) => oneshot.context.clone(),
            Some(Kind::Milestone) | None => Arc::default(),
        }
    }

    /// A command behind what its unit's context puts before it.
    pub(super) fn confined(&self, context: &Context, command: Vec<String>) -> Vec<String> {
        let words = Confinement::of(context, confine()).map(|confinement| confinement.words());
        words.into_iter().flatten().chain(command).collect()
    }

    /// Makes a unit's leaf and writes the unit's values into it; `None` where there are no control groups. The error is the
    /// reason of a unit that must not start without them.
    pub(super) fn leaf(&mut self, unit: UnitIndex, context: &Context) -> Result<Option<PathBuf>, String> {
        let name = self.name(unit).to_owned();
        let Some(root) = &self.config.cgroups else {
            if !context.cgroup.is_empty() {
                self.warn(&name, "there is no control group for its \"cgroup\"");
            }
            return Ok(None);
        };
        // What an earlier start has left in an empty leaf is not this unit's; one that is in use stays as it is.
        cgroup::remove(&root.leaf(&name));
        let Ok(leaf) = root.make_leaf(&name) else { return Ok(None) };
        for warning in cgroup_values::write(&leaf, &context.cgroup)? {
            self.warn(&name, &warning);
        }
        Ok(Some(leaf))
    }

    /// Says on the console that a unit starts with less than it asked for.
    fn warn(&mut self, name: &str, text: &str) {
        self.console.plain(&format!("stage2 {name}: warning: {text} (going on without)"));
    }
}

/// Something stands before a command.
pub(super) fn is_confined(context: &Context) -> bool {
    Confinement::of(context, confine()).is_some()
}

/// Something stands before a command that may fail before it. Variables and a umask cannot.
pub(super) fn may_fail(context: &Context) -> bool {
    let rest = Context { env: Vec::new(), umask: None, ..context.clone() };
    Confinement::of(&rest, Path::new(CONFINE)).is_some()
}

/// The program that came with this one, else the one in PATH.
pub(super) fn confine() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| beside(CONFINE).unwrap_or_else(|| CONFINE.into()))
}

/// Whether a command can be executed under these circumstances, as far as that can be told before; `None` where looking does
/// not tell. It is found by the PATH that it will have. One that is below a directory of its own, or whose PATH may be in a
/// file, is not looked for.
pub(super) fn can_run(context: &Context, command: &Command, looking: Looking) -> Option<Result<(), String>> {
    let Command::Argv(words) = command else { return Some(Ok(())) };
    let Some(word) = words.first() else { return Some(Ok(())) };
    let path = context.env.iter().find(|(name, _)| name == "PATH");
    let is_below = word.contains('/') && !word.starts_with('/');
    match path {
        _ if is_below && context.directory.is_some() => Some(Ok(())),
        Some((_, path)) => look_up_in(word, path, looking),
        None if !context.env_file.is_empty() => Some(Ok(())),
        None => look_up(word, looking),
    }
}

/// The reason why a command cannot be executed, if a glance tells that; else its execution will.
pub(super) fn refuse_at_a_glance(context: &Context, command: &Command) -> Result<(), String> {
    can_run(context, command, glance).unwrap_or(Ok(()))
}
