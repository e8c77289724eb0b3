//! The JSON Schema and the checker say the same.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex};

use serde_json::{Value, json};
use units::{Settings, UnitSet, settings_schema, unit_schema};

/// Whether a value fits a schema: the part of draft-07 that ours uses; anything else in a schema fails the test.
fn fits(schema: &Value, value: &Value) -> bool {
    let Value::Object(schema) = schema else { return schema.as_bool().unwrap() };
    schema.iter().all(|(key, rule)| match key.as_str() {
        "$schema" | "title" | "description" | "then" => true,
        "type" => types(rule).any(|name| is_type(name, value)),
        "enum" => rule.as_array().unwrap().contains(value),
        "const" => rule == value,
        "pattern" => value.as_str().is_none_or(|text| matches(rule.as_str().unwrap(), text)),
        "minLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 >= rule.as_u64().unwrap()),
        "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= rule.as_u64().unwrap()),
        "minimum" => value.as_i64().is_none_or(|number| number >= rule.as_i64().unwrap()),
        "maximum" => value.as_i64().is_none_or(|number| number <= rule.as_i64().unwrap()),
        "items" => value.as_array().is_none_or(|items| items.iter().all(|item| fits(rule, item))),
        "required" => value.as_object().is_none_or(|map| texts(rule).all(|name| map.contains_key(name))),
        "properties" => value
            .as_object()
            .is_none_or(|map| map.iter().all(|(name, value)| rule.get(name).is_none_or(|schema| fits(schema, value)))),
        "patternProperties" => value.as_object().is_none_or(|map| {
            let named = |name: &str| {
                rule.as_object().unwrap().iter().filter(|(pattern, _)| matches(pattern, name)).collect::<Vec<_>>()
            };
            map.iter().all(|(name, value)| named(name).iter().all(|(_, schema)| fits(schema, value)))
        }),
        "additionalProperties" => {
            rule.as_bool().unwrap()
                || value.as_object().is_none_or(|map| {
                    let is_known = |name: &str| schema.get("properties").is_some_and(|known| known.get(name).is_some());
                    let is_like = |name: &str| {
                        let patterns = schema.get("patternProperties").and_then(Value::as_object);
                        patterns.is_some_and(|patterns| patterns.keys().any(|pattern| matches(pattern, name)))
                    };
                    map.keys().all(|name| is_known(name) || is_like(name))
                })
        }
        "anyOf" => rule.as_array().unwrap().iter().any(|schema| fits(schema, value)),
        "allOf" => rule.as_array().unwrap().iter().all(|schema| fits(schema, value)),
        "oneOf" => rule.as_array().unwrap().iter().filter(|schema| fits(schema, value)).count() == 1,
        "if" => !fits(rule, value) || fits(&schema["then"], value),
        other => panic!("the test does not know {other}"),
    })
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().unwrap().iter().map(|item| item.as_str().unwrap())
}

fn types(rule: &Value) -> impl Iterator<Item = &str> {
    rule.as_array().map_or(std::slice::from_ref(rule), Vec::as_slice).iter().map(|item| item.as_str().unwrap())
}

fn is_type(name: &str, value: &Value) -> bool {
    match name {
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other}"),
    }
}

/// grep reads extended regular expressions, of which ours are a part that JSON Schema has as well.
fn matches(pattern: &str, text: &str) -> bool {
    static KNOWN: LazyLock<Mutex<HashMap<(String, String), bool>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap();
    *known.entry((pattern.into(), text.into())).or_insert_with(|| grep(pattern, text))
}

fn grep(pattern: &str, text: &str) -> bool {
    use std::io::Write;
    let mut grep = Command::new("grep").args(["-E", "-q", "-z", "--", pattern]).stdin(Stdio::piped()).spawn().unwrap();
    grep.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    grep.wait().unwrap().success()
}

/// A YAML document as an editor sees it: plain scalars that look like numbers and booleans are such.
fn as_editor_sees(text: &str) -> Vec<Value> {
    let documents = serde_yaml::from_multiple::<Value>(text).unwrap();
    documents.into_iter().filter(|value| !value.is_null()).collect()
}

/// Whatever the checker takes among the units that we ship and the examples of the manual, the schema takes.
#[test]
fn sound_units_fit() {
    let schema = unit_schema();
    let shipped = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("system")).unwrap();
    let mut texts: Vec<String> = shipped.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    assert!(texts.len() > 20);
    let examples = crate::manual::examples().into_iter().filter(|(name, _)| !name.contains(".d/"));
    texts.extend(examples.map(|(_, text)| text.to_owned()));
    for text in texts {
        for unit in as_editor_sees(&text) {
            assert!(fits(&schema, &unit), "{text}");
        }
    }
}

