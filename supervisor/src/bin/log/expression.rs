//! POSIX extended regular expressions, as far as a yes or no needs them: characters, `.`, brackets with classes, `( )`, `|`,
//! `* + ? {m,n}`, `^` and `$`.
//!
//! A match takes time proportional to the line times the expression, whatever either is: nothing backtracks, so that no line
//! can stop a logger. Bytes are compared, not characters. Back references and collating symbols are refused.

/// The most instructions that an expression may become.
const MOST: usize = 20_000;
/// The most that `{m,n}` may ask for.
const MOST_TIMES: usize = 255;

/// A set of bytes.
type Bytes = [bool; 256];

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

#[derive(Clone, Debug)]
enum Node {
    Empty,
    Any(Box<Bytes>),
    Start,
    End,
    Sequence(Vec<Node>),
    Choice(Vec<Node>),
    Repeat(Box<Node>, usize, Option<usize>),
}

/// An expression, ready to be matched.
#[derive(Clone, Debug)]
pub struct Expression(Vec<Step>);

impl Expression {
    /// Reads an expression; `None` when it is none.
    pub fn new(text: &[u8]) -> Option<Self> {
        let mut parser = Parser { rest: text, depth: 0 };
        let node = parser.choice()?;
        if !parser.rest.is_empty() {
            return None;
        }
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

struct Parser<'a> {
    rest: &'a [u8],
    depth: usize,
}

impl Parser<'_> {
    fn take(&mut self, byte: u8) -> bool {
        let rest = self.rest.strip_prefix(&[byte]);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn choice(&mut self) -> Option<Node> {
        let mut nodes = vec![self.sequence()?];
        while self.take(b'|') {
            nodes.push(self.sequence()?);
        }
        Some(if nodes.len() == 1 { nodes.pop()? } else { Node::Choice(nodes) })
    }

    fn sequence(&mut self) -> Option<Node> {
        let mut nodes = Vec::new();
        while let Some(&byte) = self.rest.first() {
            if byte == b'|' || byte == b')' && self.depth > 0 {
                break;
            }
            let mut node = self.atom()?;
            while let Some((least, most)) = self.times()? {
                node = Node::Repeat(Box::new(node), least, most);
            }
            nodes.push(node);
        }
        Some(Node::Sequence(nodes))
    }

    /// How often the atom before is wanted; `Some(None)`: once.
    fn times(&mut self) -> Option<Option<(usize, Option<usize>)>> {
        let simple = match self.rest.first() {
            Some(b'*') => (0, None),
            Some(b'+') => (1, None),
            Some(b'?') => (0, Some(1)),
            Some(b'{') => return self.bounds().map(Some),
            _ => return Some(None),
        };
        self.next();
        Some(Some(simple))
    }

    /// `{m}`, `{m,}` or `{m,n}`.
    fn bounds(&mut self) -> Option<(usize, Option<usize>)> {
        let end = self.rest.iter().position(|byte| *byte == b'}')?;
        let text = std::str::from_utf8(self.rest.get(1..end)?).ok()?;
        self.rest = self.rest.get(end + 1..)?;
        let number = |text: &str| text.parse::<usize>().ok().filter(|number| *number <= MOST_TIMES);
        match text.split_once(',') {
            None => number(text).map(|times| (times, Some(times))),
            Some((least, "")) => Some((number(least)?, None)),
            Some((least, most)) => {
                Some((number(least)?, Some(number(most)?))).filter(|(least, most)| *most >= Some(*least))
            }
        }
    }

    fn atom(&mut self) -> Option<Node> {
        let only = |byte: u8| Node::Any(set(|other| other == byte));
        Some(match self.next()? {
            b'.' => Node::Any(set(|_| true)),
            b'^' => Node::Start,
            b'$' => Node::End,
            b'[' => Node::Any(self.bracket()?),
            b'(' => {
                self.depth += 1;
                let node = self.choice()?;
                self.depth -= 1;
                self.take(b')').then_some(node)?
            }
            b'*' | b'+' | b'?' | b'{' => return None,
            b'\\' => match self.next()? {
                byte if byte.is_ascii_alphanumeric() => return None,
                byte => only(byte),
            },
            byte => only(byte),
        })
    }

    fn bracket(&mut self) -> Option<Box<Bytes>> {
        let inverted = self.take(b'^');
        let mut bytes = set(|_| false);
        let mut first = true;
        loop {
            let byte = self.next()?;
            match byte {
                b']' if !first => break,
                b'[' if self.rest.first() == Some(&b':') => self.class(&mut bytes)?,
                b'[' if matches!(self.rest.first(), Some(b'.' | b'=')) => return None,
                low => {
                    let high = match self.rest {
                        [b'-', high, rest @ ..] if *high != b']' => {
                            self.rest = rest;
                            *high
                        }
                        _ => low,
                    };
                    (low <= high).then_some(())?;
                    bytes[usize::from(low)..=usize::from(high)].fill(true);
                }
            }
            first = false;
        }
        if inverted {
            bytes.iter_mut().for_each(|is_in| *is_in = !*is_in);
        }
        Some(bytes)
    }

    /// `:name:]` of a bracket.
    fn class(&mut self, bytes: &mut Bytes) -> Option<()> {
        let end = self.rest.windows(2).position(|pair| pair == b":]")?;
        let is_in: fn(&u8) -> bool = match self.rest.get(1..end)? {
            b"alnum" => u8::is_ascii_alphanumeric,
            b"alpha" => u8::is_ascii_alphabetic,
            b"blank" => |byte| b" \t".contains(byte),
            b"cntrl" => u8::is_ascii_control,
            b"digit" => u8::is_ascii_digit,
            b"graph" => u8::is_ascii_graphic,
            b"lower" => u8::is_ascii_lowercase,
            b"print" => |byte| *byte == b' ' || byte.is_ascii_graphic(),
            b"punct" => u8::is_ascii_punctuation,
            b"space" => |byte| b" \t\n\r\x0b\x0c".contains(byte),
            b"upper" => u8::is_ascii_uppercase,
            b"xdigit" => u8::is_ascii_hexdigit,
            _ => return None,
        };
        self.rest = self.rest.get(end + 2..)?;
        (0..=u8::MAX).filter(is_in).for_each(|byte| bytes[usize::from(byte)] = true);
        Some(())
    }
}

fn set(is_in: impl Fn(u8) -> bool) -> Box<Bytes> {
    let mut bytes = Box::new([false; 256]);
    (0..=u8::MAX).filter(|byte| is_in(*byte)).for_each(|byte| bytes[usize::from(byte)] = true);
    bytes
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
