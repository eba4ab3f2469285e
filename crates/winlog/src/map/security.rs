//! The Security log: logons, processes, connections, objects. The system part's process is the kernel: who acted is in
//! the data.

use schema::col;

use super::rule::{Mapping, Pick, Rule, Rule::*, file, remote_address};
use super::{Build, values};
use crate::Event;

pub(super) const PROVIDER: &str = "Microsoft-Windows-Security-Auditing";

/// Subject, acting process and more.
macro_rules! with_subject {
    ($($rule:expr),* $(,)?) => {
        &[
            Text("SubjectUserSid", &col::INITIATING_PROCESS_ACCOUNT_SID),
            Text("SubjectUserName", &col::INITIATING_PROCESS_ACCOUNT_NAME),
            Text("SubjectDomainName", &col::INITIATING_PROCESS_ACCOUNT_DOMAIN),
            Number("SubjectLogonId", &col::INITIATING_PROCESS_LOGON_ID),
            $($rule),*
        ]
    };
}
pub(super) use with_subject;

/// The account that the event is about.
macro_rules! with_target {
    ($($rule:expr),* $(,)?) => {
        super::security::with_subject![
            Text("TargetSid", &col::ACCOUNT_SID),
            Text("TargetUserSid", &col::ACCOUNT_SID),
            Text("TargetUserName", &col::ACCOUNT_NAME),
            Text("TargetDomainName", &col::ACCOUNT_DOMAIN),
            Number("TargetLogonId", &col::LOGON_ID),
            $($rule),*
        ]
    };
}
pub(super) use with_target;

pub(super) const fn map(
    ids: &'static [u32],
    action: &'static str,
    rules: &'static [Rule],
    finish: Option<fn(&mut Build<'_>)>,
) -> Mapping {
    Mapping { provider: PROVIDER, ids, pick: Pick::Always(action), rules, finish }
}

/// Logons, processes, connections and objects.
pub(super) static LOGONS: &[Mapping] = &[
    map(&[4624], "LogonSuccess", LOGON, Some(logon)),
    map(&[4625], "LogonFailed", LOGON, Some(logon)),
    map(&[4634, 4647], "Logoff", LOGON, Some(logon)),
    map(&[4648], "LogonAttempted", LOGON, Some(explicit_logon)),
    map(&[4768], "KerberosTgtRequested", LOGON, Some(kerberos)),
    map(&[4769], "KerberosServiceTicket", LOGON, Some(kerberos)),
    map(&[4771], "LogonFailed", LOGON, Some(kerberos)),
    Mapping {
        provider: PROVIDER,
        ids: &[4776],
        pick: Pick::By(ntlm_action),
        rules: &[Text("TargetUserName", &col::ACCOUNT_NAME), Text("Workstation", &col::REMOTE_DEVICE_NAME)],
        finish: Some(ntlm),
    },
    map(
        &[4778, 4779],
        "RemoteDesktopConnection",
        &[
            Text("AccountName", &col::ACCOUNT_NAME),
            Text("AccountDomain", &col::ACCOUNT_DOMAIN),
            Number("LogonID", &col::LOGON_ID),
            Text("ClientName", &col::REMOTE_DEVICE_NAME),
            RemoteAddress("ClientAddress"),
        ],
        Some(session),
    ),
    map(
        &[4688],
        "ProcessCreated",
        with_subject![
            Number("NewProcessId", &col::PROCESS_ID),
            File("NewProcessName"),
            Text("CommandLine", &col::PROCESS_COMMAND_LINE),
            Number("ProcessId", &col::INITIATING_PROCESS_ID),
            Actor("ParentProcessName"),
        ],
        Some(process),
    ),
    map(
        &[4689],
        "ProcessTerminated",
        &[
            Number("ProcessId", &col::PROCESS_ID),
            File("ProcessName"),
            Text("SubjectUserSid", &col::ACCOUNT_SID),
            Text("SubjectUserName", &col::ACCOUNT_NAME),
            Text("SubjectDomainName", &col::ACCOUNT_DOMAIN),
            Number("SubjectLogonId", &col::LOGON_ID),
        ],
        Some(ended),
    ),
    Mapping {
        provider: PROVIDER,
        ids: &[5156],
        pick: Pick::By(allowed_action),
        rules: CONNECTION,
        finish: Some(packet),
    },
    Mapping {
        provider: PROVIDER,
        ids: &[5157, 5152],
        pick: Pick::By(blocked_action),
        rules: CONNECTION,
        finish: Some(packet),
    },
    map(&[5154], "ListeningConnectionCreated", CONNECTION, Some(packet)),
    Mapping {
        provider: PROVIDER,
        ids: &[4656, 4663],
        pick: Pick::By(object_action),
        rules: OBJECT,
        finish: Some(object),
    },
    Mapping { provider: PROVIDER, ids: &[4660], pick: Pick::By(deleted_action), rules: OBJECT, finish: Some(object) },
    Mapping { provider: PROVIDER, ids: &[4657], pick: Pick::By(value_action), rules: OBJECT, finish: Some(value) },
];

const LOGON: &[Rule] = with_target![
    Number("ProcessId", &col::INITIATING_PROCESS_ID),
    Actor("ProcessName"),
    Text("WorkstationName", &col::REMOTE_DEVICE_NAME),
    RemoteAddress("IpAddress"),
    Number("IpPort", &col::REMOTE_PORT),
    Text("AuthenticationPackageName", &col::PROTOCOL),
];

const CONNECTION: &[Rule] = &[
    Number("ProcessID", &col::INITIATING_PROCESS_ID),
    Number("ProcessId", &col::INITIATING_PROCESS_ID),
    Actor("Application"),
];

const OBJECT: &[Rule] = with_subject![Number("ProcessId", &col::INITIATING_PROCESS_ID), Actor("ProcessName"),];

fn logon(build: &mut Build<'_>) {
    if let Some(code) = build.take("LogonType") {
        build.text(&col::LOGON_TYPE, values::logon_type(code).unwrap_or(code));
    }
    if let Some(code) = build.take("ElevatedToken") {
        build.extra("ElevatedToken", code == "%%1842");
    }
    if build.event.event_id == 4625 {
        let status =
            build.peek("SubStatus").filter(|status| values::number(status) != Some(0)).or(build.peek("Status"));
        if let Some(status) = status {
            build.text(&col::FAILURE_REASON, values::failure(status).unwrap_or(status));
        }
        build.row.set(&col::OUTCOME, "failed");
    }
}

fn explicit_logon(build: &mut Build<'_>) {
    logon(build);
    if let Some(name) = build.take("TargetServerName") {
        build.text(&col::REMOTE_DEVICE_NAME, name);
    }
}

fn kerberos(build: &mut Build<'_>) {
    logon(build);
    build.text(&col::PROTOCOL, "Kerberos");
    if let Some(status) = build.peek("Status").filter(|status| values::number(status) != Some(0)) {
        build.text(&col::FAILURE_REASON, values::kerberos_failure(status).unwrap_or(status));
        build.row.set(&col::OUTCOME, "failed");
    }
}

fn ntlm_action(event: &Event) -> Option<&'static str> {
    let is_ok = event.get("Status").and_then(values::number) == Some(0);
    Some(if is_ok { "LogonSuccess" } else { "LogonFailed" })
}

