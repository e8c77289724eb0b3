//! `cgroup`: values that are in the leaf before anything of the unit is. The hierarchy is one of plain files: the machine's
//! own belongs to everybody on it.

use std::fs;

use serde_json::json;

use crate::subject::system;

/// Written before the start; what the kernel lacks costs a warning, what it refuses the unit.
#[test]
fn values() {
    let keys = |value: &str| format!("cgroup: {{pids.max: '{value}'}}\n");
    let system = system(&[
        (
            "server",
            format!(
                "kind: longrun\nrun: |\n  cp ROOT/groups/server/pids.max ROOT/out/server; exec sleep 1000\n{}",
                keys("7")
            ),
        ),
        ("once", format!("kind: oneshot\nstart: [cp, ROOT/groups/once/pids.max, ROOT/out/once]\n{}", keys("8"))),
        ("lacking", "kind: oneshot\nstart: [/bin/true]\ncgroup: {memory.max: 1M}\n".into()),
        ("refused", format!("kind: longrun\nrun: [touch, ROOT/out/refused]\n{}", keys("many"))),
        ("refused-once", format!("kind: oneshot\nstart: [touch, ROOT/out/refused]\n{}", keys("many"))),
    ]);
    fs::create_dir(system.path("groups")).unwrap();
    fs::write(system.path("groups/cgroup.procs"), "").unwrap();
    for leaf in ["server", "once", "lacking", "refused", "refused-once"] {
        fs::create_dir(system.path(&format!("groups/{leaf}"))).unwrap();
    }
    for leaf in ["server", "once"] {
        fs::write(system.path(&format!("groups/{leaf}/pids.max")), "max").unwrap();
    }
    for leaf in ["refused", "refused-once"] {
        // A file of the kernel's that takes numbers only.
        let link = system.path(&format!("groups/{leaf}/pids.max"));
        std::os::unix::fs::symlink("/proc/self/oom_score_adj", link).unwrap();
    }
    system.supervise_engine_with(system.path("groups").to_str().unwrap());
    let answer = system.request("boot", "boot", &[]);
    let failed = "failed";
    let expected = json!({"server": "up", "once": "up", "lacking": "up", "refused": failed, "refused-once": failed});
    assert_eq!((&answer["exit"], &answer["units"]), (&json!(1), &expected));
    assert_eq!((system.read("out/server").as_str(), system.read("out/once").as_str()), ("7ax", "8ax"));
    assert_eq!(system.state("refused")["reason"], "unable to set pids.max to many: Invalid argument");
    assert_eq!(system.state("refused-once")["reason"], "unable to set pids.max to many: Invalid argument");
    assert!(!system.path("out/refused").exists());
    let leaf = system.path("groups/lacking").display().to_string();
    let warning = format!(
        "stage2 lacking: warning: unable to set memory.max: there is no such file in {leaf} (going on without)"
    );
    assert!(system.read("console").contains(&warning), "{}", system.read("console"));
}
