//! `ready`: when a longrun counts as up.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Checker, meant};
use crate::Readiness;
use crate::language::{DESCRIPTORS, keys_inside};
use crate::tree::{Entry, Node, Value};

/// `every` of `tcp` where it is not given.
const TCP_EVERY: Duration = Duration::from_millis(100);

/// `every` of `exec` where it is not given.
const EXEC_EVERY: Duration = Duration::from_millis(200);

/// The shortest `every`: who asks more often than this should not ask, but be told.
const SHORTEST_EVERY: Duration = Duration::from_millis(10);

/// The ways to be ready, of which a unit has one.
const WAYS: [&str; 5] = ["fd", "tcp", "socket", "file", "exec"];

impl<'a> Checker<'a> {
    pub(super) fn ready(&mut self) -> Option<Readiness> {
        let node = self.field("ready")?;
        if matches!(&node.value, Value::Text(text) if text == "notify") {
            return Some(Readiness::Notify);
        }
        if !matches!(node.value, Value::Map(_)) {
            let wanted = format!("notify, or a map with one of {}", WAYS.join(", "));
            return self.wrong_but("ready", node, &wanted, meant::readiness);
        }
        let entries = self.map("ready", node, &keys_inside("ready"));
        let ways: Vec<&Entry> = entries.iter().filter(|entry| WAYS.contains(&entry.key.as_ref())).collect();
        let every = self.every(entries, &ways);
        match ways[..] {
            [way] => self.way(way, every),
            // A key that is none is told already, and was to be one.
            [] if entries.iter().any(|entry| entry.key != "every") => None,
            _ => {
                self.error(
                    &node.place,
                    format!("\"ready\" must be notify, or have exactly one of {}", WAYS.join(", ")),
                );
                ways.iter().for_each(|way| drop(self.way(way, every)));
                None
            }
        }
    }

    fn every(&mut self, entries: &'a [Entry<'a>], ways: &[&Entry]) -> Option<Duration> {
        let entry = entries.iter().find(|entry| entry.key == "every")?;
        if !ways.iter().any(|way| way.key == "tcp" || way.key == "exec") {
            self.error(&entry.place, "\"every\" belongs to \"tcp\" and \"exec\" only");
        }
        let every = self.duration("every", &entry.value)?;
        if every < SHORTEST_EVERY {
            self.error(&entry.value.place, format!("\"every\" must be at least {}ms", SHORTEST_EVERY.as_millis()));
        }
        Some(every)
    }

    fn way(&mut self, way: &'a Entry<'a>, every: Option<Duration>) -> Option<Readiness> {
        let (key, node) = (way.key.as_ref(), &way.value);
        match key {
            "fd" => self.number(key, node, DESCRIPTORS).map(Readiness::Descriptor),
            "tcp" => Some(Readiness::Tcp { address: self.address(node)?, every: every.unwrap_or(TCP_EVERY) }),
            "socket" => self.path(key, node).map(Readiness::Socket),
            "file" => self.path(key, node).map(Readiness::File),
            _ => Some(Readiness::Exec { argv: self.argv(key, node)?, every: every.unwrap_or(EXEC_EVERY) }),
        }
    }

    /// Host and port: names are not looked up, because that could block.
    fn address(&mut self, node: &'a Node<'a>) -> Option<String> {
        let is_address = |text: &str| match text.strip_prefix("localhost:") {
            Some(port) => port.parse::<u16>().is_ok_and(|port| port > 0),
            None => text.parse::<SocketAddr>().is_ok_and(|address| address.port() > 0),
        };
        match &node.value {
            Value::Text(text) if is_address(text) => Some(text.to_string()),
            _ => self.wrong_but("tcp", node, "ADDRESS:PORT or localhost:PORT", meant::address),
        }
    }
}
