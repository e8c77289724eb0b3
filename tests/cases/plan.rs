//! What `sunup plan` and `sunup check` tell before it hurts.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use tests::{command, programs, require, root};

fn sunup(arguments: &[&str]) -> Command {
    let mut sunup = Command::new(programs::built().join("sunup"));
    sunup.args(arguments).current_dir(programs::workspace());
    sunup
}

/// Graphviz accepts the plan of the installed system and sees its edges.
#[test]
fn graphviz_accepts_the_plan() {
    if !require::root() || !require::tools(&["mmdebstrap", "dot", "chroot"]) {
        return;
    }
    let mut plan = Command::new("chroot");
    let dot = command::run(plan.arg(root::installed()).args(["/usr/bin/sunup", "plan", "default", "--format", "dot"]));
    assert!(dot.contains("sshd") && dot.contains("->"), "{dot}");
    let mut graphviz = Command::new("dot");
    let mut child = graphviz.args(["-Tplain"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(dot.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{dot}");
    assert!(String::from_utf8_lossy(&output.stdout).lines().filter(|line| line.starts_with("edge ")).count() > 10);
}

/// Nothing is wrong with the units we ship, and no edge of theirs says what others say.
#[test]
fn our_units_are_in_order() {
    let (code, text) = command::output(&mut sunup(&["check", "units/system"]));
    assert_eq!(code, Some(0), "{text}");
    assert!(!text.contains("is implied already"), "{text}");
}

/// A cycle of three is shown as a path, each edge with file and line.
#[test]
fn a_cycle_is_shown_with_its_edges() {
    let directory = tempfile::tempdir().unwrap();
    for (name, next) in [("one", "two"), ("two", "three"), ("three", "one")] {
        let text = format!("kind: oneshot\nstart: [/bin/true]\nneeds: [{next}]\n");
        fs::write(directory.path().join(format!("{name}.yaml")), text).unwrap();
    }
    let output = sunup(&["check"]).arg(directory.path()).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for name in ["one", "two", "three"] {
        assert!(text.contains(&format!("{}/{name}.yaml:3", directory.path().display())), "no edge of {name}:\n{text}");
    }
}

/// A unit directory is checked among the installed units, and a command that is not there is told with its place.
#[test]
fn a_directory_is_checked_with_its_commands() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("web.yaml");
    fs::write(&file, "kind: longrun\nneeds: [local]\nrun: [/no/such]\n").unwrap();
    let lib = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(programs::workspace().join("units/system"), lib.path().join("units")).unwrap();
    for path in [directory.path(), &file] {
        let (code, text) = command::output(sunup(&["check"]).arg(path).env("SUNUP_LIB", lib.path()));
        let expected = format!("{}:3:6: unable to run \"/no/such\": No such file or directory", file.display());
        assert_eq!((code, text.lines().next()), (Some(1), Some(expected.as_str())), "{text}");
    }
}

/// A plan that goes in a circle says so and which edge the boot would leave out.
#[test]
fn a_plan_tells_of_a_cycle() {
    let directory = tempfile::tempdir().unwrap();
    for (name, next) in [("one", "two"), ("two", "one")] {
        let text = format!("kind: oneshot\nstart: [/bin/true]\nneeds: [{next}]\n");
        fs::write(directory.path().join(format!("{name}.yaml")), text).unwrap();
    }
    let output = sunup(&["plan", "one", "--units"]).arg(directory.path()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("one needs two") && text.contains("the boot would leave this edge out"), "{text}");
}
