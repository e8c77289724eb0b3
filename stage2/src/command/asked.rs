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
    /// Wait no longer than this (500ms, 30s, 2min), then exit 1; the engine goes on
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

/// `500ms`, `30s`, `2min`, `1h`; a number alone is seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: u64 = number.parse().map_err(|_| format!("'{text}' is no time (500ms, 30s, 2min)"))?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" | "" => Ok(Duration::from_secs(number)),
        "min" | "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        "h" => Ok(Duration::from_secs(number.saturating_mul(3600))),
        _ => Err(format!("'{unit}' is no unit of time (ms, s, min, h)")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number needs a unit that is one.
    #[test]
    fn durations() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("7"), Ok(Duration::from_secs(7)));
        assert_eq!(duration("2min"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("2 d"), Err("' d' is no unit of time (ms, s, min, h)".into()));
        assert!(duration("s").is_err());
    }
}
