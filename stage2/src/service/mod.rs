//! A longrun as a service directory: the files that it is compiled to ([`ServiceDirectory`]), and the supervise that runs
//! it ([`SupervisedService`]).
//!
//! What a supervise has as its working directory is never replaced: neither the service directory, nor `supervise/`,
//! nor `log/`. Files inside are replaced by rename, and only when they say something else.

mod directory;
mod last_lines;
mod quote;
mod supervised;

pub use directory::{Logger, ServiceDirectory, Settings, log_directory};
pub use last_lines::last_lines;
pub use quote::quote;
pub use supervised::SupervisedService;
