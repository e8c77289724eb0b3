//! Capabilities, which no wrapper crate offers: what a process and its descendants may keep of root's power.

use syscalls::{Sysno, syscall};

use super::error::{Errno, Result};

/// Their names, each at its number.
pub const NAMES: [&str; 41] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
];

/// prctl: whether the bounding set has a capability.
const READ_BOUNDING: u32 = 23;
/// prctl: takes one out of the bounding set.
const DROP_FROM_BOUNDING: u32 = 24;
/// The form of capget(2) with two words a set.
const VERSION_3: u32 = 0x2008_0522;

/// Number of CAP_SYS_ADMIN, without which nothing can be mounted.
pub const SYS_ADMIN: u32 = 21;
/// Number of CAP_SYS_BOOT, without which there is no reboot(2).
pub const SYS_BOOT: u32 = 22;

/// The number of a capability, whatever the case of its name.
pub fn number(name: &str) -> Option<u8> {
    let at = NAMES.iter().position(|known| known.eq_ignore_ascii_case(name))?;
    u8::try_from(at).ok()
}

/// Takes everything out of the bounding and the inheritable set but `kept`, a bit for each number. What this process may
/// do itself stays; what it executes next has no more than `kept`.
pub fn keep_only(kept: u64) -> Result<()> {
    for number in 0..64 {
        match bounding_has(number) {
            Ok(true) if kept >> number & 1 == 0 => drop_from_bounding(number)?,
            Ok(_) => {}
            // The kernel knows no more.
            Err(Errno::EINVAL) => break,
            Err(errno) => return Err(errno),
        }
    }
    inherit_only(kept)
}

fn bounding_has(number: u32) -> Result<bool> {
    // SAFETY: both are numbers.
    Ok(unsafe { syscall!(Sysno::prctl, READ_BOUNDING, number) }? == 1)
}

fn drop_from_bounding(number: u32) -> Result<()> {
    // SAFETY: both are numbers.
    unsafe { syscall!(Sysno::prctl, DROP_FROM_BOUNDING, number) }?;
    Ok(())
}

/// Whether this process may use a capability, by its number (below 32), now.
pub fn is_effective(number: u32) -> Result<bool> {
    Ok(sets()?[0] >> number & 1 == 1)
}

/// Effective, permitted, inheritable of the lower 32, then of the others.
fn sets() -> Result<[u32; 6]> {
    let header = [VERSION_3, 0];
    let mut sets = [0u32; 6];
    // SAFETY: the header is two words, the sets are two structs of three words, as this version says.
    unsafe { syscall!(Sysno::capget, header.as_ptr(), sets.as_mut_ptr()) }?;
    Ok(sets)
}

/// The inheritable set would go around the bounding one for a program of root's.
fn inherit_only(kept: u64) -> Result<()> {
    let header = [VERSION_3, 0];
    let mut sets = sets()?;
    let [_, _, lower, _, _, upper] = &mut sets;
    *lower &= kept as u32;
    *upper &= (kept >> 32) as u32;
    // SAFETY: as in `sets`; the kernel only reads.
    unsafe { syscall!(Sysno::capset, header.as_ptr(), sets.as_ptr()) }?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What /proc says of the effective set.
    #[test]
    fn effective() {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let set = status.lines().find_map(|line| line.strip_prefix("CapEff:\t")).unwrap();
        let has = u64::from_str_radix(set, 16).unwrap() >> SYS_ADMIN & 1 == 1;
        assert_eq!(is_effective(SYS_ADMIN), Ok(has));
    }

    /// The table is in the kernel's order.
    #[test]
    fn numbers() {
        for (name, expected) in
            [("CAP_CHOWN", Some(0)), ("cap_sys_admin", Some(21)), ("CAP_BPF", Some(39)), ("BPF", None)]
        {
            assert_eq!(number(name), expected, "{name}");
        }
    }
}
