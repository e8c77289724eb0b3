//! `hostname`: the name in /etc/hostname; where there is none, and the kernel has been given none, `localhost`.

use supervisor::namespace::Namespace;

use super::error::Trying;
use super::root::Root;
use super::{StepError, guard};

/// The name.
const FILE: &str = "/etc/hostname";
/// What the kernel says while it has been given none.
const NONE: &str = "(none)";
/// What programs take for none.
const FALLBACK: &str = "localhost";

pub(super) fn run(root: &Root) -> Result<(), StepError> {
    let current = nix::unistd::gethostname().unwrap_or_default();
    let text = root.read(FILE)?.unwrap_or_default();
    let Some(name) = wanted(&text, &current.to_string_lossy()) else { return Ok(()) };
    guard::own(Namespace::HostName)?;
    if !root.does(format_args!("set the host name to {name}")) {
        return Ok(());
    }
    nix::unistd::sethostname(name).trying(format_args!("set the host name to {name}")).map_err(|error| error.at(FILE))
}

/// The name that is to be set, unless it is there already.
fn wanted<'a>(text: &'a str, current: &str) -> Option<&'a str> {
    let name = name(text).or((current == NONE).then_some(FALLBACK));
    name.filter(|name| *name != current)
}

/// The first line that is neither empty nor a comment.
fn name(text: &str) -> Option<&str> {
    text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Comments and blanks around are left out.
    #[test]
    fn lines() {
        assert_eq!(name("# the name\n\n  box \n"), Some("box"));
        assert_eq!(name("\n"), None);
    }

    /// A name that somebody else has set is left alone where there is no file.
    #[test]
    fn without_a_file() {
        assert_eq!(wanted("", "(none)"), Some("localhost"));
        assert_eq!(wanted("", "given"), None);
        assert_eq!(wanted("box\n", "(none)"), Some("box"));
        assert_eq!(wanted("box\n", "box"), None);
    }
}
