//! Everything but Sysmon, PowerShell and the Security log, and what several tables share.

use schema::col;
use serde_json::Value;

use super::rule::{Mapping, Pick, Rule, Rule::*, actor, file, remote_address};
use super::{Build, values};
use crate::Event;

const EVENTLOG: &str = "Microsoft-Windows-Eventlog";
const SERVICES: &str = "Service Control Manager";
const DEFENDER: &str = "Microsoft-Windows-Windows Defender";
const TASKS: &str = "Microsoft-Windows-TaskScheduler";
const WMI: &str = "Microsoft-Windows-WMI-Activity";
const DNS: &str = "Microsoft-Windows-DNS-Client";
const BITS: &str = "Microsoft-Windows-Bits-Client";
const FIREWALL: &str = "Microsoft-Windows-Windows Firewall With Advanced Security";
const CODE_INTEGRITY: &str = "Microsoft-Windows-CodeIntegrity";
const APP_LOCKER: &str = "Microsoft-Windows-AppLocker";
const RDP_LISTENER: &str = "Microsoft-Windows-TerminalServices-RemoteConnectionManager";
const RDP_SESSIONS: &str = "Microsoft-Windows-TerminalServices-LocalSessionManager";

const fn map(
    provider: &'static str,
    ids: &'static [u32],
    action: &'static str,
    rules: &'static [Rule],
    finish: Option<fn(&mut Build<'_>)>,
) -> Mapping {
    Mapping { provider, ids, pick: Pick::Always(action), rules, finish }
}

const CLEARED: &[Rule] = &[
    Text("SubjectUserSid", &col::INITIATING_PROCESS_ACCOUNT_SID),
    Text("SubjectUserName", &col::INITIATING_PROCESS_ACCOUNT_NAME),
    Text("SubjectDomainName", &col::INITIATING_PROCESS_ACCOUNT_DOMAIN),
    Number("SubjectLogonId", &col::INITIATING_PROCESS_LOGON_ID),
];

const RULE: &[Rule] = &[Text("ModifyingUser", &col::INITIATING_PROCESS_ACCOUNT_SID), Actor("ModifyingApplication")];

pub(super) static MAPPINGS: &[Mapping] = &[
    map(EVENTLOG, &[1102], "SecurityLogCleared", CLEARED, None),
    map(EVENTLOG, &[104], "EventLogCleared", CLEARED, None),
    map(
        SERVICES,
        &[7045],
        "ServiceInstalled",
        &[
            Text("ImagePath", &col::PROCESS_COMMAND_LINE),
            Text("AccountName", &col::ACCOUNT_NAME),
            Extra("StartType", "ServiceStartType"),
        ],
        Some(service),
    ),
    map(SERVICES, &[7036], "ServiceStateChanged", &[Extra("param1", "ServiceName"), Extra("param2", "State")], None),
    map(
        SERVICES,
        &[7040],
        "ServiceStartTypeChanged",
        &[Extra("param1", "ServiceName"), Extra("param2", "PreviousStartType"), Extra("param3", "StartType")],
        Some(service_writer),
    ),
    map(SERVICES, &[7034], "ServiceCrashed", &[Extra("param1", "ServiceName"), Extra("param2", "TimesCrashed")], None),
    map(DEFENDER, &[1116], "AntivirusDetection", &[Account("Detection User")], Some(threat)),
    map(DEFENDER, &[1117], "AntivirusDetection", &[Account("Detection User")], Some(threat)),
    map(DEFENDER, &[1118, 1119], "AntivirusMalwareActionFailed", &[Account("Detection User")], Some(threat)),
    map(DEFENDER, &[1001], "AntivirusScanCompleted", &[], None),
    map(DEFENDER, &[1002], "AntivirusScanCancelled", &[], None),
    map(DEFENDER, &[1005], "AntivirusScanFailed", &[], None),
    map(DEFENDER, &[2000], "AntivirusDefinitionsUpdated", &[], None),
    map(DEFENDER, &[2001], "AntivirusDefinitionsUpdateFailed", &[], None),
    map(DEFENDER, &[5001, 5007, 5010, 5012], "AntivirusConfigChanged", &[], None),
    map(DEFENDER, &[5013], "TamperingAttempt", &[], None),
    Mapping {
        provider: DEFENDER,
        ids: &[1121, 1122],
        pick: Pick::By(asr_action),
        rules: &[Actor("Process Name"), File("Path"), Account("User")],
        finish: None,
    },
    map(
        DEFENDER,
        &[1123],
        "ControlledFolderAccessViolationBlocked",
        &[Actor("Process Name"), Account("User")],
        Some(folder),
    ),
    map(
        DEFENDER,
        &[1124],
        "ControlledFolderAccessViolationAudited",
        &[Actor("Process Name"), Account("User")],
        Some(folder),
    ),
    map(
        DEFENDER,
        &[1125],
        "ExploitGuardNetworkProtectionAudited",
        &[Actor("Process Name"), Account("User")],
        Some(destination),
    ),
    map(
        DEFENDER,
        &[1126],
        "ExploitGuardNetworkProtectionBlocked",
        &[Actor("Process Name"), Account("User")],
        Some(destination),
    ),
    map(TASKS, &[106], "ScheduledTaskCreated", &[Account("UserContext")], None),
    map(TASKS, &[140], "ScheduledTaskUpdated", &[Account("UserName")], None),
    map(TASKS, &[141], "ScheduledTaskDeleted", &[Account("UserName")], None),
    map(TASKS, &[142], "ScheduledTaskDisabled", &[Account("UserName")], None),
    map(
        WMI,
        &[5858],
        "WmiError",
        &[
            ActorAccount("User"),
            Number("ClientProcessId", &col::INITIATING_PROCESS_ID),
            Text("ClientMachine", &col::REMOTE_DEVICE_NAME),
            Extra("ResultCode", "ResultCode"),
        ],
        None,
    ),
    map(WMI, &[5859, 5860], "WmiTemporarySubscription", &[ActorAccount("User")], Some(wmi_subscription)),
    map(WMI, &[5861], "WmiBindEventFilterToConsumer", &[], None),
    map(DNS, &[3006], "DnsQueryRequest", &[Text("QueryName", &col::REMOTE_URL)], Some(dns_client)),
    map(DNS, &[3008, 3020], "DnsQueryResponse", &[Text("QueryName", &col::REMOTE_URL)], Some(dns_client)),
    map(BITS, &[3], "BitsJobCreated", &[Account("jobOwner"), Actor("processPath")], Some(bits)),
    map(BITS, &[59], "BitsJobStarted", &[Text("url", &col::REMOTE_URL)], Some(bits)),
    map(BITS, &[60, 61], "BitsJobStopped", &[Text("url", &col::REMOTE_URL)], Some(bits)),
    map(FIREWALL, &[2004], "FirewallRuleAdded", RULE, Some(rule)),
    map(FIREWALL, &[2005], "FirewallRuleModified", RULE, Some(rule)),
    map(FIREWALL, &[2006], "FirewallRuleDeleted", RULE, Some(rule)),
    map(CODE_INTEGRITY, &[3076], "AppControlExecutableAudited", &[File("File Name"), Actor("Process Name")], None),
    map(CODE_INTEGRITY, &[3077], "AppControlExecutableBlocked", &[File("File Name"), Actor("Process Name")], None),
    map(APP_LOCKER, &[8003], "AppControlExecutableAudited", LOCKED, Some(locked)),
    map(APP_LOCKER, &[8004], "AppLockerBlockExecutable", LOCKED, Some(locked)),
    map(APP_LOCKER, &[8006], "AppControlScriptAudited", LOCKED, Some(locked)),
    map(APP_LOCKER, &[8007], "AppLockerBlockScript", LOCKED, Some(locked)),
    map(
        RDP_LISTENER,
        &[1149],
        "RemoteDesktopConnection",
        &[
            Text("Param1", &col::ACCOUNT_NAME),
            Text("Param2", &col::ACCOUNT_DOMAIN),
            RemoteAddress("Param3"),
            Note("SessionState", "authenticated"),
        ],
        None,
    ),
    map(
        RDP_SESSIONS,
        &[21],
        "RemoteDesktopConnection",
        &[Account("User"), Note("SessionState", "logged on")],
        Some(rdp),
    ),
    map(
        RDP_SESSIONS,
        &[24],
        "RemoteDesktopConnection",
        &[Account("User"), Note("SessionState", "disconnected")],
        Some(rdp),
    ),
    map(
        RDP_SESSIONS,
        &[25],
        "RemoteDesktopConnection",
        &[Account("User"), Note("SessionState", "reconnected")],
        Some(rdp),
    ),
];

const LOCKED: &[Rule] = &[
    File("FullFilePath"),
    File("FilePath"),
    Text("TargetUser", &col::ACCOUNT_SID),
    Number("TargetProcessId", &col::PROCESS_ID),
    Number("TargetLogonId", &col::LOGON_ID),
];

/// Both ends of a connection: (address, port) of this device, then of the other.
pub(super) fn ends(build: &mut Build<'_>, local: (&'static str, &'static str), remote: (&'static str, &'static str)) {
    if let Some(value) = build.take(local.0) {
        match values::address(value) {
            Some(address) => {
                build.text(&col::LOCAL_IP, &address.to_string());
                build.text(&col::LOCAL_IP_TYPE, values::address_kind(address));
            }
            None => build.extra(local.0, value),
        }
    }
    if let Some(value) = build.take(remote.0) {
        remote_address(build, remote.0, value);
    }
    for (name, column) in [(local.1, &col::LOCAL_PORT), (remote.1, &col::REMOTE_PORT)] {
        if let Some(value) = build.take(name) {
            build.number(column, name, value);
        }
    }
}

/// The executable of a service's command line, when that is plain to see.
pub(super) fn service_file(build: &mut Build<'_>, command: &str) {
    let path = match command.strip_prefix('"') {
        Some(rest) => rest.split_once('"').map_or(rest, |(path, _)| path),
        None => match command.to_ascii_lowercase().find(".exe") {
            Some(end) => &command[..end + 4],
            None => command.split_whitespace().next().unwrap_or(command),
        },
    };
    file(build, path);
}

fn service(build: &mut Build<'_>) {
    if let Some(command) = build.peek("ImagePath") {
        service_file(build, command);
    }
    service_writer(build);
}

/// The service manager writes for the account that asked it.
fn service_writer(build: &mut Build<'_>) {
    if let Some(sid) = &build.event.user_sid {
        build.text(&col::INITIATING_PROCESS_ACCOUNT_SID, sid);
    }
}

fn threat(build: &mut Build<'_>) {
    if let Some(name) = build.take("Threat Name") {
        build.extra("ThreatName", name);
    }
    if let Some(process) = build.take("Process Name").filter(|name| *name != "Unknown") {
        actor(build, process);
    }
    // `file:_C:\a.exe; webfile:_C:\b|http://…`: the first file is what it is about, the whole stays.
    if let Some(path) = build.peek("Path") {
        let file_path = path.split(';').find_map(|part| part.trim().strip_prefix("file:_"));
        if let Some(file_path) = file_path.or_else(|| path.split_once("file:_").map(|(_, rest)| rest)) {
            let end = file_path.find([';', '|']).unwrap_or(file_path.len());
            file(build, file_path[..end].trim());
        }
    }
    if build.event.event_id == 1117 {
        build.extra("WasRemediated", true);
    }
}

fn folder(build: &mut Build<'_>) {
    if let Some(path) = build.take("Path") {
        file(build, path);
    }
}

fn destination(build: &mut Build<'_>) {
    if let Some(url) = build.take("Destination").or_else(|| build.take("Path")) {
        build.text(&col::REMOTE_URL, url);
    }
}

/// Attack surface reduction rules by their GUID: the stem of the action.
const ASR_RULES: &[(&str, &str, &str)] = &[
    ("7674ba52-37eb-4a4f-a9a1-f0f9a1619a2c", "AsrAdobeReaderChildProcessBlocked", "AsrAdobeReaderChildProcessAudited"),
    ("be9ba2d9-53ea-4cdc-84e5-9b1eeee46550", "AsrExecutableEmailContentBlocked", "AsrExecutableEmailContentAudited"),
    ("3b576869-a4ec-4529-8536-b80a7769e899", "AsrExecutableOfficeContentBlocked", "AsrExecutableOfficeContentAudited"),
    ("9e6c4e1f-7d60-472f-ba1a-a39ef669e4b2", "AsrLsassCredentialTheftBlocked", "AsrLsassCredentialTheftAudited"),
    ("5beb7efe-fd9a-4556-801d-275e5ffc04cc", "AsrObfuscatedScriptBlocked", "AsrObfuscatedScriptAudited"),
    ("d4f940ab-401b-4efc-aadc-ad5f3c50688a", "AsrOfficeChildProcessBlocked", "AsrOfficeChildProcessAudited"),
    (
        "26190899-1602-49e8-8b27-eb1d0a1ce869",
        "AsrOfficeCommAppChildProcessBlocked",
        "AsrOfficeCommAppChildProcessAudited",
    ),
    (
        "92e97fa1-2edf-4476-bdd6-9dd0b4dddc7b",
        "AsrOfficeMacroWin32ApiCallsBlocked",
        "AsrOfficeMacroWin32ApiCallsAudited",
    ),
    ("75668c1f-73b5-4cf0-bb93-3ecf5cb7cc84", "AsrOfficeProcessInjectionBlocked", "AsrOfficeProcessInjectionAudited"),
    ("e6db77e5-3df2-4cf1-b95a-636979351e5b", "AsrPersistenceThroughWmiBlocked", "AsrPersistenceThroughWmiAudited"),
    ("d1e49aac-8f56-4280-b9ba-993a6d77406c", "AsrPsexecWmiChildProcessBlocked", "AsrPsexecWmiChildProcessAudited"),
    ("c1db55ab-c21a-4637-bb3f-a12568109d35", "AsrRansomwareBlocked", "AsrRansomwareAudited"),
    (
        "d3e037e1-3eb8-44c8-a917-57927947596d",
        "AsrScriptExecutableDownloadBlocked",
        "AsrScriptExecutableDownloadAudited",
    ),
    ("01443614-cd74-433a-b99e-2ecdc07bfc25", "AsrUntrustedExecutableBlocked", "AsrUntrustedExecutableAudited"),
    ("b2b3f03d-6a65-4f7b-a9c7-1c7ef74a9ba4", "AsrUntrustedUsbProcessBlocked", "AsrUntrustedUsbProcessAudited"),
    ("56a863a9-875e-4185-98a7-b882c64b5ce5", "AsrVulnerableSignedDriverBlocked", "AsrVulnerableSignedDriverAudited"),
    ("c0033c00-d16d-4114-a5a0-dc9b3a7d2ceb", "AsrAbusedSystemToolBlocked", "AsrAbusedSystemToolAudited"),
    ("33ddedf1-c6e0-47cb-833e-de6133960387", "AsrSafeModeRebootBlocked", "AsrSafeModeRebootedAudited"),
];

fn asr_action(event: &Event) -> Option<&'static str> {
    let id = values::guid(event.get("ID")?)?;
    let (_, blocked, audited) = ASR_RULES.iter().find(|(rule, _, _)| *rule == id)?;
    Some(if event.event_id == 1121 { blocked } else { audited })
}

