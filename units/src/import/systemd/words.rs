//! Command lines and values of unit files: prefixes, quotes, variables.

use crate::import::shell;

/// One word of a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    /// With the places of `${NAME}` in it.
    Pieces(Vec<Piece>),
    /// `$NAME` alone: none, one or several words.
    Split(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Variable(String),
}

/// What is lost of a prefix.
const PREFIXES: [(char, &str); 4] = [
    ('@', "the program gets its own name as the first argument"),
    ('+', "what confines the unit confines it, too"),
    ('!', "no capability is taken from it"),
    ('|', "no login shell runs it"),
];

/// A command with what its prefixes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CommandLine {
    words: Vec<Word>,
    /// `-`: a failure counts as none.
    pub(super) is_tolerated: bool,
    /// `+`, `!`, `!!`: not with the unit's user.
    pub(super) is_privileged: bool,
    /// What of the prefixes nothing is made of.
    prefix_losses: Vec<&'static str>,
}

impl CommandLine {
    /// The commands of a line, between which `;` stands.
    pub(super) fn parse(value: &str) -> Vec<Self> {
        let mut commands = Vec::new();
        for words in split(value).split(|(text, is_bare)| *is_bare && text == ";") {
            commands.extend(Self::new(words));
        }
        commands
    }

    fn new(words: &[(String, bool)]) -> Option<Self> {
        let (first, rest) = words.split_first()?;
        let program = first.0.trim_start_matches(['-', '@', ':', '+', '!', '|']);
        let prefixes = &first.0[..first.0.len() - program.len()];
        let is_literal = prefixes.contains(':');
        let has_other_name = prefixes.contains('@');
        let arguments = rest.iter().skip(usize::from(has_other_name));
        let words =
            std::iter::once(Word::Pieces(vec![Piece::Text(program.into())]))
                .chain(arguments.map(|(text, _)| {
                    if is_literal { Word::Pieces(vec![Piece::Text(text.clone())]) } else { word(text) }
                }))
                .collect();
        (!program.is_empty()).then(|| Self {
            words,
            is_tolerated: prefixes.contains('-'),
            is_privileged: prefixes.contains(['+', '!']),
            prefix_losses: PREFIXES.iter().filter(|(one, _)| prefixes.contains(*one)).map(|(_, loss)| *loss).collect(),
        })
    }

    /// The words, if there are no variables in them.
    pub(super) fn argv(&self) -> Option<Vec<String>> {
        let text = |word: &Word| match word {
            Word::Pieces(pieces) => pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) => Some(text.as_str()),
                    Piece::Variable(_) => None,
                })
                .collect(),
            Word::Split(_) => None,
        };
        self.words.iter().map(text).collect()
    }

    /// The command for a shell.
    pub(super) fn shell(&self) -> String {
        let words: Vec<String> = self.words.iter().map(shell_word).collect();
        words.join(" ")
    }

    /// What is lost of it.
    pub(super) fn losses(&self) -> impl Iterator<Item = &'static str> {
        let is_split = self.words.iter().any(|word| matches!(word, Word::Split(_)));
        let split = "sh splits what a variable says: quotes in it stay, patterns are expanded";
        self.prefix_losses.iter().copied().chain(is_split.then_some(split))
    }

    /// Whether a variable is in it.
    pub(super) fn mentions(&self, name: &str) -> bool {
        self.words.iter().any(|word| match word {
            Word::Split(variable) => variable == name,
            Word::Pieces(pieces) => pieces.iter().any(|piece| matches!(piece, Piece::Variable(other) if other == name)),
        })
    }
}

fn shell_word(word: &Word) -> String {
    match word {
        Word::Split(name) => format!("${name}"),
        Word::Pieces(pieces) if pieces.is_empty() => "''".into(),
        Word::Pieces(pieces) => pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => shell::quote(text),
                Piece::Variable(name) => format!("\"${{{name}}}\""),
            })
            .collect(),
    }
}

