//! The control-group leaf of a unit that is about to start.

use std::path::PathBuf;

use units::Context;

use super::Executor;
use crate::engine::event::UnitIndex;
use crate::system::{cgroup, cgroup_values};

impl Executor {
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