/// The subscription's description is one text: what is in it is taken out by name.
fn wmi_subscription(build: &mut Build<'_>) {
    if let Some(id) = build.take("processid").or_else(|| build.take("ProcessId")) {
        build.number(&col::INITIATING_PROCESS_ID, "ProcessId", id);
    }
    if let Some(machine) = build.take("ClientMachine") {
        build.text(&col::REMOTE_DEVICE_NAME, machine);
    }
}

/// The event is raised inside the process that asks.
fn dns_client(build: &mut Build<'_>) {
    let event = build.event;
    if event.process_id != 0 {
        build.row.set(&col::INITIATING_PROCESS_ID, i64::from(event.process_id));
        build.row.set(&col::INITIATING_THREAD_ID, i64::from(event.thread_id));
    }
    if let Some(sid) = &event.user_sid {
        build.text(&col::INITIATING_PROCESS_ACCOUNT_SID, sid);
    }
    if let Some(name) = build.peek("QueryName") {
        build.extra("DnsQueryString", name);
    }
    if let Some(code) = build.take("QueryType") {
        let code = values::number(code).unwrap_or(0);
        let code = u16::try_from(code).unwrap_or(0);
        build.text(&col::DNS_QUERY_TYPE, &schema::dns::type_name(code));
    }
    if let Some(status) = build.take("QueryStatus").or_else(|| build.take("Status")) {
        dns_status(build, status);
    }
    if let Some(results) = build.take("QueryResults") {
        dns_results(build, results);
    }
}

