//! `.socket` units → `sockets` of the services that they are for.

use std::collections::{BTreeMap, BTreeSet};

use super::file::Setting;
use super::{File, directive};
use crate::Place;
use crate::import::report::{Fate, Import};
use crate::socket::Socket;

/// The sockets of what is imported together.
pub(super) struct Sockets {
    /// By unit: addresses, as the language has them.
    offers: BTreeMap<String, Vec<String>>,
    batch: BTreeSet<String>,
}

impl Sockets {
    /// Reads the `.socket` units among the files; `batch` is what is imported together, by our names.
    pub(super) fn of(files: &[File], batch: &BTreeSet<String>) -> Self {
        let mut sockets = Self { offers: BTreeMap::new(), batch: batch.clone() };
        for file in files {
            if let Ok(unit) = sockets.server(file) {
                let offered = sockets.offers.entry(unit).or_default();
                let opened = addresses(&file.settings).into_iter().flat_map(|opened| opened.addresses);
                opened.for_each(|address| {
                    if !offered.contains(&address) {
                        offered.push(address);
                    }
                });
            }
        }
        sockets
    }

    /// The addresses that are opened for a unit.
    pub(super) fn for_unit(&self, unit: &str) -> &[String] {
        self.offers.get(unit).map_or(&[], Vec::as_slice)
    }

    /// The unit that a `.socket` is for, or what somebody must decide.
    fn server(&self, file: &File) -> Result<String, String> {
        let Some(stem) = file.name.strip_suffix(".socket") else { return Err(String::new()) };
        let last = |key: &str| file.settings.iter().rev().find(|one| one.section == "Socket" && one.key == key);
        if last("Accept").is_some_and(|one| matches!(one.value.as_str(), "yes" | "true" | "on" | "1")) {
            return Err("nothing here starts a process a connection: have inetd or tcpserver do it".into());
        }
        let unit = last("Service").map_or(stem, |one| one.value.strip_suffix(".service").unwrap_or(&one.value));
        match self.batch.contains(unit) {
            true => Ok(unit.into()),
            false => Err(format!("import {unit} with it: sockets are a key of the unit that they are for")),
        }
    }

    /// What became of a `.socket`.
    pub(super) fn report(&self, mut file: File) -> Import {
        let unit = match self.server(&file) {
            Ok(unit) => unit,
            Err(decision) => return super::nothing(file, "sockets are a key of the unit that they are for", &decision),
        };
        let addresses = addresses(&file.settings);
        for setting in &file.settings {
            let opened = addresses.iter().find(|opened| opened.place == setting.place);
            let (fate, reason) = match opened.map(|opened| opened.addresses.len()) {
                Some(0) => (Fate::Dropped, "no address that sockets could have".into()),
                Some(1) => (Fate::Kept, format!("as sockets of {unit}")),
                Some(_) => (Fate::Approximated, format!("as sockets of {unit}, one for IPv4 and one for IPv6")),
                None => other(setting, &unit),
            };
            file.report.add(&directive(setting), setting.place.clone(), fate, reason);
        }
        let is_started = file.settings.iter().any(|one| one.key == "WantedBy");
        if is_started {
            let text = format!("put {unit} into a bundle: it opens its sockets when it starts, not before");
            file.report.decide(file.report.place(0), text);
        }
        file.report.finish(Vec::new())
    }
}

/// A line of a `.socket` that opens nothing.
fn other(setting: &Setting, unit: &str) -> (Fate, String) {
    match (setting.key.as_str(), setting.value.as_str()) {
        ("Service" | "FileDescriptorName" | "BindIPv6Only", _) => (Fate::Kept, format!("as sockets of {unit}")),
        ("Accept", _) => (Fate::Kept, format!("{unit} accepts")),
        ("SocketMode", "0666" | "666") => (Fate::Kept, "everybody can connect".into()),
        ("SocketMode" | "SocketUser" | "SocketGroup", _) => {
            (Fate::Dropped, "everybody can connect: what lies in a directory of its own is guarded by that".into())
        }
        _ if setting.section != "Socket" => (Fate::Approximated, format!("{unit} opens them when it starts")),
        _ => (Fate::Dropped, "sockets have no such choice".into()),
    }
}

/// What a line of a `.socket` opens.
struct Opened {
    place: Place,
    /// As the language has them; none where it cannot say what the line does.
    addresses: Vec<String>,
}

fn addresses(settings: &[Setting]) -> Vec<Opened> {
    let in_section = || settings.iter().filter(|one| one.section == "Socket");
    let last = |key: &str| in_section().rev().find(|one| one.key == key).map(|one| one.value.as_str());
    let name = last("FileDescriptorName").map_or_else(String::new, |name| format!(" {name}"));
    let is_one_protocol = last("BindIPv6Only") == Some("ipv6-only");
    let mut all: Vec<Opened> = Vec::new();
    for setting in in_section() {
        let schemes = match setting.key.as_str() {
            "ListenStream" => ("tcp", "unix"),
            "ListenDatagram" => ("udp", "unix-dgram"),
            "ListenSequentialPacket" => ("", "unix-seqpacket"),
            _ => continue,
        };
        if setting.value.is_empty() {
            all.clear();
            continue;
        }
        let named = places(schemes, &setting.value, is_one_protocol).into_iter().map(|one| one + &name);
        let is_sound = |text: &String| Socket::new(text, setting.place.clone()).is_some();
        all.push(Opened { place: setting.place.clone(), addresses: named.filter(is_sound).collect() });
    }
    all
}

/// A port alone, and one of all IPv6 addresses, is IPv4's too unless it is said not to be. Ours never are.
fn places((internet, local): (&str, &str), value: &str, is_one_protocol: bool) -> Vec<String> {
    if value.starts_with('/') {
        return vec![format!("{local}://{value}")];
    }
    if internet.is_empty() {
        return Vec::new();
    }
    let port = value.strip_prefix("[::]:").unwrap_or(value);
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
    match (is_port, is_one_protocol) {
        (false, _) => vec![format!("{internet}://{value}")],
        (true, true) => vec![format!("{internet}://[::]:{port}")],
        (true, false) => vec![format!("{internet}://0.0.0.0:{port}"), format!("{internet}://[::]:{port}")],
    }
}
