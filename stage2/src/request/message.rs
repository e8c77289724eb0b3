//! What an operator, stage 1 or stage 3 asks of the engine, and the engine's answer: the objects in `RUN/requests`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use units::Signal;

/// The verb of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// Bring units up.
    Start,
    /// Take units down.
    Stop,
    /// Take units down and bring them up again.
    Restart,
    /// Have units that are up read their configuration again.
    Reload,
    /// Send a signal to units' processes.
    Kill,
    /// Bring one bundle up, and take everything down that is not part of it.
    Switch,
    /// Follow changed unit files: some units up, some down, some again.
    Apply,
    /// Bring the default bundle up: stage 1 asks.
    Boot,
    /// Take everything down, then run the `shutdown` bundle: stage 3 asks.
    StopAll,
}

impl Verb {
    /// The word in requests and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Reload => "reload",
            Self::Kill => "kill",
            Self::Switch => "switch",
            Self::Apply => "apply",
            Self::Boot => "boot",
            Self::StopAll => "stop-all",
        }
    }
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Version of the format: 1.
    pub v: u32,
    /// What to do.
    pub verb: Verb,
    /// With which units or bundles. Of `apply`, those that are to come up.
    #[serde(default)]
    pub units: Vec<String>,
    /// Of `apply`: those that are to be restarted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restart: Vec<String>,
    /// Of `apply`: those that are to go down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
    /// Of `apply`: the generation that is in force from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// Of `kill`: the signal's name or number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<String>,
    /// How long the asker waits, in ms; the engine goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Who asks: the user's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The asking process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
}

impl Request {
    /// A request that says no more than this.
    pub fn new(verb: Verb, units: Vec<String>) -> Self {
        let (restart, stop) = (Vec::new(), Vec::new());
        Self {
            v: 1,
            verb,
            units,
            restart,
            stop,
            generation: None,
            signal: None,
            timeout_ms: None,
            uid: None,
            pid: None,
        }
    }

    /// Everything that it names, each once.
    pub fn names(&self) -> Vec<String> {
        let mut seen = std::collections::BTreeSet::new();
        let all = self.units.iter().chain(&self.restart).chain(&self.stop);
        all.filter(|name| seen.insert(name.as_str())).cloned().collect()
    }

    /// The signal of a `kill`: TERM where none is named. The error is the sentence that the asker is given.
    pub fn signal(&self) -> Result<Signal, String> {
        let text = self.signal.as_deref().unwrap_or("TERM");
        Signal::new(&text.to_ascii_uppercase()).ok_or_else(|| format!("no signal is named '{text}'"))
    }

    /// Reads a request; the error is the sentence that the asker is given.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let request: Self = serde_json::from_slice(text).map_err(|error| format!("bad request: {error}"))?;
        if request.v == 1 { Ok(request) } else { Err(format!("bad request: unknown version {}", request.v)) }
    }
}

/// The final answer: `ID.done`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Version of the format: 1.
    pub v: u32,
    /// 0 all got there, 1 some did not, 100 refused.
    pub exit: u8,
    /// Why it was refused or cut short.
    pub error: Option<String>,
    /// The units that were named, and what they are now.
    pub units: BTreeMap<String, String>,
    /// What else is to be told, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Answer {
    /// Everything asked for was (or was not) done.
    pub fn finished(all: bool, units: BTreeMap<String, String>) -> Self {
        Self { v: 1, exit: u8::from(!all), error: None, units, notes: Vec::new() }
    }

    /// Nothing was done.
    pub fn refused(error: impl Into<String>) -> Self {
        Self { v: 1, exit: 100, error: Some(error.into()), units: BTreeMap::new(), notes: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The three requests of docs/formats.md are read; what is no request is told why.
    #[test]
    fn requests() {
        let request = Request::parse(br#"{"v":1,"verb":"start","units":["sshd"],"uid":0,"pid":4711}"#).unwrap();
        let expected = Request { uid: Some(0), pid: Some(4711), ..Request::new(Verb::Start, vec!["sshd".into()]) };
        assert_eq!(request, expected);
        assert_eq!(Request::parse(br#"{"v":1,"verb":"boot","units":["default"]}"#).unwrap().verb, Verb::Boot);
        assert_eq!(Request::parse(br#"{"v":1,"verb":"stop-all","units":[]}"#).unwrap().verb, Verb::StopAll);
        assert_eq!(Request::parse(br#"{"v":2,"verb":"boot"}"#), Err("bad request: unknown version 2".into()));
        assert!(Request::parse(b"{").unwrap_err().starts_with("bad request: "));
    }

    /// The answer is that of docs/formats.md to the byte.
    #[test]
    fn answer() {
        let answer = Answer::finished(true, BTreeMap::from([("sshd".into(), "up".into())]));
        let text = r#"{"v":1,"exit":0,"error":null,"units":{"sshd":"up"}}"#;
        assert_eq!(serde_json::to_string(&answer).unwrap(), text);
    }
}
