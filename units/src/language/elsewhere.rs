//! What our keys and words are called elsewhere, for who comes from there: systemd, OpenRC, dinit, compose files.
//!
//! Nothing of this is understood; it is only suggested.

/// Keys by what they are called elsewhere, without case, `-` and `_`, each with ours: the first that fits the unit's kind.
const KEYS: [(&str, &[&str]); 70] = [
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
    ("execstop", &["stop", "stop-signal"]),
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
    ("requisite", &["needs"]),
    ("need", &["needs"]),
    ("upholds", &["wants"]),
    ("ambientcapabilities", &["capabilities"]),
    ("capabilityboundingset", &["capabilities"]),
    ("capadd", &["capabilities"]),
    ("commanduser", &["user"]),
    ("commandargs", &["run", "start"]),
    ("environmentfiles", &["env-file"]),
    ("startlimitburst", &["max-deaths"]),
    ("oomscoreadjust", &["oom-score-adj"]),
    ("ttypath", &["tty"]),
    ("readonlypaths", &["read-only"]),
    ("inaccessiblepaths", &["hide"]),
    ("listenstream", &["sockets"]),
    ("listendatagram", &["sockets"]),
    ("standardoutput", &["log"]),
    ("conditionpathexists", &["if"]),
    ("assertpathexists", &["if"]),
    ("memorymax", &["cgroup"]),
    ("tasksmax", &["cgroup"]),
    ("cpuweight", &["cgroup"]),
    ("limitnofile", &["limits"]),
    ("limitcore", &["limits"]),
    ("limitnproc", &["limits"]),
    ("restartpolicy", &["restart"]),
];

/// Words of some keys by what they are called elsewhere.
const WORDS: [(&str, &str, &str); 23] = [
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
    ("start-timeout", "infinity", "none"),
    ("start-timeout", "never", "none"),
    ("start-timeout", "unlimited", "none"),
];

/// What is no key here, and what there is instead.
const ADVICE: [(&[&str], &str); 4] = [
    (&["wantedby", "requiredby", "install", "enabled"], "sunup enable puts a unit into a bundle"),
    (&["unit", "service"], "a unit has no sections; sunup import systemd reads those of systemd"),
    (&["restartsec", "restartdelay"], "the wait before a restart grows by itself from 1 s to 60 s"),
    (&["remainafterexit"], "what is done once and stays up is \"kind: oneshot\""),
];

/// Our keys for one from elsewhere, or one of ours that is written otherwise or belongs to another kind.
pub(crate) fn ours(name: &str) -> &'static [&'static str] {
    let folded = folded(name);
    KEYS.iter().find(|(other, _)| *other == folded).map_or(&[], |(_, ours)| ours)
}

/// What to do instead of writing a key that has no counterpart.
pub(crate) fn advice(name: &str) -> Option<&'static str> {
    let folded = folded(name);
    ADVICE.iter().find(|(names, _)| names.contains(&folded.as_str())).map(|(_, advice)| *advice)
}

fn folded(name: &str) -> String {
    name.chars().filter(|c| !"-_".contains(*c)).map(|c| c.to_ascii_lowercase()).collect()
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
