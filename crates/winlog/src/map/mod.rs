//! The mapping tables: which event becomes which action, and which of its fields which column. One entry per
//! (provider, ids); everything is data but what a table can't say, which is a function beside its entry. A field that
//! no rule takes goes to AdditionalFields under its own name, so nothing is thrown away.

mod build;
mod other;
mod powershell;
mod rule;
mod security;
mod security_tables;
mod sysmon;
mod values;

use std::collections::HashMap;
use std::sync::LazyLock;

use schema::row::Nanos;
use schema::{Row, col};
use serde_json::{Map, Value, json};

use crate::Event;
use crate::members::push_text;
use crate::time::{format_time_ns, parse_time_ns};

pub(crate) use build::Build;
pub(crate) use rule::{Mapping, Pick};
pub(crate) use values::kind_of_text as address_kind_of;

/// Every table of mappings.
static TABLES: &[&[Mapping]] =
    &[sysmon::MAPPINGS, powershell::MAPPINGS, security::LOGONS, security_tables::MAPPINGS, other::MAPPINGS];

/// Every event that has a mapping: provider and id.
pub fn mapped() -> impl Iterator<Item = (&'static str, u32)> {
    let mappings = TABLES.iter().flat_map(|table| table.iter());
    mappings.flat_map(|mapping| mapping.ids.iter().map(|id| (mapping.provider, *id)))
}

/// The mapping of an event, `None` when it has none of its own.
pub(crate) fn mapping(event: &Event) -> Option<&'static Mapping> {
    static BY_ID: LazyLock<HashMap<(&'static str, u32), &'static Mapping>> = LazyLock::new(|| {
        let mut by_id = HashMap::new();
        for mapping in TABLES.iter().flat_map(|table| table.iter()) {
            for id in mapping.ids {
                let earlier = by_id.insert((mapping.provider, *id), mapping);
                debug_assert!(earlier.is_none(), "{} {id} is mapped twice", mapping.provider);
            }
        }
        by_id
    });
    // PowerShell 7 has a provider of its own with the same events.
    let provider = if event.provider == "PowerShellCore" { powershell::PROVIDER } else { event.provider.as_str() };
    BY_ID.get(&(provider, event.event_id)).copied()
}

/// The row of one event, without what only its neighbours can tell. An event that has no mapping, or whose mapping says
/// so, is a `WindowsEvent` with everything that it holds.
pub fn row(event: &Event) -> Row {
    let mapping = mapping(event);
    let action = mapping.and_then(|mapping| match mapping.pick {
        Pick::Always(action) => Some(action),
        Pick::By(pick) => pick(event),
    });
    let mut build = Build::new(event);
    base(&mut build, action.unwrap_or("WindowsEvent"));
    match (mapping, action) {
        (Some(mapping), Some(_)) => {
            for rule in mapping.rules {
                rule.apply(&mut build);
            }
            if let Some(finish) = mapping.finish {
                finish(&mut build);
            }
            build.extra_rest();
        }
        (Some(_) | None, _) => windows_event(&mut build),
    }
    build.finish()
}

/// When it happened: what the event says itself, else when it was logged.
pub(crate) fn happened_ns(event: &Event) -> i64 {
    event.get("UtcTime").and_then(parse_time_ns).unwrap_or(event.time_ns)
}

fn base(build: &mut Build<'_>, action: &'static str) {
    let event = build.event;
    build.row.set(&col::TIMESTAMP, Nanos(happened_ns(event))).set(&col::ACTION_TYPE, action);
    if let Some(action) = schema::action::action(action) {
        build.row.set(&col::EVENT_TABLE, action.table);
    }
    if !event.computer.is_empty() {
        build.row.set(&col::DEVICE_NAME, event.computer.to_lowercase());
    }
    build.take("UtcTime");
    build.row.set(&col::SOURCE_RECORDS, source(event));
}

/// Where an event comes from: `SourceRecords` with one entry.
fn source(event: &Event) -> String {
    let mut json = String::with_capacity(192);
    json.push_str("[{");
    if !event.channel.is_empty() {
        json.push_str("\"Channel\":");
        push_text(&mut json, &event.channel);
        json.push(',');
    }
    json.push_str("\"Provider\":");
    push_text(&mut json, &event.provider);
    let (id, record) = (event.event_id, event.record_id);
    // A text without quotes in it.
    let logged = format_time_ns(event.time_ns);
    json.push_str(&format!(",\"EventId\":{id},\"RecordId\":{record},\"Logged\":\"{logged}\"}}]"));
    json
}

fn windows_event(build: &mut Build<'_>) {
    let event = build.event;
    build.extra("Provider", event.provider.as_str());
    build.extra("EventId", event.event_id);
    build.extra("Version", event.version);
    build.extra("Level", event.level);
    build.extra("Channel", event.channel.as_str());
    build.extra("Task", event.task);
    build.extra("Opcode", event.opcode);
    build.extra("Keywords", event.keywords.as_str());
    build.extra("WriterProcessId", event.process_id);
    build.extra("WriterThreadId", event.thread_id);
    if let Some(sid) = &event.user_sid {
        build.extra("UserSid", sid.as_str());
    }
    if let Some(activity) = &event.activity_id {
        build.extra("ActivityId", activity.as_str());
    }
    let mut data = Map::new();
    for field in &event.data {
        match data.get_mut(&*field.name) {
            None => {
                data.insert(field.name.to_string(), field.value.as_str().into());
            }
            Some(Value::Array(values)) => values.push(field.value.as_str().into()),
            Some(value) => *value = json!([value.take(), field.value]),
        }
    }
    build.extra("Data", Value::Object(data));
}
