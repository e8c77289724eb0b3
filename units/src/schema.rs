//! The language's table → JSON Schema, draft-07, which editors complete and check units by.
//!
//! It is never stricter than the checker: what the checker takes, it takes. A `${NAME}` may stand wherever a text may.

use serde_json::{Map, Value, json};

use crate::language::{self, Belongs, Key, SETTINGS, Shape};

/// What every value may be as well: a text with a variable in it.
const VARIABLE: &str = r"\$\{[A-Za-z_]";

/// The schema of a unit.
pub fn unit_schema() -> Value {
    let mut schema = head("A unit of sunup, see unit(5)");
    schema.extend(map(language::keys()));
    schema.insert("required".into(), json!(["kind"]));
    let kinds = [
        kind("longrun", Belongs::Longrun, &["run", "servicedir"]),
        kind("oneshot", Belongs::Oneshot, &["start", "do"]),
        kind("milestone", Belongs::Everywhere, &[]),
    ];
    schema.insert("allOf".into(), kinds.into_iter().collect());
    Value::Object(schema)
}

/// The schema of sunup.yaml.
pub fn settings_schema() -> Value {
    let mut schema = head("The settings of sunup, see sunup.yaml(5)");
    schema.extend(map(SETTINGS.iter()));
    Value::Object(schema)
}

fn head(title: &str) -> Map<String, Value> {
    let version = "http://json-schema.org/draft-07/schema#";
    let pairs = [("$schema", version), ("title", title), ("type", "object")];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), Value::from(value))).collect()
}

/// What holds for units of a kind: keys of other kinds are refused, and one of `one_of` must be there.
fn kind(word: &str, own: Belongs, one_of: &[&str]) -> Value {
    let is_foreign = |key: &&Key| match key.belongs {
        Belongs::Everywhere => false,
        Belongs::Running => own == Belongs::Everywhere,
        Belongs::Longrun | Belongs::Oneshot => key.belongs != own,
    };
    let foreign: Map<String, Value> =
        language::keys().filter(is_foreign).map(|key| (key.name.into(), Value::Bool(false))).collect();
    let mut then = Map::from_iter([("properties".to_owned(), Value::Object(foreign))]);
    if !one_of.is_empty() {
        then.insert("anyOf".into(), one_of.iter().map(|key| json!({ "required": [key] })).collect());
    }
    json!({ "if": { "properties": { "kind": { "const": word } }, "required": ["kind"] }, "then": then })
}

/// A map with these keys and no others.
fn map<'a>(keys: impl Iterator<Item = &'a Key>) -> Map<String, Value> {
    let properties: Map<String, Value> = keys.map(|key| (key.name.into(), property(key))).collect();
    Map::from_iter([
        ("properties".to_owned(), Value::Object(properties)),
        ("additionalProperties".to_owned(), Value::Bool(false)),
    ])
}

fn property(key: &Key) -> Value {
    let mut value = shape(&key.shape);
    let about = match key.default {
        "" => format!("{}.", key.about),
        default => format!("{}. Default: {default}.", key.about),
    };
    if let Value::Object(value) = &mut value {
        value.insert("description".into(), about.into());
    }
    value
}

/// A shape's schema. It recurses no deeper than the table nests.
fn shape(shape: &Shape) -> Value {
    match shape {
        Shape::Text => json!({ "type": ["string", "number", "boolean"], "minLength": 1 }),
        Shape::AnyText => json!({ "type": ["string", "number", "boolean"] }),
        Shape::Word(words) => perhaps_variable(json!({ "enum": words() })),
        Shape::Pattern(pattern) => json!({ "type": "string", "pattern": whole(pattern) }),
        Shape::Token(pattern) => json!({ "type": ["string", "number", "boolean"], "pattern": whole(pattern) }),
        Shape::Boolean => perhaps_variable(json!({ "type": "boolean" })),
        Shape::Number(least, most) => perhaps_variable(json!({ "type": "integer", "minimum": least, "maximum": most })),
        Shape::Argv => json!({ "type": "array", "items": self::shape(&Shape::AnyText), "minItems": 1 }),
        Shape::List(item) => json!({ "type": "array", "items": self::shape(item) }),
        Shape::OneOrSeveral(item) => {
            json!({ "anyOf": [self::shape(item), { "type": "array", "items": self::shape(item) }] })
        }
        Shape::Map(keys) => object(map(keys.iter())),
        Shape::Choice(keys, besides) => choice(keys, besides),
        Shape::Named(names, value) => {
            let properties: Map<String, Value> =
                names().into_iter().map(|name| (name.into(), self::shape(value))).collect();
            json!({ "type": "object", "properties": properties, "additionalProperties": false })
        }
        Shape::Table(names, value) => json!({
            "type": "object",
            "patternProperties": { format!("^({names})$"): self::shape(value) },
            "additionalProperties": false,
        }),
        Shape::Either(shapes) => json!({ "anyOf": shapes.iter().map(self::shape).collect::<Vec<_>>() }),
    }
}

/// A map with exactly one of its keys; the one that is named `besides` does not count.
fn choice(keys: &[Key], besides: &str) -> Value {
    let ways = keys.iter().filter(|key| key.name != besides);
    let mut schema = map(keys.iter());
    schema.insert("oneOf".into(), ways.map(|key| json!({ "required": [key.name] })).collect());
    object(schema)
}

fn object(mut schema: Map<String, Value>) -> Value {
    schema.insert("type".into(), "object".into());
    Value::Object(schema)
}

fn whole(pattern: &str) -> String {
    format!("^({pattern})$|{VARIABLE}")
}

fn perhaps_variable(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "string", "pattern": VARIABLE }] })
}
