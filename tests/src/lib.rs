//! The harness of the whole-system tests: Debian roots, disks, kernels, and two ways to boot them.
//!
//! It touches the machine it runs on only below its own cache directory and in namespaces of its own; every process it
//! starts is ended by its own pid when its owner is dropped. It never waits without a deadline.
//!
//! A test is a [`Layer`] of files over the installed Debian [`root`], booted as a [`Machine`] (QEMU, its own kernel)
//! or as a [`Namespace`] (the host's kernel, fifteen times as fast), and driven through its [`Console`].

pub mod cache;
pub mod command;
pub mod console;
pub mod dracut;
pub mod endurance;
pub mod executable;
pub mod guest;
pub mod image;
pub mod initramfs;
pub mod kernel;
pub mod keyboard;
pub mod layer;
pub mod lvm;
pub mod machine;
pub mod namespace;
pub mod nfs;
pub mod packages;
pub mod programs;
pub mod random;
pub mod require;
pub mod root;
mod skip;
pub mod state_files;
pub mod storage;
pub mod writers;

pub use console::Console;
pub use image::Image;
pub use initramfs::Initramfs;
pub use kernel::Kernel;
pub use layer::Layer;
pub use machine::Machine;
pub use namespace::Namespace;
