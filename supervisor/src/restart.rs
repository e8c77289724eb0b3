//! Whether a service that ended by itself is started again, as units and the file `restart` of a service directory say it.

/// What happens when it ended unasked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restart {
    /// It is started again, however it ended.
    #[default]
    Always,
    /// Unless it exited 0.
    OnFailure,
    /// Never: it ends for good, unless it was told to end and is still wanted.
    Never,
}

impl Restart {
    /// Every policy with its word.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Always, "always"), (Self::OnFailure, "on-failure"), (Self::Never, "never")];

    /// The policy of this word.
    pub fn of_word(word: &[u8]) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| known.as_bytes() == word).map(|&(policy, _)| policy)
    }
}
