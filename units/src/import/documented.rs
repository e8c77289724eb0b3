//! sunup-import(7) says what becomes of each directive: every row of it is tried, and no row is missing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Directive, Format, import, import_texts, openrc, systemd};

const PAGE: &str = include_str!("../../../docs/man/sunup-import.7");

/// A directive of the page, and what that says of it.
struct Row {
    section: String,
    source: String,
    fate: String,
    reason: String,
}

/// A line without what roff needs in it.
fn plain(text: &str) -> String {
    text.replace("\\&", "").replace("\\(dq", "\"").replace("\\e", "\\")
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let (mut section, mut sources, mut fate) = (String::new(), Vec::new(), None);
    for line in PAGE.lines() {
        if let Some(title) = line.strip_prefix(".Ss ") {
            section = title.to_owned();
        } else if let Some(source) = line.strip_prefix(".It Ql ") {
            sources.push(plain(source));
        } else if let Some(word) = line.strip_prefix(".Em ").filter(|_| !sources.is_empty()) {
            fate = Some(word.trim_end_matches(" :").to_owned());
        } else if let Some(fate) = fate.take() {
            let row = |source| Row { section: section.clone(), source, fate: fate.clone(), reason: plain(line) };
            rows.extend(sources.drain(..).map(row));
        }
    }
    rows
}

/// What becomes of the last directive of a text; `companion`: what is imported with it.
fn last(format: Format, path: &str, text: &str, companion: Option<(&str, &str)>) -> Directive {
    let sources = companion.into_iter().chain([(path, text)]);
    let sources: Vec<(&Path, &[u8])> = sources.map(|(path, text)| (Path::new(path), text.as_bytes())).collect();
    let mut imports = import_texts(format, &sources);
    imports.pop().and_then(|mut import| import.directives.pop()).unwrap()
}

fn service(section: &str, kind: &str, line: &str) -> Directive {
    let text = format!("[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/x\n{kind}[{section}]\n{line}\n");
    last(Format::Systemd, "/s/x.service", &text, None)
}

fn socket(line: &str) -> Directive {
    let section = match line.split('=').next() {
        Some("WantedBy") => "Install",
        Some("Description" | "Conflicts") => "Unit",
        _ => "Socket",
    };
    let companion = ("/s/x.service", "[Service]\nExecStart=/bin/x\n");
    last(Format::Systemd, "/s/x.socket", &format!("[{section}]\n{line}\n"), Some(companion))
}

fn lsb(line: &str) -> Directive {
    let levels = if line.starts_with("Default-Stop") { "# Default-Start: 2 3 4 5\n" } else { "" };
    let text = format!("### BEGIN INIT INFO\n# Provides: x\n{levels}# {line}\n### END INIT INFO\n");
    last(Format::Lsb, "/i/x", &text, None)
}

fn insserv_conf(line: &str) -> Directive {
    let script = "### BEGIN INIT INFO\n# Provides: x\n### END INIT INFO\n";
    last(Format::Lsb, "/etc/insserv.conf", line, Some(("/etc/init.d/x", script)))
}

fn openrc_script(line: &str) -> Directive {
    let words = ["need", "use", "want", "after", "before", "provide", "keyword", "config"];
    let line = match line.split(' ').next().is_some_and(|word| words.contains(&word)) {
        true => format!("depend() {{\n\t{line}\n}}"),
        false => line.to_owned(),
    };
    last(Format::Openrc, "/i/x", &format!("command=/bin/x\ncommand_background=yes\n{line}\n"), None)
}

/// What becomes of a file of a directory; each has a number in it, which all can be.
fn file(format: Format, kind: &str, name: &str) -> Directive {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path().join("x");
    fs::create_dir(&at).unwrap();
    let program = if kind == "oneshot" { "up" } else { "run" };
    for (one, text) in [(name, "3\n"), (program, "true\n"), ("type", kind)] {
        if (one != "type" || !kind.is_empty()) && (one != program || kind != "bundle") {
            fs::write(at.join(one), text).unwrap();
            fs::set_permissions(at.join(one), fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
    let (imports, _) = import(format, &[at]);
    let is_it = |one: &&Directive| one.name.split(':').next() == Some(name);
    imports[0].directives.iter().find(is_it).unwrap().clone()
}

fn imported(section: &str, source: &str) -> Directive {
    match section {
        "systemd: [Unit]" => service("Unit", "", source),
        "systemd: [Service]" => service("Service", "", source),
        "systemd: [Service] with Type=forking" => service("Service", "Type=forking\n", source),
        "systemd: [Service] with Type=oneshot" => service("Service", "Type=oneshot\n", source),
        "systemd: [Install]" => service("Install", "", source),
        "systemd: a .socket, imported with its service x" => socket(source),
        "lsb" => lsb(source),
        "lsb: insserv.conf, imported with the script x" => insserv_conf(source),
        "inittab" => last(Format::Inittab, "/etc/inittab", source, None),
        "openrc, of a command in the foreground" => openrc_script(source),
        "runit" => file(Format::Runit, "", source),
        "daemontools" => file(Format::Daemontools, "", source),
        "s6-rc: a longrun" => file(Format::S6Rc, "longrun", source),
        "s6-rc: a oneshot" => file(Format::S6Rc, "oneshot", source),
        "s6-rc: a bundle" => file(Format::S6Rc, "bundle", source),
        _ => panic!("no section {section}"),
    }
}

/// Each row of the page is what its importer says.
#[test]
fn rows_are_true() {
    let rows = rows();
    assert!(rows.len() > 350, "{}", rows.len());
    for Row { section, source, fate, reason } in rows {
        let told = imported(&section, &source);
        assert_eq!((told.fate.to_string(), told.reason), (fate, reason), "{section}: {source}");
    }
}

/// What the tables of the importers have is in the page.
#[test]
fn no_row_is_missing() {
    let rows = rows();
    let has = |begin: &str| rows.iter().any(|row| row.source.starts_with(begin));
    let directives = systemd::table::FATES.iter().map(|(begin, _, _)| *begin);
    let missing: Vec<&str> = directives
        .chain(openrc::variables::UNREAD.iter().map(|(begin, _)| *begin))
        .filter(|begin| !has(begin))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}
