//! Which events tell of one act, and how two rows of one act become one row that names both sources.

use std::cell::LazyCell;

use schema::{Column, Row, Value as Cell, col};
use serde_json::{Map, Value};

use crate::Event;

const SECOND_NS: u64 = 1_000_000_000;

/// The act that an event tells of: equal keys close in time, from different sources, are one act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Act {
    pub(crate) key: String,
    pub(crate) tolerance_ns: u64,
    /// The source with the higher rank knows more: its values stay.
    pub(crate) rank: u8,
    pub(crate) event_id: u32,
}

/// The act of an event, `None` when no other source tells of it.
pub(crate) fn act(event: &Event, row: &Row) -> Option<Act> {
    let device = event.computer.to_lowercase();
    let text = |column| row.text(column).unwrap_or_default().to_lowercase();
    let number = |column| row.number(column).unwrap_or(-1);
    let fields = LazyCell::new(|| object(row.text(&col::ADDITIONAL_FIELDS)));
    let extra = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let (kind, key, tolerance_ns, rank) = match (event.provider.as_str(), event.event_id) {
        ("Microsoft-Windows-Sysmon", 1) | ("Microsoft-Windows-Security-Auditing", 4688) => {
            let key = format!("{}|{}", number(&col::PROCESS_ID), text(&col::FILE_NAME));
            ("start", key, 3 * SECOND_NS / 2, u8::from(event.event_id == 1))
        }
        ("Microsoft-Windows-Sysmon", 5) | ("Microsoft-Windows-Security-Auditing", 4689) => {
            let key = format!("{}|{}", number(&col::PROCESS_ID), text(&col::FILE_NAME));
            ("end", key, 3 * SECOND_NS / 2, u8::from(event.event_id == 5))
        }
        ("Microsoft-Windows-Sysmon", 3) | ("Microsoft-Windows-Security-Auditing", 5156) => {
            // Sources may disagree about which end is this device's.
            let mut ends = [
                format!("{} {}", text(&col::LOCAL_IP), number(&col::LOCAL_PORT)),
                format!("{} {}", text(&col::REMOTE_IP), number(&col::REMOTE_PORT)),
            ];
            ends.sort();
            let key = format!("{}|{}|{}", number(&col::INITIATING_PROCESS_ID), text(&col::PROTOCOL), ends.join("|"));
            ("connection", key, 6 * SECOND_NS, u8::from(event.event_id == 3))
        }
        ("Microsoft-Windows-Sysmon", 11 | 29) => {
            let key = format!("{}|{}", text(&col::INITIATING_PROCESS_UNIQUE_ID), text(&col::FOLDER_PATH));
            ("file", key, 2 * SECOND_NS, u8::from(event.event_id == 11))
        }
        ("Microsoft-Windows-Security-Auditing", 4697) | ("Service Control Manager", 7045) => {
            ("service", extra("ServiceName"), 2 * SECOND_NS, u8::from(event.event_id == 4697))
        }
        ("Microsoft-Windows-PowerShell", 4103) | ("PowerShell", 800) => {
            let key = format!("{}|{}|{}", extra("HostId"), extra("PipelineId"), extra("SequenceNumber"));
            ("command", key, 5 * SECOND_NS, u8::from(event.event_id == 4103))
        }
        ("Microsoft-Windows-Security-Auditing", 4698..=4702) | ("Microsoft-Windows-TaskScheduler", 106 | 140..=142) => {
            let key = format!("{}|{}", text(&col::ACTION_TYPE), extra("TaskName"));
            ("task", key, 2 * SECOND_NS, u8::from(event.event_id >= 4698))
        }
        ("Microsoft-Windows-Security-Auditing", 4624) => {
            ("logon", number(&col::LOGON_ID).to_string(), 2 * SECOND_NS, 1)
        }
        ("Microsoft-Windows-Security-Auditing", 4672) => {
            let id = event.get("SubjectLogonId")?.trim_start_matches("0x");
            let id = i64::from_str_radix(id, 16).ok()?;
            ("logon", id.to_string(), 2 * SECOND_NS, 0)
        }
        _ => return None,
    };
    // A part that is missing would make everything alike.
    if key.is_empty() || key.starts_with('|') || key.starts_with("-1") {
        return None;
    }
    Some(Act { key: format!("{device}|{kind}|{key}"), tolerance_ns, rank, event_id: event.event_id })
}

