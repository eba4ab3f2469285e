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
