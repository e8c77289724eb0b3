//! sunup.yaml, which the command line wins over; and what is wrong with either.

use supervisor::settings::Scanner;

use crate::boot::Boot;
use crate::failure::Failure;
use crate::other_scanner;
use crate::settings::Settings;

/// Below the administrator's configuration.
const FILE: &str = "sunup.yaml";

pub(super) fn act(boot: &mut Boot) -> Result<(), Failure> {
    let (settings, mut failures) = Settings::load(&boot.etc.join(FILE));
    let options = boot.options();
    boot.settings = Settings {
        scanner: options.scanner.unwrap_or(settings.scanner),
        cgroup: options.cgroup.unwrap_or(settings.cgroup),
        ..settings
    };
    failures.extend(options.wrong.iter().map(|reason| Failure::because("obey a word", reason)));
    if let Some(failure) = other_scanner::refusal(boot) {
        boot.settings.scanner = Scanner::default();
        failures.push(failure);
    }
    failures.iter().for_each(|failure| boot.report.failure(failure));
    Ok(())
}
