//! Every limit of reading Windows events, each with its reason. One event at a time is in memory, with what it was
//! parsed from: under 20 MiB whatever the input.

/// Bytes of one event's XML. A record of an EVTX file holds at most 64 KiB of binary XML, which is a few hundred KiB of
/// text; other sources send the same events.
pub const EVENT_XML_BYTES_MAX: usize = 4 << 20;

/// Depth of elements. Windows writes four levels, user data of applications a few more.
pub const XML_DEPTH_MAX: usize = 32;

/// Fields of one event. The richest that Windows documents has under 60; audit of directory objects under 200.
pub const FIELDS_MAX: usize = 2_048;

/// Bytes of a field's name: names are identifiers of a manifest.
pub const FIELD_NAME_BYTES_MAX: usize = 256;

/// Bytes of one text of a row: command lines have at most 32 KiB, task definitions and scripts can be longer. A row with
/// several such texts stays under the log's limit of a record.
pub const TEXT_BYTES_MAX: usize = 256 << 10;

/// Bytes of one JSON document: a hunting query gives at most 100,000 rows, and the portal cuts answers at 50 MB.
pub const MDE_JSON_BYTES_MAX: u64 = 64 << 20;

/// Rows that are given at once.
pub const ROWS_AT_ONCE: usize = 256;

/// How long a row waits, in event time, for another source of the same act. Sysmon logs a connection 1.2 s late in the
/// median, 5.2 s in the slowest tenth.
pub const HELD_NS: i64 = 10_000_000_000;

/// Rows that wait at most: ten seconds of a busy device.
pub const HELD_ROWS_MAX: usize = 20_000;

/// Bytes of rows that wait at most.
pub const HELD_BYTES_MAX: usize = 32 << 20;

/// Bytes of script parts that wait for the others: the oldest script is ended with what it has.
pub const SCRIPT_BYTES_MAX: usize = 32 << 20;

/// Parts of one script that are joined: a text of some 30 MB.
pub const SCRIPT_PARTS_MAX: usize = 1_000;

/// Scripts of which parts are missing at once; Windows writes the parts one after the other.
pub const SCRIPTS_OPEN_MAX: usize = 256;

/// Open handles of one device whose objects are remembered.
pub const HANDLES_MAX: usize = 10_000;

/// Addresses in answers to one device's processes that are remembered.
pub const ANSWERS_MAX: usize = 10_000;

/// How long an answer explains a connection to its address: programs that keep a name for longer ask again.
pub const ANSWER_VALID_NS: i64 = 60_000_000_000;

/// Addresses of one device: adapters, and what they had before.
pub const OWN_ADDRESSES_MAX: usize = 256;

/// Devices whose handles, answers and addresses are remembered.
pub const LINKED_DEVICES_MAX: usize = 2_000;

/// Processes that are remembered, over all devices of an import, 1 to 2 KiB each: more than a hundred devices run at once.
pub const PROCESSES_MAX: usize = 16_384;
