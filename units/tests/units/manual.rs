//! unit(5) tells the truth.

use units::{Step, UnitSet};

const MANUAL: &str = include_str!("../../../docs/man/unit.5");

/// The literal blocks that begin with `# NAME.yaml`, each with that name.
pub fn examples() -> Vec<(&'static str, &'static str)> {
    let blocks = MANUAL.split(".Bd -literal -offset indent\n").skip(1);
    let texts = blocks.filter_map(|block| block.split(".Ed\n").next());
    texts.filter_map(|text| Some((text.strip_prefix("# ")?.lines().next()?, text))).collect()
}

/// Every example in the manual is a unit with nothing wrong.
#[test]
fn examples_are_sound() {
    let examples = examples();
    assert_eq!(
        examples.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["sshd.yaml", "firewall.yaml", "worker.yaml", "early.yaml"]
    );
    let set = UnitSet::from_texts(&examples);
    assert_eq!(set.diagnostics(), []);
    assert_eq!(
        set.units().keys().map(|name| name.as_str()).collect::<Vec<_>>(),
        ["early", "firewall", "scratch", "sshd", "worker"]
    );
}

/// Every step is in the manual.
#[test]
fn every_step_is_explained() {
    for (_, word) in Step::ALL {
        assert!(MANUAL.contains(&format!("\n.It Cm {word}\n")), "{word}");
    }
}
