//! User, group and privileges → keys; or, where some lines must be root's, setpriv(1) before the others.

use std::collections::BTreeSet;

use supervisor::sys::capability;

use super::context::is_directory;
use crate::UnitName;
use crate::import::report::Verdict;
use crate::import::shell;
use crate::import::sketch::{INSTANCE, Sketch};
use crate::import::systemd::file::{Setting, last, value};
use crate::yaml::Yaml;

/// Whose rights the commands have.
pub(super) struct Account {
    /// Some lines of the script are root's, so that the unit has to begin as root.
    begins_as_root: bool,
    /// Nobody's name: root.
    pub(super) user: Option<String>,
    pub(super) group: Option<String>,
    groups: Vec<String>,
    ambient: Vec<String>,
    /// What CapabilityBoundingSet says is kept; nothing: all.
    bounding: Option<BTreeSet<u8>>,
    /// What other directives take away.
    taken: BTreeSet<u8>,
}

/// Directives that take capabilities away, among other things, and what is not done of those.
const TAKING: [(&str, &[&str], &str); 4] = [
    ("ProtectKernelModules", &["sys_module"], "without CAP_SYS_MODULE"),
    ("ProtectKernelLogs", &["syslog"], "without CAP_SYSLOG"),
    ("ProtectClock", &["sys_time", "wake_alarm"], "without CAP_SYS_TIME and CAP_WAKE_ALARM"),
    (
        "PrivateDevices",
        &["mknod", "sys_rawio"],
        "without CAP_MKNOD and CAP_SYS_RAWIO; it sees the devices that are there",
    ),
];

impl Account {
    pub(super) fn new(settings: &[Setting], unit: &UnitName) -> Self {
        let service = || settings.iter().filter(|one| one.section == "Service" && !one.value.is_empty());
        let is_privileged = |one: &Setting| {
            let program = one.value.trim_start_matches(['-', '@', ':', '|']);
            one.key.starts_with("Exec") && program.starts_with(['+', '!'])
        };
        let needs_root =
            |one: &Setting| is_privileged(one) || is_directory(&one.key) || one.key == "AmbientCapabilities";
        const CONFINING: [&str; 4] = ["User", "Group", "CapabilityBoundingSet", "DynamicUser"];
        let is_confined = service().any(|one| CONFINING.contains(&one.key.as_str()) && !one.is_false());
        let is_on = |key| last(settings, "Service", key).is_some_and(Setting::is_true);
        let said = value(settings, "Service", "User").filter(|user| !["", "0", "root"].contains(user));
        // One that systemd makes for as long as the service runs has the unit's name where it is given none.
        let made = || unit.as_str().split('@').next().filter(|_| is_on("DynamicUser"));
        Self {
            begins_as_root: is_confined && (is_on("PermissionsStartOnly") || service().any(needs_root)),
            user: said.or_else(made).map(Into::into),
            group: None,
            groups: Vec::new(),
            ambient: Vec::new(),
            bounding: None,
            taken: BTreeSet::new(),
        }
    }

    /// Takes a setting that says who runs it.
    pub(super) fn take(&mut self, setting: &Setting, sketch: &mut Sketch) -> Option<Verdict> {
        let value = setting.value.as_str();
        match setting.key.as_str() {
            "User" => Some(self.said("user")),
            "DynamicUser" if setting.is_true() => Some(self.dynamic(sketch)),
            "Group" => {
                self.group = Some(value.to_owned()).filter(|name| !name.is_empty());
                Some(self.said("group"))
            }
            "SupplementaryGroups" => {
                self.groups.extend(value.split_whitespace().map(Into::into));
                Some(self.said("groups").but("only these, not those of the user as well"))
            }
            "AmbientCapabilities" => {
                self.ambient.extend(value.split_whitespace().filter(|name| !name.starts_with('~')).map(Into::into));
                Some(Verdict::approximated("by setpriv(1) in the script"))
            }
            "CapabilityBoundingSet" => Some(self.bound(value)),
            key => {
                let (_, names, reason) = TAKING.iter().find(|(other, _, _)| *other == key)?;
                setting.is_true().then(|| {
                    self.taken.extend(names.iter().filter_map(|name| capability::number(&full_name(name))));
                    Verdict::approximated(format!("as capabilities, {reason}"))
                })
            }
        }
    }

    fn said(&self, key: &str) -> Verdict {
        match self.begins_as_root {
            true => Verdict::approximated("by setpriv(1) in the script: HOME and USER stay root's"),
            false => Verdict::kept(format!("as {key}")),
        }
    }

