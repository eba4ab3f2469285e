//! What an event is about: time, device, file, account, address, registry value.

use crate::column::{Column, Type};

columns! {
    /// When the event happened, by the device's own clock, in UTC.
    TIMESTAMP: DateTime = "Timestamp" @ 1;
    /// What happened, one of the names listed in `actions.md`.
    ACTION_TYPE: String = "ActionType" @ 2;
    /// Name of the file that the event is about, without its folder; for a created process, its executable.
    FILE_NAME: String = "FileName" @ 12;
    /// Full path of the file that the event is about, including the file name.
    FOLDER_PATH: String = "FolderPath" @ 13;
    /// Name of the device, as its operating system reports it.
    DEVICE_NAME: String = "DeviceName" @ 14;
    /// Identity of the device: 40 hexadecimal digits from its client certificate, set by the server.
    DEVICE_ID: String = "DeviceId" @ 16;
    /// SHA-1 of the file that the event is about, as lowercase hexadecimal digits.
    SHA1: String = "SHA1" @ 17;
    /// SHA-256 of the file that the event is about, as lowercase hexadecimal digits.
    SHA256: String = "SHA256" @ 18;
    /// MD5 of the file that the event is about, as lowercase hexadecimal digits.
    MD5: String = "MD5" @ 19;
    /// Size of the file that the event is about, in bytes.
    FILE_SIZE: Long = "FileSize" @ 20;
    /// Domain of the account that the event is about; on Linux the device name.
    ACCOUNT_DOMAIN: String = "AccountDomain" @ 21;
    /// Name of the account that the event is about; for a created process, the user it runs as.
    ACCOUNT_NAME: String = "AccountName" @ 22;
    /// Security identifier of the account; on Linux the numeric user id as text.
    ACCOUNT_SID: String = "AccountSid" @ 23;
    /// User principal name of the account, such as `ann@example.test`.
    ACCOUNT_UPN: String = "AccountUpn" @ 24;
    /// Object identifier of the account in the directory service.
    ACCOUNT_OBJECT_ID: String = "AccountObjectId" @ 25;
    /// Logon session of the event, unique per device between two restarts; on Linux the audit session id.
    LOGON_ID: Long = "LogonId" @ 26;
    /// Second spelling of LogonId that the documentation of some tables carries; it reads the same values.
    LOGON_ID_DOC: Long = "LogonID" @ 27 as LOGON_ID;
    /// How the account logged on: Interactive, RemoteInteractive, Network, Batch or Service.
    LOGON_TYPE: String = "LogonType" @ 28;
    /// Why the logon failed, in the operating system's words.
    FAILURE_REASON: String = "FailureReason" @ 29;
    /// True when the account has administrator rights on the device; on Linux when it is root.
    IS_LOCAL_ADMIN: Bool = "IsLocalAdmin" @ 30;
    /// Host name or URL that the event is about; for a DNS event, the name that was asked for.
    REMOTE_URL: String = "RemoteUrl" @ 31;
    /// Name of the device at the other end.
    REMOTE_DEVICE_NAME: String = "RemoteDeviceName" @ 32;
    /// IP address at the other end; for a DNS event, the name server.
    REMOTE_IP: String = "RemoteIP" @ 33;
    /// Port number at the other end.
    REMOTE_PORT: Int = "RemotePort" @ 34;
    /// Kind of the remote address: Public, Private, Reserved, Loopback, Teredo, FourToSixMapping or Broadcast.
    REMOTE_IP_TYPE: String = "RemoteIPType" @ 35;
    /// IP address at this device's end.
    LOCAL_IP: String = "LocalIP" @ 36;
    /// Port number at this device's end.
    LOCAL_PORT: Int = "LocalPort" @ 37;
    /// Kind of the local address: Public, Private, Reserved, Loopback, Teredo, FourToSixMapping or Broadcast.
    LOCAL_IP_TYPE: String = "LocalIPType" @ 38;
    /// Protocol of the connection or logon, such as Tcp, Udp, Kerberos or ssh.
    PROTOCOL: String = "Protocol" @ 39;
    /// URL that the file was downloaded from.
    FILE_ORIGIN_URL: String = "FileOriginUrl" @ 40;
    /// URL of the page that linked to the downloaded file.
    FILE_ORIGIN_REFERRER_URL: String = "FileOriginReferrerUrl" @ 41;
    /// IP address that the file was downloaded from.
    FILE_ORIGIN_IP: String = "FileOriginIP" @ 42;
    /// Full path of the file before it was renamed or moved.
    PREVIOUS_FOLDER_PATH: String = "PreviousFolderPath" @ 43;
    /// Name of the file before it was renamed.
    PREVIOUS_FILE_NAME: String = "PreviousFileName" @ 44;
    /// How the file request reached the device: Unknown, Local, SMB or NFS.
    REQUEST_PROTOCOL: String = "RequestProtocol" @ 45;
    /// IP address that the remote file request came from.
    REQUEST_SOURCE_IP: String = "RequestSourceIP" @ 46;
    /// Port number that the remote file request came from.
    REQUEST_SOURCE_PORT: Int = "RequestSourcePort" @ 47;
    /// Name of the account that asked for the file remotely.
    REQUEST_ACCOUNT_NAME: String = "RequestAccountName" @ 48;
    /// Domain of the account that asked for the file remotely.
    REQUEST_ACCOUNT_DOMAIN: String = "RequestAccountDomain" @ 49;
    /// Security identifier of the account that asked for the file remotely.
    REQUEST_ACCOUNT_SID: String = "RequestAccountSid" @ 50;
    /// Name of the network share that holds the file.
    SHARE_NAME: String = "ShareName" @ 51;
    /// Information protection label of the file.
    SENSITIVITY_LABEL: String = "SensitivityLabel" @ 52;
    /// Information protection sublabel of the file.
    SENSITIVITY_SUB_LABEL: String = "SensitivitySubLabel" @ 53;
    /// True when the file is encrypted by Azure Information Protection.
    IS_AZURE_INFO_PROTECTION_APPLIED: Bool = "IsAzureInfoProtectionApplied" @ 54;
    /// Registry key that the event is about, with its full hive name.
    REGISTRY_KEY: String = "RegistryKey" @ 55;
    /// Name of the registry value that was set or deleted.
    REGISTRY_VALUE_NAME: String = "RegistryValueName" @ 56;
    /// Type of the registry value, such as Dword or Binary.
    REGISTRY_VALUE_TYPE: String = "RegistryValueType" @ 57;
    /// Data of the registry value after the event.
    REGISTRY_VALUE_DATA: String = "RegistryValueData" @ 58;
    /// Registry key before it was renamed.
    PREVIOUS_REGISTRY_KEY: String = "PreviousRegistryKey" @ 59;
    /// Name of the registry value before the event.
    PREVIOUS_REGISTRY_VALUE_NAME: String = "PreviousRegistryValueName" @ 60;
    /// Data of the registry value before the event.
    PREVIOUS_REGISTRY_VALUE_DATA: String = "PreviousRegistryValueData" @ 61;
    /// Counter of the source; it repeats, so use EventId to name an event.
    REPORT_ID: Long = "ReportId" @ 62;
    /// Identifier of the Application Guard container that the event came from.
    APP_GUARD_CONTAINER_ID: String = "AppGuardContainerId" @ 63;
    /// Further facts of this kind of event, as a JSON object.
    ADDITIONAL_FIELDS: String = "AdditionalFields" @ 64;
}
