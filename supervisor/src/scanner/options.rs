//! The command line: `svscan [-A] [-t ms] [-d fd] [-g N] [-X fd]... [dir]`.

use core::ffi::CStr;

use crate::sys::text::parse_number;

/// When the directory is scanned without being told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rescan {
    /// When it changes.
    OnChange,
    /// Never.
    Never,
    /// Every so many ms.
    Every(u64),
}

/// How many descriptors may be kept.
pub const KEPT: usize = 3;
/// No descriptor.
const NONE: i32 = -1;

/// What the command line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options<'a> {
    /// `-t`.
    pub rescan: Rescan,
    /// `-d`: gets a newline after the first scan.
    pub ready: Option<i32>,
    /// `-g`: how many services one supervise gets at most.
    pub group: usize,
    /// `-X`, each time one: descriptors that stay open for us alone; -1: none. The first is the console's, standard error of
    /// `finish` and `crash`.
    pub kept: [i32; KEPT],
    /// `-A`: ABRT ends us at once, as it does s6's; otherwise it is a crash.
    pub abort_finishes: bool,
    /// The scan directory.
    pub directory: &'a CStr,
}

/// The usage line.
pub const USAGE: &str = "usage: svscan [-A] [-t ms] [-d fd] [-g n] [-X fd]... [dir]";

impl<'a> Options<'a> {
    /// Those of a command line that says nothing.
    const NONE: Self = Self {
        rescan: Rescan::OnChange,
        ready: None,
        group: 1,
        kept: [NONE; KEPT],
        abort_finishes: false,
        directory: c".",
    };

    /// Reads the arguments after the program's name; the error is what to say.
    #[cold]
    #[inline(never)]
    pub fn parse(mut arguments: impl Iterator<Item = &'a CStr>) -> Result<Self, &'static str> {
        let mut options = Self::NONE;
        let mut directories = 0;
        while let Some(argument) = arguments.next() {
            match argument.to_bytes() {
                [b'-', letter @ (b't' | b'd' | b'g' | b'X'), attached @ ..] => {
                    let value = if attached.is_empty() { arguments.next().map(CStr::to_bytes) } else { Some(attached) };
                    options.set(*letter, value.and_then(parse_number).ok_or(USAGE)?)?;
                }
                b"-A" => options.abort_finishes = true,
                [b'-', ..] => return Err(USAGE),
                _ if directories == 0 => {
                    options.directory = argument;
                    directories += 1;
                }
                _ => return Err(USAGE),
            }
        }
        Ok(options)
    }

    fn set(&mut self, letter: u8, value: u64) -> Result<(), &'static str> {
        let is_descriptor = value > 2 && value < 1 << 20;
        match letter {
            b't' if value == 0 => self.rescan = Rescan::Never,
            b't' => self.rescan = Rescan::Every(value),
            b'd' if is_descriptor => self.ready = Some(value as i32),
            b'X' if is_descriptor => *self.kept.iter_mut().find(|kept| **kept == NONE).ok_or(USAGE)? = value as i32,
            b'g' if value > 0 && value < 1 << 16 => self.group = value as usize,
            _ => return Err(USAGE),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Options stand before the directory, their numbers attached or not.
    #[test]
    fn parses() {
        let check = |arguments: &[&'static CStr]| Options::parse(arguments.iter().copied());
        let none = Options::NONE;
        assert_eq!(check(&[]), Ok(none));
        assert_eq!(
            check(&[c"-t5000", c"-A", c"-d", c"3", c"-g", c"100", c"-X4", c"-X", c"5", c"/s"]),
            Ok(Options {
                rescan: Rescan::Every(5000),
                ready: Some(3),
                group: 100,
                kept: [4, 5, NONE],
                abort_finishes: true,
                directory: c"/s"
            })
        );
        assert_eq!(check(&[c"-t", c"0"]), Ok(Options { rescan: Rescan::Never, ..none }));
        for bad in [&[c"-t"][..], &[c"-x"], &[c"a", c"b"], &[c"-d", c"1"], &[c"-g0"], &[c"-X2"], &[c"-t", c"-1"]] {
            assert_eq!(check(bad), Err(USAGE), "{bad:?}");
        }
        assert_eq!(check(&[c"-X3", c"-X4", c"-X5", c"-X6"]), Err(USAGE));
    }
}
