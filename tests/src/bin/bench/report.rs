//! A table as people and as programs read it. Pure.

use serde_json::{Map, Value, json};

use crate::figures::{Figures, Limit, OURS, Target};

/// The table, its targets and its notes.
pub fn text(figures: &Figures) -> String {
    let columns = figures.columns();
    let mut lines = vec![std::iter::once(figures.title().to_owned()).chain(owned(&columns)).collect()];
    for row in figures.rows() {
        let cells = columns.iter().map(|column| cell(figures, row, column));
        lines.push(std::iter::once(row.to_owned()).chain(cells).collect());
    }
    let mut text = aligned(&lines);
    for target in &figures.targets {
        text += &format!("  target: {}\n", verdict(figures, target));
    }
    for note in &figures.notes {
        text += &format!("  note: {note}\n");
    }
    text
}

/// The same for programs, samples included.
pub fn json(subject: &str, figures: &Figures) -> Value {
    let mut rows = Map::new();
    for row in figures.rows() {
        let mut cells = Map::new();
        for column in figures.columns() {
            let samples = figures.samples(row, column);
            if !samples.is_empty() {
                let (median, ratio) = (figures.median(row, column), figures.ratio(row, column));
                cells.insert(column.to_owned(), json!({ "median": median, "ratio": ratio, "samples": samples }));
            }
        }
        rows.insert(row.to_owned(), cells.into());
    }
    let targets: Vec<Value> = figures.targets.iter().map(|target| target_json(figures, target)).collect();
    json!({ "subject": subject, "rows": rows, "targets": targets, "notes": figures.notes })
}

fn target_json(figures: &Figures, target: &Target) -> Value {
    let kind = match target.limit {
        Limit::Ratio(_) => "ratio",
        Limit::Value(_) => "value",
        Limit::Beyond(_) => "beyond",
    };
    let reached = figures.reached(target);
    let met = reached.map(|reached| reached <= target.limit.number());
    json!({ "row": target.row, "column": target.column, "kind": kind, "limit": target.limit.number(), "reached": reached, "met": met })
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// `190 ms` of a floor of 87 is `190 (2.18)`.
fn cell(figures: &Figures, row: &str, column: &str) -> String {
    match (figures.median(row, column), figures.ratio(row, column)) {
        (Some(median), Some(ratio)) => format!("{} ({ratio:.2})", number(median)),
        (Some(median), None) => number(median),
        (None, _) => "–".to_owned(),
    }
}

/// Three digits that mean something, never more behind the point.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 99.95 || size == 0.0 => format!("{value:.0}"),
        size if size >= 9.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn verdict(figures: &Figures, target: &Target) -> String {
    let limit = number(target.limit.number());
    let wanted = match target.limit {
        Limit::Ratio(_) => format!("at most {limit} × floor"),
        Limit::Value(_) => format!("at most {limit}"),
        Limit::Beyond(_) => format!("at most {limit} beyond the floor"),
    };
    let reached = figures.reached(target);
    let word = match reached {
        Some(reached) if reached <= target.limit.number() => "met",
        Some(_) => "MISSED",
        None => "not measured",
    };
    let reached = reached.map_or_else(|| "–".to_owned(), number);
    let whose = if target.row == OURS { String::new() } else { format!("{}, ", target.row) };
    format!("{whose}{}: {wanted}; {reached}: {word}", target.column)
}

/// Columns side by side, the first to the left and the others to the right.
fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let length = |text: &String| text.chars().count();
    let width = |column: usize| lines.iter().filter_map(|line| line.get(column)).map(length).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in lines {
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            text += &if column == 0 { format!("{cell:<width$}") } else { format!("  {cell:>width$}") };
        }
        text += "\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{FLOOR, GROUPED};

    /// A table with a ratio, a hole, a target that is met and one that is not.
    #[test]
    fn shows() {
        let mut figures = Figures::new("start");
        for (row, sample) in [(OURS, 190.0), (FLOOR, 95.0), ("runit", 570.0)] {
            figures.add(row, "1000, ms", sample);
        }
        figures.add(OURS, "kB", 12.345);
        figures.add(GROUPED, "kB", 0.5);
        figures.hold_to("1000, ms", Limit::Ratio(1.7));
        figures.hold_to("kB", Limit::Value(20.0));
        figures.hold(GROUPED, "kB", Limit::Value(4.0));
        figures.notes.push("s6 is not installed".to_owned());
        let expected = "\
start            1000, ms    kB
floor         95.0 (1.00)     –
sunup          190 (2.00)  12.3
sunup -g 100            –  0.50
runit          570 (6.00)     –
  target: 1000, ms: at most 1.70 × floor; 2.00: MISSED
  target: kB: at most 20.0; 12.3: met
  target: sunup -g 100, kB: at most 4.00; 0.50: met
  note: s6 is not installed
";
        assert_eq!(text(&figures), expected);
        let json = json("start", &figures);
        assert_eq!((&json["targets"][0]["met"], &json["targets"][1]["met"]), (&false.into(), &true.into()));
        assert_eq!(json["rows"]["sunup"]["kB"]["samples"], json!([12.345]));
    }
}
