//! `sunup rollback`: the administrator's units, bundles and settings as they were, and what runs with them.
//!
//! It destroys nothing: the files that it replaces are a generation first.

use std::io::Write;
use std::path::PathBuf;

use super::asked::Options;
use super::failure::{Failure, Outcome};
use super::{apply, ask, plan};
use crate::generation::{Generations, Restoration, Snapshot};
use crate::plan::Plan;
use crate::request::target::Sources;
use crate::system::places::Places;

/// Goes back to a generation. Where none is named: to the one in force if the files are otherwise, else to the one before.
/// One with errors is refused before any file is touched.
pub fn rollback(places: &Places, asked: Option<u64>, options: &Options, out: &mut dyn Write) -> Outcome {
    let way = Way::find(places, asked)?;
    if options.dry_run {
        let plan = way.plan(places)?;
        return plan::write(&plan, if options.json { "json" } else { "text" }, out);
    }
    let Way { generations, number, now, restoration } = way;
    if !restoration.is_idle() {
        let kept = generations.keep(&now, &[number]).map_err(|e| Failure::unable("keep the present files", e))?;
        let is_sound = apply::refuse_errors(places, &apply::sources(places)).is_ok();
        let text = match is_sound {
            true => format!("the present files are generation {kept}: sunup rollback {kept} brings them back\n"),
            false => {
                format!("the present files, which have errors, are in {}\n", generations.directory(kept).display())
            }
        };
        apply::say(options, out, &text)?;
    }
    apply::say(options, out, &format!("back to generation {number}\n"))?;
    let restored = restoration.carry_out(&places.etc);
    restored.map_err(|error| Failure::unable(format!("put generation {number} back"), error))?;
    apply::follow(places, Some(number), options, out)
}

/// What a rollback would do.
pub(super) fn plan(places: &Places, asked: Option<u64>) -> Result<Plan, Failure> {
    Way::find(places, asked)?.plan(places)
}

/// From the files as they are to those of a generation that can be followed.
struct Way {
    generations: Generations,
    number: u64,
    now: Snapshot,
    restoration: Restoration,
}

impl Way {
    fn find(places: &Places, asked: Option<u64>) -> Result<Self, Failure> {
        ask::reach(places)?;
        let generations = Generations::new(places.generations());
        let now = Snapshot::take(&apply::sources(places), &places.etc);
        let number = asked.map_or_else(|| last_good(&generations, &now), Ok)?;
        let goal = generations.stored(number).ok_or_else(|| unknown(&generations, number))?;
        apply::refuse_errors(places, &sources(places, &generations, number))?;
        let restoration = Restoration::between(&now, &goal);
        Ok(Self { generations, number, now, restoration })
    }

    fn plan(&self, places: &Places) -> Result<Plan, Failure> {
        let sources = sources(places, &self.generations, self.number);
        let changes = apply::changes(places, &self.generations, &sources);
        Ok(Plan { files: self.restoration.files(), ..apply::plan(places, &sources, &changes)? })
    }
}

/// The set in force, unless the files are just that; then the one before.
fn last_good(generations: &Generations, now: &Snapshot) -> Result<u64, Failure> {
    let in_force = generations.current().and_then(|number| Some((number, generations.stored(number)?)));
    let edited = in_force.filter(|(_, set)| !Restoration::between(now, set).is_idle()).map(|(number, _)| number);
    let nowhere = || Failure { message: "there is no earlier unit set to go back to".into(), code: 1 };
    edited.or_else(|| generations.previous()).ok_or_else(nowhere)
}

fn unknown(generations: &Generations, number: u64) -> Failure {
    let kept: Vec<String> = generations.numbers().iter().map(ToString::to_string).collect();
    Failure::usage(format!("there is no generation {number} (kept: {})", kept.join(", ")))
}

/// The administrator's files of a generation, and the distribution's of today.
fn sources(places: &Places, generations: &Generations, number: u64) -> Sources {
    let today = apply::sources(places);
    let Some(then) = generations.sources(number, &today.reading) else { return today };
    let own =
        |then: Vec<PathBuf>, today: Vec<PathBuf>| then.into_iter().take(1).chain(today.into_iter().skip(1)).collect();
    Sources { units: own(then.units, today.units), bundles: own(then.bundles, today.bundles), ..then }
}