/// Names further sources of a row.
pub(crate) fn add_sources(mut row: Row, others: &[Row]) -> Row {
    let mut sources = array(row.text(&col::SOURCE_RECORDS));
    for other in others {
        sources.extend(array(other.text(&col::SOURCE_RECORDS)));
    }
    row.set(&col::SOURCE_RECORDS, Value::Array(sources).to_string());
    row
}

/// The row that stays, with what only the other one knows; `event_id` is the other's.
pub(crate) fn merge(mut row: Row, other: &Row, event_id: u32) -> Row {
    let sources = [row.text(&col::SOURCE_RECORDS), other.text(&col::SOURCE_RECORDS)].map(array);
    row.set(&col::SOURCE_RECORDS, Value::Array(sources.concat()).to_string());
    if event_id == 4672 {
        privileges(&mut row, other);
        return row;
    }
    let mut fields = object(row.text(&col::ADDITIONAL_FIELDS));
    for (name, value) in object(other.text(&col::ADDITIONAL_FIELDS)) {
        match fields.get(&name) {
            None => {
                fields.insert(name, value);
            }
            Some(own) if *own == value => {}
            Some(_) => {
                fields.insert(format!("{name}@{event_id}"), value);
            }
        }
    }
    if !fields.is_empty() {
        row.set(&col::ADDITIONAL_FIELDS, Value::Object(fields).to_string());
    }
    let foreign = foreign_columns(&row, other);
    for (column, value) in other.values() {
        if row.get(column).is_none() && !foreign.contains(column) {
            let value: Cell = value.clone();
            row.set(column, value);
        }
    }
    row
}

/// Accounts, as one: name, and what belongs to it.
static ACCOUNTS: [(&Column, [&Column; 3]); 2] = [
    (&col::ACCOUNT_NAME, [&col::ACCOUNT_DOMAIN, &col::ACCOUNT_SID, &col::LOGON_ID]),
    (
        &col::INITIATING_PROCESS_ACCOUNT_NAME,
        [
            &col::INITIATING_PROCESS_ACCOUNT_DOMAIN,
            &col::INITIATING_PROCESS_ACCOUNT_SID,
            &col::INITIATING_PROCESS_LOGON_ID,
        ],
    ),
];

/// Columns of an account that the other row means and this one does not: one's name with the other's SID would be wrong.
fn foreign_columns(row: &Row, other: &Row) -> Vec<&'static Column> {
    let mut foreign = Vec::new();
    for (name, rest) in ACCOUNTS {
        if let (Some(own), Some(theirs)) = (row.text(name), other.text(name))
            && !own.eq_ignore_ascii_case(theirs)
        {
            foreign.extend(rest);
        }
    }
    foreign
}

/// 4672 says which privileges the logon just made has.
fn privileges(row: &mut Row, other: &Row) {
    let fields = object(other.text(&col::ADDITIONAL_FIELDS));
    let Some(list) = fields.get("Data").and_then(|data| data["PrivilegeList"].as_str()) else { return };
    let names: Vec<Value> = list.split_whitespace().map(Value::from).collect();
    // Windows gives this one to administrators and to nobody else by default.
    row.set(&col::IS_LOCAL_ADMIN, names.iter().any(|name| name == "SeDebugPrivilege"));
    add_extra(row, "Privileges", Value::Array(names));
}

/// Sets a member of AdditionalFields.
pub(crate) fn add_extra(row: &mut Row, name: &str, value: Value) {
    let mut fields = object(row.text(&col::ADDITIONAL_FIELDS));
    fields.insert(name.to_owned(), value);
    row.set(&col::ADDITIONAL_FIELDS, Value::Object(fields).to_string());
}

fn object(text: Option<&str>) -> Map<String, Value> {
    match text.map(serde_json::from_str) {
        Some(Ok(Value::Object(fields))) => fields,
        Some(Ok(_) | Err(_)) | None => Map::new(),
    }
}

fn array(text: Option<&str>) -> Vec<Value> {
    match text.map(serde_json::from_str) {
        Some(Ok(Value::Array(values))) => values,
        Some(Ok(_) | Err(_)) | None => Vec::new(),
    }
}
