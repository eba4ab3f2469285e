//! Every table once: name, prose, columns. Look-ups by name and by wire number.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::column::Column;
use crate::columns::{self, *};
use crate::table::Table;

/// Declares tables. The doc comment becomes `Table::prose`.
macro_rules! tables {
    (in_events = $in_events:literal, own = $own:expr;
     $($(#[doc = $prose:literal])+ $ident:ident = $name:literal [$($column:ident),+ $(,)?];)+) => {
        $(
            $(#[doc = $prose])+
            pub static $ident: Table = Table {
                name: $name,
                prose: concat!($($prose),+).trim_ascii(),
                columns: &join::<{ [$(stringify!($column)),+].len() + $own.len() }>(&[$(&$column),+], &$own),
                in_events: $in_events,
            };
        )+
    };
}

mod events;
mod states;

pub use events::*;
pub use states::*;

/// Our own columns at the end of every event table.
const OWN: [&Column; 30] = [
    &EVENT_ID,
    &TENANT_ID,
    &INGESTION_TIME,
    &EVENT_GROUP,
    &OUTCOME,
    &ERROR_CODE,
    &ERROR_NAME,
    &INITIATING_THREAD_ID,
    &CONNECTION_ID,
    &CONTAINER_ID,
    &INITIATING_SCRIPT_PATH,
    &INITIATING_SCRIPT_LINE,
    &INITIATING_SCRIPT_SHA256,
    &ATTRIBUTION_LEVEL,
    &ATTRIBUTION_EVIDENCE,
    &TECHNIQUES,
    &SOURCE_RECORDS,
    &FOLDED_COUNT,
    &FIRST_SEEN,
    &LAST_SEEN,
    &PROCESS_SCRIPT_PATH,
    &PROCESS_WORKING_DIRECTORY,
    &INITIATING_PROCESS_PARENT_UNIQUE_ID,
    &DURATION_US,
    &DNS_QUERY_TYPE,
    &DNS_ANSWERS,
    &GAP_REASON,
    &LOST_COUNT,
    &TERMINAL,
    &BOOT_ID,
];

/// Our own columns at the end of every small table.
const OWN_OF_STATE: [&Column; 2] = [&TENANT_ID, &INGESTION_TIME];

/// Columns that only the physical table `events` has, after all the others.
const PHYSICAL: [&Column; 4] = [&EVENT_TABLE, &STREAM_EPOCH, &STREAM_SEQ, &TIMESTAMP_NANOS];

/// Every table, the seven event tables first.
pub static TABLES: &[&Table] = &[
    &DEVICE_EVENTS,
    &DEVICE_PROCESS_EVENTS,
    &DEVICE_FILE_EVENTS,
    &DEVICE_NETWORK_EVENTS,
    &DEVICE_REGISTRY_EVENTS,
    &DEVICE_LOGON_EVENTS,
    &DEVICE_IMAGE_LOAD_EVENTS,
    &DEVICE_INFO,
    &DEVICE_NETWORK_INFO,
    &DEVICE_FILE_CERTIFICATE_INFO,
    &ALERT_INFO,
    &ALERT_EVIDENCE,
];

/// Names that tables had before 2020, which old queries still use: (old name, table).
pub static TABLE_ALIASES: &[(&str, &str)] = &[
    ("AlertEvents", "AlertEvidence"),
    ("DeviceAlertEvents", "AlertEvidence"),
    ("FileCreationEvents", "DeviceFileEvents"),
    ("ImageLoadEvents", "DeviceImageLoadEvents"),
    ("LogonEvents", "DeviceLogonEvents"),
    ("MachineInfo", "DeviceInfo"),
    ("MachineNetworkInfo", "DeviceNetworkInfo"),
    ("MiscEvents", "DeviceEvents"),
    ("NetworkCommunicationEvents", "DeviceNetworkEvents"),
    ("ProcessCreationEvents", "DeviceProcessEvents"),
    ("RegistryEvents", "DeviceRegistryEvents"),
];

/// Names that columns had in the tables of old: (old name, column). They hold where a table is named by its old name.
pub static OLD_COLUMN_NAMES: &[(&str, &str)] = &[
    ("EventTime", "Timestamp"),
    ("MachineId", "DeviceId"),
    ("ComputerName", "DeviceName"),
    ("Category", "Categories"),
];

/// Second names of columns that queries may use in every table: (second name, column).
pub static COLUMN_ALIASES: &[(&str, &str)] = &[("TimeGenerated", "Timestamp")];

/// The columns of the wide physical table `events`: those of the event tables in order of first appearance,
/// without aliases, then the physical ones.
pub static EVENT_COLUMNS: LazyLock<Vec<&'static Column>> = LazyLock::new(|| {
    let mut columns: Vec<&'static Column> = Vec::new();
    for table in TABLES.iter().filter(|table| table.in_events) {
        for column in table.columns {
            if column.alias_of.is_none() && !columns.contains(column) {
                columns.push(column);
            }
        }
    }
    columns.extend(PHYSICAL);
    columns
});

/// The column of `events` with that wire number.
pub fn event_column_by_wire(wire: u32) -> Option<&'static Column> {
    static BY_WIRE: LazyLock<Vec<Option<&'static Column>>> = LazyLock::new(|| {
        let mut by_wire = vec![None; columns::ALL.len() + 1];
        for column in EVENT_COLUMNS.iter() {
            by_wire[column.wire as usize] = Some(*column);
        }
        by_wire
    });
    *BY_WIRE.get(wire as usize)?
}

/// The table of that name or pre-2020 name, in exact spelling.
pub fn table(name: &str) -> Option<&'static Table> {
    let name = resolve(TABLE_ALIASES, name);
    TABLES.iter().copied().find(|table| table.name == name)
}

/// The column of that name or second name, in exact spelling.
pub fn column(name: &str) -> Option<&'static Column> {
    static BY_NAME: LazyLock<HashMap<&'static str, &'static Column>> =
        LazyLock::new(|| columns::ALL.iter().map(|column| (column.name, *column)).collect());
    BY_NAME.get(resolve(COLUMN_ALIASES, name)).copied()
}

fn resolve<'a>(aliases: &[(&'static str, &'static str)], name: &'a str) -> &'a str {
    aliases.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, target)| target)
}

/// One array of columns out of two, at compile time.
const fn join<const LEN: usize>(head: &[&'static Column], tail: &[&'static Column]) -> [&'static Column; LEN] {
    assert!(head.len() + tail.len() == LEN);
    let mut columns = [head[0]; LEN];
    let mut idx = 1;
    while idx < LEN {
        columns[idx] = if idx < head.len() { head[idx] } else { tail[idx - head.len()] };
        idx += 1;
    }
    columns
}
