//! Sigma's log sources and fields as one table: which rows a source means, and where its fields are.
//!
//! Names are those of Sysmon and of the Sigma specification's appendix on log sources; a field without a column of ours
//! is looked for in `AdditionalFields`, where sensors put what a source says beyond the schema.

use std::collections::HashMap;
use std::sync::LazyLock;

use schema::col;

use crate::fields::From::{
    self, Account, Column as C, DnsAnswers, Hashes, Initiated, IsIpv6, More, Name, Path, RegistryAct, RegistryDetails,
    RegistryTarget,
};

/// The operating system that a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Platform {
    /// Windows.
    Windows,
    /// Linux.
    Linux,
    /// macOS.
    Macos,
}

impl Platform {
    /// Every platform.
    pub const ALL: [Platform; 3] = [Platform::Windows, Platform::Linux, Platform::Macos];

    /// From what a sensor says of its operating system.
    pub fn of_os(os: &str) -> Self {
        let os = os.to_ascii_lowercase();
        if os.contains("win") && !os.contains("darwin") {
            Platform::Windows
        } else if os.contains("mac") || os.contains("darwin") {
            Platform::Macos
        } else {
            Platform::Linux
        }
    }

    /// Sigma's `product`.
    pub const fn product(self) -> &'static str {
        match self {
            Platform::Windows => "windows",
            Platform::Linux => "linux",
            Platform::Macos => "macos",
        }
    }
}

type Field = (&'static str, From);

/// One of Sigma's log sources.
pub(crate) struct Source {
    /// Categories that mean it.
    pub(crate) categories: &'static [&'static str],
    /// ActionTypes of its rows; each belongs to one table.
    pub(crate) actions: &'static [&'static str],
    /// Groups of fields.
    fields: &'static [&'static [Field]],
}

impl Source {
    /// Its fields by name.
    pub(crate) fn fields(&self) -> HashMap<&'static str, From> {
        self.fields.iter().flat_map(|group| group.iter().copied()).collect()
    }
}

/// The created process, and its parent, which is the one that acted.
static PROCESS: &[Field] = &[
    ("Image", Path(&col::FOLDER_PATH, &col::FILE_NAME)),
    ("CommandLine", C(&col::PROCESS_COMMAND_LINE)),
    ("OriginalFileName", C(&col::PROCESS_VERSION_INFO_ORIGINAL_FILE_NAME)),
    ("Description", C(&col::PROCESS_VERSION_INFO_FILE_DESCRIPTION)),
    ("Product", C(&col::PROCESS_VERSION_INFO_PRODUCT_NAME)),
    ("Company", C(&col::PROCESS_VERSION_INFO_COMPANY_NAME)),
    ("FileVersion", C(&col::PROCESS_VERSION_INFO_PRODUCT_VERSION)),
    ("CurrentDirectory", C(&col::PROCESS_WORKING_DIRECTORY)),
    ("User", Account(&col::ACCOUNT_DOMAIN, &col::ACCOUNT_NAME)),
    ("IntegrityLevel", C(&col::PROCESS_INTEGRITY_LEVEL)),
    ("TokenElevationType", C(&col::PROCESS_TOKEN_ELEVATION)),
    ("LogonId", C(&col::LOGON_ID)),
    ("TerminalSessionId", C(&col::CREATED_PROCESS_SESSION_ID)),
    ("ProcessId", C(&col::PROCESS_ID)),
    ("ProcessGuid", C(&col::PROCESS_UNIQUE_ID)),
    ("ParentImage", Path(&col::INITIATING_PROCESS_FOLDER_PATH, &col::INITIATING_PROCESS_FILE_NAME)),
    ("ParentCommandLine", C(&col::INITIATING_PROCESS_COMMAND_LINE)),
    ("ParentProcessId", C(&col::INITIATING_PROCESS_ID)),
    ("ParentProcessGuid", C(&col::INITIATING_PROCESS_UNIQUE_ID)),
    ("ParentUser", Account(&col::INITIATING_PROCESS_ACCOUNT_DOMAIN, &col::INITIATING_PROCESS_ACCOUNT_NAME)),
    ("ParentIntegrityLevel", C(&col::INITIATING_PROCESS_INTEGRITY_LEVEL)),
    ("ParentProduct", C(&col::INITIATING_PROCESS_VERSION_INFO_PRODUCT_NAME)),
    ("ParentOriginalFileName", C(&col::INITIATING_PROCESS_VERSION_INFO_ORIGINAL_FILE_NAME)),
    ("ParentCompany", C(&col::INITIATING_PROCESS_VERSION_INFO_COMPANY_NAME)),
    ("ParentDescription", C(&col::INITIATING_PROCESS_VERSION_INFO_FILE_DESCRIPTION)),
    ("GrandParentImage", Name(&col::INITIATING_PROCESS_PARENT_FILE_NAME)),
    ("GrandparentImage", Name(&col::INITIATING_PROCESS_PARENT_FILE_NAME)),
    ("GrandparentCommandLine", More(&["GrandparentCommandLine"])),
    ("LogonGuid", More(&["LogonGuid"])),
    ("ExitStatus", C(&col::ERROR_CODE)),
];

