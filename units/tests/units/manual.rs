//! unit(5) tells the truth.

use std::path::Path;

use units::{Diagnostic, Reading, Settings, Step, UnitName, UnitSet, settings_schema, unit_schema};

const MANUAL: &str = include_str!("../../../docs/man/unit.5");
const SETTINGS: &str = include_str!("../../../docs/man/sunup.yaml.5");

/// The literal blocks of unit(5) that begin with `# NAME.yaml`, each with that name.
pub fn examples() -> Vec<(&'static str, &'static str)> {
    blocks(MANUAL)
}

/// What the examples are read with: the settings of sunup.yaml(5).
pub fn reading() -> Reading {
    let (settings, wrong) = Settings::from_text(Path::new("sunup.yaml"), blocks(SETTINGS)[0].1);
    assert_eq!(wrong, []);
    Reading { init_scripts: None, ..settings.reading() }
}

fn blocks(manual: &'static str) -> Vec<(&'static str, &'static str)> {
    let blocks = manual.split(".Bd -literal -offset indent\n").skip(1);
    let texts = blocks.filter_map(|block| block.split(".Ed\n").next());
    texts.filter_map(|text| Some((text.strip_prefix("# ")?.lines().next()?, text))).collect()
}

/// Every example in the manual is a unit with nothing wrong.
#[test]
fn examples_are_sound() {
    let set = UnitSet::from_texts_with(&examples(), &reading());
    assert_eq!(set.diagnostics().iter().map(Diagnostic::summary).collect::<Vec<_>>(), [""; 0]);
    let names: Vec<&str> = set.units().keys().map(UnitName::as_str).collect();
    assert_eq!(names, ["database", "early", "firewall", "old", "qmail", "scratch", "sshd", "web", "worker"]);
    let web = set.get("web").unwrap();
    assert_eq!(web.description, "Web server on port 8080");
    assert_eq!(web.needs.iter().map(|edge| edge.unit.as_str()).collect::<Vec<_>>(), ["database"]);
    assert_eq!(web.stop_timeout.as_secs(), 20);
}

/// Every key of units has its item and stands in an example, and so has every key of sunup.yaml.
#[test]
fn every_key_is_explained_and_shown() {
    for (manual, schema) in [(MANUAL, unit_schema()), (SETTINGS, settings_schema())] {
        let shown: Vec<&str> = blocks(manual).into_iter().flat_map(|(_, text)| text.lines()).collect();
        for key in schema["properties"].as_object().unwrap().keys() {
            assert!(manual.contains(&format!("\n.It Ic {key} : ")), "{key} is not explained");
            assert!(shown.iter().any(|line| line.starts_with(&format!("{key}: "))), "{key} is not shown");
        }
    }
}

/// What holds where a key is not written is told in the same words by the manual and by the schema; lists are empty then.
#[test]
fn every_default_is_told() {
    for (manual, schema) in [(MANUAL, unit_schema()), (SETTINGS, settings_schema())] {
        let keys = schema["properties"].as_object().unwrap();
        for (key, rule) in keys {
            let default = rule["description"].as_str().unwrap().split_once(" Default: ").map(|(_, default)| default);
            let default = default.map(|default| default.trim_end_matches('.')).filter(|default| *default != "[]");
            let begin = format!("\n.It Ic {key} : ");
            // An item may have a list of its own inside, behind which it goes on.
            let is_next = |line: &&str| keys.keys().any(|key| line.starts_with(&format!(".It Ic {key} : ")));
            let whole = |item: &str| item.lines().take_while(|line| !is_next(line)).collect::<Vec<_>>().join("\n");
            let items: Vec<String> = manual.split(&begin).skip(1).map(whole).collect();
            let is_told = |default| items.iter().any(|item| item.contains(&format!("Default: {default}")));
            assert!(default.is_none_or(is_told), "{key}: {default:?}: {items:#?}");
        }
    }
}

/// Every step is in the manual.
#[test]
fn every_step_is_explained() {
    for (_, word) in Step::ALL {
        assert!(MANUAL.contains(&format!("\n.It Cm {word}\n")), "{word}");
    }
}
