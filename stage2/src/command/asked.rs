//! The options that verbs have in common.

use std::time::Duration;

use clap::Args;

/// Units, and how the verb behaves.
#[derive(Debug, Args)]
pub struct Asked {
    /// Units or bundles
    #[arg(required = true)]
    pub units: Vec<String>,
    /// How.
    #[command(flatten)]
    pub options: Options,
}

/// How a verb that asks the engine behaves.
#[derive(Clone, Debug, Default, Args)]
pub struct Options {
    /// Return as soon as the engine has been asked
    #[arg(long)]
    pub no_wait: bool,
    /// Wait no longer than this (200ms, 60s, 1m30s), then exit 1; the engine goes on
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<Duration>,
    /// Show what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Write the engine's answer as JSON, and nothing else
    #[arg(long)]
    pub json: bool,
    /// Write nothing but errors
    #[arg(short, long)]
    pub quiet: bool,
}

/// A duration as unit files write it.
fn duration(text: &str) -> Result<Duration, String> {
    units::parse_duration(text).ok_or_else(|| format!("'{text}' is not a duration, such as 200ms, 60s or 1m30s"))
}