/// Windows' status of a query: 0, or an error of the DNS client (9000 plus the response code).
pub(super) fn dns_status(build: &mut Build<'_>, status: &str) {
    let Some(code) = values::number(status).and_then(|code| i32::try_from(code).ok()) else {
        build.extra("QueryStatus", status);
        return;
    };
    if code == 0 {
        build.row.set(&col::OUTCOME, "ok");
        return;
    }
    build.row.set(&col::OUTCOME, "failed").set(&col::ERROR_CODE, i64::from(code));
    let name = match code {
        9001 => "FORMERR",
        9002 => "SERVFAIL",
        9003 => "NXDOMAIN",
        9004 => "NOTIMP",
        9005 => "REFUSED",
        9501 => "NODATA",
        9701 => "NO_RECORD",
        1460 => "TIMEOUT",
        10060 => "ETIMEDOUT",
        _ => return,
    };
    build.text(&col::ERROR_NAME, name);
}

/// `type:  5 alias.example;::ffff:192.0.2.1;`: the answers, addresses in their own form.
pub(super) fn dns_results(build: &mut Build<'_>, results: &str) {
    let mut answers = Vec::new();
    for part in results.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let answer = match part.strip_prefix("type:") {
            // The type is a number and a blank; the rest is the name.
            Some(rest) => rest.trim().split_once(' ').map_or(rest.trim(), |(_, name)| name.trim()).to_owned(),
            None => match values::address(part) {
                Some(std::net::IpAddr::V6(address)) => match address.to_ipv4_mapped() {
                    Some(address) => address.to_string(),
                    None => address.to_string(),
                },
                Some(address) => address.to_string(),
                None => part.to_owned(),
            },
        };
        answers.push(Value::String(answer));
    }
    build.text(&col::DNS_ANSWERS, &Value::Array(answers).to_string());
}

fn bits(build: &mut Build<'_>) {
    if let Some(id) = build.take("processId") {
        build.number(&col::INITIATING_PROCESS_ID, "processId", id);
    }
    if let Some(sid) = &build.event.user_sid {
        build.text(&col::INITIATING_PROCESS_ACCOUNT_SID, sid);
    }
}

fn rule(build: &mut Build<'_>) {
    if let Some(path) = build.peek("ApplicationPath") {
        file(build, path);
    }
}

/// The hash is SHA-256 for executables that Windows could read whole.
fn locked(build: &mut Build<'_>) {
    if let Some(hash) = build.take("FileHash") {
        let is_sha256 = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_sha256 {
            build.text(&col::SHA256, &hash.to_ascii_lowercase());
        } else {
            build.extra("FileHash", hash);
        }
    }
}

fn rdp(build: &mut Build<'_>) {
    super::security::client(build, "Address");
}
