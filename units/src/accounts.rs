//! Whether the users and groups of units are there, below any root directory.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::text::{did_you_mean, quoted};
use crate::{Context, Diagnostic, Severity, Unit, UnitSet};

/// The largest account file that is read, in bytes: whatever is larger is no list of a machine's own accounts.
const LARGEST: u64 = 16 << 20;

/// The accounts below a root directory.
pub(crate) struct Accounts {
    users: Option<BTreeSet<String>>,
    groups: Option<BTreeSet<String>>,
}

impl Accounts {
    /// Reads /etc/passwd and /etc/group below a root; one that cannot be read is not asked.
    pub(crate) fn read(root: &Path) -> Self {
        Self { users: names(&root.join("etc/passwd")), groups: names(&root.join("etc/group")) }
    }

    /// Users and groups of a unit that are not there. Numbers need not be.
    pub(crate) fn missing(&self, unit: &Unit, set: &UnitSet) -> Vec<Diagnostic> {
        let Some(Context { user, group, groups, .. }) = unit.kind.context() else { return Vec::new() };
        let named = user.iter().map(|name| ("user", name, &self.users));
        let named = named.chain(group.iter().map(|name| ("group", name, &self.groups)));
        let named = named.chain(groups.iter().map(|name| ("groups", name, &self.groups)));
        named.filter_map(|(key, name, known)| missing(unit, set, key, name, known.as_ref()?)).collect()
    }
}

fn missing(unit: &Unit, set: &UnitSet, key: &str, name: &str, known: &BTreeSet<String>) -> Option<Diagnostic> {
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
    if is_number || name == "root" || known.contains(name) {
        return None;
    }
    let (what, file) = if key == "user" { ("user", "/etc/passwd") } else { ("group", "/etc/group") };
    let hint = did_you_mean(name, known.iter().map(String::as_str));
    let message = format!("there is no {what} {} in {file}{hint}", quoted(name));
    let place = set.place_of(unit, key);
    let mut diagnostic = Diagnostic::new(Severity::Error, place.clone(), message);
    diagnostic.snippet = set.snippet(place);
    Some(diagnostic)
}

/// The first fields of the lines of a file.
fn names(file: &Path) -> Option<BTreeSet<String>> {
    fs::metadata(file).ok().filter(|metadata| metadata.is_file() && metadata.len() <= LARGEST)?;
    let text = String::from_utf8_lossy(&fs::read(file).ok()?).into_owned();
    Some(text.lines().filter_map(|line| line.split(':').next()).map(str::to_owned).collect())
}
