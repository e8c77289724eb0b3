//! Bounds on memory, processors, processes and disks → files of the control group.

use super::Service;
use crate::import::report::Verdict;
use crate::import::systemd::file::Setting;

/// Directives that are one file each.
const FILES: [(&str, &str); 13] = [
    ("MemoryMin", "memory.min"),
    ("MemoryLow", "memory.low"),
    ("MemoryHigh", "memory.high"),
    ("MemoryMax", "memory.max"),
    ("MemoryLimit", "memory.max"),
    ("MemorySwapMax", "memory.swap.max"),
    ("MemoryZSwapMax", "memory.zswap.max"),
    ("TasksMax", "pids.max"),
    ("CPUWeight", "cpu.weight"),
    ("IOWeight", "io.weight"),
    ("AllowedCPUs", "cpuset.cpus"),
    ("AllowedMemoryNodes", "cpuset.mems"),
    ("OOMPolicy", "memory.oom.group"),
];

/// The period that a share of a processor is counted in, in microseconds, as the kernel has it of itself.
const PERIOD: f64 = 100_000.0;

impl Service {
    /// Takes a setting that bounds the unit as a whole.
    pub(super) fn control_group(&mut self, setting: &Setting) -> Option<Verdict> {
        let (key, value) = (setting.key.as_str(), setting.value.as_str());
        let (file, text) = match key {
            "MemoryLimit" if self.known.says_memory => return Some(Verdict::dropped("MemoryMax counts")),
            "CPUQuota" => ("cpu.max", quota(value)),
            "MemoryAccounting" | "TasksAccounting" | "CPUAccounting" | "IOAccounting" | "BlockIOAccounting" => {
                return Some(Verdict::approximated("the kernel counts wherever the controller is on"));
            }
            _ => {
                let (_, file) = FILES.iter().find(|(other, _)| *other == key)?;
                (*file, content(key, value))
            }
        };
        let Some(text) = text else { return Some(Verdict::dropped(format!("no value that {file} could have"))) };
        self.group.retain(|(other, _)| *other != file);
        self.group.push((file, text));
        Some(Verdict::kept(format!("as cgroup: {file}")))
    }
}

/// What is written for a value; a part of the machine's memory is not known here.
fn content(key: &str, value: &str) -> Option<String> {
    let is_size = value.trim_end_matches(['K', 'M', 'G', 'T']).bytes().all(|byte| byte.is_ascii_digit());
    match (key, value) {
        ("OOMPolicy", "kill") => Some("1".into()),
        ("OOMPolicy", "continue") => Some("0".into()),
        ("OOMPolicy", _) => None,
        ("AllowedCPUs" | "AllowedMemoryNodes", value) => {
            let is_list = value.bytes().all(|byte| byte.is_ascii_digit() || b"-, ".contains(&byte));
            (is_list && !value.is_empty()).then(|| value.replace(' ', ","))
        }
        (_, "infinity") if key.starts_with("Memory") || key == "TasksMax" => Some("max".into()),
        (_, value) => (is_size && value.starts_with(|c: char| c.is_ascii_digit())).then(|| value.into()),
    }
}

fn quota(value: &str) -> Option<String> {
    let percent: f64 = value.strip_suffix('%')?.parse().ok()?;
    let share = percent / 100.0 * PERIOD;
    (1000.0..1e12).contains(&share).then(|| format!("{} {PERIOD}", share as u64))
}
