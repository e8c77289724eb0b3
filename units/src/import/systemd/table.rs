//! Directives that nothing is made of, and how those that are given more than once add up.

use super::file::Setting;
use crate::import::report::{Fate, Verdict};

use Fate::{Approximated, Dropped, Kept};

/// Beginnings of keys in the order of the alphabet, the longer before the shorter, each with its fate and the reason.
pub(in crate::import) const FATES: [(&str, Fate, &str); 128] = [
    ("AllowIsolate", Dropped, "sunup switch is for bundles"),
    ("AppArmorProfile", Dropped, "has no counterpart"),
    ("BPFProgram", Dropped, "has no counterpart"),
    ("Bind", Dropped, "has no counterpart"),
    ("BlockIO", Dropped, "of control groups v1"),
    ("BusName", Dropped, "nobody waits for a name on the bus"),
    ("CPUAffinity", Dropped, "has no counterpart: taskset(1) in run does it"),
    ("CPUQuotaPeriodSec", Dropped, "it is 100 ms"),
    ("CPUScheduling", Dropped, "has no counterpart: chrt(1) in run does it"),
    ("CPUShares", Dropped, "of control groups v1: cgroup has cpu.weight"),
    ("CollectMode", Dropped, "a failed unit stays known"),
    ("CoredumpFilter", Dropped, "has no counterpart"),
    ("DefaultDependencies", Kept, "as needs: [local], or without it"),
    ("DefaultMemory", Dropped, "a unit's control group has no others below it"),
    ("DefaultStartupMemory", Dropped, "a unit's control group has no others below it"),
    ("Delegate", Dropped, "no controller is handed on"),
    ("DeviceAllow", Dropped, "devices are not confined: capabilities without MKNOD is near"),
    ("DevicePolicy", Dropped, "devices are not confined: capabilities without MKNOD is near"),
    ("DisableControllers", Dropped, "no controller is handed on"),
    ("ExecPaths", Dropped, "has no counterpart"),
    ("ExecSearchPath", Dropped, "the PATH is that of all services: write whole paths"),
    ("ExitType", Dropped, "a longrun ends with its process"),
    ("ExtensionDirectories", Dropped, "it has the root of the system"),
    ("ExtensionImages", Dropped, "it has the root of the system"),
    ("FailureAction", Dropped, "only essential does something, and only at boot: the rescue bundle"),
    ("FileDescriptorStore", Dropped, "nobody keeps descriptors for it"),
    ("FinalKillSignal", Dropped, "it is KILL"),
    ("GuessMainPID", Approximated, "without a pidfile it is the one process that is left"),
    ("IOScheduling", Dropped, "has no counterpart: ionice(1) in run does it"),
    ("IO", Dropped, "names a device by its path: write io.max into cgroup yourself"),
    ("IPAccounting", Dropped, "nobody counts packets"),
    ("IPAddress", Dropped, "no packets are filtered: nftables does it"),
    ("IPCNamespacePath", Dropped, "there are no namespaces to join"),
    ("IPEgressFilterPath", Dropped, "no packets are filtered: nftables does it"),
    ("IPIngressFilterPath", Dropped, "no packets are filtered: nftables does it"),
    ("IgnoreOnIsolate", Dropped, "switching stops what the bundle does not have"),
    ("IgnoreSIGPIPE", Dropped, "SIGPIPE is not ignored"),
    ("ImportCredential", Dropped, "has no counterpart"),
    ("JobRunningTimeout", Dropped, "start-timeout counts from the unit's own start"),
    ("JobTimeout", Dropped, "start-timeout counts from the unit's own start"),
    ("JoinsNamespaceOf", Dropped, "there are no namespaces to join"),
    ("KeyringMode", Dropped, "has no counterpart"),
    ("LoadCredential", Dropped, "has no counterpart"),
    ("LockPersonality", Dropped, "has no counterpart"),
    ("LogExtraFields", Dropped, "every unit has a log of its own"),
    ("LogFilter", Dropped, "every unit has a log of its own"),
    ("LogLevelMax", Dropped, "every unit has a log of its own"),
    ("LogNamespace", Dropped, "every unit has a log of its own"),
    ("LogRateLimit", Dropped, "a log is bounded by its size"),
    ("ManagedOOM", Dropped, "nobody ends units before memory is short"),
    ("MemoryDenyWriteExecute", Dropped, "has no counterpart"),
    ("MemoryPressure", Dropped, "nobody watches for it"),
    ("Memory", Dropped, "cgroup has no such file"),
    ("Mount", Dropped, "has no counterpart"),
    ("NUMA", Dropped, "has no counterpart: numactl(8) in run does it"),
    ("NetworkNamespacePath", Dropped, "there are no namespaces to join"),
    ("Nice", Dropped, "no number that nice could have"),
    ("NoExecPaths", Dropped, "has no counterpart"),
    ("NonBlocking", Dropped, "a socket is passed as it was opened"),
    ("NotifyAccess", Approximated, "the main process is heard, or all of them where run is a script"),
    ("OOMScoreAdjust", Dropped, "no number that oom-score-adj could have"),
    ("OnFailure", Dropped, "no unit starts another when it fails"),
    ("OnSuccess", Dropped, "no unit starts another when it ends"),
    ("OpenFile", Dropped, "no descriptors are passed but sockets"),
    ("PAMName", Dropped, "no session is opened"),
    ("PassEnvironment", Dropped, "services get the environment that process 1 was given"),
    ("PermissionsStartOnly", Approximated, "set-up lines run as root"),
    ("Personality", Dropped, "has no counterpart"),
    ("Private", Dropped, "has no counterpart"),
    ("ProcSubset", Dropped, "it sees all of /proc"),
    ("PropagateReload", Dropped, "a reload is one unit's own"),
    ("PropagatesReloadTo", Dropped, "a reload is one unit's own"),
    ("PropagatesStopTo", Dropped, "only needs passes a stop on"),
    ("ProtectHome", Dropped, "no value that is known"),
    ("ProtectHostname", Dropped, "has no counterpart"),
    ("ProtectProc", Dropped, "it sees all processes"),
    ("ProtectSystem", Dropped, "no value that is known"),
    ("RebootArgument", Dropped, "the end of a unit never stops the machine"),
    ("RefuseManualStart", Dropped, "every unit can be started"),
    ("RefuseManualStop", Dropped, "every unit can be stopped"),
    ("ReloadPropagatedFrom", Dropped, "a reload is one unit's own"),
    ("RemoveIPC", Dropped, "has no counterpart"),
    ("RestartForceExitStatus", Dropped, "restart knows 0 and everything else"),
    ("RestartKillSignal", Dropped, "stop-signal is sent"),
    ("RestartMaxDelaySec", Dropped, "the waits between starts grow from 1 s to 60 s"),
    ("RestartMode", Dropped, "who needs it stops with it only if it ends for good"),
    ("RestartPreventExitStatus", Dropped, "restart knows 0 and everything else"),
    ("RestartSec", Dropped, "the waits between starts grow from 1 s to 60 s"),
    ("RestartSteps", Dropped, "the waits between starts grow from 1 s to 60 s"),
    ("Restrict", Dropped, "has no counterpart"),
    ("RootDirectoryStartOnly", Dropped, "it has the root of the system"),
    ("Root", Dropped, "it has the root of the system"),
    ("RuntimeDirectoryPreserve", Approximated, "nothing removes it"),
    ("RuntimeMaxSec", Dropped, "nothing ends a service for its age"),
    ("RuntimeRandomizedExtraSec", Dropped, "nothing ends a service for its age"),
    ("SELinuxContext", Dropped, "has no counterpart"),
    ("SecureBits", Dropped, "has no counterpart"),
    ("SendSIGHUP", Dropped, "only stop-signal, then KILL is sent"),
    ("SendSIGKILL", Dropped, "what takes too long is killed"),
    ("SetCredential", Dropped, "has no counterpart"),
    ("SetLoginEnvironment", Dropped, "user sets HOME, LOGNAME, SHELL and USER"),
    ("Slice", Dropped, "there are no slices: each unit has a control group of its own"),
    ("Smack", Dropped, "has no counterpart"),
    ("SocketBind", Dropped, "has no counterpart"),
    ("Sockets", Approximated, "those that are imported with it are its sockets"),
    ("SourcePath", Dropped, "nothing reads it"),
    ("StandardInputData", Dropped, "standard input is /dev/null or a tty"),
    ("StandardInputText", Dropped, "standard input is /dev/null or a tty"),
    ("StartLimitAction", Dropped, "only essential does something, and only at boot: the rescue bundle"),
    ("Startup", Dropped, "cgroup holds at boot as well"),
    ("StopPropagatedFrom", Dropped, "only needs passes a stop on"),
    ("StopWhenUnneeded", Dropped, "a unit stays until it is stopped"),
    ("SuccessAction", Dropped, "the end of a unit never stops the machine"),
    ("SuccessExitStatus", Dropped, "only 0 is success"),
    ("SyslogFacility", Dropped, "every unit has a log of its own"),
    ("SyslogIdentifier", Dropped, "every unit has a log of its own"),
    ("SyslogLevel", Dropped, "every unit has a log of its own"),
    ("SystemCall", Dropped, "has no counterpart"),
    ("TTY", Dropped, "a terminal is taken as it is"),
    ("TimeoutAbortSec", Dropped, "what takes too long is killed"),
    ("TimeoutCleanSec", Dropped, "sunup cleans nothing"),
    ("TimeoutStartFailureMode", Dropped, "what takes too long is killed"),
    ("TimeoutStopFailureMode", Dropped, "what takes too long is killed"),
    ("TimerSlackNSec", Dropped, "has no counterpart"),
    ("UMask", Dropped, "no mask"),
    ("USBFunction", Dropped, "has no counterpart"),
    ("Utmp", Dropped, "no session is opened"),
    ("WatchdogSignal", Dropped, "it is ABRT"),
];

