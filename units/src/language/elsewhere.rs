//! What our keys and words are called elsewhere, for who comes from there: systemd, OpenRC, dinit, compose files.
//!
//! Nothing of this is understood; it is only suggested.

/// Keys by what they are called elsewhere, without case, `-` and `_`, each with ours: the first that fits the unit's kind.
const KEYS: [(&str, &[&str]); 45] = [
    ("type", &["kind"]),
    ("run", &["run", "start"]),
    ("start", &["run", "start"]),
    ("command", &["run", "start"]),
    ("cmd", &["run", "start"]),
    ("exec", &["run", "start"]),
    ("execstart", &["run", "start"]),
    ("entrypoint", &["run", "start"]),
    ("program", &["run", "start"]),
    ("script", &["run", "start"]),
    ("execstop", &["stop"]),
    ("stopcommand", &["stop"]),
    ("execreload", &["reload"]),
    ("steps", &["do"]),
    ("depends", &["needs"]),
    ("dependson", &["needs"]),
    ("dependencies", &["needs"]),
    ("requires", &["needs"]),
    ("bindsto", &["needs"]),
    ("waitsfor", &["wants"]),
    ("alias", &["provides"]),
    ("aliases", &["provides"]),
    ("conditions", &["if"]),
    ("condition", &["if"]),
    ("healthcheck", &["ready"]),
    ("environment", &["env"]),
    ("environmentfile", &["env-file"]),
    ("workingdirectory", &["directory"]),
    ("workingdir", &["directory"]),
    ("workdir", &["directory"]),
    ("cwd", &["directory"]),
    ("chdir", &["directory"]),
    ("supplementarygroups", &["groups"]),
    ("ulimits", &["limits"]),
    ("rlimits", &["limits"]),
    ("listen", &["sockets"]),
    ("ports", &["sockets"]),
    ("logging", &["log"]),
    ("logfile", &["log"]),
    ("timeout", &["start-timeout"]),
    ("timeoutstartsec", &["start-timeout"]),
    ("timeoutstopsec", &["stop-timeout"]),
    ("killsignal", &["stop-signal"]),
    ("watchdogsec", &["watchdog"]),
    ("restartpolicy", &["restart"]),
];

/// Words of some keys by what they are called elsewhere.
const WORDS: [(&str, &str, &str); 20] = [
    ("kind", "service", "longrun"),
    ("kind", "daemon", "longrun"),
    ("kind", "simple", "longrun"),
    ("kind", "notify", "longrun"),
    ("kind", "process", "longrun"),
    ("kind", "task", "oneshot"),
    ("kind", "script", "oneshot"),
    ("kind", "scripted", "oneshot"),
    ("kind", "target", "milestone"),
    ("kind", "internal", "milestone"),
    ("restart", "no", "never"),
    ("restart", "false", "never"),
    ("restart", "off", "never"),
    ("restart", "yes", "always"),
    ("restart", "true", "always"),
    ("restart", "on", "always"),
    ("restart", "unless-stopped", "always"),
    ("kill-mode", "control-group", "cgroup"),
    ("kill-mode", "mixed", "cgroup"),
    ("kill-mode", "process", "main"),
];

/// Our keys for one from elsewhere, or one of ours that is written otherwise or belongs to another kind.
pub(crate) fn ours(name: &str) -> &'static [&'static str] {
    let folded: String = name.chars().filter(|c| !"-_".contains(*c)).map(|c| c.to_ascii_lowercase()).collect();
    KEYS.iter().find(|(other, _)| *other == folded).map_or(&[], |(_, ours)| ours)
}

/// Our word for one from elsewhere.
pub(crate) fn word(key: &str, text: &str) -> Option<&'static str> {
    WORDS.iter().find(|(of, other, _)| *of == key && other.eq_ignore_ascii_case(text)).map(|(_, _, ours)| *ours)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::key;

    /// What is suggested is there, and what is there is suggested for nothing but the other kind of it.
    #[test]
    fn suggestions_are_ours() {
        for (other, ours) in KEYS {
            assert!(ours.iter().all(|name| key(name).is_some()), "{other}");
            assert!(key(other).is_none() || ours.len() > 1, "{other}");
        }
        assert!(WORDS.iter().all(|(of, _, _)| key(of).is_some()));
    }
}