/// Who acted, for everything but the start of a process.
static ACTOR: &[Field] = &[
    ("Image", Path(&col::INITIATING_PROCESS_FOLDER_PATH, &col::INITIATING_PROCESS_FILE_NAME)),
    ("CommandLine", C(&col::INITIATING_PROCESS_COMMAND_LINE)),
    ("User", Account(&col::INITIATING_PROCESS_ACCOUNT_DOMAIN, &col::INITIATING_PROCESS_ACCOUNT_NAME)),
    ("IntegrityLevel", C(&col::INITIATING_PROCESS_INTEGRITY_LEVEL)),
    ("ProcessId", C(&col::INITIATING_PROCESS_ID)),
    ("ProcessGuid", C(&col::INITIATING_PROCESS_UNIQUE_ID)),
    ("ParentImage", Name(&col::INITIATING_PROCESS_PARENT_FILE_NAME)),
    ("ParentProcessId", C(&col::INITIATING_PROCESS_PARENT_ID)),
    ("ParentCommandLine", More(&["ParentCommandLine"])),
    ("ParentUser", More(&["ParentUser"])),
    ("CurrentDirectory", More(&["CurrentDirectory"])),
    ("LogonId", C(&col::INITIATING_PROCESS_LOGON_ID)),
];

/// The actor's version resource, where the source has no file of its own with one.
static ACTOR_VERSION: &[Field] = &[
    ("OriginalFileName", C(&col::INITIATING_PROCESS_VERSION_INFO_ORIGINAL_FILE_NAME)),
    ("Description", C(&col::INITIATING_PROCESS_VERSION_INFO_FILE_DESCRIPTION)),
    ("Product", C(&col::INITIATING_PROCESS_VERSION_INFO_PRODUCT_NAME)),
    ("Company", C(&col::INITIATING_PROCESS_VERSION_INFO_COMPANY_NAME)),
    ("FileVersion", C(&col::INITIATING_PROCESS_VERSION_INFO_PRODUCT_VERSION)),
];

/// Hashes of what the event is about. Rules before 2023 name each hash.
static HASHES: &[Field] = &[
    ("Hashes", Hashes(&col::SHA1, &col::MD5, &col::SHA256)),
    ("Hash", Hashes(&col::SHA1, &col::MD5, &col::SHA256)),
    ("md5", C(&col::MD5)),
    ("sha1", C(&col::SHA1)),
    ("sha256", C(&col::SHA256)),
    ("Imphash", More(&["Imphash"])),
    (
        "ParentHashes",
        Hashes(&col::INITIATING_PROCESS_SHA1, &col::INITIATING_PROCESS_MD5, &col::INITIATING_PROCESS_SHA256),
    ),
];

static FILE: &[Field] = &[
    ("TargetFilename", Path(&col::FOLDER_PATH, &col::FILE_NAME)),
    ("FileName", Path(&col::FOLDER_PATH, &col::FILE_NAME)),
    ("SourceFilename", Path(&col::PREVIOUS_FOLDER_PATH, &col::PREVIOUS_FILE_NAME)),
    ("OldName", Path(&col::PREVIOUS_FOLDER_PATH, &col::PREVIOUS_FILE_NAME)),
    ("CreationUtcTime", More(&["CreationUtcTime"])),
    ("PreviousCreationUtcTime", More(&["PreviousCreationUtcTime"])),
    ("Contents", More(&["Contents"])),
    ("IsExecutable", More(&["IsExecutable"])),
];

