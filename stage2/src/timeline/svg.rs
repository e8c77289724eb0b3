//! The pieces of an SVG picture: rectangles, lines and words, whose looks are classes of one style sheet.

use std::fmt::Write as _;

/// How wide a letter is, in pixels; those of titles are wider.
pub(super) const LETTER: f64 = 7.3;

const STYLE: &str = "
text{font:12px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#24292f}
.title{font-weight:bold;font-size:15px}.dim{fill:#6e7781}.paper{fill:#fff}.grid{stroke:#d0d7de;stroke-width:1}
.stripe{fill:#f6f8fa}.wait{stroke:#8c959f;stroke-width:2;stroke-dasharray:2 3}.bar{fill:#54aeff}.stage1{fill:#8250df}
.critical{fill:#cf222e}.join{stroke:#cf222e;stroke-width:1.5;fill:none}.failed{fill:#24292f}.skipped{fill:none;stroke:#8c959f;stroke-width:1.5}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.paper{fill:#0d1117}.stripe{fill:#161b22}.grid{stroke:#30363d}.failed{fill:#e6edf3}.dim{fill:#8d96a0}}
";

/// A picture that is being drawn. Places and sizes are in pixels.
pub(super) struct Svg(String);

impl Svg {
    /// An empty sheet.
    pub fn new(width: f64, height: f64) -> Self {
        Self(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\">\n\
             <style>{STYLE}</style>\n<rect class=\"paper\" width=\"{width:.0}\" height=\"{height:.0}\"/>\n"
        ))
    }

    /// The whole text.
    pub fn finish(mut self) -> String {
        self.0.push_str("</svg>\n");
        self.0
    }

    /// A straight line.
    pub fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let _ =
            writeln!(self.0, "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>");
    }

    /// A line down or up, then to the right.
    pub fn corner(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let _ = writeln!(self.0, "<path class=\"{class}\" d=\"M{x1:.1} {y1:.1}V{y2:.1}H{x2:.1}\"/>");
    }

    /// A rectangle; what the tip says is shown when somebody points at it.
    pub fn rectangle(&mut self, x: f64, y: f64, width: f64, height: f64, class: &str, tip: &str) {
        let tip = title(tip);
        let _ = writeln!(
            self.0,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\">{tip}</rect>"
        );
    }

    /// A diamond around a point.
    pub fn diamond(&mut self, x: f64, y: f64, tip: &str) {
        let tip = title(tip);
        let _ = writeln!(
            self.0,
            "<path class=\"skipped\" d=\"M{:.1} {y:.1}L{x:.1} {:.1}L{:.1} {y:.1}L{x:.1} {:.1}Z\">{tip}</path>",
            x - 5.0,
            y - 5.0,
            x + 5.0,
            y + 5.0
        );
    }

    /// One line of text, whose base line is at `y`.
    pub fn words(&mut self, x: f64, y: f64, class: &str, words: &str) {
        let _ = writeln!(self.0, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escaped(words));
    }
}

fn title(tip: &str) -> String {
    if tip.is_empty() { String::new() } else { format!("<title>{}</title>", escaped(tip)) }
}

/// Text as XML has it; what XML cannot have at all is left out.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}
