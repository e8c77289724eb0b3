//! A longrun becomes a service directory: what its files say ([`ServiceDirectory`]), and putting them on disk.
//!
//! What a supervise has as its working directory is never replaced: neither the service directory, nor `supervise/`,
//! nor `log/`. Files inside are replaced by rename, and only when they say something else.

mod quote;
mod service_directory;

pub use quote::quote;
pub use service_directory::{Logger, ServiceDirectory, Settings};