/// What the operating system says of a loaded file's signature.
static SIGNATURE: &[Field] = &[
    ("Signed", More(&["Signed", "IsSigned"])),
    ("Signature", More(&["Signature", "Signer"])),
    ("SignatureStatus", More(&["SignatureStatus"])),
];

static IMAGE: &[Field] = &[
    ("ImageLoaded", Path(&col::FOLDER_PATH, &col::FILE_NAME)),
    ("OriginalFileName", More(&["OriginalFileName"])),
    ("Description", More(&["Description"])),
    ("Product", More(&["Product"])),
    ("Company", More(&["Company"])),
    ("FileVersion", More(&["FileVersion"])),
];

static NETWORK: &[Field] = &[
    ("Initiated", Initiated),
    ("Protocol", C(&col::PROTOCOL)),
    ("DestinationIp", C(&col::REMOTE_IP)),
    ("DestinationPort", C(&col::REMOTE_PORT)),
    ("DestinationHostname", C(&col::REMOTE_URL)),
    ("DestinationIsIpv6", IsIpv6(&col::REMOTE_IP)),
    ("DestinationPortName", More(&["DestinationPortName"])),
    ("SourceIp", C(&col::LOCAL_IP)),
    ("SourcePort", C(&col::LOCAL_PORT)),
    ("SourceHostname", C(&col::DEVICE_NAME)),
    ("SourceIsIpv6", IsIpv6(&col::LOCAL_IP)),
    ("SourcePortName", More(&["SourcePortName"])),
    ("dst_ip", C(&col::REMOTE_IP)),
    ("dst_port", C(&col::REMOTE_PORT)),
    ("src_ip", C(&col::LOCAL_IP)),
    ("src_port", C(&col::LOCAL_PORT)),
];

/// `category: dns` is written for name servers, with names of its own.
static DNS: &[Field] = &[
    ("QueryName", C(&col::REMOTE_URL)),
    ("QueryStatus", C(&col::ERROR_CODE)),
    ("QueryResults", DnsAnswers),
    ("QueryType", C(&col::DNS_QUERY_TYPE)),
    ("record_type", C(&col::DNS_QUERY_TYPE)),
    ("query", C(&col::REMOTE_URL)),
    ("answer", DnsAnswers),
    ("response_code", C(&col::ERROR_NAME)),
];

static REGISTRY: &[Field] = &[
    ("TargetObject", RegistryTarget),
    ("Details", RegistryDetails),
    ("EventType", RegistryAct),
    ("NewName", RegistryTarget),
];

static SCRIPT: &[Field] = &[
    ("ScriptBlockText", More(&["ScriptBlockText", "Content", "ScriptContent"])),
    ("Path", Path(&col::FOLDER_PATH, &col::FILE_NAME)),
    ("ScriptBlockId", More(&["ScriptBlockId"])),
    ("Payload", More(&["Payload", "Command"])),
    ("ContextInfo", More(&["ContextInfo"])),
    ("Data", More(&["Data", "HostApplication", "Command"])),
    ("HostApplication", More(&["HostApplication"])),
    ("HostName", More(&["HostName"])),
    ("HostVersion", More(&["HostVersion"])),
    ("EngineVersion", More(&["EngineVersion"])),
    ("NewProviderState", More(&["NewProviderState"])),
    ("ProviderName", More(&["ProviderName"])),
];

/// One process that reaches into another.
static TARGET: &[Field] = &[
    ("SourceImage", Path(&col::INITIATING_PROCESS_FOLDER_PATH, &col::INITIATING_PROCESS_FILE_NAME)),
    ("SourceCommandLine", C(&col::INITIATING_PROCESS_COMMAND_LINE)),
    ("SourceUser", Account(&col::INITIATING_PROCESS_ACCOUNT_DOMAIN, &col::INITIATING_PROCESS_ACCOUNT_NAME)),
    ("SourceParentImage", Name(&col::INITIATING_PROCESS_PARENT_FILE_NAME)),
    ("SourceProcessId", C(&col::INITIATING_PROCESS_ID)),
    ("TargetImage", Path(&col::FOLDER_PATH, &col::FILE_NAME)),
    ("TargetProcessId", C(&col::PROCESS_ID)),
    ("TargetUser", Account(&col::ACCOUNT_DOMAIN, &col::ACCOUNT_NAME)),
    ("TargetParentImage", More(&["TargetParentImage"])),
    ("TargetParentProcessId", More(&["TargetParentProcessId"])),
    ("GrantedAccess", More(&["GrantedAccess"])),
    ("CallTrace", More(&["CallTrace"])),
    ("StartModule", More(&["StartModule"])),
    ("StartFunction", More(&["StartFunction"])),
    ("StartAddress", More(&["StartAddress"])),
];

