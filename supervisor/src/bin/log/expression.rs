//! POSIX extended regular expressions, as far as a yes or no needs them: characters, `.`, brackets with classes, `( )`, `|`,
//! `* + ? {m,n}`, `^` and `$`.
//!
//! A match takes time proportional to the line times the expression, whatever either is: nothing backtracks, so that no line
//! can stop a logger. Bytes are compared, not characters. Back references and collating symbols are refused.

use super::expression_syntax::{Bytes, Node};

/// The most instructions that an expression may become.
const MOST: usize = 20_000;

#[derive(Clone, Debug)]
enum Step {
    /// Any of these bytes.
    Any(Box<Bytes>),
    /// The beginning of the line.
    Start,
    /// Its end.
    End,
    /// Both ways are tried.
    Split(usize, usize),
    Jump(usize),
    Match,
}

/// An expression, ready to be matched.
#[derive(Clone, Debug)]
pub struct Expression(Vec<Step>);

impl Expression {
    /// Reads an expression; `None` when it is none.
    pub fn new(text: &[u8]) -> Option<Self> {
        let node = Node::read(text)?;
        let mut steps = Vec::new();
        compile(&node, &mut steps)?;
        steps.push(Step::Match);
        Some(Self(steps))
    }

    /// True when some part of the line matches.
    pub fn matches(&self, line: &[u8]) -> bool {
        let mut here = Threads::new(self.0.len());
        let mut next = Threads::new(self.0.len());
        for at in 0..=line.len() {
            // A match may begin anywhere.
            if self.add(0, &mut here, at == 0, at == line.len()) {
                return true;
            }
            let Some(&byte) = line.get(at) else { return false };
            for &step in &here.list {
                if let Some(Step::Any(bytes)) = self.0.get(step)
                    && bytes[usize::from(byte)]
                    && self.add(step + 1, &mut next, false, at + 1 == line.len())
                {
                    return true;
                }
            }
            std::mem::swap(&mut here, &mut next);
            next.clear();
        }
        false
    }

    /// Follows all ways from a step to those that want a byte; true when one of them is the end of the expression.
    fn add(&self, step: usize, threads: &mut Threads, at_start: bool, at_end: bool) -> bool {
        let mut waiting = vec![step];
        while let Some(step) = waiting.pop() {
            if !threads.enter(step) {
                continue;
            }
            match self.0.get(step) {
                Some(Step::Match) => return true,
                Some(Step::Any(_)) => threads.list.push(step),
                Some(Step::Start) if at_start => waiting.push(step + 1),
                Some(Step::End) if at_end => waiting.push(step + 1),
                Some(Step::Split(one, other)) => waiting.extend([*other, *one]),
                Some(Step::Jump(there)) => waiting.push(*there),
                Some(Step::Start | Step::End) | None => {}
            }
        }
        false
    }
}

/// Where a match may be, each step once.
struct Threads {
    list: Vec<usize>,
    seen: Vec<bool>,
}

impl Threads {
    fn new(steps: usize) -> Self {
        Self { list: Vec::new(), seen: vec![false; steps] }
    }

    fn enter(&mut self, step: usize) -> bool {
        !std::mem::replace(&mut self.seen[step], true)
    }

    fn clear(&mut self) {
        self.list.clear();
        self.seen.fill(false);
    }
}

/// Appends the steps of a node; `None` when they are too many.
fn compile(node: &Node, steps: &mut Vec<Step>) -> Option<()> {
    if steps.len() > MOST {
        return None;
    }
    match node {
        Node::Empty => {}
        Node::Any(bytes) => steps.push(Step::Any(bytes.clone())),
        Node::Start => steps.push(Step::Start),
        Node::End => steps.push(Step::End),
        Node::Sequence(nodes) => nodes.iter().try_for_each(|node| compile(node, steps))?,
        Node::Choice(nodes) => compile_choice(nodes, steps)?,
        Node::Repeat(node, least, most) => {
            (0..*least).try_for_each(|_| compile(node, steps))?;
            match most {
                Some(most) => {
                    (*least..*most).try_for_each(|_| compile_choice(&[(**node).clone(), Node::Empty], steps))?
                }
                None => {
                    let split = steps.len();
                    steps.push(Step::Match);
                    compile(node, steps)?;
                    steps.push(Step::Jump(split));
                    steps[split] = Step::Split(split + 1, steps.len());
                }
            }
        }
    }
    Some(())
}

fn compile_choice(nodes: &[Node], steps: &mut Vec<Step>) -> Option<()> {
    let mut jumps = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        if at + 1 == nodes.len() {
            compile(node, steps)?;
            break;
        }
        let split = steps.len();
        steps.push(Step::Match);
        compile(node, steps)?;
        jumps.push(steps.len());
        steps.push(Step::Match);
        steps[split] = Step::Split(split + 1, steps.len());
    }
    let end = steps.len();
    jumps.into_iter().for_each(|jump| steps[jump] = Step::Jump(end));
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What matches and what does not.
    #[test]
    fn matches() {
        for (text, yes, no) in [
            ("", &["", "a"][..], &[][..]),
            ("err", &["err", "an error"], &["er r", ""]),
            ("^a.c$", &["abc", "a.c"], &["abcd", "xabc", "ac"]),
            ("^(fatal|warn(ing)?):", &["fatal: x", "warn: x", "warning: x"], &["warni: x", " fatal:"]),
            ("^a*b+c?$", &["b", "aabbc"], &["a", "bcc"]),
            ("^x{2,3}$", &["xx", "xxx"], &["x", "xxxx"]),
            ("^x{2}$", &["xx"], &["x", "xxx"]),
            ("^x{2,}$", &["xx", "xxxxx"], &["x"]),
            ("^[^a-c]+$", &["xyz"], &["xay"]),
            ("^[]a-]+$", &["]-a"], &["b"]),
            ("[[:digit:]]{3}", &["a123"], &["a12b3"]),
            (r"\.\*", &["a.*b"], &["a.b"]),
            ("^(a*)*$", &["", "aaa"], &["b"]),
            ("a)", &["a)"], &["a"]),
        ] {
            let expression = Expression::new(text.as_bytes()).unwrap_or_else(|| panic!("{text}"));
            yes.iter().for_each(|line| assert!(expression.matches(line.as_bytes()), "{text} {line}"));
            no.iter().for_each(|line| assert!(!expression.matches(line.as_bytes()), "{text} {line}"));
        }
    }

    /// What is no expression, or one that could not be afforded.
    #[test]
    fn refusals() {
        for text in
            ["(", "(a", "[", "[a", "*a", "a{", "a{2,1}", "a{999}", r"\1", "[[:none:]]", "[b-a]", "((x{255}){255}){255}"]
        {
            assert!(Expression::new(text.as_bytes()).is_none(), "{text}");
        }
    }

    /// An expression on which backtracking takes longer than anybody lives.
    #[test]
    fn no_line_is_too_hard() {
        let expression = Expression::new(b"^(a|aa|a*)*$").unwrap();
        assert!(!expression.matches(&[vec![b'a'; 5000], b"b".into()].concat()));
    }
}
