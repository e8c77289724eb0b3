//! `.socket` units → `sockets` of the services that they are for.

use std::collections::{BTreeMap, BTreeSet};

use super::file::{Setting, last, value, words};
use super::files::File;
use crate::Place;
use crate::import::report::{Import, Verdict};
use crate::socket::Socket;

/// The sockets of what is imported together.
pub(super) struct Sockets {
    /// By unit: addresses, as the language has them.
    offers: BTreeMap<String, Vec<String>>,
    /// By the name of a `.socket`: the unit that asks for it with `Sockets=`.
    asked: BTreeMap<String, String>,
    batch: BTreeSet<String>,
}

impl Sockets {
    /// Reads the `.socket` units among the files; `batch` is what is imported together, by our names.
    pub(super) fn of(files: &[File], batch: &BTreeSet<String>) -> Self {
        let asking = files.iter().flat_map(|file| {
            words(&file.settings, "Service", "Sockets").map(|socket| (socket.to_owned(), file.stem().to_owned()))
        });
        let mut sockets = Self { offers: BTreeMap::new(), asked: asking.collect(), batch: batch.clone() };
        for file in files {
            let Ok(unit) = sockets.server(file) else { continue };
            let offered = sockets.offers.entry(unit).or_default();
            for address in addresses(&file.settings).into_iter().flat_map(|opened| opened.addresses) {
                if !offered.contains(&address) {
                    offered.push(address);
                }
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
        if last(&file.settings, "Socket", "Accept").is_some_and(Setting::is_true) {
            return Err("nothing here starts a process a connection: have inetd or tcpserver do it".into());
        }
        let said = value(&file.settings, "Socket", "Service").map(|unit| unit.strip_suffix(".service").unwrap_or(unit));
        let unit = said.or(self.asked.get(&file.name).map(String::as_str)).unwrap_or(stem);
        match self.batch.contains(unit) {
            true => Ok(unit.into()),
            false => Err(format!("import {unit} with it: sockets are a key of the unit that they are for")),
        }
    }

    /// What became of a `.socket`.
    pub(super) fn report(&self, mut file: File) -> Import {
        let unit = match self.server(&file) {
            Ok(unit) => unit,
            Err(decision) => {
                let place = file.report.place(0);
                file.report.decide(place, decision);
                return super::nothing(file, "sockets are a key of the unit that they are for");
            }
        };
        let addresses = addresses(&file.settings);
        for setting in &file.settings {
            let opened = addresses.iter().find(|opened| opened.place == setting.place);
            let verdict = match opened.map(|opened| opened.addresses.len()) {
                Some(0) => Verdict::dropped("no address that sockets could have")
                    .decide(format!("{unit} must do without {}, or open it itself", setting.value)),
                Some(1) => Verdict::kept(format!("as sockets of {unit}")),
                Some(_) => Verdict::approximated(format!("as sockets of {unit}, one for IPv4 and one for IPv6")),
                None => other(setting, &unit),
            };
            file.report.tell(&setting.directive(), setting.place.clone(), verdict);
        }
        file.report.finish(Vec::new())
    }
}

/// A line of a `.socket` that opens nothing.
fn other(setting: &Setting, unit: &str) -> Verdict {
    match (setting.section.as_str(), setting.key.as_str(), setting.value.as_str()) {
        ("Socket", "Service" | "FileDescriptorName" | "BindIPv6Only", _) => {
            Verdict::kept(format!("as sockets of {unit}"))
        }
        ("Socket", "Accept", _) => Verdict::kept(format!("{unit} accepts")),
        ("Socket", "SocketMode", "0666" | "666") => Verdict::kept("everybody can connect"),
        ("Socket", "SocketMode" | "SocketUser" | "SocketGroup", _) => Verdict::dropped("everybody can connect")
            .decide("have it in a directory of its own, which only those can enter who may connect"),
        ("Socket", _, _) => Verdict::dropped("sockets have no such choice"),
        ("Install", "WantedBy" | "RequiredBy", _) => Verdict::approximated(format!("{unit} opens them when it starts"))
            .decide(format!("put {unit} into a bundle: it opens its sockets when it starts, not before")),
        ("Unit", "Description" | "Documentation", _) => Verdict::dropped(format!("{unit} has its own")),
        ("Unit", "Before", "sockets.target") => Verdict::kept(format!("{unit} opens them before it starts")),
        _ => Verdict::dropped(format!("write it into {unit} if it is to count there")),
    }
}

/// What a line of a `.socket` opens.
struct Opened {
    place: Place,
    /// As the language has them; none where it cannot say what the line does.
    addresses: Vec<String>,
}

fn addresses(settings: &[Setting]) -> Vec<Opened> {
    let name = value(settings, "Socket", "FileDescriptorName").map_or_else(String::new, |name| format!(" {name}"));
    let is_one_protocol = value(settings, "Socket", "BindIPv6Only") == Some("ipv6-only");
    let mut all: Vec<Opened> = Vec::new();
    for setting in settings.iter().filter(|one| one.section == "Socket") {
        let schemes = match setting.key.as_str() {
            "ListenStream" => ("tcp", "unix"),
            "ListenDatagram" => ("udp", "unix-dgram"),
            "ListenSequentialPacket" => ("", "unix-seqpacket"),
            key if key.starts_with("Listen") => ("", ""),
            _ => continue,
        };
        if setting.value.is_empty() {
            continue;
        }
        let named = places(schemes, &setting.value, is_one_protocol).into_iter().map(|one| one + &name);
        let is_sound = |text: &String| Socket::new(text, setting.place.clone()).is_some();
        all.push(Opened { place: setting.place.clone(), addresses: named.filter(is_sound).collect() });
    }
    all
}

/// A port alone, and one of all IPv6 addresses, is IPv4's too unless it is said not to be. Ours never are, so that there
/// are two.
fn places((internet, local): (&str, &str), value: &str, is_one_protocol: bool) -> Vec<String> {
    if value.starts_with('/') && !local.is_empty() {
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
