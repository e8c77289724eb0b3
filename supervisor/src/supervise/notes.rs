//! What a service says of itself in a notification: lines `NAME=value`, as sd_notify sends them.

use crate::sys::text::parse_number;

/// ns in a microsecond.
const MICROSECOND: u64 = 1000;
/// Longest name of a descriptor, in bytes.
const LONGEST_NAME: usize = 63;

/// One line that means something to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note<'a> {
    /// It is ready.
    Ready,
    /// It is busy reloading.
    Reloading,
    /// It is about to end.
    Stopping,
    /// It is alive.
    Alive,
    /// It is not well.
    Unwell,
    /// What it does, in words.
    Words(&'a [u8]),
    /// It goes on in this process.
    Main(u32),
    /// Another watchdog interval (ns).
    Watchdog(u64),
    /// Keep the descriptors that come with this.
    Store,
    /// Let the descriptors of this name go.
    Unstore,
    /// The name that goes with them.
    Name(&'a [u8]),
}

/// The lines of a message. Others mean nothing: `EXTEND_TIMEOUT_USEC` for one, because no deadline of a start is
/// supervise's.
pub fn notes(message: &[u8]) -> impl Iterator<Item = Note<'_>> {
    message.split(|&byte| byte == b'\n').filter_map(note)
}

fn note(line: &[u8]) -> Option<Note<'_>> {
    Some(match line {
        b"READY=1" => Note::Ready,
        b"RELOADING=1" => Note::Reloading,
        b"STOPPING=1" => Note::Stopping,
        b"WATCHDOG=1" => Note::Alive,
        b"WATCHDOG=trigger" => Note::Unwell,
        b"FDSTORE=1" => Note::Store,
        b"FDSTOREREMOVE=1" => Note::Unstore,
        _ => return valued(line),
    })
}

fn valued(line: &[u8]) -> Option<Note<'_>> {
    let at = line.iter().position(|&byte| byte == b'=')?;
    let (name, value) = (line.get(..at)?, line.get(at + 1..)?);
    Some(match name {
        b"STATUS" => Note::Words(value),
        b"MAINPID" => Note::Main(u32::try_from(parse_number(value)?).ok()?),
        b"WATCHDOG_USEC" => Note::Watchdog(parse_number(value)?.saturating_mul(MICROSECOND)),
        b"FDNAME" if may_be_listed(value) => Note::Name(value),
        _ => return None,
    })
}

/// A name that can stand in `LISTEN_FDNAMES`, among others.
fn may_be_listed(name: &[u8]) -> bool {
    name.len() <= LONGEST_NAME && name.iter().all(|&byte| matches!(byte, b' '..=b'~') && byte != b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name that would break the list of all of them is none.
    #[test]
    fn names() {
        let long = [&b"FDNAME="[..], &[b'n'; LONGEST_NAME]].concat();
        assert_eq!(notes(&long).count(), 1);
        for bad in [&b"FDNAME=a:b"[..], b"FDNAME=\x1b", b"FDNAME=\xc3\xa9", &[long.as_slice(), b"n"].concat()] {
            assert_eq!(notes(bad).next(), None, "{}", bad.escape_ascii());
        }
    }

    /// Known lines are taken, whatever stands between them.
    #[test]
    fn lines() {
        let message =
            b"READY=1\nSTATUS=a=b c\n\nMAINPID=77\nMAINPID=x\nREADY=2\nX_Y=1\nWATCHDOG_USEC=5\nFDSTORE=1\nFDNAME=n";
        let expected =
            [Note::Ready, Note::Words(b"a=b c"), Note::Main(77), Note::Watchdog(5000), Note::Store, Note::Name(b"n")];
        assert_eq!(notes(message).collect::<Vec<_>>(), expected);
        let rest = b"RELOADING=1\nSTOPPING=1\nWATCHDOG=1\nWATCHDOG=trigger\nFDSTOREREMOVE=1\nEXTEND_TIMEOUT_USEC=1";
        let expected = [Note::Reloading, Note::Stopping, Note::Alive, Note::Unwell, Note::Unstore];
        assert_eq!(notes(rest).collect::<Vec<_>>(), expected);
    }
}
