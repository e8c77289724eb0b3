//! A document → a checked unit: drop-ins are laid over it, variables replaced, then it is checked.
//!
//! Documents may be prepared by several threads at once, so nothing here changes.

use std::sync::Arc;

use crate::check::{Checked, check};
use crate::drop_in::DropIns;
use crate::source::Source;
use crate::tree::{Document, Value};
use crate::variables::INSTANCE;
use crate::{Kind, Reading, Unit, UnitName};

/// What a template is checked with until somebody names an instance.
const SOME_INSTANCE: &str = "instance";

/// What documents are prepared with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Preparation {
    /// What holds for all units.
    pub(crate) reading: Reading,
    /// What is laid over units.
    pub(crate) drop_ins: DropIns,
}

impl Preparation {
    /// Checks a document. `source` is where it came from, where there is a text; `file_name` is the unit's name where
    /// the document has none; `Err`: it must have one.
    pub(crate) fn check(
        &self,
        source: Option<&Source>,
        mut document: Document<'_>,
        file_name: Result<&UnitName, &str>,
    ) -> Checked {
        let name = match document.get("name").map(|node| &node.value) {
            Some(Value::Text(text)) => UnitName::new(text).ok(),
            Some(_) => None,
            None => file_name.ok().cloned(),
        };
        if let Some(name) = &name {
            self.drop_ins.apply(name, &mut document);
        }
        let is_template = name.as_ref().is_some_and(UnitName::is_template);
        let template = is_template.then(|| Box::new(document.clone().into_owned()));
        let own_instance = name.as_ref().and_then(UnitName::template).map(|(_, instance)| instance);
        let instance = own_instance.or(is_template.then_some(SOME_INSTANCE));
        self.reading.variables.expand(&mut document, instance);
        let says = |key: &str| document.get(key).is_some();
        let (says_start, says_stop) = (says("start-timeout"), says("stop-timeout"));
        let mut checked = Checked { template, ..check(document, file_name) };
        if let Some(unit) = checked.unit.as_mut().map(Arc::make_mut).filter(|unit| unit.kind != Kind::Milestone) {
            unit.start_timeout = if says_start { unit.start_timeout } else { Some(self.reading.start_timeout) };
            unit.stop_timeout = if says_stop { unit.stop_timeout } else { self.reading.stop_timeout };
        }
        if let (Some(unit), Some(instance)) = (&mut checked.unit, instance) {
            name_instance(Arc::make_mut(unit), instance);
        }
        for diagnostic in checked.diagnostics.iter_mut().filter(|one| one.snippet.is_none()) {
            let here = source.filter(|source| source.file == diagnostic.place.file);
            let source = here.or_else(|| self.drop_ins.source(&diagnostic.place.file));
            diagnostic.snippet = source.and_then(|source| source.snippet(&diagnostic.place));
        }
        checked
    }
}

/// Tells an instance's commands which one they are for, unless the unit says otherwise.
fn name_instance(unit: &mut Unit, instance: &str) {
    let context = match &mut unit.kind {
        Kind::Longrun(longrun) if longrun.command().is_some() => &mut longrun.context,
        Kind::Oneshot(oneshot) => &mut oneshot.context,
        Kind::Longrun(_) | Kind::Milestone => return,
    };
    if !context.env.iter().any(|(name, _)| name == INSTANCE) {
        Arc::make_mut(context).env.push((INSTANCE.into(), instance.into()));
    }
}
