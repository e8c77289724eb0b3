//! What is wished for: the options, understood but not done.

use std::ffi::{CString, OsString};
use std::path::PathBuf;

use nix::sys::resource::Resource;

/// Everything that the options ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// `--env-file`, in order; those that may be absent are marked.
    pub env_files: Vec<EnvFile>,
    /// `--env`, as `NAME=VALUE`.
    pub env: Vec<CString>,
    /// `--user`
    pub user: Option<String>,
    /// `--group`
    pub group: Option<String>,
    /// `--groups`; `None`: not given.
    pub groups: Option<Vec<String>>,
    /// `--tty`
    pub tty: Option<PathBuf>,
    /// `--umask`
    pub umask: Option<u32>,
    /// `--nice`
    pub nice: Option<i32>,
    /// `--oom-score-adj`
    pub oom_score_adj: Option<i32>,
    /// `--limit`
    pub limits: Vec<Limit>,
    /// `--read-only`
    pub read_only: Vec<PathBuf>,
    /// `--hide`
    pub hide: Vec<PathBuf>,
    /// `--private-tmp`
    pub private_tmp: bool,
    /// `--capabilities`, a bit for each number that is kept.
    pub capabilities: Option<u64>,
    /// `--directory`
    pub directory: Option<OsString>,
    /// `--no-new-privileges`
    pub no_new_privileges: bool,
}

/// A file of variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvFile {
    /// Where it is.
    pub path: PathBuf,
    /// Without it there are no variables, and no failure.
    pub may_be_absent: bool,
}

/// A resource's limits, in its own unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// As it was named.
    pub name: String,
    /// What is limited.
    pub resource: Resource,
    /// What holds; the largest number means none.
    pub soft: u64,
    /// As far as it may be raised.
    pub hard: u64,
}
