//! Nenrin's own columns, which follow MDE's in every table.

use crate::column::{Column, Type};

columns! {
    /// Name of the KQL table that the row belongs to.
    EVENT_TABLE: String = "EventTable" @ 3;
    /// Result of the action: `ok` or `failed`.
    OUTCOME: String = "Outcome" @ 11;
    /// Identity of the event: device, epoch and sequence number, set by the server.
    EVENT_ID: String = "EventId" @ 198;
    /// Tenant that the device belongs to, set by the server.
    TENANT_ID: String = "TenantId" @ 199;
    /// When the server stored the event, in UTC.
    INGESTION_TIME: DateTime = "IngestionTime" @ 200;
    /// Group of the action, as in the timeline's filter, set by the server.
    EVENT_GROUP: String = "EventGroup" @ 201;
    /// Number of the error: errno, exit code, signal or DNS response code.
    ERROR_CODE: Int = "ErrorCode" @ 202;
    /// Name of the error, such as ECONNREFUSED, NXDOMAIN, SIGSEGV or `exit 3`.
    ERROR_NAME: String = "ErrorName" @ 203;
    /// Thread of the acting process that did it.
    INITIATING_THREAD_ID: Long = "InitiatingThreadId" @ 204;
    /// Identity of the connection, the same in every event of one connection.
    CONNECTION_ID: String = "ConnectionId" @ 205;
    /// Identifier of the container that the acting process runs in.
    CONTAINER_ID: String = "ContainerId" @ 206;
    /// Script file that the acting process was running; null when unknown or not a script host.
    INITIATING_SCRIPT_PATH: String = "InitiatingScriptPath" @ 207;
    /// Line of the script that was running.
    INITIATING_SCRIPT_LINE: Int = "InitiatingScriptLine" @ 208;
    /// SHA-256 of the script's content, as lowercase hexadecimal digits.
    INITIATING_SCRIPT_SHA256: String = "InitiatingScriptSHA256" @ 209;
    /// How sure the link from the action to the script is, from `exact-thread` to `unattributed`; `none` when the
    /// process is not a script host.
    ATTRIBUTION_LEVEL: String = "AttributionLevel" @ 210;
    /// Records that prove the link to the script, as a JSON array.
    ATTRIBUTION_EVIDENCE: String = "AttributionEvidence" @ 211;
    /// MITRE ATT&CK techniques that rules found in the event, as a JSON array.
    TECHNIQUES: String = "Techniques" @ 212;
    /// Records of the source that the row was made from, as a JSON array.
    SOURCE_RECORDS: String = "SourceRecords" @ 213;
    /// Number of equal events that this row stands for; null means one.
    FOLDED_COUNT: Long = "FoldedCount" @ 214;
    /// Time of the first of the folded events, or start of a gap.
    FIRST_SEEN: DateTime = "FirstSeen" @ 215;
    /// Time of the last of the folded events, or end of a gap.
    LAST_SEEN: DateTime = "LastSeen" @ 216;
    /// Script file that the created process runs, from its `#!` line or its arguments.
    PROCESS_SCRIPT_PATH: String = "ProcessScriptPath" @ 217;
    /// Working directory of the process when it was started.
    PROCESS_WORKING_DIRECTORY: String = "ProcessWorkingDirectory" @ 218;
    /// Identity of the parent of the process that acted, never reused: boot, pid and start time.
    INITIATING_PROCESS_PARENT_UNIQUE_ID: String = "InitiatingProcessParentUniqueId" @ 219;
    /// How long it took, in microseconds: life of a process, latency of a connection or DNS answer.
    DURATION_US: Long = "DurationUs" @ 220;
    /// Record type that the DNS query asked for, such as A, AAAA or TXT.
    DNS_QUERY_TYPE: String = "DnsQueryType" @ 221;
    /// Answers of the DNS response, as a JSON array.
    DNS_ANSWERS: String = "DnsAnswers" @ 222;
    /// Why events are missing: kernel_drop, rate_limited, spool_evicted, spool_corrupt, disk_full, sensor_down,
    /// stalled, hook_lost, decode_error or clock_step.
    GAP_REASON: String = "GapReason" @ 223;
    /// Number of events that are missing; null when it cannot be known.
    LOST_COUNT: Long = "LostCount" @ 224;
    /// Terminal of the process, such as pts/0.
    TERMINAL: String = "Terminal" @ 225;
    /// Identity of the device's boot, as the kernel gives it.
    BOOT_ID: String = "BootId" @ 226;
    /// Epoch of the sensor's stream that carried the row, as hexadecimal digits, set by the server.
    STREAM_EPOCH: String = "StreamEpoch" @ 227;
    /// Sequence number of the row in the sensor's stream, set by the server.
    STREAM_SEQ: Long = "StreamSeq" @ 228;
    /// Nanoseconds of the event's time below one microsecond, 0 to 999, set by the server: column files hold microseconds.
    TIMESTAMP_NANOS: Int = "TimestampNanos" @ 229;
}
