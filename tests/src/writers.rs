//! Services that write numbered lines from their start to their stop, and the judgement of their logs.
//!
//! A line is `BOOT line N`, the lines of each boot counted from 1; the last one, written after TERM has come, is
//! `BOOT last N`, and says how many there were.

use std::fs;
use std::path::Path;

use crate::{Image, Layer};

/// Their names.
const NAMES: [&str; 3] = ["writer-1", "writer-2", "writer-3"];
/// Where the units' logs are, in the guest.
const LOGS: &str = "/var/log/sunup";
/// A shell forks for each pause, so it has few of them.
const UNIT: &str = "\
description: Writes from its start to its stop
kind: longrun
needs: [local]
run: |
  read -r boot </proc/sys/kernel/random/boot_id
  trap 'stopped=yes' TERM
  number=0
  until test \"$stopped\"; do
      number=$((number + 1))
      echo \"$boot line $number\"
      test $((number % 50)) != 0 || { sleep 1 & wait $! || :; }
  done
  seq -f \"$boot line %.0f\" $((number + 1)) $((number + 500))
  echo \"$boot last $((number + 500))\"
kill-mode: main
";

/// Adds the services.
#[must_use]
pub fn add(layer: Layer) -> Layer {
    NAMES.into_iter().fold(layer, |layer, name| layer.unit(name, UNIT))
}

/// A command for the guest's shell that waits until each of them has written in this boot.
pub fn await_lines() -> String {
    let names = NAMES.join(" ");
    format!(
        "read -r boot </proc/sys/kernel/random/boot_id; for name in {names}; do \
         until grep -qs \"$boot line 40\" {LOGS}/$name/current; do sleep 0.1; done; done"
    )
}

/// Fails unless the log of each holds every line of this boot, from the first to the one that says it is the last.
pub fn assert_complete(image: &Image, boot: &str) {
    let logs = image.extract(LOGS);
    for name in NAMES {
        let text = text(&logs.path().join("sunup").join(name));
        let words: Vec<(&str, usize)> = lines(&text, boot).collect();
        let (last, count) = *words.last().unwrap_or_else(|| panic!("{name}: nothing of boot {boot}"));
        assert_eq!(last, "last", "{name}: the log ends with line {count}");
        let numbers: Vec<usize> = words[..words.len() - 1].iter().map(|(_, number)| *number).collect();
        assert_eq!(numbers, (1..=count).collect::<Vec<_>>(), "{name}");
    }
}

/// Fails unless what a power cut left of each log is the beginning of what was written: no line is missing between others.
/// After the last one there may be zeros: a filesystem may note a file's new size before it has the last block's data.
pub fn assert_no_gap(logs: &Path, boot: &str) {
    for name in NAMES.iter().filter(|name| logs.join(name).exists()) {
        let text = text(&logs.join(name));
        let numbers: Vec<usize> = lines(&text, boot).map(|(_, number)| number).collect();
        assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>(), "{name}");
    }
}

/// `line` or `last`, and the number, of each whole line of a boot.
fn lines<'a>(text: &'a str, boot: &'a str) -> impl Iterator<Item = (&'a str, usize)> {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().filter_map(move |line| {
        let (_, line) = line.split_once(boot)?;
        let (word, number) = line.trim_start().split_once(' ')?;
        Some((word, number.parse().ok()?))
    })
}

/// All files of a log directory, the oldest first: their names are times, and `current` is the newest.
pub fn text(directory: &Path) -> String {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut files: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    files.retain(|path| path.file_name().is_some_and(|name| name == "current" || name.as_encoded_bytes()[0] == b'@'));
    files.sort_by_key(|path| (path.ends_with("current"), path.clone()));
    files.iter().map(|path| String::from_utf8_lossy(&fs::read(path).expect("a log file")).into_owned()).collect()
}
