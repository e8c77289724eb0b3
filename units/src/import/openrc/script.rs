//! What an OpenRC script says without being run: assignments, functions, and the words of `depend`.

use crate::import::shell;
use crate::source::Source;

/// `: ${NAME:=VALUE}`, perhaps in quotes, as an assignment that says the same.
fn default(text: &str) -> Option<(String, String)> {
    let word = text.strip_prefix(": ")?.trim();
    let inner = word.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(word);
    let (name, value) = inner.strip_prefix("${")?.strip_suffix('}')?.split_once(":=")?;
    let is_plain = shell::assignment(&format!("{name}=")).is_some() && !value.contains(['"', '}', '`']);
    is_plain.then(|| (name.into(), format!("\"${{{name}:={value}}}\"")))
}

/// A line with its number.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) text: String,
}

/// A function.
#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) body: Vec<Line>,
}

/// A script.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    /// Assignments outside of functions, in their order: name, value as it is written.
    pub(super) assignments: Vec<(String, String, usize)>,
    pub(super) functions: Vec<Function>,
    /// Other lines outside of functions.
    pub(super) others: Vec<Line>,
}

impl Script {
    pub(super) fn read(source: &Source) -> Self {
        let mut script = Self::default();
        let mut open: Option<Function> = None;
        for line in joined(source) {
            let text = line.text.trim();
            match &mut open {
                Some(function) if line.text.starts_with('}') || (text == "}" && balanced(function)) => {
                    script.functions.extend(open.take());
                }
                Some(function) if text == "{" && function.body.is_empty() => {}
                Some(function) => function.body.push(line),
                None if text.is_empty() || text.starts_with('#') => {}
                None => open = script.top(&line),
            }
        }
        script.functions.extend(open);
        script
    }

    /// A line outside of functions; what it opens.
    fn top(&mut self, line: &Line) -> Option<Function> {
        let text = line.text.trim();
        if let Some((name, rest)) = function_head(text) {
            let mut function = Function { name: name.into(), line: line.number, body: Vec::new() };
            let Some(inside) = rest.trim().strip_prefix('{') else { return Some(function) };
            let inside = inside.trim();
            if !inside.is_empty() {
                let body = inside.strip_suffix('}').unwrap_or(inside);
                function.body.push(Line { number: line.number, text: body.into() });
            }
            if !inside.ends_with('}') {
                return Some(function);
            }
            self.functions.push(function);
            return None;
        }
        let assignment = shell::assignment(text).map(|(name, value)| (name.to_owned(), value.to_owned()));
        match assignment.or_else(|| default(text)) {
            Some((name, value)) => self.assignments.push((name, value, line.number)),
            None if text == "{" => {}
            None => self.others.push(line.clone()),
        }
        None
    }

    /// The last value of a variable, as it is written.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.assignments.iter().rev().find(|(other, _, _)| other == name).map(|(_, value, _)| value.as_str())
    }

    pub(super) fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }
}

fn function_head(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.split_once('(')?;
    let rest = rest.trim_start().strip_prefix(')')?;
    let name = name.trim().trim_start_matches("function ");
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    is_name.then_some((name, rest))
}

/// Whether the braces inside a function are closed, so that the next one closes the function.
fn balanced(function: &Function) -> bool {
    let count = |c: char| {
        function.body.iter().map(|line| line.text.trim()).filter(|text| text.ends_with(c) && text.len() == 1).count()
    };
    let opened = function.body.iter().filter(|line| line.text.trim_end().ends_with('{')).count();
    count('}') >= opened
}

/// The lines of a script; those that end with a backslash, or inside a quoted value, with what continues them.
fn joined(source: &Source) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut is_continued = false;
    for (number, text) in (1..).zip(source.text.lines()) {
        let (body, goes_on) = match text.strip_suffix('\\') {
            Some(body) => (body, true),
            None => (text, false),
        };
        match lines.last_mut().filter(|_| is_continued) {
            Some(last) => {
                last.text.push(' ');
                last.text.push_str(body.trim_start());
            }
            None => lines.push(Line { number, text: body.into() }),
        }
        is_continued = goes_on || lines.last().is_some_and(|line| is_open(&line.text));
    }
    lines
}

/// Whether an assignment's quoted value goes on in the next line.
fn is_open(text: &str) -> bool {
    let value = shell::assignment(text).map(|(_, value)| value);
    value.is_some_and(|value| {
        ['"', '\''].iter().any(|&quote| value.starts_with(quote) && value.matches(quote).count() == 1)
    })
}
