//! `log`: where a longrun's output goes.

use super::Checker;
use crate::language::{KEEPS, keys_inside};
use crate::text::quoted;
use crate::tree::{Entry, Value};
use crate::{Log, WhenFull};

/// `size` where it is not given.
const SIZE: u64 = 1 << 20;

/// The sizes that a log file may have, in bytes: the bounds that svlog has from multilog.
const SIZES: std::ops::RangeInclusive<u64> = 4096..=16_777_215;

/// `keep` where it is not given.
const KEEP: u32 = 10;

impl<'a> Checker<'a> {
    pub(super) fn log(&mut self) -> Log {
        let Some(node) = self.field("log") else { return Log::Auto };
        match &node.value {
            Value::Text(text) if text == "auto" => Log::Auto,
            Value::Text(text) if text == "none" => Log::None,
            Value::Map(_) => {
                let entries = self.map("log", node, &keys_inside("log"));
                self.log_directory(entries)
            }
            _ => {
                let wanted = "auto, none or a map with dir, size, keep, when-full";
                let directory = |text: &str| text.starts_with('/').then(|| format!("{{dir: {}}}", quoted(text)));
                self.wrong_but("log", node, wanted, directory).unwrap_or_default()
            }
        }
    }

    fn log_directory(&mut self, entries: &'a [Entry<'a>]) -> Log {
        let value = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value);
        let directory = value("dir").and_then(|node| self.path("dir", node));
        let size = value("size").and_then(|node| {
            let size = self.size("size", node)?;
            if SIZES.contains(&size) { Some(size) } else { self.wrong("size", node, "at least 4K and less than 16M") }
        });
        let keep = value("keep").and_then(|node| self.number("keep", node, KEEPS));
        let when_full = value("when-full").and_then(|node| self.choice_at("when-full", node, &WhenFull::ALL));
        Log::Directory {
            directory,
            size: size.unwrap_or(SIZE),
            keep: keep.unwrap_or(KEEP),
            when_full: when_full.unwrap_or_default(),
        }
    }
}
