//! What is wrong with units and bundles, told at boot: nobody may find out by what is missing.

use supervisor::line::{Line, Mark};

use crate::executor::Executor;

/// Writes to the console what nobody else will say: cycles that were cut, names that do not exist, broken files of
/// units that nothing asks for. (What is asked for fails with its own line.)
pub fn report(executor: &mut Executor) {
    let target = executor.target();
    let cuts = target.cuts.iter().map(|cut| cut.diagnostic().to_string());
    let complaints = target.complaints.iter().map(ToString::to_string);
    let plain: Vec<String> = cuts.chain(complaints).collect();
    let unused = target.set.broken().iter().filter(|(name, _)| target.graph.index(name.as_str()).is_none());
    let broken: Vec<(String, String)> =
        unused.flat_map(|(name, errors)| errors.iter().map(|error| (name.to_string(), error.summary()))).collect();
    for text in plain {
        executor.console().plain(&format!("stage2: warning: {text}"));
    }
    for (name, text) in broken {
        executor.console().line(Line { mark: Mark::Fail, unit: &name, text: &text, milliseconds: None }, &[]);
    }
}