/// Beginnings of keys that are off where nothing is said.
const SWITCHES: [&str; 25] = [
    "AllowIsolate",
    "CPUSchedulingResetOnFork",
    "Delegate",
    "DynamicUser",
    "IPAccounting",
    "IgnoreOnIsolate",
    "IgnoreSIGPIPE",
    "LockPersonality",
    "MemoryDenyWriteExecute",
    "NonBlocking",
    "OnFailureIsolate",
    "PermissionsStartOnly",
    "Private",
    "Protect",
    "RefuseManual",
    "RemoveIPC",
    "RestrictNamespaces",
    "RestrictRealtime",
    "RestrictSUIDSGID",
    "RootDirectoryStartOnly",
    "SendSIGHUP",
    "StopWhenUnneeded",
    "TTYReset",
    "TTYVHangup",
    "TTYVTDisallocate",
];

fn begins_with(key: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|begin| key.starts_with(begin))
}

/// Whether a setting says of something that it is off, which it is anyway.
pub(super) fn is_off(setting: &Setting) -> bool {
    begins_with(&setting.key, &SWITCHES) && setting.is_false()
}

/// What becomes of a setting that nothing is made of.
pub(super) fn verdict(setting: &Setting) -> Verdict {
    let key = setting.key.as_str();
    let is_foreign = setting.section.starts_with("X-") || key.starts_with("X-");
    let fate = FATES.iter().find(|(begin, _, _)| key.starts_with(begin));
    match fate {
        _ if is_foreign => Verdict::dropped("for other programs"),
        _ if is_off(setting) => Verdict::kept("it is off"),
        Some((_, Kept, reason)) => Verdict::kept(*reason),
        Some((_, Approximated, reason)) => Verdict::approximated(*reason),
        Some((_, Dropped, reason)) => Verdict::dropped(*reason),
        None => Verdict::dropped("not known"),
    }
}

