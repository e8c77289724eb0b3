//! `servicedir`: somebody's own service directory, run where it can be written and found.

use std::fs;

use crate::subject::{boot, system};
use crate::system::{executable, until};

/// It finds its files, tells its readiness, has its own logger; nothing is written into the original.
#[test]
fn runs_where_it_can_be_found() {
    let system = system(&[("web", "kind: longrun\nservicedir: ROOT/sv/web\n".into())]);
    let root = system.root.display();
    let own = system.path("sv/web");
    let run = "#!/bin/sh\nexec 2>&1\n. ./env/words\necho $PWD $WORD\nsleep 0.4\necho >&3\nexec sleep 1000\n";
    executable::write(&own.join("run"), run);
    executable::write(&own.join("log/run"), &format!("#!/bin/sh\nexec cat >{root}/out/logged\n"));
    for (name, text) in [("env/words", "WORD=mine\n"), ("notification-fd", "3\n"), ("down", "")] {
        fs::create_dir_all(own.join(name).parent().unwrap()).unwrap();
        fs::write(own.join(name), text).unwrap();
    }
    boot(&system);
    let events = system.events("web");
    assert!(events[1].0 - events[0].0 >= 350_000_000, "it was ready at once: {events:?}");
    let expected = format!("{root}/run/service/web mine\n");
    until("the word in its log", || system.read("out/logged") == expected);
    assert!(system.path("run/service/web/supervise/status").exists());
    assert!(!own.join("supervise").exists() && !own.join("log/supervise").exists());
}

/// What cannot be run says why.
#[test]
fn failures() {
    let system = system(&[
        ("absent", "kind: longrun\nservicedir: /no/such\n".into()),
        ("empty", "kind: longrun\nservicedir: ROOT/sv\n".into()),
    ]);
    fs::create_dir_all(system.path("sv")).unwrap();
    let result = system.stage2("default");
    let text = String::from_utf8_lossy(&result.stdout);
    for run in ["/no/such/run".to_owned(), system.path("sv/run").display().to_string()] {
        let expected = format!("unable to run {run}: No such file or directory (");
        assert!(text.contains(&expected), "{expected:?} is missing in\n{text}");
    }
}
