//! Two stops and two power cuts of a machine whose services write: a short run of `make soak ONLY=machine`, the same one
//! every time.

use tests::endurance::{Endurance, Phase, Stop};

use crate::support;

/// Whatever ends a boot, the next one reaches the login; a stop leaves nothing unwritten, a power cut nothing half written.
#[test]
fn stops_and_power_cuts() {
    if !support::can_boot_machines() {
        return;
    }
    let mut endurance = Endurance::new(6);
    endurance.cut(Phase::Run);
    endurance.stop(Stop::PowerFail);
    endurance.cut(Phase::Shutdown);
    endurance.stop(Stop::Reboot);
}
