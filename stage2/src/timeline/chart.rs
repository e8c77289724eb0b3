//! A boot as a picture: SVG that a person can read at a hundred units. One unit a row, in the order in which they began;
//! times run to the right; the critical path is marked and joined.

use super::svg::{LETTER, Svg};
use super::{Boot, Ending, Span, path};

/// Sizes in pixels.
const ROW: f64 = 20.0;
const TOP: f64 = 76.0;
const PLOT: f64 = 860.0;
/// Room behind the last bar for its time.
const BEHIND: f64 = 90.0;
const MARGIN: f64 = 16.0;
/// The longest name or reason that is written out, in letters; the rest is in the tool tip.
const LONGEST: usize = 48;

/// The picture.
pub fn svg(boot: &Boot) -> String {
    Chart::new(boot).draw()
}

struct Chart<'a> {
    boot: &'a Boot,
    rows: Vec<(&'a str, &'a Span)>,
    critical: Vec<&'a str>,
    left: f64,
    svg: Svg,
}

impl<'a> Chart<'a> {
    fn new(boot: &'a Boot) -> Self {
        let mut rows: Vec<_> = boot.spans.iter().map(|(name, span)| (name.as_str(), span)).collect();
        rows.sort_by_key(|(name, span)| (span.begin_ns.or(span.end_ns).or(span.asked_ns), span.end_ns, *name));
        let longest =
            rows.iter().map(|(name, _)| name.chars().count().min(LONGEST)).max().unwrap_or(0).max("stage 1".len());
        let left = MARGIN + longest as f64 * LETTER + 12.0;
        let (width, height) = size(left, rows.len());
        Self { boot, critical: path(boot), left, svg: Svg::new(width, height), rows }
    }

    fn draw(mut self) -> String {
        let (width, height) = self.size();
        self.heading();
        self.stripes(width);
        self.axis(height - 40.0);
        self.stage1();
        for at in 0..self.rows.len() {
            self.row(at);
        }
        self.joins();
        self.svg.finish()
    }

    fn size(&self) -> (f64, f64) {
        size(self.left, self.rows.len())
    }

    fn heading(&mut self) {
        let seconds = self.boot.since_first(self.boot.end_ns()) as f64 / 1e9;
        let title = format!("boot {}: {} units in {seconds:.3} s", self.boot.id, self.rows.len());
        self.svg.words(MARGIN, 26.0, "title", &title);
        let mut x = MARGIN;
        for (class, words) in
            [("stage1", "stage 1"), ("bar", "starting"), ("critical", "critical path"), ("failed", "failed")]
        {
            self.svg.rectangle(x, 38.0, 14.0, 10.0, class, "");
            self.svg.words(x + 20.0, 47.0, "dim", words);
            x += 20.0 + words.len() as f64 * LETTER + 24.0;
        }
        self.svg.line("wait", (x, 43.0), (x + 18.0, 43.0));
        self.svg.words(x + 24.0, 47.0, "dim", "waiting for others");
        x += 24.0 + 18.0 * LETTER + 24.0;
        self.svg.diamond(x + 6.0, 43.0, "");
        self.svg.words(x + 18.0, 47.0, "dim", "skipped");
    }

    /// Every other row has a shade, so that the eye finds the name that belongs to a bar.
    fn stripes(&mut self, width: f64) {
        for row in (1..=self.rows.len()).step_by(2) {
            self.svg.rectangle(0.0, TOP + row as f64 * ROW, width, ROW, "stripe", "");
        }
    }

    /// A line and its time every 1, 2 or 5 of a power of ten, about ten of them.
    fn axis(&mut self, bottom: f64) {
        let whole = self.boot.since_first(self.boot.end_ns()).max(1) as f64;
        let power = 10f64.powf((whole / 10.0).log10().floor());
        let step =
            [1.0, 2.0, 5.0, 10.0].map(|n| n * power).into_iter().find(|step| whole / step <= 10.0).unwrap_or(whole);
        let digits = (9.0 - step.log10().floor()).clamp(0.0, 6.0) as usize;
        let mut time = 0.0;
        while time <= whole {
            let x = self.left + time / whole * PLOT;
            self.svg.line("grid", (x, TOP - 4.0), (x, bottom));
            let label = format!("{:.digits$} s", time / 1e9);
            let middle = x - label.len() as f64 * LETTER / 2.0;
            self.svg.words(middle, TOP - 8.0, "dim", &label);
            self.svg.words(middle, bottom + 16.0, "dim", &label);
            time += step;
        }
    }

    fn stage1(&mut self) {
        let Some(last) = self.boot.steps.last() else { return };
        self.svg.words(MARGIN, TOP + 14.0, "", "stage 1");
        self.bar(0, self.boot.first_ns, last.end_ns, "stage1", "stage 1");
    }

