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
