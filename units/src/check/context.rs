//! The circumstances that a command runs under.

use std::path::PathBuf;
use std::sync::Arc;

use supervisor::sys::capability;

use super::{Checker, meant};
use crate::language::{NICE, OOM};
use crate::text::{did_you_mean, quoted};
use crate::tree::{Entry, Node, Value};
use crate::{Bound, Context, Limit};

/// A file of a control group: a controller and a name, so that no path leads out of the group.
pub(crate) const CONTROL_FILE: &str = "[A-Za-z0-9_-]+[.][A-Za-z0-9_.-]+";

/// What the kernel has, as capabilities(7) names them, without `CAP_`.
fn capabilities() -> impl Iterator<Item = &'static str> {
    capability::NAMES.iter().filter_map(|name| name.strip_prefix("CAP_"))
}

impl<'a> Checker<'a> {
    pub(super) fn context(&mut self) -> Arc<Context> {
        let context = Context {
            user: self.account("user"),
            group: self.account("group"),
            groups: self.items("groups", Self::account_at),
            env: self.environment(),
            env_file: self.environment_files(),
            directory: self.field("directory").and_then(|node| self.path("directory", node)),
            umask: self.field("umask").and_then(|node| self.octal("umask", node)),
            nice: self.field("nice").and_then(|node| self.integer("nice", node, NICE)),
            oom_score_adj: self.field("oom-score-adj").and_then(|node| self.integer("oom-score-adj", node, OOM)),
            limits: self.limits(),
            tty: self.field("tty").and_then(|node| self.path("tty", node)),
            no_new_privileges: self.flag("no-new-privileges"),
            capabilities: self.field("capabilities").map(|_| self.items("capabilities", Self::capability)),
            private_tmp: self.flag("private-tmp"),
            read_only: self.items("read-only", Self::path),
            hide: self.items("hide", Self::path),
            cgroup: self.control_group(),
        };
        context.shared()
    }

    pub(super) fn flag(&mut self, key: &str) -> bool {
        self.field(key).and_then(|node| self.boolean(key, node)).unwrap_or_default()
    }

    /// The items of a key's list, each checked.
    fn items<T>(&mut self, key: &'static str, check: fn(&mut Self, &str, &'a Node<'a>) -> Option<T>) -> Vec<T> {
        let items = self.field(key).map_or(&[][..], |node| self.list(key, node));
        items.iter().filter_map(|item| check(self, key, item)).collect()
    }

    fn account(&mut self, key: &str) -> Option<String> {
        let node = self.field(key)?;
        self.account_at(key, node)
    }

    /// A user's or group's name or number.
    fn account_at(&mut self, key: &str, node: &'a Node<'a>) -> Option<String> {
        let text = self.text(key, node)?;
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        let is_name = !text.starts_with('-')
            && !text.contains(|c: char| c.is_whitespace() || c.is_control() || ":/,".contains(c));
        match if is_number { super::value::parse_number(text).is_some() } else { is_name } {
            true => Some(text.into()),
            false => {
                let wanted = "a name or number of the account database";

                self.wrong_but(key, node, wanted, |text| {
                    let (user, group) = text.split_once(':').filter(|_| key == "user")?;
                    Some(format!("user: {} and group: {}", quoted(user), quoted(group)))
                })
            }
        }
    }

    fn environment(&mut self) -> Vec<(String, String)> {
        let entries = self.table("env", "a map of variables and their values");
        let mut variables = Vec::new();
        for entry in entries {
            if !is_variable(&entry.key) {
                self.error(&entry.place, format!("{} is no name of an environment variable", quoted(&entry.key)));
            }
            match &entry.value.value {
                Value::Text(text) => variables.push((entry.key.to_string(), text.to_string())),
                _ => drop(self.wrong::<()>(&entry.key, &entry.value, "a text")),
            }
        }
        variables
    }

