//! What a value that cannot be used was probably meant to be, as it would have to be written: only suggested, never taken.

use std::path::Path;

use super::value::{parse_duration, parse_size};
use crate::text::nearest;
use crate::time::{TimeUnit, amounts};
use crate::tree::{Node, Value};
use crate::yaml::{Yaml, line};
use crate::{Place, Socket};

/// So many entries of a map are shown.
const SHOWN: usize = 3;

/// A duration: `1 minute` is `1m`.
pub(super) fn duration(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase().replace(',', " ");
    let spelt: Option<String> = amounts(&text).map(|(number, word)| spell(number, TimeUnit::called(word)?)).collect();
    spelt.filter(|spelt| parse_duration(spelt).is_some())
}

/// So many of a unit in that one, or, where our language cannot, in the largest one that can.
fn spell(number: &str, unit: &TimeUnit) -> Option<String> {
    let microseconds = number.parse::<f64>().ok()? * unit.microseconds as f64;
    let of = |(name, unit): (&str, &TimeUnit)| {
        let number = microseconds / unit.microseconds as f64;
        (number.fract() == 0.0).then(|| format!("{number}{name}"))
    };
    unit.ours.and_then(|name| of((name, unit))).or_else(|| TimeUnit::ours().find_map(of))
}

/// A size whose letter is written otherwise.
pub(super) fn size(text: &str) -> Option<String> {
    let letters = text.to_ascii_uppercase();
    let plain = letters.trim_end_matches('B').trim_end_matches('I');
    parse_size(plain).map(|_| plain.to_owned())
}

/// A list: its items are between spaces or commas.
pub(super) fn list(text: &str) -> Option<String> {
    let words: Vec<&str> = cut(text).split([' ', ',']).filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| line(&Yaml::texts(words)))
}

/// A map: what it has in it is written as a list of `NAME=VALUE`, or of maps.
pub(super) fn map(node: &Node<'_>) -> Option<String> {
    let items = match &node.value {
        Value::List(items) => items,
        _ => std::slice::from_ref(node),
    };
    let mut entries = Vec::new();
    for item in items.iter().take(SHOWN) {
        match &item.value {
            Value::Text(text) => entries.push(assignment(text)?),
            Value::Map(inner) => {
                for entry in inner.iter().take(SHOWN) {
                    let Value::Text(text) = &entry.value.value else { return None };
                    entries.push((entry.key.to_string(), Yaml::text(cut(text))));
                }
            }
            Value::Nothing | Value::List(_) => return None,
        }
    }
    let is_name = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    (!entries.is_empty() && entries.iter().all(|(name, _)| is_name(name))).then(|| line(&Yaml::Map(entries)))
}

fn assignment(text: &str) -> Option<(String, Yaml)> {
    let (name, value) = text.split_once('=')?;
    (!name.is_empty()).then(|| (name.to_owned(), Yaml::text(cut(value))))
}

/// A way to be ready: `tcp:80` is `{tcp: localhost:80}`.
pub(super) fn readiness(text: &str) -> Option<String> {
    let one = |way: &str, value: &str| Some(line(&Yaml::one(way, Yaml::text(cut(value)))));
    match text.split_once(':') {
        None if text.starts_with('/') => one("file", text),
        None => nearest(text.trim_start_matches("sd_").trim_start_matches("sd-"), ["notify"]).map(str::to_owned),
        Some((way, value)) => {
            let value = value.trim();
            match (way, value.trim_start_matches("//")) {
                ("tcp", place) => one("tcp", &address(place).unwrap_or_else(|| place.to_owned())),
                ("fd", _) => one("fd", value),
                ("unix" | "socket", _) => one("socket", value.strip_prefix("//").unwrap_or(value)),
                ("file", _) => one("file", value.strip_prefix("//").unwrap_or(value)),
                _ => None,
            }
        }
    }
}

/// Where a service of this machine listens, of which only the port is known.
pub(super) fn address(text: &str) -> Option<String> {
    port(text).map(|port| format!("localhost:{port}"))
}

/// A port without an address, or with a `*` for all.
fn port(text: &str) -> Option<u16> {
    text.trim_start_matches('*').trim_start_matches(':').parse().ok().filter(|port| *port > 0)
}

/// A socket: `80`, `tcp:80` and `/run/x` are addresses elsewhere.
pub(super) fn socket(text: &str) -> Option<String> {
    let (scheme, place) =
        text.split_once(':').filter(|(scheme, _)| ["tcp", "udp"].contains(scheme)).unwrap_or(("tcp", text));
    let place = place.trim_start_matches("//");
    let meant = match port(place) {
        Some(port) => format!("{scheme}://0.0.0.0:{port}"),
        None if text.starts_with('/') => format!("unix://{text}"),
        None => format!("{scheme}://{place}"),
    };
    Socket::new(&meant, Place::whole(Path::new(""))).map(|socket| line(&Yaml::text(socket.to_string())))
}

/// Permission bits that lack zeros in front.
pub(super) fn octal(text: &str) -> Option<String> {
    let is_octal = !text.is_empty() && text.len() < 3 && text.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
    is_octal.then(|| format!("{text:0>4}"))
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(40).map_or(text, |(end, _)| &text[..end]).lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is a duration elsewhere is one here, in our letters; what is none is not guessed at.
    #[test]
    fn durations() {
        for (text, expected) in [
            ("60", Some("60s")),
            ("1 minute", Some("1m")),
            ("5min 20s", Some("5m20s")),
            ("2 hours, 30 minutes", Some("2h30m")),
            ("90 Sec", Some("90s")),
            ("1d", Some("24h")),
            ("30s 1m", None),
            ("8d", None),
            ("minute", None),
            ("1.5s", Some("1500ms")),
            ("1.5 hours", Some("90m")),
            ("0.5d", Some("12h")),
            ("5000us", Some("5ms")),
            ("1 us", None),
            ("1..5s", None),
            ("soon", None),
            ("", None),
            ("18446744073709551615w", None),
        ] {
            assert_eq!(duration(text).as_deref(), expected, "{text}");
        }
    }

    /// What a socket is called elsewhere is one of the forms here.
    #[test]
    fn sockets() {
        for (text, expected) in [
            ("80", Some("tcp://0.0.0.0:80")),
            ("tcp:80", Some("tcp://0.0.0.0:80")),
            ("udp://*:53", Some("udp://0.0.0.0:53")),
            ("127.0.0.1:80", Some("tcp://127.0.0.1:80")),
            ("/run/x.socket", Some("unix:///run/x.socket")),
            ("example.org:80", None),
            ("0", None),
            ("", None),
        ] {
            assert_eq!(socket(text).as_deref(), expected, "{text}");
        }
    }

    /// Ports and paths are ways to be ready; what says nothing of either is none.
    #[test]
    fn ways_to_be_ready() {
        for (text, expected) in [
            ("tcp:80", Some("{tcp: localhost:80}")),
            ("tcp://127.0.0.1:80", Some("{tcp: 127.0.0.1:80}")),
            ("tcp: *:80", Some("{tcp: localhost:80}")),
            ("fd:3", Some("{fd: 3}")),
            ("/run/x.pid", Some("{file: /run/x.pid}")),
            ("socket:/run/x", Some("{socket: /run/x}")),
            ("sd_notify", Some("notify")),
            ("notfy", Some("notify")),
            ("http://localhost/", None),
            ("soon", None),
        ] {
            assert_eq!(readiness(text).as_deref(), expected, "{text}");
        }
    }
}
