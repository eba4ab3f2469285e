//! Sysmon, ids 1 to 29 and 255. The system part's process and user are Sysmon's own: who acted is in the data.

use schema::col;

use super::rule::{Mapping, Pick, Rule::*, file};
use super::{Build, values};
use crate::Event;

const PROVIDER: &str = "Microsoft-Windows-Sysmon";

/// One entry of the table below.
const fn map(
    ids: &'static [u32],
    action: &'static str,
    rules: &'static [super::rule::Rule],
    finish: Option<fn(&mut Build<'_>)>,
) -> Mapping {
    Mapping { provider: PROVIDER, ids, pick: Pick::Always(action), rules, finish }
}

/// The process that did it, in most events.
macro_rules! with_actor {
    ($($rule:expr),* $(,)?) => {
        &[
            Guid("ProcessGuid", &col::INITIATING_PROCESS_UNIQUE_ID),
            Number("ProcessId", &col::INITIATING_PROCESS_ID),
            Actor("Image"),
            ActorAccount("User"),
            $($rule),*
        ]
    };
}

/// A process that acts on another.
macro_rules! on_process {
    ($guid:literal, $target_guid:literal) => {
        &[
            Guid($guid, &col::INITIATING_PROCESS_UNIQUE_ID),
            Number("SourceProcessId", &col::INITIATING_PROCESS_ID),
            Number("SourceThreadId", &col::INITIATING_THREAD_ID),
            Actor("SourceImage"),
            ActorAccount("SourceUser"),
            Guid($target_guid, &col::PROCESS_UNIQUE_ID),
            Number("TargetProcessId", &col::PROCESS_ID),
            File("TargetImage"),
            Account("TargetUser"),
        ]
    };
}

pub(super) static MAPPINGS: &[Mapping] = &[
    map(
        &[1],
        "ProcessCreated",
        &[
            Guid("ProcessGuid", &col::PROCESS_UNIQUE_ID),
            Number("ProcessId", &col::PROCESS_ID),
            File("Image"),
            Text("CommandLine", &col::PROCESS_COMMAND_LINE),
            Text("CurrentDirectory", &col::PROCESS_WORKING_DIRECTORY),
            Account("User"),
            Number("LogonId", &col::LOGON_ID),
            Number("TerminalSessionId", &col::CREATED_PROCESS_SESSION_ID),
            Hashes("Hashes"),
            Text("Company", &col::PROCESS_VERSION_INFO_COMPANY_NAME),
            Text("Product", &col::PROCESS_VERSION_INFO_PRODUCT_NAME),
            Text("FileVersion", &col::PROCESS_VERSION_INFO_PRODUCT_VERSION),
            Text("OriginalFileName", &col::PROCESS_VERSION_INFO_ORIGINAL_FILE_NAME),
            Text("Description", &col::PROCESS_VERSION_INFO_FILE_DESCRIPTION),
            Guid("ParentProcessGuid", &col::INITIATING_PROCESS_UNIQUE_ID),
            Number("ParentProcessId", &col::INITIATING_PROCESS_ID),
            Actor("ParentImage"),
            Text("ParentCommandLine", &col::INITIATING_PROCESS_COMMAND_LINE),
            ActorAccount("ParentUser"),
        ],
        Some(process_created),
    ),
    map(&[2], "FileTimestampModificationEvent", with_actor![File("TargetFilename")], None),
    Mapping {
        provider: PROVIDER,
        ids: &[3],
        pick: Pick::By(connection_action),
        rules: with_actor![],
        finish: Some(connection),
    },
    map(&[4], "SensorStateChanged", &[], None),
    map(
        &[5],
        "ProcessTerminated",
        &[
            Guid("ProcessGuid", &col::PROCESS_UNIQUE_ID),
            Number("ProcessId", &col::PROCESS_ID),
            File("Image"),
            Account("User"),
        ],
        None,
    ),
    map(&[6], "DriverLoad", &[File("ImageLoaded"), Hashes("Hashes")], None),
    map(&[7], "ImageLoaded", with_actor![File("ImageLoaded"), Hashes("Hashes")], None),
    map(&[8], "CreateRemoteThreadApiCall", on_process!("SourceProcessGuid", "TargetProcessGuid"), None),
    map(&[9], "RawDiskRead", with_actor![], None),
    map(&[10], "OpenProcessApiCall", on_process!("SourceProcessGUID", "TargetProcessGUID"), None),
    map(&[11, 29], "FileCreated", with_actor![File("TargetFilename"), Hashes("Hashes")], None),
    Mapping {
        provider: PROVIDER,
        ids: &[12],
        pick: Pick::By(registry_action),
        rules: with_actor![],
        finish: Some(registry_object),
    },
    map(&[13], "RegistryValueSet", with_actor![], Some(registry_value)),
    map(&[14], "RegistryKeyRenamed", with_actor![], Some(registry_renamed)),
    map(&[15], "FileCreated", with_actor![File("TargetFilename"), Hashes("Hash")], Some(stream)),
    map(&[16], "SensorConfigChanged", &[], None),
    map(&[17, 18], "NamedPipeEvent", with_actor![], Some(pipe)),
    map(&[19], "WmiFilterCreated", &[ActorAccount("User")], None),
    map(&[20], "WmiConsumerCreated", &[ActorAccount("User")], None),
    map(&[21], "WmiBindEventFilterToConsumer", &[ActorAccount("User")], None),
    map(&[22], "DnsQueryResponse", with_actor![Text("QueryName", &col::REMOTE_URL)], Some(dns)),
    map(&[23, 26], "FileDeleted", with_actor![File("TargetFilename"), Hashes("Hashes")], None),
    map(&[24], "GetClipboardData", with_actor![Hashes("Hashes")], None),
    map(
        &[25],
        "ProcessImageTampered",
        &[
            Guid("ProcessGuid", &col::PROCESS_UNIQUE_ID),
            Number("ProcessId", &col::PROCESS_ID),
            File("Image"),
            Account("User"),
        ],
        None,
    ),
    map(&[27], "FileBlocked", with_actor![File("TargetFilename"), Hashes("Hashes")], None),
    map(&[28], "FileShreddingBlocked", with_actor![File("TargetFilename"), Hashes("Hashes")], None),
    map(&[255], "SensorError", &[], None),
];

fn process_created(build: &mut Build<'_>) {
    if let Some(value) = build.take("IntegrityLevel") {
        let level = values::integrity(value).unwrap_or(value);
        build.text(&col::PROCESS_INTEGRITY_LEVEL, level);
    }
    let time_ns = super::happened_ns(build.event);
    build.row.set(&col::PROCESS_CREATION_TIME, schema::row::Nanos(time_ns));
}

fn connection_action(event: &Event) -> Option<&'static str> {
    let is_initiated = event.get("Initiated").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    Some(if is_initiated { "ConnectionSuccess" } else { "InboundConnectionAccepted" })
}