fn ntlm(build: &mut Build<'_>) {
    build.text(&col::PROTOCOL, "NTLM");
    if let Some(status) = build.peek("Status").filter(|status| values::number(status) != Some(0)) {
        build.text(&col::FAILURE_REASON, values::failure(status).unwrap_or(status));
        build.row.set(&col::OUTCOME, "failed");
    }
}

fn session(build: &mut Build<'_>) {
    let state = if build.event.event_id == 4778 { "reconnected" } else { "disconnected" };
    build.extra("SessionState", state);
}

/// The new process's account is the target when there is one, else the subject.
fn process(build: &mut Build<'_>) {
    for (target, subject, column) in [
        ("TargetUserSid", "SubjectUserSid", &col::ACCOUNT_SID),
        ("TargetUserName", "SubjectUserName", &col::ACCOUNT_NAME),
        ("TargetDomainName", "SubjectDomainName", &col::ACCOUNT_DOMAIN),
    ] {
        let has_target = build.peek("TargetUserName").is_some();
        let own = build.take(target);
        if let Some(value) = if has_target { own } else { build.peek(subject) } {
            build.text(column, value);
        }
    }
    let target_logon = build.take("TargetLogonId").and_then(values::number).filter(|id| *id != 0);
    let logon = target_logon.or_else(|| build.peek("SubjectLogonId").and_then(values::number));
    build.row.set_opt(&col::LOGON_ID, logon);
    if let Some(code) = build.take("TokenElevationType") {
        build.text(&col::PROCESS_TOKEN_ELEVATION, values::elevation(code).unwrap_or(code));
    }
    if let Some(label) = build.take("MandatoryLabel") {
        build.text(&col::PROCESS_INTEGRITY_LEVEL, values::integrity(label).unwrap_or(label));
    }
    build.row.set(&col::PROCESS_CREATION_TIME, schema::row::Nanos(build.event.time_ns));
}

