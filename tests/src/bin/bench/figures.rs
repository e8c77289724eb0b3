//! What was measured: samples by contestant and measure, their medians, and the targets they are held to. Pure.

/// The row that every ratio is taken to.
pub const FLOOR: &str = "floor";
/// Our row.
pub const OURS: &str = "sunup";
/// Our row where one supervise holds many services.
pub const GROUPED: &str = "sunup -g 100";

/// The samples of one contestant for one measure.
#[derive(Debug)]
struct Cell {
    row: String,
    column: String,
    samples: Vec<f64>,
}

/// One table: rows are contestants, columns are measures with their units, both in the order of their first sample.
#[derive(Debug)]
pub struct Figures {
    title: String,
    cells: Vec<Cell>,
    /// What baselines.md asks for.
    pub targets: Vec<Target>,
    /// Who could not be measured, and why; what a figure means where its column's name cannot say it.
    pub notes: Vec<String>,
}

/// What a figure of ours must be at most.
#[derive(Debug)]
pub struct Target {
    /// Its row, one of ours.
    pub row: &'static str,
    /// Its column.
    pub column: &'static str,
    /// The limit.
    pub limit: Limit,
}

/// Limits, as they are written in the list of targets.
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    /// So many times the floor.
    Ratio(f64),
    /// So much, in the column's unit.
    Value(f64),
    /// So much more than the floor, in the column's unit.
    Beyond(f64),
}

impl Figures {
    /// An empty table.
    pub fn new(title: &str) -> Self {
        Self { title: title.to_owned(), cells: Vec::new(), targets: Vec::new(), notes: Vec::new() }
    }

    /// Its title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Adds one sample.
    pub fn add(&mut self, row: &str, column: &str, sample: f64) {
        let found = self.cells.iter_mut().find(|cell| cell.row == row && cell.column == column);
        match found {
            Some(cell) => cell.samples.push(sample),
            None => {
                self.cells.push(Cell { row: row.to_owned(), column: column.to_owned(), samples: vec![sample] });
            }
        }
    }

    /// Adds a target.
    pub fn hold_to(&mut self, column: &'static str, limit: Limit) {
        self.hold(OURS, column, limit);
    }

    /// Adds a target for a row of ours that is not the usual one.
    pub fn hold(&mut self, row: &'static str, column: &'static str, limit: Limit) {
        self.targets.push(Target { row, column, limit });
    }

    /// The contestants; the floor comes first, and then we do.
    pub fn rows(&self) -> Vec<&str> {
        let mut rows = distinct(self.cells.iter().map(|cell| cell.row.as_str()));
        rows.sort_by_key(|row| (*row != FLOOR, *row != OURS, *row != GROUPED));
        rows
    }

    /// The measures.
    pub fn columns(&self) -> Vec<&str> {
        distinct(self.cells.iter().map(|cell| cell.column.as_str()))
    }

    /// The samples, in the order they were taken.
    pub fn samples(&self, row: &str, column: &str) -> &[f64] {
        let found = self.cells.iter().find(|cell| cell.row == row && cell.column == column);
        found.map_or(&[], |cell| &cell.samples)
    }

    /// The middle sample; of an even number, the mean of the two in the middle.
    pub fn median(&self, row: &str, column: &str) -> Option<f64> {
        let mut sorted = self.samples(row, column).to_vec();
        sorted.sort_by(f64::total_cmp);
        let upper = sorted.get(sorted.len() / 2)?;
        let lower = sorted.get((sorted.len() - 1) / 2)?;
        Some((lower + upper) / 2.0)
    }

    /// The median as a multiple of the floor's.
    pub fn ratio(&self, row: &str, column: &str) -> Option<f64> {
        let floor = self.median(FLOOR, column).filter(|floor| *floor > 0.0)?;
        Some(self.median(row, column)? / floor)
    }

    /// Its row's, as the target's limit counts.
    pub fn reached(&self, target: &Target) -> Option<f64> {
        match target.limit {
            Limit::Ratio(_) => self.ratio(target.row, target.column),
            Limit::Value(_) => self.median(target.row, target.column),
            Limit::Beyond(_) => Some(self.median(target.row, target.column)? - self.median(FLOOR, target.column)?),
        }
    }
}

impl Limit {
    /// The number.
    pub const fn number(self) -> f64 {
        match self {
            Self::Ratio(number) | Self::Value(number) | Self::Beyond(number) => number,
        }
    }
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Medians, ratios and what is beyond the floor.
    #[test]
    fn compares() {
        let mut figures = Figures::new("");
        for (row, sample) in [(OURS, 3.0), (FLOOR, 2.0), (OURS, 100.0), (FLOOR, 2.0), (OURS, 1.0)] {
            figures.add(row, "ms", sample);
        }
        assert_eq!((figures.rows(), figures.columns()), (vec![FLOOR, OURS], vec!["ms"]));
        assert_eq!((figures.median(OURS, "ms"), figures.ratio(OURS, "ms")), (Some(3.0), Some(1.5)));
        let reached = |limit| figures.reached(&Target { row: OURS, column: "ms", limit });
        assert_eq!(reached(Limit::Ratio(9.0)), Some(1.5));
        assert_eq!((reached(Limit::Value(9.0)), reached(Limit::Beyond(9.0))), (Some(3.0), Some(1.0)));
        figures.add(OURS, "ms", 4.0);
        assert_eq!(figures.median(OURS, "ms"), Some(3.5));
        assert_eq!((figures.median("runit", "ms"), figures.ratio(OURS, "kB")), (None, None));
    }
}