/// Source and destination are those of the packet; whether this device is the source, the action says.
fn connection(build: &mut Build<'_>) {
    let is_inbound = connection_action(build.event) == Some("InboundConnectionAccepted");
    build.take("Initiated");
    if let Some(code) = build.take("Protocol") {
        build.text(&col::PROTOCOL, values::protocol(code).unwrap_or(code));
    }
    let source = ["SourceIp", "SourcePort", "SourceHostname"];
    let destination = ["DestinationIp", "DestinationPort", "DestinationHostname"];
    let (local, remote) = if is_inbound { (destination, source) } else { (source, destination) };
    super::other::ends(build, (local[0], local[1]), (remote[0], remote[1]));
    if let Some(name) = build.take(remote[2]) {
        // Sysmon asks the reverse zone: not what the process asked for.
        build.text(&col::REMOTE_URL, name);
        build.extra("RemoteUrlSource", "reverse lookup");
    }
}

fn registry_action(event: &Event) -> Option<&'static str> {
    match event.get("EventType")? {
        "CreateKey" => Some("RegistryKeyCreated"),
        "DeleteKey" => Some("RegistryKeyDeleted"),
        "DeleteValue" => Some("RegistryValueDeleted"),
        "CreateValue" => Some("RegistryValueSet"),
        _ => None,
    }
}

fn registry_object(build: &mut Build<'_>) {
    let is_value = build.take("EventType").is_some_and(|ty| ty.ends_with("Value"));
    let Some(object) = build.take("TargetObject") else { return };
    target(build, object, is_value);
}

fn target(build: &mut Build<'_>, object: &str, is_value: bool) {
    let (key, name) = match object.rsplit_once('\\') {
        Some((key, name)) if is_value => (key, Some(name)),
        Some(_) | None => (object, None),
    };
    build.text(&col::REGISTRY_KEY, &values::registry_key(key));
    if let Some(name) = name {
        build.text(&col::REGISTRY_VALUE_NAME, name);
    }
}

fn registry_value(build: &mut Build<'_>) {
    build.take("EventType");
    if let Some(object) = build.take("TargetObject") {
        target(build, object, true);
    }
    if let Some(details) = build.take("Details") {
        let (ty, data) = values::registry_details(details);
        build.text(&col::REGISTRY_VALUE_TYPE, ty);
        build.text(&col::REGISTRY_VALUE_DATA, &data);
    }
}

fn registry_renamed(build: &mut Build<'_>) {
    build.take("EventType");
    if let Some(object) = build.take("TargetObject") {
        build.text(&col::PREVIOUS_REGISTRY_KEY, &values::registry_key(object));
    }
    if let Some(object) = build.take("NewName") {
        build.text(&col::REGISTRY_KEY, &values::registry_key(object));
    }
}

/// A stream of a file; the one that Windows adds to downloads says where they came from.
fn stream(build: &mut Build<'_>) {
    if let Some(path) = build.peek("TargetFilename") {
        let name = values::file_name(path);
        if let Some((file_name, stream)) = name.split_once(':') {
            let file_path = &path[..path.len() - name.len() + file_name.len()];
            file(build, file_path);
            build.extra("Stream", stream);
        }
    }
    let Some(contents) = build.peek("Contents") else { return };
    // Sysmon writes the lines of the stream with blanks between them.
    for part in contents.split_whitespace() {
        match part.split_once('=') {
            Some(("HostUrl", url)) => build.text(&col::FILE_ORIGIN_URL, url),
            Some(("ReferrerUrl", url)) => build.text(&col::FILE_ORIGIN_REFERRER_URL, url),
            Some(_) | None => {}
        }
    }
}

fn pipe(build: &mut Build<'_>) {
    build.take("EventType");
    let operation = if build.event.event_id == 17 { "File created" } else { "File opened" };
    build.extra("FileOperation", operation);
}

fn dns(build: &mut Build<'_>) {
    if let Some(name) = build.peek("QueryName") {
        build.extra("DnsQueryString", name);
    }
    if let Some(status) = build.take("QueryStatus") {
        super::other::dns_status(build, status);
    }
    if let Some(results) = build.take("QueryResults") {
        super::other::dns_results(build, results);
    }
}
