//! `%` specifiers in paths and arguments.

use std::fs;

use super::super::root::Root;

/// Replaces specifiers. Gives the unknown letter where there is one.
pub(super) fn expand(root: &Root, text: &str) -> Result<String, char> {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let letter = characters.next().unwrap_or(' ');
        out.push_str(&value(root, letter).ok_or(letter)?);
    }
    Ok(out)
}

fn value(root: &Root, letter: char) -> Option<String> {
    let fixed = match letter {
        '%' => "%",
        't' => "/run",
        'S' => "/var/lib",
        'C' => "/var/cache",
        'L' => "/var/log",
        'T' => "/tmp",
        'V' => "/var/tmp",
        'h' => "/root",
        'u' | 'g' => "root",
        'U' | 'G' => "0",
        'm' => return line(root, "/etc/machine-id").filter(|id| !id.is_empty()),
        'b' => return line(root, "/proc/sys/kernel/random/boot_id").map(|id| id.replace('-', "")),
        'v' => return line(root, "/proc/sys/kernel/osrelease"),
        'H' => return line(root, "/proc/sys/kernel/hostname"),
        'l' => {
            return line(root, "/proc/sys/kernel/hostname").map(|n| n.split('.').next().unwrap_or_default().to_owned());
        }
        'a' => architecture(),
        'o' => return os_release(root, "ID"),
        'w' => return os_release(root, "VERSION_ID"),
        'B' => return os_release(root, "BUILD_ID"),
        'W' => return os_release(root, "VARIANT_ID"),
        'M' => return os_release(root, "IMAGE_ID"),
        'A' => return os_release(root, "IMAGE_VERSION"),
        _ => return None,
    };
    Some(fixed.to_owned())
}

/// As those call it who write such files.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "x86-64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// Nothing where it says nothing.
fn os_release(root: &Root, key: &str) -> Option<String> {
    let text = ["/etc/os-release", "/usr/lib/os-release"].iter().find_map(|file| root.read(file).ok().flatten());
    let text = text.unwrap_or_default();
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    Some(value.unwrap_or_default().trim().trim_matches(['"', '\'']).to_owned())
}

fn line(root: &Root, path: &str) -> Option<String> {
    Some(fs::read_to_string(root.path(path)).ok()?.trim().to_owned())
}