/// The values that every key is tried with.
fn samples() -> Vec<&'static str> {
    vec![
        "x",
        "\"\"",
        "3",
        "-5",
        "true",
        "false",
        "/x",
        "\"!/x\"",
        "-/x",
        "1s",
        "1m30s",
        "none",
        "notify",
        "auto",
        "always",
        "0022",
        "512K",
        "5 in 60s",
        "TERM",
        "main",
        "cgroup",
        "[]",
        "[x]",
        "[/x]",
        "[mount]",
        "[tcp://0.0.0.0:80]",
        "{}",
        "{A: 1}",
        "{fd: 3}",
        "{fd: 3, file: /x}",
        "{file: /x, every: 1s}",
        "{path: /x}",
        "{path: [/x, \"!/y\"]}",
        "{container: true}",
        "{nofile: 1024:4096}",
        "{nofile: unlimited}",
        "{memory.max: 512M}",
        "{size: 1M, keep: 3}",
        "{when-full: wait}",
        "{exec: [x], every: 1s}",
        "[CAP_NET_RAW]",
        "a b",
        "[[x]]",
        "[{a: b}]",
        "{colour: auto}",
        "{live: false}",
        "{start: 30s}",
        "s6",
        "v1",
        "sysvinit",
        "0",
        "\"a: b\"",
        "longrun",
        "{x: [y]}",
        "1000",
    ]
}

/// A unit with the key and nothing else that may be wrong.
fn around(key: &str, value: &str) -> String {
    let belongs = &unit_schema()["allOf"];
    let is_foreign = |kind: usize| belongs[kind]["then"]["properties"].get(key).is_some();
    let (kind, own) = if is_foreign(0) { ("oneshot", "start: a") } else { ("longrun", "run: a") };
    let own_key = own.split(':').next().unwrap();
    let own = if key == own_key || key == "servicedir" || key == "do" { "" } else { own };
    let partner = match key {
        "pidfile" => "forks: true",
        "watchdog" => "ready: notify",
        _ => "",
    };
    let kind = if key == "kind" { String::new() } else { format!("kind: {kind}\n") };
    format!("{kind}{own}\n{partner}\n{key}: {value}\n")
}

/// For every key: a value that the checker takes fits the schema, and one of the wrong type neither takes.
#[test]
fn checker_and_schema_agree() {
    let schema = unit_schema();
    let mut agreed = 0;
    for key in schema["properties"].as_object().unwrap().keys() {
        let mut taken = 0;
        for value in samples() {
            let text = around(key, value);
            let set = UnitSet::from_texts(&[("u/x.yaml", &text)]);
            let is_sound = set.diagnostics().iter().all(|one| !one.is_error());
            let unit = &as_editor_sees(&text)[0];
            let fits_schema = fits(&schema, unit);
            assert!(!is_sound || fits_schema, "the checker takes it, the schema does not: {text}");
            let is_structured = unit[key].is_array() || unit[key].is_object();
            let is_wrong_type = set.diagnostics().iter().any(|one| {
                one.message.starts_with(&format!("\"{key}\" must be")) && one.message.ends_with("not a list")
                    || one.message.ends_with("not a map")
            });
            assert!(!(is_structured && is_wrong_type && fits_schema), "the schema takes a wrong type: {text}");
            taken += usize::from(is_sound);
            agreed += usize::from(is_sound == fits_schema);
        }
        assert!(taken > 0, "no sample is good for {key}");
    }
    assert!(agreed > 46 * 45, "they differ too often: {agreed}");
}

/// The same for sunup.yaml.
#[test]
fn settings_agree() {
    let schema = settings_schema();
    for key in schema["properties"].as_object().unwrap().keys() {
        let mut taken = 0;
        for value in samples() {
            let text = format!("{key}: {value}\n");
            let (_, wrong) = Settings::from_text(Path::new("sunup.yaml"), &text);
            let fits_schema = fits(&schema, &as_editor_sees(&text)[0]);
            assert!(!wrong.is_empty() || fits_schema, "{text}");
            taken += usize::from(wrong.is_empty());
        }
        assert!(taken > 0, "no sample is good for {key}");
    }
}

/// What editors show: each key has a sentence, and nothing else is allowed.
#[test]
fn every_key_is_described() {
    for schema in [unit_schema(), settings_schema()] {
        assert_eq!(schema["$schema"], json!("http://json-schema.org/draft-07/schema#"));
        assert_eq!(schema["additionalProperties"], json!(false));
        for (key, property) in schema["properties"].as_object().unwrap() {
            assert!(property["description"].as_str().unwrap().len() > 10, "{key}");
        }
    }
}

/// Slips that an editor must underline.
#[test]
fn wrong_units_do_not_fit() {
    let schema = unit_schema();
    for text in [
        "run: a",
        "kind: longrn\nrun: a",
        "kind: longrun",
        "kind: oneshot",
        "kind: longrun\nrun: a\nneed: [b]",
        "kind: longrun\nrun: a\nneeds: b",
        "kind: longrun\nrun: a\nstart: b",
        "kind: milestone\nrun: a",
        "kind: longrun\nrun: a\nready: {fd: 1}",
        "kind: longrun\nrun: a\nready: {fd: 3, file: /x}",
        "kind: longrun\nrun: a\nlimits: {nofiles: 1}",
        "kind: longrun\nrun: a\nstop-timeout: 10",
        "kind: oneshot\ndo: [mout]",
    ] {
        assert!(!fits(&schema, &as_editor_sees(text)[0]), "{text}");
    }
}
