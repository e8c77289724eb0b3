//! Command lines and refusals of `shutdown` and its names.

use super::*;

fn wish(line: &str) -> Result<Wish, String> {
    let words: Vec<&str> = line.split(' ').collect();
    match Verb::from_name(words[0]) {
        Some(verb) => verb_wish(verb, &verb_command(verb).try_get_matches_from(words).unwrap()),
        None => shutdown_wish(&shutdown_command().try_get_matches_from(words).unwrap()),
    }
}

fn stop(verb: Verb) -> Wish {
    Wish::Stop { verb, record: true, inhibitors: true, needs_kernel: false }
}

fn shutdown_at(aim: Aim, when: When, message: &str) -> Wish {
    Wish::Shutdown {
        aim,
        when,
        message: message.into(),
        volume: Volume::Usual,
        only_warn: false,
        check_allowed: false,
        check: Check::Usual,
    }
}

/// Each name and option means what sysvinit's means.
#[test]
fn command_lines() {
    let now = When::In(0);
    for (line, expected) in [
        ("poweroff", stop(Verb::Poweroff)),
        ("halt", stop(Verb::Halt)),
        ("halt -p -h -i", stop(Verb::Poweroff)),
        ("halt -d", Wish::Stop { verb: Verb::Halt, record: false, inhibitors: true, needs_kernel: false }),
        ("reboot -p", stop(Verb::Reboot)),
        ("reboot -k", Wish::Stop { verb: Verb::Reboot, record: true, inhibitors: true, needs_kernel: true }),
        ("reboot --soft", stop(Verb::SoftReboot)),
        ("reboot -f", Wish::AtOnce { verb: Verb::Reboot, sync: true }),
        ("halt -nf", Wish::AtOnce { verb: Verb::Halt, sync: false }),
        ("poweroff -w", Wish::Record),
        ("shutdown -h now", shutdown_at(Aim::Stop(Verb::Poweroff), now, "")),
        ("shutdown -hP now good night", shutdown_at(Aim::Stop(Verb::Poweroff), now, "good night")),
        ("shutdown -hH now", shutdown_at(Aim::Stop(Verb::Halt), now, "")),
        ("shutdown -H +0", shutdown_at(Aim::Stop(Verb::Halt), now, "")),
        ("shutdown -t 3 -n -r 0", shutdown_at(Aim::Stop(Verb::Reboot), now, "")),
        ("shutdown +5", shutdown_at(Aim::Rescue, When::In(5), "")),
        ("shutdown -r 23:10", shutdown_at(Aim::Stop(Verb::Reboot), When::At(23 * 60 + 10), "")),
        ("shutdown -c", Wish::Cancel { message: String::new() }),
        ("shutdown -c not today", Wish::Cancel { message: "not today".into() }),
        (
            "shutdown -ahkQF 7",
            Wish::Shutdown {
                aim: Aim::Stop(Verb::Poweroff),
                when: When::In(7),
                message: String::new(),
                volume: Volume::Silent,
                only_warn: true,
                check_allowed: true,
                check: Check::Forced,
            },
        ),
    ] {
        assert_eq!(wish(line), Ok(expected), "{line}");
    }
}

/// A stop is under way while its lock names it.
#[test]
fn knows_what_is_under_way() {
    let run = tempfile::tempdir().unwrap();
    assert_eq!(under_way(run.path()), None);
    std::fs::write(run.path().join(paths::run::STAGE3_LOCK), "poweroff\n").unwrap();
    assert_eq!(under_way(run.path()), Some(Verb::Poweroff));
    std::fs::write(run.path().join(paths::run::STAGE3_LOCK), "").unwrap();
    assert_eq!(under_way(run.path()), None);
}

/// What cannot be done is refused, never done otherwise.
#[test]
fn refusals() {
    for (line, expected) in [
        ("shutdown -h", "say when: now, +MINUTES, +HH:MM or HH:MM"),
        ("shutdown -rfF now", "-f does not go together with -F"),
        ("shutdown -rh now", "-r does not go together with -h, -P and -H"),
        ("shutdown -h later", "'later' is no time: say now, +MINUTES, +HH:MM or HH:MM"),
    ] {
        assert_eq!(wish(line), Err(expected.into()), "{line}");
    }
    assert!(verb_command(Verb::Poweroff).try_get_matches_from(["poweroff", "--soft"]).is_err());
}
