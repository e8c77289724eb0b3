//! Every key of a unit, with a real process that says what has become of it.

#[path = "../../../tests/src/skip.rs"]
mod skip;
#[path = "../system/mod.rs"]
mod system;

mod context;
mod control_group;
mod ended;
mod killing;
mod lifecycle;
mod readiness;
mod scanners;
mod servicedir;
mod subject;