/// An exit code is a number of 32 bits; failures of the system have the highest one set.
fn ended(build: &mut Build<'_>) {
    let Some(code) = build.take("Status").and_then(values::number).and_then(|code| u32::try_from(code).ok()) else {
        return;
    };
    build.row.set(&col::ERROR_CODE, i64::from(code.cast_signed()));
    if code != 0 {
        build.text(&col::ERROR_NAME, &if code > 0xffff { format!("exit {code:#x}") } else { format!("exit {code}") });
    }
}

fn is_inbound(event: &Event) -> bool {
    event.get("Direction") == Some("%%14592")
}

fn allowed_action(event: &Event) -> Option<&'static str> {
    Some(if is_inbound(event) { "InboundConnectionAccepted" } else { "ConnectionSuccess" })
}

fn blocked_action(event: &Event) -> Option<&'static str> {
    Some(if is_inbound(event) { "FirewallInboundConnectionBlocked" } else { "FirewallOutboundConnectionBlocked" })
}

/// Which end is this device's: versions of Windows differ for inbound connections, so the port that serves decides.
fn packet(build: &mut Build<'_>) {
    if let Some(code) = build.take("Protocol") {
        build.text(&col::PROTOCOL, values::protocol(code).unwrap_or(code));
    }
    let source = ("SourceAddress", "SourcePort");
    let destination = ("DestAddress", "DestPort");
    let inbound = is_inbound(build.event);
    build.take("Direction");
    let port = |name| build.peek(name).and_then(values::number).unwrap_or(0);
    let source_serves = !serves(port("DestPort")) && serves(port("SourcePort"));
    let source_is_local = !inbound || source_serves;
    let (local, remote) = if source_is_local { (source, destination) } else { (destination, source) };
    super::other::ends(build, local, remote);
}

/// True for a port that services listen on, false for one that Windows gives to clients (49152 and above).
fn serves(port: i64) -> bool {
    (1..49_152).contains(&port)
}

/// Rights of files that change them.
const WRITE_DATA: i64 = 0x2;
const APPEND_DATA: i64 = 0x4;
const DELETE: i64 = 0x1_0000;
const READ_DATA: i64 = 0x1;

/// 4656 asks for a handle, 4663 uses it: only the use is an act.
fn object_action(event: &Event) -> Option<&'static str> {
    if event.event_id != 4663 || event.get("ObjectType") != Some("File") {
        return None;
    }
    let mask = event.get("AccessMask").and_then(values::number)?;
    if mask & DELETE != 0 {
        Some("FileDeleted")
    } else if mask & (WRITE_DATA | APPEND_DATA) != 0 {
        Some("FileModified")
    } else if mask & READ_DATA != 0 {
        Some("SensitiveFileRead")
    } else {
        None
    }
}

/// 4660 names no object; the 4656 that opened its handle does, when it was seen.
fn deleted_action(event: &Event) -> Option<&'static str> {
    match event.get("ObjectType") {
        Some("File") | None => Some("FileDeleted"),
        Some("Key") => Some("RegistryKeyDeleted"),
        Some(_) => None,
    }
}

fn object(build: &mut Build<'_>) {
    let is_key = build.event.get("ObjectType") == Some("Key");
    if let Some(name) = build.take("ObjectName") {
        if is_key {
            build.text(&col::REGISTRY_KEY, &values::registry_key(name));
        } else {
            file(build, name);
        }
    }
}

fn value_action(event: &Event) -> Option<&'static str> {
    match event.get("OperationType")? {
        "%%1904" | "%%1905" => Some("RegistryValueSet"),
        "%%1906" => Some("RegistryValueDeleted"),
        _ => None,
    }
}

fn value(build: &mut Build<'_>) {
    if let Some(key) = build.take("ObjectName") {
        build.text(&col::REGISTRY_KEY, &values::registry_key(key));
    }
    for (name, column) in [
        ("ObjectValueName", &col::REGISTRY_VALUE_NAME),
        ("NewValue", &col::REGISTRY_VALUE_DATA),
        ("OldValue", &col::PREVIOUS_REGISTRY_VALUE_DATA),
    ] {
        if let Some(value) = build.take(name) {
            build.text(column, value);
        }
    }
    let ty = match build.take("NewValueType") {
        Some("%%1873") => "String",
        Some("%%1874") => "ExpandString",
        Some("%%1875") => "Binary",
        Some("%%1876") => "Dword",
        Some("%%1879") => "MultiString",
        Some("%%1883") => "Qword",
        Some(other) => other,
        None => return,
    };
    build.text(&col::REGISTRY_VALUE_TYPE, ty);
}

/// An address of a session, kept where it is no address (`LOCAL`).
pub(super) fn client(build: &mut Build<'_>, name: &'static str) {
    if let Some(value) = build.take(name) {
        remote_address(build, name, value);
    }
}
