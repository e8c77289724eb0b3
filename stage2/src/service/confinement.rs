//! A unit's context as options of `confine`: how a command gets its user, environment, limits and sandbox.
//!
//! Longruns and one-shots get the same: a longrun's as lines of its `run`, a one-shot's as words before its command.

use std::path::Path;

use units::{Bound, Context, Limit};

use super::quote::quote_if_needed;

/// The program.
pub const PROGRAM: &str = "confine";

/// Options with their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confinement {
    program: String,
    options: Vec<(&'static str, Option<String>)>,
}

impl Confinement {
    /// What a context asks for; `None`: nothing that needs a program. Control groups are the engine's own business.
    pub fn of(context: &Context, program: &Path) -> Option<Self> {
        let options = options(context);
        let program = program.to_string_lossy().into_owned();
        (!options.is_empty()).then_some(Self { program, options })
    }

    /// The words before a command.
    pub fn words(&self) -> Vec<String> {
        let option = |(name, value): &(&str, Option<String>)| {
            std::iter::once(format!("--{name}")).chain(value.clone()).collect::<Vec<_>>()
        };
        let options = self.options.iter().flat_map(option);
        std::iter::once(self.program.clone()).chain(options).chain(["--".to_owned()]).collect()
    }

    /// The same for `/bin/sh`, one option a line, and ready for the command.
    pub fn lines(&self) -> String {
        let mut text = quote_if_needed(&self.program);
        for (name, value) in &self.options {
            text.push_str(&format!(" \\\n  --{name}"));
            if let Some(value) = value {
                text.push_str(&format!(" {}", quote_if_needed(value)));
            }
        }
        text + " \\\n  -- "
    }
}

/// In the order in which they act, for whoever reads them.
fn options(context: &Context) -> Vec<(&'static str, Option<String>)> {
    let mut options = Vec::new();
    let mut add = |name, value: String| options.push((name, Some(value)));
    let path = |path: &Path| path.to_string_lossy().into_owned();
    context.env_file.iter().for_each(|file| add("env-file", path(file)));
    context.env.iter().for_each(|(name, value)| add("env", format!("{name}={value}")));
    context.tty.iter().for_each(|device| add("tty", path(device)));
    context.umask.iter().for_each(|mask| add("umask", format!("{mask:03o}")));
    context.nice.iter().for_each(|nice| add("nice", nice.to_string()));
    context.oom_score_adj.iter().for_each(|score| add("oom-score-adj", score.to_string()));
    context.read_only.iter().for_each(|below| add("read-only", path(below)));
    context.hide.iter().for_each(|below| add("hide", path(below)));
    if context.private_tmp {
        options.push(("private-tmp", None));
    }
    let mut add = |name, value: String| options.push((name, Some(value)));
    context.limits.iter().for_each(|(limit, bound)| add("limit", limit_text(*limit, *bound)));
    context.capabilities.iter().for_each(|kept| add("capabilities", kept.join(",")));
    if !context.groups.is_empty() {
        add("groups", context.groups.join(","));
    }
    context.group.iter().for_each(|group| add("group", group.clone()));
    context.user.iter().for_each(|user| add("user", user.clone()));
    context.directory.iter().for_each(|directory| add("directory", path(directory)));
    if context.no_new_privileges {
        options.push(("no-new-privileges", None));
    }
    options
}

fn limit_text(limit: Limit, bound: Bound) -> String {
    let text = |amount: Option<u64>| amount.map_or("unlimited".into(), |amount| amount.to_string());
    let (soft, hard) = (text(bound.soft), text(bound.hard));
    let name = limit.name();
    if soft == hard { format!("{name}={soft}") } else { format!("{name}={soft}:{hard}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use units::{Kind, UnitSet};

    fn confinement(keys: &str) -> Option<Confinement> {
        let text = format!("kind: oneshot\nstart: [x]\n{keys}");
        let set = UnitSet::from_texts(&[("/u/x.yaml", &text)]);
        let unit = set.get("x").unwrap_or_else(|| panic!("{:?}", set.diagnostics()));
        let Kind::Oneshot(oneshot) = &unit.kind else { panic!() };
        Confinement::of(&oneshot.context, Path::new("/lib/confine"))
    }

    /// Every key has its option, with the value that it was given.
    #[test]
    fn every_key() {
        for (keys, expected) in [
            ("user: www", "--user www"),
            ("group: '33'", "--group 33"),
            ("groups: [adm, ssl]", "--groups adm,ssl"),
            ("env: {A: two words, B: ''}", "--env A=two words --env B="),
            ("env-file: [/a, -/b]", "--env-file /a --env-file -/b"),
            ("directory: /srv", "--directory /srv"),
            ("umask: 0027", "--umask 027"),
            ("nice: -5", "--nice -5"),
            ("oom-score-adj: -1000", "--oom-score-adj -1000"),
            (
                "limits: {nofile: '1K:4K', core: 0, as: unlimited}",
                "--limit nofile=1024:4096 --limit core=0 --limit as=unlimited",
            ),
            ("tty: /dev/tty1", "--tty /dev/tty1"),
            ("no-new-privileges: true", "--no-new-privileges"),
            ("capabilities: [net_raw, CAP_KILL]", "--capabilities CAP_NET_RAW,CAP_KILL"),
            ("capabilities: []", "--capabilities "),
            ("private-tmp: true", "--private-tmp"),
            ("read-only: [/usr, /etc]", "--read-only /usr --read-only /etc"),
            ("hide: [/home]", "--hide /home"),
        ] {
            let words = confinement(keys).unwrap().words().join(" ");
            assert_eq!(words, format!("/lib/confine {expected} --"), "{keys}");
        }
        assert_eq!(confinement("cgroup: {pids.max: 5}"), None);
        assert_eq!(confinement("private-tmp: false"), None);
    }

    /// In a script each option has a line, and the shell takes its value as it was written.
    #[test]
    fn a_line_each() {
        let confinement = confinement("user: www\nenv: {A: \"it's\"}\numask: '077'\n").unwrap();
        let expected = "/lib/confine \\\n  --env 'A=it'\\''s' \\\n  --umask 077 \\\n  --user www \\\n  -- ";
        assert_eq!(confinement.lines(), expected);
    }
}
