//! Specifiers: `%i` and its like.

/// The names of the unit that specifiers stand for.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// With its suffix.
    pub(super) full: String,
}

impl Names {
    fn stem(&self) -> &str {
        self.full.rsplit_once('.').map_or(&self.full, |(stem, _)| stem)
    }

    fn prefix(&self) -> &str {
        self.stem().split_once('@').map_or(self.stem(), |(prefix, _)| prefix)
    }

    fn instance(&self) -> &str {
        self.stem().split_once('@').map_or("", |(_, instance)| instance)
    }

    /// The value with its specifiers replaced; those that only systemd can know come back with it.
    pub(super) fn expand(&self, value: &str) -> (String, Vec<char>) {
        let mut text = String::new();
        let mut unknown = Vec::new();
        let mut characters = value.chars();
        while let Some(c) = characters.next() {
            match (c, c == '%') {
                (c, false) => text.push(c),
                (_, true) => match characters.next() {
                    Some(specifier) => match self.specifier(specifier) {
                        Some(replacement) => text += &replacement,
                        None => {
                            unknown.push(specifier);
                            text.extend(['%', specifier]);
                        }
                    },
                    None => text.push('%'),
                },
            }
        }
        (text, unknown)
    }

    fn specifier(&self, specifier: char) -> Option<String> {
        let last = |text: &str| text.rsplit('-').next().unwrap_or_default().to_owned();
        Some(match specifier {
            '%' => "%".into(),
            'n' => self.full.clone(),
            'N' => self.stem().into(),
            'p' => self.prefix().into(),
            'P' => unescape(self.prefix()),
            'i' => self.instance().into(),
            'I' => unescape(self.instance()),
            'j' => last(self.prefix()),
            'J' => unescape(&last(self.prefix())),
            'f' => format!("/{}", unescape(if self.instance().is_empty() { self.prefix() } else { self.instance() })),
            't' => "/run".into(),
            'S' => "/var/lib".into(),
            'C' => "/var/cache".into(),
            'L' => "/var/log".into(),
            'E' => "/etc".into(),
            'T' => "/tmp".into(),
            'V' => "/var/tmp".into(),
            'D' => "/usr/share".into(),
            // Of whoever runs systemd, whatever the unit's own user is.
            'u' | 'g' => "root".into(),
            'U' | 'G' => "0".into(),
            'h' => "/root".into(),
            's' => "/bin/sh".into(),
            _ => return None,
        })
    }
}

/// `-` is `/`, `\x2d` is a byte.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let byte = match rest {
            [b'\\', b'x', high, low, ..] => hexadecimal(*high, *low),
            _ => None,
        };
        match byte {
            Some(byte) => {
                bytes.push(byte);
                rest = &rest[4..];
            }
            None => {
                bytes.push(if *first == b'-' { b'/' } else { *first });
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hexadecimal(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Specifiers are what they are for the unit; what only systemd knows stays and is told.
    #[test]
    fn specifiers() {
        let names = Names { full: "foo-bar@a\\x2db-c.service".into() };
        for (value, expected, unknown) in [
            ("%n %N", "foo-bar@a\\x2db-c.service foo-bar@a\\x2db-c", ""),
            ("%p %i %I %j", "foo-bar a\\x2db-c a-b/c bar", ""),
            ("100%% %t/x %H %", "100% /run/x %H %", "H"),
            ("%u %U %h", "root 0 /root", ""),
        ] {
            assert_eq!(names.expand(value), (expected.into(), unknown.chars().collect()), "{value}");
        }
    }
}
