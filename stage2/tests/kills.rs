//! Whatever is killed at whatever moment (the engine, its keeper, supervises, a verb's client), what was asked for is
//! finished, and what `sunup status` says is what runs. 20 kills, or as many as SUNUP_SOAK says;
//! `make soak ONLY=engine`.

#[path = "../../tests/src/random.rs"]
mod prng;
mod system;

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use prng::Random;
use serde_json::Value;
use system::{System, until};

const SERVICES: [&str; 4] = ["a", "b", "c", "d"];

fn server(needs: &str) -> String {
    format!("kind: longrun\nneeds: [{needs}]\nrun: [sleep, '1000']\nlog: none\nstop-timeout: 2s\n")
}

fn kill_hard(pid: u32) {
    if pid > 1 {
        let _ = kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL);
    }
}

/// Processes of the system's own that run in this directory, by their working directory.
fn processes_in(directory: &Path) -> Vec<u32> {
    let all = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    all.filter(|pid: &u32| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == directory)).collect()
}

fn name_of(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim().to_owned()
}

/// One thing that is killed, after a moment.
fn kill_something(system: &System, random: &mut Random, client: &mut Child) -> String {
    std::thread::sleep(Duration::from_millis(random.below(40) as u64));
    match random.below(5) {
        0 => {
            let service = SERVICES[random.below(4)];
            let directory = system.path(&format!("run/service/{service}"));
            let supervises: Vec<u32> =
                processes_in(&directory).into_iter().filter(|pid| name_of(*pid) == "supervise").collect();
            supervises.iter().for_each(|pid| kill_hard(*pid));
            format!("the supervise of {service}")
        }
        1 => {
            let _ = client.kill();
            "the client".to_owned()
        }
        2 => {
            let keeper = fs::read_link(system.path("run/engine/keeper")).unwrap_or_default();
            let pid = keeper.to_str().and_then(|name| name.split(' ').next()?.parse().ok());
            // Named by a link that nobody removes when it is killed: its number may be another's by now.
            pid.filter(|pid| name_of(*pid) == "stage2").into_iter().for_each(kill_hard);
            "the keeper".to_owned()
        }
        _ => {
            kill_hard(system.pid("engine"));
            // Its supervise would rest before it starts so short-lived a service again.
            system.control("engine", "u");
            "the engine".to_owned()
        }
    }
}

/// What was asked for is finished, and what is told is what runs.
#[test]
fn whatever_is_killed() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let rounds = number("SUNUP_SOAK").unwrap_or(20);
    let seed = number("SEED").unwrap_or(u64::from(std::process::id()));
    println!("SEED={seed}");
    let mut random = Random(seed);
    let step = "kind: oneshot\nneeds: [a]\nstart: 'echo >>ROOT/began-NAME; sleep 0.02'\nstop: [/bin/true]\n";
    let system = System::new(&[
        ("a", &server("")),
        ("b", &server("a")),
        ("c", &server("b")),
        ("d", &server("")),
        ("step", &step.replace("NAME", "step")),
    ]);
    system.supervise_engine();
    system.request("boot", "boot", &["default"]);
    let mut moments = Vec::new();
    for round in 0..rounds {
        let verb = ["restart", "stop", "start", "restart"][random.below(4)];
        let unit = [&SERVICES[..], &["step"]].concat()[random.below(5)];
        let mut client = system.sunup(&[verb, unit]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let killed = kill_something(&system, &mut random, &mut client);
        moments.push(format!("{round}: {verb} {unit}, killed {killed}"));
        finish(&system, &mut client, &moments);
    }
    let (code, text) = system.operate(&["start", "--quiet", "default"]);
    assert_eq!(code, Some(0), "{text}\n{}", moments.join("\n"));
    agree(&system, &moments);
    for service in SERVICES {
        assert_ne!(system.pid(service), 0, "{service} is not up\n{}", moments.join("\n"));
    }
}

/// The verb comes to its end, whoever was killed, and then status and processes agree.
fn finish(system: &System, client: &mut Child, moments: &[String]) {
    let ended = std::cell::RefCell::new(client);
    until("the client's end", || {
        system.control("engine", "u");
        ended.borrow_mut().try_wait().unwrap().is_some()
    });
    let is_done = || {
        let names = fs::read_dir(system.path("run/requests")).unwrap().flatten();
        let mut names = names.filter_map(|entry| entry.file_name().into_string().ok());
        names.all(|name| name.starts_with('.') || name.ends_with(".done") || name.ends_with(".progress"))
    };
    until("the request's end", || {
        if !is_done() {
            system.control("engine", "u");
        }
        is_done() && system.pid("engine") == 0
    });
    agree(system, moments);
}

/// Who is up has exactly one process, and who is not has none.
fn agree(system: &System, moments: &[String]) {
    let story = moments.join("\n");
    let is_so = || {
        let (_, text) = system.operate(&["status", "--json"]);
        let states: Vec<Value> = serde_json::from_str(&text).unwrap_or_default();
        SERVICES.iter().all(|service| {
            let directory = system.path(&format!("run/service/{service}"));
            let sleepers = processes_in(&directory).into_iter().filter(|pid| name_of(*pid) == "sleep").count();
            let state = states.iter().find(|state| state["unit"] == *service);
            let is_up = state.is_some_and(|state| state["state"] == "up");
            sleepers == usize::from(is_up) && state.is_some_and(|state| is_up || state["state"] == "down")
        })
    };
    let start = std::time::Instant::now();
    while !is_so() {
        let (_, text) = system.operate(&["status"]);
        assert!(start.elapsed() < Duration::from_secs(30), "status and processes differ\n{text}\n{story}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A thousand one-shots that write at once: every line is whole, and none is missing.
#[test]
fn a_thousand_talk_at_once() {
    let units: Vec<(String, String)> = (0..1000)
        .map(|number| {
            let words = format!("word-{number}-{}", "x".repeat(60));
            (format!("u{number}"), format!("kind: oneshot\nstart: [printf, '{words}\\n{words}\\n{words}']\n"))
        })
        .collect();
    let units: Vec<(&str, &str)> = units.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let system = System::new(&units);
    system.supervise_engine();
    assert_eq!(system.request("boot", "boot", &["default"])["exit"], 0);
    until("the engine's end", || system.pid("engine") == 0);
    // The keeper may have something left to write.
    let said = || system.lines("scanner.log").into_iter().filter(|line| line.contains("word-")).collect::<Vec<_>>();
    until("every line", || said().len() == 3000);
    for line in said() {
        let (unit, words) = line.split_once(": ").unwrap_or_else(|| panic!("half a line: {line}"));
        assert_eq!(words, format!("word-{}-{}", &unit[1..], "x".repeat(60)));
    }
    // On a machine that is busy with something else, some take so long that they are announced.
    let lines = |file: &str| -> Vec<String> {
        system.lines(file).into_iter().filter(|line| !line.ends_with(": not ready after 10 s")).collect()
    };
    let console = lines("console");
    assert_eq!(console.len(), 1000);
    assert!(console.iter().all(|line| line.starts_with("[ ok ] u") && line.ends_with(" ms)")));
    assert_eq!(lines("run/boot.log").len(), 1000);
}