/// Keys of which only the last one counts, or beginnings of such.
const SINGLE: [&str; 34] = [
    "CPUQuota",
    "CPUWeight",
    "ConfigurationDirectoryMode",
    "CacheDirectoryMode",
    "DefaultDependencies",
    "Description",
    "DynamicUser",
    "Group",
    "IOWeight",
    "Kill",
    "Limit",
    "LogsDirectoryMode",
    "Memory",
    "Nice",
    "NoNewPrivileges",
    "OOM",
    "PIDFile",
    "Private",
    "Protect",
    "RemainAfterExit",
    "RestartSec",
    "RuntimeDirectoryMode",
    "Standard",
    "StartLimit",
    "StateDirectoryMode",
    "TTYPath",
    "Tasks",
    "Timeout",
    "Type",
    "UMask",
    "User",
    "WatchdogSec",
    "WorkingDirectory",
    "What",
];

/// Whether only the later of two assignments counts.
pub(super) fn replaces(later: &Setting, earlier: &Setting) -> bool {
    let is_short = later.key == "TimeoutSec" && ["TimeoutStartSec", "TimeoutStopSec"].contains(&earlier.key.as_str());
    let is_single = earlier.key == "Restart" || begins_with(&earlier.key, &SINGLE);
    later.section == earlier.section && is_single && (later.key == earlier.key || is_short)
}

/// Whether an assignment takes back what an earlier one says: it is empty, and of the same list. Edges cannot be taken
/// back.
pub(super) fn clears(later: &Setting, earlier: &Setting) -> bool {
    let is_same = list(&later.key).is_some_and(|name| list(&earlier.key) == Some(name));
    later.value.is_empty() && is_same && later.section == earlier.section
}

/// The list that a key adds to.
fn list(key: &str) -> Option<&str> {
    /// Beginnings of keys that have a list each.
    const OWN: [&str; 16] = [
        "Alias",
        "Ambient",
        "CacheDirectory",
        "ConfigurationDirectory",
        "Documentation",
        "Environment",
        "Exec",
        "LogsDirectory",
        "RequiredBy",
        "RuntimeDirectory",
        "StateDirectory",
        "Supplementary",
        "TemporaryFileSystem",
        "UnsetEnvironment",
        "UpheldBy",
        "WantedBy",
    ];
    /// Beginnings of keys that have a list in common, and its name.
    const SHARED: [(&str, &str); 11] = [
        ("Assert", "Assert"),
        ("Condition", "Condition"),
        ("Inaccessible", "Inaccessible"),
        ("Listen", "Listen"),
        ("OnActive", "On"),
        ("OnBoot", "On"),
        ("OnCalendar", "On"),
        ("OnStartup", "On"),
        ("OnUnit", "On"),
        ("ReadOnly", "ReadOnly"),
        ("ReadWrite", "ReadWrite"),
    ];
    let shared = SHARED.iter().find(|(begin, _)| key.starts_with(begin)).map(|(_, name)| *name);
    shared.or_else(|| begins_with(key, &OWN).then_some(key))
}
