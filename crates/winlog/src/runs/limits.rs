//! The engine's limits, each with its reason.

/// Addresses of one DNS answer.
pub const ANSWERS_MAX: usize = 64;
/// Rows that wait for their answer, 1 to 2 KiB each with it.
pub const HELD_ROWS_MAX: usize = 16_000;
/// Devices at once; rows of more pass without an answer.
pub const DEVICES_MAX: usize = 10_000;
/// One second in the engine's time.
pub const SECOND: i64 = 1_000_000_000;
/// Record numbers remembered per device: some busy days of PowerShell's log, about 15 MB.
pub const RECORDS_MAX: usize = 200_000;
/// Spans of doubt about the clock; machines with more have a broken clock.
pub const DOUBTS_MAX: usize = 1_024;
/// Facts remembered of one process; the oldest go, and what needed them becomes less sure.
pub const PROCESS_FACTS_MAX: usize = 50_000;
/// Facts remembered of one device: about 500 bytes each; less than three quarters of `FACTS_MAX`, so that one device
/// alone is never forgotten for its size.
pub const DEVICE_FACTS_MAX: usize = 70_000;
/// Facts remembered of all devices together; beyond it the device with most is
/// answered and forgotten.
pub const FACTS_MAX: usize = 100_000;
/// Text that counts as one more fact.
pub const FACT_BYTES: usize = 512;
/// Records without a fact that take as much memory as one.
pub const RECORDS_PER_FACT: usize = 8;
/// Processes remembered of one device.
pub const PROCESSES_MAX: usize = 20_000;
/// Text of one script that is searched; longer ones are cut and never prove anything.
pub const SCRIPT_TEXT_BYTES_MAX: usize = 64 << 10;
/// Text of all scripts of one device; beyond it scripts are kept without text.
pub const DEVICE_TEXT_BYTES_MAX: usize = 16 << 20;
/// Text of one command's parameters that is searched.
pub const PAYLOAD_BYTES_MAX: usize = 4 << 10;
/// Parts of one script that wait for an earlier part.
pub const PARTS_WAITING_BYTES_MAX: usize = 8 << 20;
/// Parts of one script: Windows cuts at 32 KiB, so this is 512 MiB of text.
pub const PARTS_MAX: u32 = 16_384;
/// Runspaces remembered as closed.
pub const RUNSPACES_CLOSED_MAX: usize = 20_000;
/// Commands of a run, before and after an action, that are searched for its destination.
pub const COMMANDS_SEARCHED: usize = 128;
/// Texts of a run that are searched likewise.
pub const TEXTS_SEARCHED: usize = 32;
/// Scripts of a process that are compared with each other; with more, none is called the only one.
pub const SCRIPTS_COMPARED_MAX: usize = 64;
/// Candidates listed in one verdict.
pub const CANDIDATES_MAX: usize = 16;
/// Evidence listed in one verdict.
pub const EVIDENCE_MAX: usize = 16;
/// Reasons listed in one verdict.
pub const REASONS_MAX: usize = 8;
/// A run without a known end counts as running for so long after its last record.
pub const ACTIVE_AFTER: i64 = 3 * SECOND;
/// A command is logged when it is done: its run counts as running for so long before its first record.
pub const ACTIVE_BEFORE: i64 = SECOND + SECOND / 2;
/// A script after which its thread logs nothing more counts as running for so long.
pub const OPEN_RUN: i64 = 60 * SECOND;
/// A DNS answer explains connections to its addresses for so long.
pub const ANSWER_VALID: i64 = 60 * SECOND;
/// The handle of a new process is opened within this time of its start; both are of Sysmon's clock.
pub const CHILD_OPENED_WITHIN: i64 = SECOND / 4;
/// Events come late by so much: Sysmon writes connections 1.2 s after the fact, the slowest tenth 5 s and more.
pub const LATE: i64 = 120 * SECOND;
/// Sysmon writes milliseconds of a clock that ticks every 15.6 ms, PowerShell's log has its own: what is proven is
/// proven for the whole span of this much around the action.
pub const CLOCKS_DIFFER: i64 = 20_000_000;
/// Runs on one thread that can be around one moment: nested pipelines.
pub const RUNS_NESTED_MAX: usize = 8;
/// Two records of one start (Sysmon 1 and 4688) are this close.
pub const SAME_START: i64 = 2 * SECOND;