    fn environment_files(&mut self) -> Vec<PathBuf> {
        let Some(node) = self.field("env-file") else { return Vec::new() };
        let mut files = Vec::new();
        for item in self.one_or_several(node) {
            let Some(text) = self.text("env-file", item) else { continue };
            match text.strip_prefix('-').unwrap_or(text).starts_with('/') {
                true => files.push(text.into()),
                false => drop(self.wrong::<()>("env-file", item, "an absolute path, or - and one")),
            }
        }
        files
    }

    fn limits(&mut self) -> Vec<(Limit, Bound)> {
        let mut limits = Vec::new();
        for entry in self.table("limits", "a map of limits and their values") {
            if self.is_full() {
                break;
            }
            let Some((limit, _)) = Limit::ALL.iter().find(|(_, name)| *name == entry.key) else {
                let hint = did_you_mean(&entry.key, Limit::ALL.iter().map(|(_, name)| *name));
                self.error(&entry.place, format!("unknown limit {}{hint}", quoted(&entry.key)));
                continue;
            };
            limits.extend(self.bound(&entry.key, &entry.value).map(|bound| (*limit, bound)));
        }
        limits
    }

    /// `SOFT:HARD`, or one value for both.
    fn bound(&mut self, key: &str, node: &'a Node<'a>) -> Option<Bound> {
        let part = |text: &str| if text == "unlimited" { Some(None) } else { super::value::parse_size(text).map(Some) };
        let bound = match &node.value {
            Value::Text(text) => {
                let (soft, hard) = text.split_once(':').unwrap_or((text, text));
                part(soft).zip(part(hard)).map(|(soft, hard)| Bound { soft, hard })
            }
            _ => None,
        };
        match bound {
            Some(Bound { soft, hard: Some(hard) }) if soft.is_none_or(|soft| soft > hard) => {
                self.error(&node.place, format!("the soft limit of \"{key}\" is above the hard one"));
                None
            }
            Some(bound) => Some(bound),
            None => {
                let wanted = "a number, one with K, M or G, unlimited, or two of these as SOFT:HARD";
                self.wrong_but(key, node, wanted, meant::size)
            }
        }
    }

    fn capability(&mut self, key: &str, node: &'a Node<'a>) -> Option<String> {
        let text = self.text(key, node)?.to_ascii_uppercase();
        let name = text.strip_prefix("CAP_").unwrap_or(&text);
        if capabilities().any(|known| known == name) {
            return Some(format!("CAP_{name}"));
        }
        let hint = did_you_mean(name, capabilities());
        self.error(&node.place, format!("unknown capability {}{hint}", quoted(&text)));
        None
    }

    fn control_group(&mut self) -> Vec<(String, String)> {
        let mut files = Vec::new();
        for entry in self.table("cgroup", "a map of control-group files and what is written there") {
            if !is_control_file(&entry.key) {
                self.error(
                    &entry.place,
                    format!("{} is no file of a control group, such as memory.max", quoted(&entry.key)),
                );
            }
            match &entry.value.value {
                Value::Text(text) if !text.is_empty() && !text.contains(char::is_control) => {
                    files.push((entry.key.to_string(), text.to_string()))
                }
                _ => drop(self.wrong::<()>(&entry.key, &entry.value, "one line of text")),
            }
        }
        files
    }

    /// The entries of a map whose keys are not the language's.
    pub(super) fn table(&mut self, key: &str, wanted: &str) -> &'a [Entry<'a>] {
        let Some(node) = self.field(key) else { return &[] };
        match &node.value {
            Value::Map(entries) => entries,
            _ => self.wrong_and(key, node, wanted, meant::map(node)).unwrap_or_default(),
        }
    }
}

/// Whether a text is the name of a variable.
pub(super) fn is_variable(text: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.chars().all(is_name) && text.starts_with(|c: char| !c.is_ascii_digit())
}

/// A controller and a file of it: no path leads out of the group, and what moves processes is the engine's.
fn is_control_file(name: &str) -> bool {
    let is_plain =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    let moves =
        ["cgroup.procs", "cgroup.threads", "cgroup.type", "cgroup.kill", "cgroup.freeze", "cgroup.subtree_control"];
    name.split_once('.').is_some_and(|(controller, file)| is_plain(controller) && is_plain(file))
        && !moves.contains(&name)
}
