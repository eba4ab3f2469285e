//! One Windows event, whatever it was read from.

use std::sync::Arc;

/// One event as Windows wrote it: the system part in typed fields, the data as texts in their order.
///
/// Its `process_id` is the process that *wrote the log*: for Sysmon that is Sysmon's service, for the Security log the
/// kernel. Who acted is in the data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Provider, for example `Microsoft-Windows-Sysmon`; for a classic source its name.
    pub provider: String,
    /// Id within the provider.
    pub event_id: u32,
    /// Version of the event's layout.
    pub version: u8,
    /// 1 critical, 2 error, 3 warning, 4 information, 5 verbose, 0 always.
    pub level: u8,
    /// Channel, empty for a trace that was saved as a log.
    pub channel: String,
    /// Name of the device, as Windows wrote it.
    pub computer: String,
    /// Number within the channel of that device.
    pub record_id: u64,
    /// Nanoseconds since 1970-01-01 UTC when the event was logged; 0 when the event gives no usable time.
    pub time_ns: i64,
    /// Process that wrote the log entry; 0 for classic sources.
    pub process_id: u32,
    /// Thread that wrote the log entry; 0 for classic sources.
    pub thread_id: u32,
    /// Activity that the event belongs to, as lower-case GUID without braces.
    pub activity_id: Option<String>,
    /// Activity that this one came from, written alike.
    pub related_activity_id: Option<String>,
    /// Account that the writing process ran as.
    pub user_sid: Option<String>,
    /// Category of the provider.
    pub task: u16,
    /// Step within an activity.
    pub opcode: u8,
    /// Bit mask of keywords, as written.
    pub keywords: String,
    /// Event data and user data, flattened, in their order.
    pub data: Vec<Field>,
}

/// One named text of an event. `<Data>` without a name is called `Data`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name, as the provider wrote it; events of one kind share it.
    pub name: Arc<str>,
    /// Text, unescaped.
    pub value: String,
}

impl Event {
    /// The first field of that name in exact spelling, also when it is empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.data.iter().find(|field| &*field.name == name).map(|field| field.value.as_str())
    }

    /// All fields of that name, in order.
    pub fn texts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.data.iter().filter(move |field| &*field.name == name).map(|field| field.value.as_str())
    }
}
