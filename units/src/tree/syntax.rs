//! What is wrong with a text that is no YAML, in words for who writes units, and where they have to look.

use serde_yaml::granit_parser::{ErrorKind, ScanError};

use super::DEEPEST;
use super::builder::Builder;
use crate::Place;

/// What is wrong with a tab.
pub(super) const TAB: &str = "a tab cannot indent: use spaces";

/// What begins a quoted text.
const QUOTES: [char; 2] = ['"', '\''];

/// What is wrong with one that has no end.
const OPEN_QUOTE: &str = "this quote is never closed";

/// How a line of the wrong indentation is mended.
const KEYS: &str = "a key begins where the others do";

/// The place and the message of an error. The parser names the place at which it could not go on; what is to be mended
/// often stands before that.
pub(super) fn explain(builder: &Builder<'_>, error: &ScanError) -> (Place, String) {
    let found = builder.place(error.marker());
    if is_of_a_tab(error) {
        return (first_tab(builder, found.line).unwrap_or(found), TAB.into());
    }
    let is_later = found.line > builder.key_line && builder.key_line > 0;
    let quote = || is_later.then(|| open_quote(builder, &found)).flatten();
    match error.kind() {
        ErrorKind::InvalidQuotedScalarIndent | ErrorKind::DocumentIndicatorInQuotedScalar => {
            (quote().unwrap_or(found), OPEN_QUOTE.into())
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => match quote() {
            Some(place) => (place, OPEN_QUOTE.into()),
            None => (found, "nothing can follow a quoted text: put all of it in quotes".into()),
        },
        ErrorKind::InvalidColonPlacement
        | ErrorKind::ExpectedFlowSequenceSeparator
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::InvalidFlowScalarIndent => match is_later.then(|| open_bracket(builder, &found)).flatten() {
            Some((place, bracket)) => (place, never_closed(bracket)),
            None => {
                let message = words(error.kind()) + variable_hint(builder, &found);
                (found, message)
            }
        },
        ErrorKind::MappingValueNotAllowed if is_later => {
            (beginning(builder, found), format!("this line is indented, so it goes on with the one above: {KEYS}"))
        }
        kind => (found, words(kind)),
    }
}

fn words(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::RecursionLimitExceeded => format!("nested too deeply: at most {DEEPEST} levels"),
        ErrorKind::UnknownAnchor => "the alias names an anchor that is not there: in quotes it is a text".into(),
        ErrorKind::UnexpectedEof => "the text ends too early".into(),
        ErrorKind::UnclosedQuotedScalar => OPEN_QUOTE.into(),
        ErrorKind::UnclosedFlowCollection { open } => never_closed(*open),
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            "a text with a colon and a space in it must be in quotes".into()
        }
        ErrorKind::DirectiveDisallowed => "a line cannot begin with %: units have no YAML directives".into(),
        ErrorKind::ExpectedBlockMappingKey => format!("this line is indented like nothing above it: {KEYS}"),
        ErrorKind::SimpleKeyExpected => "this line is no \"KEY: VALUE\": a colon and a space are missing".into(),
        ErrorKind::UnexpectedCharacter { character } => {
            format!("a text that begins with {character} must be in quotes")
        }
        ErrorKind::ExpectedFlowSequenceSeparator | ErrorKind::ExpectedFlowMappingSeparator => {
            "here must be a comma or the closing bracket".into()
        }
        ErrorKind::UnknownQuotedScalarEscape => {
            "in double quotes a \\ is written \\\\; in single quotes it is itself".into()
        }
        ErrorKind::BlockSequenceEntryNotAllowed => "a list of - lines begins on a line of its own".into(),
        ErrorKind::ExpectedBlockSequenceEntry => {
            "this line is in a list, and does not begin with - as the others do".into()
        }
        kind => format!("not YAML: {kind}"),
    }
}

fn never_closed(bracket: char) -> String {
    format!("this {bracket} is never closed")
}

/// The parser takes the brace of a variable for one of its own.
fn variable_hint(builder: &Builder<'_>, place: &Place) -> &'static str {
    let line = builder.source.snippet(place).unwrap_or_default();
    let is_variable = line.contains("${") && !line.contains('"');
    if is_variable { " (in brackets or braces a text with ${ must be in quotes)" } else { "" }
}

/// Where the line of a place begins, behind its indentation.
fn beginning(builder: &Builder<'_>, place: Place) -> Place {
    let line = builder.source.text.lines().nth(place.line as usize - 1).unwrap_or_default();
    builder.source.place(place.line as usize, line.chars().take_while(|c| c.is_whitespace()).count() + 1)
}

/// The lines from the value of the last key on that end before the place, each with its number and the value's column.
fn values<'a>(builder: &'a Builder<'_>, found: &Place) -> impl Iterator<Item = (&'a str, usize, usize)> {
    let (key_line, end) = (builder.key_line as usize, found.line as usize);
    let lines = builder.source.text.lines().zip(1..).skip(key_line.saturating_sub(1));
    lines.take_while(move |(_, number)| *number < end).map(move |(line, number)| {
        let key = if number == key_line { line.chars().position(|c| c == ':') } else { None };
        (line, number, key.map_or(1, |colon| colon + 2))
    })
}

/// The first bracket of the last line before the place that has one.
fn open_bracket(builder: &Builder<'_>, found: &Place) -> Option<(Place, char)> {
    let first = |(line, number, start): (&str, usize, usize)| {
        let (bracket, column) = line.chars().zip(1..).skip(start - 1).find(|(c, _)| ['[', '{'].contains(c))?;
        Some((builder.source.place(number, column), bracket))
    };
    values(builder, found).filter_map(first).last()
}

/// The quote that is open where the place's line begins.
fn open_quote(builder: &Builder<'_>, found: &Place) -> Option<Place> {
    let mut open: Option<((usize, usize), char)> = None;
    for (line, number, start) in values(builder, found) {
        let (mut before, mut marks) = (' ', line.chars().zip(1..).skip(start - 1).peekable());
        while let Some((mark, column)) = marks.next() {
            match open {
                Some((_, '"')) if mark == '\\' => _ = marks.next(),
                // Two of them are one that ends nothing.
                Some((_, '\'')) if mark == '\'' && marks.next_if(|(next, _)| *next == mark).is_some() => {}
                Some((_, quote)) if mark == quote => open = None,
                // Behind a letter it is an apostrophe.
                None if QUOTES.contains(&mark) && !before.is_alphanumeric() => open = Some(((number, column), mark)),
                _ => {}
            }
            before = mark;
        }
    }
    open.map(|((line, column), _)| builder.source.place(line, column))
}

/// Whether a tab is what is wrong; some errors say so in words only.
fn is_of_a_tab(error: &ScanError) -> bool {
    let is_kind =
        matches!(error.kind(), ErrorKind::TabNotAllowed | ErrorKind::TabInIndentation | ErrorKind::TabInPlainScalar);
    is_kind || error.info().starts_with("tabs disallowed")
}

/// The first tab of an indentation from a line on: the parser names the end of what stood before.
fn first_tab(builder: &Builder<'_>, line: u32) -> Option<Place> {
    let lines = builder.source.text.lines().zip(1..).skip(line.saturating_sub(1) as usize);
    let column = |text: &str| text.chars().take_while(|c| c.is_whitespace()).position(|c| c == '\t');
    let (column, line) = lines.into_iter().find_map(|(text, line)| Some((column(text)?, line)))?;
    Some(builder.source.place(line, column + 1))
}