fn is_name(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.starts_with(is_letter) && text.chars().all(|c| is_letter(c) || c.is_ascii_digit())
}

/// A word with its variables found.
fn word(text: &str) -> Word {
    if let Some(name) = text.strip_prefix('$').filter(|name| is_name(name)) {
        return Word::Split(name.into());
    }
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        literal.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let variable =
            rest.strip_prefix('{').and_then(|inside| inside.split_once('}')).filter(|(name, _)| is_name(name));
        match variable {
            Some((name, after)) => {
                pieces.extend((!literal.is_empty()).then(|| Piece::Text(std::mem::take(&mut literal))));
                pieces.push(Piece::Variable(name.into()));
                rest = after;
            }
            None => {
                literal.push('$');
                rest = rest.strip_prefix('$').unwrap_or(rest);
            }
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(literal));
    }
    Word::Pieces(pieces)
}

/// Splits at blanks, with quotes and C's escapes; each word with whether it stood there without quotes.
pub(super) fn split(value: &str) -> Vec<(String, bool)> {
    let mut words = Vec::new();
    let mut characters = value.chars().peekable();
    loop {
        while characters.next_if(|c| c.is_whitespace()).is_some() {}
        if characters.peek().is_none() {
            return words;
        }
        let mut text = String::new();
        let mut is_bare = true;
        let mut quote = None;
        while let Some(c) = characters.next_if(|c| quote.is_some() || !c.is_whitespace()) {
            match c {
                '\\' => {
                    is_bare = false;
                    escape(&mut characters, &mut text);
                }
                '"' | '\'' if quote.is_none() => {
                    quote = Some(c);
                    is_bare = false;
                }
                c if quote == Some(c) => quote = None,
                c => text.push(c),
            }
        }
        words.push((text, is_bare));
    }
}

fn escape(characters: &mut std::iter::Peekable<std::str::Chars<'_>>, text: &mut String) {
    let Some(c) = characters.next() else { return text.push('\\') };
    match c {
        'n' => text.push('\n'),
        't' => text.push('\t'),
        'r' => text.push('\r'),
        's' => text.push(' '),
        '\\' | '"' | '\'' | ' ' | ';' | '$' => text.push(c),
        'x' => {
            let digits: String = std::iter::from_fn(|| characters.next_if(char::is_ascii_hexdigit)).take(2).collect();
            match u8::from_str_radix(&digits, 16) {
                Ok(byte) => text.push(byte.into()),
                Err(_) => text.push_str("\\x"),
            }
        }
        c => text.extend(['\\', c]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(value: &str) -> String {
        CommandLine::parse(value).iter().map(CommandLine::shell).collect::<Vec<_>>().join(" | ")
    }

    /// Quotes, escapes and variables come out as a shell reads them; what is alone is split, what is in braces is not.
    #[test]
    fn command_lines() {
        for (value, expected) in [
            ("/bin/x -a b", "/bin/x -a b"),
            ("-/bin/x 'a b' \"c d\"", "/bin/x 'a b' 'c d'"),
            ("@/bin/x name -f", "/bin/x -f"),
            ("/bin/x $OPTS ${ONE} a${TWO}b", "/bin/x $OPTS \"${ONE}\" a\"${TWO}\"b"),
            ("/bin/x $$HOME \\x41 it\\'s", "/bin/x '$HOME' A 'it'\\''s'"),
            ("/bin/a ; /bin/b \\;", "/bin/a | /bin/b ';'"),
            (":/bin/x ${A}", "/bin/x '${A}'"),
            ("/bin/x ''", "/bin/x ''"),
            ("", ""),
            ("-", ""),
            ("/bin/x \"open", "/bin/x open"),
            ("/bin/x $", "/bin/x '$'"),
        ] {
            assert_eq!(line(value), expected, "{value}");
        }
    }
}