    fn row(&mut self, at: usize) {
        let Some(&(name, span)) = self.rows.get(at) else { return };
        let (row, y) = (at + 1, TOP + (at + 1) as f64 * ROW);
        self.svg.words(MARGIN, y + 14.0, "", &shortened(name));
        let end = span.end_ns.unwrap_or_else(|| self.boot.end_ns());
        let begin = span.begin_ns.unwrap_or(end);
        if let Some(asked) = span.asked_ns.filter(|asked| *asked < begin) {
            let (from, to) = (self.x(asked), self.x(begin));
            self.svg.line("wait", (from, y + ROW / 2.0), (to, y + ROW / 2.0));
        }
        match &span.ending {
            Some(Ending::Skipped(reason)) => {
                self.svg.diamond(self.x(end) + 6.0, y + ROW / 2.0, reason);
                self.words_within(self.x(end) + 18.0, y + 14.0, reason);
            }
            Some(Ending::Failed(reason)) => {
                self.bar(row, begin, end, "failed", reason);
                self.words_within(self.x(end) + 6.0, y + 14.0, reason);
            }
            _ => {
                let class = if self.critical.contains(&name) { "critical" } else { "bar" };
                let time = milliseconds(end.saturating_sub(begin));
                self.bar(row, begin, end, class, &format!("{name}: {time}"));
                self.svg.words(self.x(end) + 6.0, y + 14.0, "dim", &time);
            }
        }
    }

    /// From the end of each unit of the critical path to the begin of the next.
    fn joins(&mut self) {
        let place = |name: &str| self.rows.iter().position(|(other, _)| *other == name);
        for pair in self.critical.windows(2) {
            let [Some(from), Some(to)] = [pair[0], pair[1]].map(place) else { continue };
            let (Some(end), Some(begin)) = (self.rows[from].1.end_ns, self.rows[to].1.begin_ns) else { continue };
            let y = |row: usize| TOP + (row + 1) as f64 * ROW + ROW / 2.0;
            let (from_x, to_x) = (self.x(end), self.x(begin.max(end)));
            self.svg.corner("join", (from_x, y(from)), (to_x, y(to)));
        }
    }

    fn x(&self, time_ns: u64) -> f64 {
        let whole = self.boot.since_first(self.boot.end_ns()).max(1);
        self.left + self.boot.since_first(time_ns) as f64 / whole as f64 * PLOT
    }

    fn bar(&mut self, row: usize, begin: u64, end: u64, class: &str, tip: &str) {
        let (from, to) = (self.x(begin), self.x(end));
        self.svg.rectangle(from, TOP + row as f64 * ROW + 4.0, (to - from).max(1.5), ROW - 8.0, class, tip);
    }

    /// As much of the words as fits before the right edge.
    fn words_within(&mut self, x: f64, y: f64, words: &str) {
        let room = ((self.left + PLOT + BEHIND - x) / LETTER).max(0.0) as usize;
        let shown = if words.chars().count() <= room { words.to_owned() } else { cut(words, room) };
        self.svg.words(x, y, "dim", &shown);
    }
}

/// How large the picture is, with so much room for names and so many rows below stage 1's.
fn size(left: f64, rows: usize) -> (f64, f64) {
    (left + PLOT + BEHIND + MARGIN, TOP + (rows + 1) as f64 * ROW + 40.0)
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= LONGEST { name.to_owned() } else { cut(name, LONGEST) }
}

/// The first letters, and a sign that there were more.
fn cut(words: &str, letters: usize) -> String {
    let mut shown: String = words.chars().take(letters.saturating_sub(1)).collect();
    if letters > 0 {
        shown.push('…');
    }
    shown
}

fn milliseconds(ns: u64) -> String {
    let ms = ns as f64 / 1e6;
    if ms < 9.95 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hundred units: no two texts of a row overlap, nothing leaves the picture, and the critical path is joined.
    #[test]
    fn is_readable() {
        let mut text = String::new();
        for n in 0..100_u64 {
            let (from, to) = (n * 1_000_000, n * 1_000_000 + (n % 7 + 1) * 9_000_000);
            let event = |t: u64, event: &str| format!("{{\"t_ns\":{t},\"unit\":\"unit-{n}\",\"event\":{event}}}\n");
            text += &event(0, "\"wait\",\"for\":[]");
            text += &event(from, "\"exec\",\"pid\":1");
            text += &event(to, if n % 9 == 0 { "\"skipped\",\"reason\":\"no <such> & device\"" } else { "\"ready\"" });
        }
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_by_key(|line| (!line.contains("wait"), line.len(), *line));
        let boot = Boot::parse(&lines.join("\n"));
        assert_eq!(boot.spans.len(), 100);
        let picture = svg(&boot);
        assert!(picture.contains("no &lt;such&gt; &amp; device") && !picture.contains("<such>"));
        let width = attribute(picture.lines().next().unwrap(), "width");
        let mut rows: std::collections::BTreeMap<i64, Vec<(f64, f64)>> = std::collections::BTreeMap::new();
        for line in picture.lines().filter(|line| line.starts_with("<text")) {
            let words = line.split_once('>').unwrap().1.split_once('<').unwrap().0;
            let shown = words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").chars().count();
            let from = attribute(line, "x");
            let to = from + shown as f64 * LETTER * if line.contains("title") { 1.3 } else { 1.0 };
            assert!(from >= 0.0 && to <= width, "{line}");
            rows.entry(attribute(line, "y") as i64).or_default().push((from, to));
        }
        for (y, texts) in &mut rows {
            texts.sort_by(|a, b| a.0.total_cmp(&b.0));
            assert!(texts.windows(2).all(|pair| pair[0].1 <= pair[1].0), "row at {y}: {texts:?}");
        }
    }

    fn attribute(line: &str, name: &str) -> f64 {
        let (_, rest) = line.split_once(&format!(" {name}=\"")).unwrap();
        rest.split_once('"').unwrap().0.parse().unwrap()
    }
}
