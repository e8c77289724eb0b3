//! A longrun as a service directory: what its keys become ([`compile()`]), the files ([`ServiceDirectory`]), and the supervise
//! that runs it ([`SupervisedService`]). What of it one-shots have as well is a [`Confinement`].
//!
//! What a supervise has as its working directory is never replaced: neither the service directory, nor `supervise/`,
//! nor `log/`. Files inside are replaced by rename, and only when they say something else.

mod compile;
mod confinement;
mod directory;
mod last_lines;
mod linked;
mod quote;
mod reach;
mod scripts;
mod supervised;
#[cfg(test)]
mod tests;

pub use compile::{Settings, compile};
pub use confinement::{Confinement, PROGRAM as CONFINE};
pub use directory::{Logger, ServiceDirectory, log_directory};
pub use last_lines::last_lines;
pub use linked::linked;
pub use quote::quote;
pub use reach::Reach;
pub use supervised::SupervisedService;