static PIPE: &[Field] = &[("PipeName", More(&["PipeName"])), ("EventType", More(&["EventType", "FileOperation"]))];

static WMI: &[Field] = &[
    ("Destination", More(&["Destination"])),
    ("Consumer", More(&["Consumer"])),
    ("Filter", More(&["Filter"])),
    ("Query", More(&["Query"])),
    ("Operation", More(&["Operation"])),
    ("Type", More(&["Type"])),
    ("Name", More(&["Name"])),
    ("EventNamespace", More(&["EventNamespace"])),
];

static TAMPERING: &[Field] = &[("Type", More(&["Type"])), ("Device", More(&["Device"]))];

/// The table.
pub(crate) static SOURCES: &[Source] = &[
    Source { categories: &["process_creation"], actions: &["ProcessCreated"], fields: &[HASHES, PROCESS] },
    Source { categories: &["process_termination"], actions: &["ProcessTerminated"], fields: &[HASHES, PROCESS] },
    Source {
        categories: &["network_connection"],
        actions: &["ConnectionSuccess", "ConnectionFailed", "ConnectionAttempt", "InboundConnectionAccepted"],
        fields: &[ACTOR_VERSION, ACTOR, NETWORK],
    },
    Source { categories: &["file_event"], actions: &["FileCreated"], fields: &[ACTOR_VERSION, ACTOR, HASHES, FILE] },
    Source {
        categories: &["file_executable_detected"],
        actions: &["FileCreated"],
        fields: &[ACTOR_VERSION, ACTOR, HASHES, FILE],
    },
    Source {
        categories: &["file_change"],
        actions: &["FileModified", "FileTimestampModificationEvent"],
        fields: &[ACTOR_VERSION, ACTOR, HASHES, FILE],
    },
    Source { categories: &["file_delete"], actions: &["FileDeleted"], fields: &[ACTOR_VERSION, ACTOR, HASHES, FILE] },
    Source { categories: &["file_rename"], actions: &["FileRenamed"], fields: &[ACTOR_VERSION, ACTOR, HASHES, FILE] },
    Source {
        categories: &["file_access"],
        actions: &["SensitiveFileRead", "FileOpenFailed"],
        fields: &[ACTOR_VERSION, ACTOR, HASHES, FILE],
    },
    Source {
        categories: &["file_block", "file_block_executable", "file_block_shredding"],
        actions: &["FileBlocked", "FileShreddingBlocked"],
        fields: &[ACTOR_VERSION, ACTOR, HASHES, FILE],
    },
    Source {
        categories: &["create_stream_hash"],
        actions: &["FileCreated"],
        fields: &[ACTOR_VERSION, ACTOR, HASHES, FILE],
    },
    Source {
        categories: &["registry_event"],
        actions: &[
            "RegistryKeyCreated",
            "RegistryKeyDeleted",
            "RegistryKeyRenamed",
            "RegistryValueSet",
            "RegistryValueDeleted",
        ],
        fields: &[ACTOR_VERSION, ACTOR, REGISTRY],
    },
    Source { categories: &["registry_set"], actions: &["RegistryValueSet"], fields: &[ACTOR_VERSION, ACTOR, REGISTRY] },
    Source {
        categories: &["registry_add"],
        actions: &["RegistryKeyCreated"],
        fields: &[ACTOR_VERSION, ACTOR, REGISTRY],
    },
    Source {
        categories: &["registry_delete"],
        actions: &["RegistryKeyDeleted", "RegistryValueDeleted"],
        fields: &[ACTOR_VERSION, ACTOR, REGISTRY],
    },
    Source {
        categories: &["registry_rename"],
        actions: &["RegistryKeyRenamed"],
        fields: &[ACTOR_VERSION, ACTOR, REGISTRY],
    },
    Source {
        categories: &["dns_query", "dns"],
        actions: &["DnsQueryResponse", "DnsQueryRequest"],
        fields: &[ACTOR_VERSION, ACTOR, DNS],
    },
    Source { categories: &["image_load"], actions: &["ImageLoaded"], fields: &[ACTOR, HASHES, SIGNATURE, IMAGE] },
    Source { categories: &["driver_load"], actions: &["DriverLoad"], fields: &[ACTOR, HASHES, SIGNATURE, IMAGE] },
    Source {
        categories: &["ps_script"],
        actions: &["ScriptContent", "AmsiScriptContent"],
        fields: &[ACTOR_VERSION, ACTOR, SCRIPT],
    },
    Source { categories: &["ps_module"], actions: &["PowerShellCommand"], fields: &[ACTOR_VERSION, ACTOR, SCRIPT] },
    Source {
        categories: &["ps_classic_script"],
        actions: &["PowerShellCommand"],
        fields: &[ACTOR_VERSION, ACTOR, SCRIPT],
    },
    Source {
        categories: &["ps_classic_start", "ps_classic_provider_start"],
        actions: &["PowerShellEngineStarted"],
        fields: &[ACTOR_VERSION, ACTOR, SCRIPT],
    },
    Source { categories: &["create_remote_thread"], actions: &["CreateRemoteThreadApiCall"], fields: &[ACTOR, TARGET] },
    Source {
        categories: &["process_access"],
        actions: &["OpenProcessApiCall", "OpenProcess"],
        fields: &[ACTOR, TARGET],
    },
    Source { categories: &["pipe_created"], actions: &["NamedPipeEvent"], fields: &[ACTOR_VERSION, ACTOR, PIPE] },
    Source {
        categories: &["wmi_event"],
        actions: &["WmiFilterCreated", "WmiConsumerCreated", "WmiBindEventFilterToConsumer"],
        fields: &[ACTOR, WMI],
    },
    Source { categories: &["process_tampering"], actions: &["ProcessImageTampered"], fields: &[ACTOR, TAMPERING] },
    Source { categories: &["raw_access_thread"], actions: &["RawDiskRead"], fields: &[ACTOR, TAMPERING] },
];