    /// A user that systemd makes. It must not be root here.
    fn dynamic(&self, sketch: &mut Sketch) -> Verdict {
        let user = self.user.as_deref().unwrap_or_default().replace(INSTANCE, "${INSTANCE}");
        sketch.set_text("no-new-privileges", "true");
        sketch.set_text("private-tmp", "true");
        Verdict::approximated(format!(
            "as user: {user}, with private-tmp and no-new-privileges; what it may write is not bounded"
        ))
        .decide(format!("make a user for it: useradd --system {user}"))
    }

    fn bound(&mut self, value: &str) -> Verdict {
        let (names, is_negated) = value.strip_prefix('~').map_or((value, false), |names| (names, true));
        let numbers: Vec<Option<u8>> =
            names.split_whitespace().map(|name| capability::number(&full_name(name))).collect();
        let all = || (0..).take(capability::NAMES.len()).collect::<BTreeSet<u8>>();
        if value.is_empty() {
            self.bounding = None;
        }
        let set = self.bounding.get_or_insert_with(|| if is_negated { all() } else { BTreeSet::new() });
        for number in numbers.iter().flatten() {
            match is_negated {
                true => drop(set.remove(number)),
                false => drop(set.insert(*number)),
            }
        }
        let verdict = match self.begins_as_root {
            true => Verdict::approximated("as capabilities, by setpriv(1) in the script"),
            false => Verdict::kept("as capabilities"),
        };
        verdict.but_perhaps(numbers.contains(&None).then_some("without the names that are not known"))
    }

    /// The capabilities that are kept, if not all are.
    fn kept(&self) -> Option<Vec<&'static str>> {
        let is_kept = |number: u8| {
            self.bounding.as_ref().is_none_or(|set| set.contains(&number)) && !self.taken.contains(&number)
        };
        let is_bounded = self.bounding.is_some() || !self.taken.is_empty();
        let kept = (0..).zip(capability::NAMES).filter(|(number, _)| is_kept(*number));
        is_bounded.then(|| kept.map(|(_, name)| name).collect())
    }

    /// Writes the keys.
    pub(super) fn write(&self, sketch: &mut Sketch) {
        if self.begins_as_root {
            return;
        }
        for (key, name) in [("user", &self.user), ("group", &self.group)] {
            if let Some(name) = name {
                sketch.set_text(key, name);
            }
        }
        if !self.groups.is_empty() {
            sketch.set("groups", Yaml::texts(&self.groups));
        }
        if let Some(kept) = self.kept() {
            sketch.set("capabilities", Yaml::texts(kept));
        }
    }

    /// What stands before a command of the script.
    pub(super) fn prefix(&self, is_privileged: bool) -> String {
        if is_privileged || !self.begins_as_root {
            return String::new();
        }
        let mut words = Vec::new();
        let own_group = |user: &str| format!("\"$(id -g {user})\"");
        match (&self.user, &self.group) {
            (Some(user), group) => {
                let user = shell::quote(user);
                let group = group.as_ref().map_or_else(|| own_group(&user), |group| shell::quote(group));
                words.extend([format!("--reuid={user}"), format!("--regid={group}")]);
            }
            (None, Some(group)) => words.push(format!("--regid={}", shell::quote(group))),
            (None, None) => {}
        }
        match (&self.user, &self.groups[..]) {
            (_, groups @ [_, ..]) => words.push(format!("--groups={}", shell::quote(&groups.join(",")))),
            (Some(_), []) => words.push("--init-groups".into()),
            (None, []) => words.extend(self.group.is_some().then(|| "--keep-groups".into())),
        }
        if let Some(kept) = self.kept() {
            let kept: Vec<String> = kept.iter().map(|name| format!(",+{}", short_name(name))).collect();
            words.push(format!("--bounding-set=-all{}", kept.concat()));
        }
        if !self.ambient.is_empty() {
            let list: Vec<String> = self.ambient.iter().map(|name| format!("+{}", short_name(name))).collect();
            let list = shell::quote(&list.join(","));
            words.extend([format!("--inh-caps={list}"), format!("--ambient-caps={list}")]);
        }
        if words.is_empty() { String::new() } else { format!("setpriv {} -- ", words.join(" ")) }
    }
}

fn full_name(name: &str) -> String {
    format!("CAP_{}", short_name(name).to_uppercase())
}

/// As setpriv(1) has it.
fn short_name(name: &str) -> String {
    name.to_lowercase().trim_start_matches("cap_").into()
}
