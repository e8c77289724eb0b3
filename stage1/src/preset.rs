//! What process 1 does on a signal: the habits of four inits. Pure.
//!
//! The real-time signals that container and virtual machine managers send mean the same with every preset.

use supervisor::settings::SignalPreset;

/// What a signal is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Stage 3, told these words.
    Stop(&'static str),
    /// A script, in which `$lib` and `$run` are where our programs and those that run from memory are.
    Script(&'static str),
}

use Answer::{Script, Stop};

/// A signal's name without SIG, and its answer.
type Handler = (&'static str, Answer);

/// For every preset. `-f`: at once.
const ALWAYS: [Handler; 8] = [
    ("RTMIN+3", Stop("halt")),
    ("RTMIN+4", Stop("poweroff")),
    ("RTMIN+5", Stop("reboot")),
    ("RTMIN+7", Stop("soft-reboot")),
    ("RTMIN+13", Stop("halt -f")),
    ("RTMIN+14", Stop("poweroff -f")),
    ("RTMIN+15", Stop("reboot -f")),
    ("INT", Stop("reboot")),
];
/// The unit `kbrequest`, which is the administrator's.
const KEYBOARD: Handler = ("WINCH", Script("exec \"$lib/sunup\" restart kbrequest"));
const SUNUP: [Handler; 4] = [("USR1", Stop("poweroff")), ("USR2", Stop("halt")), ("PWR", Stop("poweroff")), KEYBOARD];
const SYSVINIT: [Handler; 2] = [("PWR", Script(POWER_STATUS)), KEYBOARD];
const SYSTEMD: [Handler; 8] = [
    ("TERM", Script("exec \"$run/svscanctl\" -R .")),
    ("USR2", Script("exec \"$lib/sunup\" status")),
    ("PWR", Script(POWER_FAILURE)),
    ("RTMIN", Script("exec \"$lib/sunup\" switch default")),
    ("RTMIN+1", Script("exec \"$lib/sunup\" switch rescue")),
    ("RTMIN+2", Script("exec \"$lib/sunup\" switch rescue")),
    ("RTMIN+6", Stop("reboot")),
    KEYBOARD,
];
const BUSYBOX: [Handler; 5] = [
    ("TERM", Stop("reboot")),
    ("USR1", Stop("halt")),
    ("USR2", Stop("poweroff")),
    ("QUIT", Stop("soft-reboot")),
    ("PWR", Stop("halt")),
];
/// The administrator's unit; where nobody has written one the machine is stopped.
const POWER_FAILURE: &str = "\
\"$lib/sunup\" status sigpwr >/dev/null
test $? != 100 || exec \"$run/stage3\" poweroff
exec \"$lib/sunup\" restart sigpwr";
/// The same, for the unit that is meant by what a power supply's daemon has written.
const POWER_STATUS: &str = "\
status=
for file in /var/run/powerstatus /etc/powerstatus; do
    test -f $file || continue
    read -r status <$file
    rm -f $file
    break
done
case $status in O*) unit=powerokwait ;; L*) unit=powerfailnow ;; *) unit=powerfail ;; esac
\"$lib/sunup\" status $unit >/dev/null
test $? != 100 || test $unit = powerokwait || exec \"$run/stage3\" poweroff
exec \"$lib/sunup\" restart $unit";

