//! `hostname`: the name in /etc/hostname.

use supervisor::namespace::Namespace;

use super::error::Trying;
use super::root::Root;
use super::{StepError, guard};

/// The name.
const FILE: &str = "/etc/hostname";

pub(super) fn run(root: &Root) -> Result<(), StepError> {
    let Some(name) = name(&root.read(FILE)?.unwrap_or_default()).map(str::to_owned) else {
        return Ok(());
    };
    if nix::unistd::gethostname().is_ok_and(|current| current.to_str() == Some(name.as_str())) {
        return Ok(());
    }
    guard::own(Namespace::HostName)?;
    if !root.does(format_args!("set the host name to {name}")) {
        return Ok(());
    }
    nix::unistd::sethostname(&name).trying(format_args!("set the host name to {name}")).map_err(|error| error.at(FILE))
}

/// The first line that is neither empty nor a comment.
fn name(text: &str) -> Option<&str> {
    text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::name;

    /// Comments and blanks around are left out.
    #[test]
    fn lines() {
        assert_eq!(name("# the name\n\n  box \n"), Some("box"));
        assert_eq!(name("\n"), None);
    }
}
