//! Whole-system tests, one module per behaviour. What boots needs root; what does not runs for everyone.

mod broken_units;
mod container;
mod demo;
mod documents;
mod engine_killed;
mod hardship;
mod import;
mod install;
mod log_whole;
mod machine_boot;
mod machine_dracut;
mod machine_ends;
mod machine_initramfs;
mod machine_repair;
mod machine_slow;
mod machine_storage;
mod manual;
mod namespace_boot;
mod one_world;
mod other_scanner;
mod plan;
mod process_one_faults;
mod process_one_signals;
mod shutdown_allow;
mod soak;
mod stop_unwilling;
mod support;
#[path = "../../stage2/tests/recordings/terminal.rs"]
mod terminal;
mod tidy;
mod tmpfiles;
