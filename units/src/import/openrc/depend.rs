//! The words of `depend` → edges.

use std::collections::BTreeMap;

use super::script::{Line, Script};
use crate::UnitName;
use crate::import::report::Verdict;
use crate::import::sketch::{Report, Sketch, Strength};
use crate::import::world::{self, Ours};

/// What OpenRC's own services are called here.
const SERVICES: [(&str, &str); 27] = [
    ("net", "network"),
    ("net.lo", "loopback"),
    ("loopback", "loopback"),
    ("localmount", "mounts"),
    ("netmount", "mounts"),
    ("mtab", "mounts"),
    ("root", "root-rw"),
    ("fsck", "fsck-root"),
    ("swap", "swap"),
    ("bootmisc", "tmpfiles"),
    ("tmpfiles.setup", "tmpfiles"),
    ("stand-alone", "tmpfiles"),
    ("logger", "rsyslog"),
    ("dns", "network"),
    ("clock", "clock"),
    ("hwclock", "clock"),
    ("swclock", "clock"),
    ("sysctl", "sysctl"),
    ("modules", "modules"),
    ("hostname", "hostname"),
    ("seedrng", "random-seed"),
    ("urandom", "random-seed"),
    ("entropy", "random-seed"),
    ("udev", "udevd"),
    ("udev-trigger", "udev-coldplug"),
    ("udev-settle", "udev-settle"),
    ("dev", "udev-settle"),
];

/// Which script provides a name.
pub(super) type Providers = BTreeMap<String, String>;

/// The words of `depend`: command, names, line.
pub(super) fn words(script: &Script) -> Vec<(String, Vec<String>, &Line)> {
    let body = script.function("depend").map_or(&[][..], |function| &function.body);
    let commands = body.iter().flat_map(|line| line.text.split(';').map(move |command| (command, line)));
    let words = commands.map(|(command, line)| {
        let plain = command.split('#').next().unwrap_or_default();
        (plain.split_whitespace().map(String::from).collect::<Vec<String>>(), line)
    });
    words.filter_map(|(words, line)| Some((words.first()?.clone(), words[1..].to_vec(), line))).collect()
}

/// Draws the edges that `depend` asks for, and tells of each word.
pub(super) fn draw(script: &Script, providers: &Providers, sketch: &mut Sketch, report: &mut Report) {
    for (word, names, line) in words(script) {
        let place = report.place(line.number);
        let strength = match word.as_str() {
            "need" => Strength::Needs,
            "use" | "want" => Strength::Wants,
            "after" => Strength::After,
            "before" => Strength::Before,
            "keyword" => {
                for name in &names {
                    report.tell(&format!("keyword {name}"), place.clone(), keyword(name, sketch));
                }
                continue;
            }
            "provide" => {
                let reason = format!("what is imported with it finds {} as {}", names.join(", "), sketch.name);
                report.tell(&word, place, Verdict::approximated(reason));
                continue;
            }
            _ => {
                let text = line.text.trim();
                let verdict = Verdict::dropped("only the words of depend are understood");
                report.tell(text, place, verdict.decide(format!("see what this makes depend on what: {text}")));
                continue;
            }
        };
        for name in &names {
            let directive = format!("{word} {name}");
            let verdict = match unit(name, providers) {
                Some((unit, is_known)) => {
                    sketch.edge(strength, &unit);
                    edge(&word, &unit, is_known)
                }
                None => Verdict::dropped("no name of a unit").decide(format!("say which units are meant: {directive}")),
            };
            report.tell(&directive, place.clone(), verdict);
        }
    }
}

/// The unit of a name, and whether it is known to be there; `None`: the name is none.
fn unit(name: &str, providers: &Providers) -> Option<(String, bool)> {
    let shipped = || SERVICES.iter().find(|(other, _)| *other == name).map(|(_, unit)| (*unit).to_owned());
    let by_debian = || match world::ours(name) {
        Some(Ours::Unit(unit)) => Some(unit.to_owned()),
        _ => None,
    };
    let known = providers.get(name).cloned().or_else(shipped).or_else(by_debian);
    let is_known = known.is_some();
    let unit = known.unwrap_or_else(|| name.into());
    let is_one = name != "*" && !name.contains('$') && UnitName::new(&unit).is_ok();
    is_one.then_some((unit, is_known))
}

fn edge(word: &str, unit: &str, is_known: bool) -> Verdict {
    match (word, is_known) {
        ("use", _) => Verdict::approximated(format!("as wants: [{unit}]; use starts only what is in the run level")),
        (_, true) => Verdict::kept(format!("as an edge to {unit}")),
        ("need", false) => Verdict::kept(format!("as needs: [{unit}]"))
            .decide(format!("nothing provides {unit}: import it too, or take it out of needs")),
        (_, false) => Verdict::kept(format!("as an edge to {unit}, which was not imported with it")),
    }
}

/// A word that says where the service is not to be.
fn keyword(name: &str, sketch: &mut Sketch) -> Verdict {
    match name {
        "-docker" | "-lxc" | "-openvz" | "-podman" | "-systemd-nspawn" | "-vserver" | "-prefix" | "-rkt" | "-uml" => {
            sketch.condition("container", "false");
            Verdict::approximated("as if: {container: false}")
        }
        "-containers" => {
            sketch.condition("container", "false");
            Verdict::kept("as if: {container: false}")
        }
        "-timeout" => {
            sketch.set_text("start-timeout", "none");
            Verdict::kept("as start-timeout: none")
        }
        "-stop" | "-shutdown" => Verdict::approximated("every unit stops at shutdown"),
        _ => Verdict::dropped("has no counterpart"),
    }
}
