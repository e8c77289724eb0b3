//! The grammar of POSIX extended regular expressions: text in, a tree out. Pure.

/// The most that `{m,n}` may ask for.
const MOST_TIMES: usize = 255;

/// A set of bytes.
pub type Bytes = [bool; 256];

/// An expression, or a part of one.
#[derive(Clone, Debug)]
pub enum Node {
    /// Nothing.
    Empty,
    /// One of these bytes.
    Any(Box<Bytes>),
    /// The beginning of the line.
    Start,
    /// Its end.
    End,
    /// One after the other.
    Sequence(Vec<Node>),
    /// One of them.
    Choice(Vec<Node>),
    /// So often, at least and at most.
    Repeat(Box<Node>, usize, Option<usize>),
}

impl Node {
    /// Reads an expression; `None` when it is none.
    pub fn read(text: &[u8]) -> Option<Self> {
        let mut parser = Parser { rest: text, depth: 0 };
        let node = parser.choice()?;
        parser.rest.is_empty().then_some(node)
    }
}

/// What is left of the text, and how many parentheses are open.
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
