//! The processes of a pid namespace as a tree, read from a /proc.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::Path;

/// One process.
#[derive(Debug)]
struct Process {
    parent: u32,
    command: String,
}

/// The processes by number.
#[derive(Debug)]
pub struct ProcessTree(BTreeMap<u32, Process>);

impl ProcessTree {
    /// Reads it from the directory `proc`. Processes that end meanwhile are left out.
    pub fn read(proc: &Path) -> Self {
        let entries = fs::read_dir(proc).into_iter().flatten().flatten();
        let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        Self(numbers.filter_map(|pid: u32| Some((pid, process(&proc.join(pid.to_string()))?))).collect())
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn process(directory: &Path) -> Option<Process> {
    let stat = fs::read_to_string(directory.join("stat")).ok()?;
    let (head, tail) = stat.rsplit_once(')')?;
    let parent = tail.split_whitespace().nth(1)?.parse().ok()?;
    let name = head.split_once('(')?.1;
    let command = fs::read(directory.join("cmdline")).unwrap_or_default();
    let command = String::from_utf8_lossy(&command).trim_end_matches('\0').replace('\0', " ");
    Some(Process { parent, command: if command.is_empty() { format!("[{name}]") } else { command } })
}

/// One process a line: number, then the command, indented below its parent.
impl Display for ProcessTree {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (pid, process) in &self.0 {
            let parent = if self.0.contains_key(&process.parent) { process.parent } else { 0 };
            children.entry(parent).or_default().push(*pid);
        }
        let mut todo: Vec<(u32, usize)> = children.get(&0).into_iter().flatten().rev().map(|pid| (*pid, 0)).collect();
        while let Some((pid, depth)) = todo.pop() {
            if let Some(process) = self.0.get(&pid) {
                let clean: String = process.command.chars().filter(|c| !c.is_control()).take(100).collect();
                writeln!(f, "{pid:>6} {:indent$}{clean}", "", indent = depth * 2)?;
            }
            todo.extend(children.get(&pid).into_iter().flatten().rev().map(|child| (*child, depth + 1)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A child stands below its parent, indented; an orphan stands at the left.
    #[test]
    fn children_stand_below_parents() {
        let process = |parent, command: &str| Process { parent, command: command.into() };
        let tree = ProcessTree(BTreeMap::from([
            (1, process(0, "svscan")),
            (7, process(9, "sleep 1")),
            (8, process(1, "supervise a")),
            (9, process(1, "supervise b")),
        ]));
        let expected = "     1 svscan\n     8   supervise a\n     9   supervise b\n     7     sleep 1\n";
        assert_eq!(tree.to_string(), expected);
    }
}