/// Every signal that is answered. Whoever runs a container stops it with TERM, whatever the preset; on a machine
/// nobody may stop it by a stray one.
pub fn handlers(preset: SignalPreset, is_machine: bool) -> Vec<Handler> {
    let own: &[Handler] = match preset {
        SignalPreset::Sunup => &SUNUP,
        SignalPreset::Sysvinit => &SYSVINIT,
        SignalPreset::Systemd => &SYSTEMD,
        SignalPreset::Busybox => &BUSYBOX,
    };
    let is_meant = |(signal, _): &&Handler| is_machine || !matches!(*signal, "TERM" | "WINCH");
    let mut handlers: Vec<Handler> = ALWAYS.iter().chain(own).filter(is_meant).copied().collect();
    if !is_machine {
        handlers.push(("TERM", Stop("poweroff")));
    }
    handlers
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// init(8), which has a table of what a machine answers.
    const MANUAL: &str = include_str!("../../docs/man/init.8");

    /// What a cell of that table means.
    fn answer(cell: &str) -> Option<Answer> {
        Some(match cell {
            "\\-" => return None,
            "execute again" => Script("exec \"$run/svscanctl\" -R ."),
            "status" => Script("exec \"$lib/sunup\" status"),
            "bundle Cm default" => Script("exec \"$lib/sunup\" switch default"),
            "bundle Cm rescue" => Script("exec \"$lib/sunup\" switch rescue"),
            "Cm kbrequest" => KEYBOARD.1,
            "power status" => Script(POWER_STATUS),
            "unit Cm sigpwr" => Script(POWER_FAILURE),
            "soft reboot" => Stop("soft-reboot"),
            "reboot" => Stop("reboot"),
            "halt" => Stop("halt"),
            "poweroff" => Stop("poweroff"),
            _ => panic!("{cell}"),
        })
    }

    /// The manual's column of a preset, with what is said below the table of all of them.
    fn documented(preset: &str) -> Vec<(String, Answer)> {
        let table = MANUAL.split(".Bl -column").nth(1).unwrap().split(".El").next().unwrap();
        let mut rows = table.lines().filter_map(|line| line.strip_prefix(".It ")).map(|line| line.split(" Ta "));
        let column = rows.next().unwrap().position(|name| name == format!("Sy {preset}")).unwrap();
        let mut found: Vec<(String, Answer)> = Vec::new();
        for mut row in rows {
            // `INT (Ctrl-Alt-Del)`, `RTMIN+1, +2`.
            let first = row.next().unwrap();
            let names = first.split([',', ' ']).filter(|name| !name.is_empty() && !name.starts_with('('));
            let names: Vec<String> = names.map(|name| name.replace("RTMIN", "").replace('+', "RTMIN+")).collect();
            let Some(answer) = answer(row.nth(column - 1).unwrap()) else { continue };
            found.extend(names.into_iter().map(|name| (if name.is_empty() { "RTMIN".into() } else { name }, answer)));
        }
        assert!(MANUAL.contains(
            "RTMIN+3 halts, +4 powers off, +5 reboots, +7 reboots softly; +13, +14 and +15 halt, power off and reboot at once."
        ));
        let words = ["halt", "poweroff", "reboot", "soft-reboot", "halt -f", "poweroff -f", "reboot -f"];
        let always = [3, 4, 5, 7, 13, 14, 15].iter().zip(words);
        found.extend(always.map(|(number, words)| (format!("RTMIN+{number}"), Stop(words))));
        found
    }

    /// A machine answers what the manual says, and no signal more.
    #[test]
    fn as_documented() {
        for (preset, word) in SignalPreset::ALL {
            let mut expected = documented(word);
            let own = super::handlers(preset, true);
            let mut own: Vec<_> = own.into_iter().map(|(signal, answer)| (signal.to_owned(), answer)).collect();
            expected.sort_by(|one, other| one.0.cmp(&other.0));
            own.sort_by(|one, other| one.0.cmp(&other.0));
            assert_eq!(own, expected, "{word}");
        }
    }

    /// A container stops on TERM, and hears nothing of its terminal's size; every signal has one answer.
    #[test]
    fn containers() {
        for (preset, word) in SignalPreset::ALL {
            for is_machine in [true, false] {
                let handlers = super::handlers(preset, is_machine);
                let names: BTreeSet<_> = handlers.iter().map(|(signal, _)| *signal).collect();
                assert_eq!(names.len(), handlers.len(), "{word}");
                let term = handlers.iter().find(|(signal, _)| *signal == "TERM").map(|(_, answer)| *answer);
                assert_eq!(names.contains("WINCH"), is_machine && word != "busybox", "{word}");
                assert_eq!(term == Some(Stop("poweroff")), !is_machine, "{word}");
            }
        }
    }
}