/// Categories and services of Sigma that are known and not recorded, with the reason.
pub(crate) static NOT_RECORDED: &[(&str, &str)] = &[
    ("webserver", "logs of web servers are not collected"),
    ("proxy", "logs of proxies are not collected"),
    ("firewall", "logs of network firewalls are not collected"),
    ("antivirus", "findings of antivirus products are not collected yet"),
    ("application", "logs of applications are not collected"),
    ("clipboard_capture", "the clipboard is not recorded"),
    ("sysmon_error", "Sysmon's own state is not recorded"),
    ("sysmon_status", "Sysmon's own state is not recorded"),
    ("auditd", "records of auditd are not collected: write the rule for process_creation or file_event"),
    ("security", "raw records of the Windows security log are not matched: write the rule for a category"),
    ("system", "raw records of the Windows system log are not matched: write the rule for a category"),
];

/// The source that a category means.
pub(crate) fn source_of(category: &str) -> Option<usize> {
    SOURCES.iter().position(|source| source.categories.contains(&category))
}

/// The sources that rows of an action belong to.
pub(crate) fn sources_of_action(action: &str) -> &'static [usize] {
    static BY_ACTION: LazyLock<HashMap<&'static str, Vec<usize>>> = LazyLock::new(|| {
        let mut by_action: HashMap<&'static str, Vec<usize>> = HashMap::new();
        for (source_idx, source) in SOURCES.iter().enumerate() {
            for action in source.actions {
                by_action.entry(action).or_default().push(source_idx);
            }
        }
        by_action
    });
    BY_ACTION.get(action).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_declared_and_every_category_once() {
        let mut categories = Vec::new();
        for source in SOURCES {
            for action in source.actions {
                assert!(schema::action::action(action).is_some(), "{action}");
            }
            for category in source.categories {
                assert!(!categories.contains(category), "{category}");
                categories.push(category);
            }
        }
    }

    #[test]
    fn platforms_by_what_sensors_say() {
        for (os, platform) in [
            ("Linux", Platform::Linux),
            ("Debian GNU/Linux 12", Platform::Linux),
            ("Windows11", Platform::Windows),
            ("macOS", Platform::Macos),
            ("Darwin", Platform::Macos),
            ("", Platform::Linux),
        ] {
            assert_eq!(Platform::of_os(os), platform, "{os}");
        }
    }
}
