//! The process an event is about, and the process that acted.

use crate::column::{Column, Type};

columns! {
    /// Process id (pid) of the process that the event is about; ids are reused, so join on ProcessUniqueId.
    PROCESS_ID: Long = "ProcessId" @ 15;
    /// Command line of the process that the event is about, with its arguments joined by spaces.
    PROCESS_COMMAND_LINE: String = "ProcessCommandLine" @ 65;
    /// When the process that the event is about was started.
    PROCESS_CREATION_TIME: DateTime = "ProcessCreationTime" @ 66;
    /// Identity of the process that the event is about, never reused: boot, pid and start time.
    PROCESS_UNIQUE_ID: String = "ProcessUniqueId" @ 67;
    /// Elevation of the process token: TokenElevationTypeLimited, TokenElevationTypeDefault or
    /// TokenElevationTypeFull.
    PROCESS_TOKEN_ELEVATION: String = "ProcessTokenElevation" @ 68;
    /// Windows integrity level of the process that the event is about.
    PROCESS_INTEGRITY_LEVEL: String = "ProcessIntegrityLevel" @ 69;
    /// Company name in the version resource of the process's executable.
    PROCESS_VERSION_INFO_COMPANY_NAME: String = "ProcessVersionInfoCompanyName" @ 70;
    /// Product name in the version resource of the process's executable.
    PROCESS_VERSION_INFO_PRODUCT_NAME: String = "ProcessVersionInfoProductName" @ 71;
    /// Product version in the version resource of the process's executable.
    PROCESS_VERSION_INFO_PRODUCT_VERSION: String = "ProcessVersionInfoProductVersion" @ 72;
    /// Internal file name in the version resource of the process's executable.
    PROCESS_VERSION_INFO_INTERNAL_FILE_NAME: String = "ProcessVersionInfoInternalFileName" @ 73;
    /// Original file name in the version resource of the process's executable.
    PROCESS_VERSION_INFO_ORIGINAL_FILE_NAME: String = "ProcessVersionInfoOriginalFileName" @ 74;
    /// File description in the version resource of the process's executable.
    PROCESS_VERSION_INFO_FILE_DESCRIPTION: String = "ProcessVersionInfoFileDescription" @ 75;
    /// Session of the created process: the Windows session, or the session id (sid) on Linux.
    CREATED_PROCESS_SESSION_ID: Long = "CreatedProcessSessionId" @ 76;
    /// True when the process runs in a remote desktop session.
    IS_PROCESS_REMOTE_SESSION: Bool = "IsProcessRemoteSession" @ 77;
    /// Name of the device that the process's remote session comes from.
    PROCESS_REMOTE_SESSION_DEVICE_NAME: String = "ProcessRemoteSessionDeviceName" @ 78;
    /// IP address that the process's remote session comes from.
    PROCESS_REMOTE_SESSION_IP: String = "ProcessRemoteSessionIP" @ 79;
    /// Process id (pid) of the process that acted; ids are reused, so join on InitiatingProcessUniqueId.
    INITIATING_PROCESS_ID: Long = "InitiatingProcessId" @ 4;
    /// File name of the executable of the process that acted.
    INITIATING_PROCESS_FILE_NAME: String = "InitiatingProcessFileName" @ 6;
    /// Full path of the executable of the process that acted, including the file name.
    INITIATING_PROCESS_FOLDER_PATH: String = "InitiatingProcessFolderPath" @ 7;
    /// Command line of the process that acted, with its arguments joined by spaces.
    INITIATING_PROCESS_COMMAND_LINE: String = "InitiatingProcessCommandLine" @ 8;
    /// When the process that acted was started.
    INITIATING_PROCESS_CREATION_TIME: DateTime = "InitiatingProcessCreationTime" @ 10;
    /// Identity of the process that acted, never reused: boot, pid and start time.
    INITIATING_PROCESS_UNIQUE_ID: String = "InitiatingProcessUniqueId" @ 5;
    /// SHA-1 of the executable of the process that acted, as lowercase hexadecimal digits.
    INITIATING_PROCESS_SHA1: String = "InitiatingProcessSHA1" @ 80;
    /// SHA-256 of the executable of the process that acted, as lowercase hexadecimal digits.
    INITIATING_PROCESS_SHA256: String = "InitiatingProcessSHA256" @ 81;
    /// MD5 of the executable of the process that acted, as lowercase hexadecimal digits.
    INITIATING_PROCESS_MD5: String = "InitiatingProcessMD5" @ 82;
    /// Size in bytes of the executable of the process that acted.
    INITIATING_PROCESS_FILE_SIZE: Long = "InitiatingProcessFileSize" @ 83;
    /// Domain of the account that the acting process runs as; on Linux the device name.
    INITIATING_PROCESS_ACCOUNT_DOMAIN: String = "InitiatingProcessAccountDomain" @ 84;
    /// Name of the account that the acting process runs as.
    INITIATING_PROCESS_ACCOUNT_NAME: String = "InitiatingProcessAccountName" @ 9;
    /// Security identifier of the account that the acting process runs as; on Linux the numeric user id as text.
    INITIATING_PROCESS_ACCOUNT_SID: String = "InitiatingProcessAccountSid" @ 85;
    /// User principal name of the account that the acting process runs as.
    INITIATING_PROCESS_ACCOUNT_UPN: String = "InitiatingProcessAccountUpn" @ 86;
    /// Directory object identifier of the account that the acting process runs as.
    INITIATING_PROCESS_ACCOUNT_OBJECT_ID: String = "InitiatingProcessAccountObjectId" @ 87;
    /// Logon session that the acting process belongs to; on Linux the audit session id.
    INITIATING_PROCESS_LOGON_ID: Long = "InitiatingProcessLogonId" @ 88;
    /// Company name in the version resource of the acting process's executable.
    INITIATING_PROCESS_VERSION_INFO_COMPANY_NAME: String = "InitiatingProcessVersionInfoCompanyName" @ 89;
    /// Product name in the version resource of the acting process's executable.
    INITIATING_PROCESS_VERSION_INFO_PRODUCT_NAME: String = "InitiatingProcessVersionInfoProductName" @ 90;
    /// Product version in the version resource of the acting process's executable.
    INITIATING_PROCESS_VERSION_INFO_PRODUCT_VERSION: String = "InitiatingProcessVersionInfoProductVersion" @ 91;
    /// Internal file name in the version resource of the acting process's executable.
    INITIATING_PROCESS_VERSION_INFO_INTERNAL_FILE_NAME: String = "InitiatingProcessVersionInfoInternalFileName" @ 92;
    /// Original file name in the version resource of the acting process's executable.
    INITIATING_PROCESS_VERSION_INFO_ORIGINAL_FILE_NAME: String = "InitiatingProcessVersionInfoOriginalFileName" @ 93;
    /// File description in the version resource of the acting process's executable.
    INITIATING_PROCESS_VERSION_INFO_FILE_DESCRIPTION: String = "InitiatingProcessVersionInfoFileDescription" @ 94;
    /// Process id (pid) of the parent of the process that acted.
    INITIATING_PROCESS_PARENT_ID: Long = "InitiatingProcessParentId" @ 95;
    /// File name of the executable of the parent of the process that acted.
    INITIATING_PROCESS_PARENT_FILE_NAME: String = "InitiatingProcessParentFileName" @ 96;
    /// When the parent of the process that acted was started.
    INITIATING_PROCESS_PARENT_CREATION_TIME: DateTime = "InitiatingProcessParentCreationTime" @ 97;
    /// Windows integrity level of the process that acted.
    INITIATING_PROCESS_INTEGRITY_LEVEL: String = "InitiatingProcessIntegrityLevel" @ 98;
    /// Elevation of the acting process's token: TokenElevationTypeLimited, TokenElevationTypeDefault or
    /// TokenElevationTypeFull.
    INITIATING_PROCESS_TOKEN_ELEVATION: String = "InitiatingProcessTokenElevation" @ 99;
    /// Kind of signer of the acting process's executable.
    INITIATING_PROCESS_SIGNER_TYPE: String = "InitiatingProcessSignerType" @ 100;
    /// Signature status of the acting process's executable, such as Valid or Unsigned.
    INITIATING_PROCESS_SIGNATURE_STATUS: String = "InitiatingProcessSignatureStatus" @ 101;
    /// Session of the process that acted: the Windows session, or the session id (sid) on Linux.
    INITIATING_PROCESS_SESSION_ID: Long = "InitiatingProcessSessionId" @ 102;
    /// True when the process that acted runs in a remote desktop session.
    IS_INITIATING_PROCESS_REMOTE_SESSION: Bool = "IsInitiatingProcessRemoteSession" @ 103;
    /// Name of the device that the acting process's remote session comes from.
    INITIATING_PROCESS_REMOTE_SESSION_DEVICE_NAME: String = "InitiatingProcessRemoteSessionDeviceName" @ 104;
    /// IP address that the acting process's remote session comes from.
    INITIATING_PROCESS_REMOTE_SESSION_IP: String = "InitiatingProcessRemoteSessionIP" @ 105;
}
