//! Step 2: every supervise but the loggers' brings its service down and ends.
//!
//! The flag for the supervise wrapper comes first, so that the scanner's attempts to bring a supervise back lead to
//! nothing.

use crate::cockpit::{self, Patience, sight::Waited};
use crate::room;
use crate::services::{self, Role, Service};
use crate::stop::Stop;
use std::time::Duration;
use supervisor::control::supervise::{DOWN, EXIT, KILL};
use supervisor::paths;

/// Tells them, and waits until none holds its service.
pub fn run(stop: &mut Stop) -> Result<(), String> {
    let flag = stop.run.join(paths::run::STOPPING);
    let flagged = room::flag(&stop.run, paths::run::STOPPING)
        .map_err(|error| format!("unable to create '{}': {error}", flag.display()));
    let mut services = services::all(&stop.run);
    services.retain(|service| service.role == Role::Service && service.is_supervised());
    for service in &services {
        service.watch(&mut stop.events);
        service.tell(&[DOWN, EXIT]);
        if stop.engine_stuck && service.name == "engine" {
            service.tell(&[KILL]);
        }
    }
    let patience = services.iter().map(Service::patience).max().unwrap_or(Duration::ZERO);
    until_none(stop, Patience::of(patience), &services, Service::is_supervised);
    let killed = stop.running.killed();
    stop.killed_units.extend(killed);
    stop.killed_units.sort();
    stop.killed_units.dedup();
    still_supervised(&services).and(flagged).and(ended_themselves(&stop.killed_units))
}

/// Waits until none of them is busy any more, or the time is over.
pub fn until_none(stop: &mut Stop, patience: Patience<'_>, services: &[Service], is_busy: impl Fn(&Service) -> bool) {
    cockpit::attend(
        stop,
        patience,
        |_| waited(services, &is_busy),
        |stop, time| stop.events.until(time, || !services.iter().any(&is_busy)),
    );
}

/// Those that are busy, with their processes.
fn waited(services: &[Service], is_busy: impl Fn(&Service) -> bool) -> Vec<Waited> {
    let busy = services.iter().filter(|service| is_busy(service));
    busy.map(|service| Waited::service(&service.name, service.status().map(|status| status.pid))).collect()
}

/// An error that names the units that only KILL has ended.
fn ended_themselves(killed: &[String]) -> Result<(), String> {
    if killed.is_empty() { Ok(()) } else { Err(format!("ended only by KILL: {}", killed.join(", "))) }
}

/// An error that names those that somebody still supervises.
pub fn still_supervised(services: &[Service]) -> Result<(), String> {
    let names: Vec<_> = services.iter().filter(|service| service.is_supervised()).map(|s| s.name.as_str()).collect();
    if names.is_empty() { Ok(()) } else { Err(format!("still supervised: {}", names.join(", "))) }
}
