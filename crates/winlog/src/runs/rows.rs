//! Attribution of rows: events are watched, rows made of them are held until their answer is there. A row names the
//! records that it was made of, so rows that were merged from several events need no care. All other rows pass at once.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use prost::Message;
use schema::{Row, col};
use serde_json::{Map, Value, json};

use super::adapt;
use super::engine::Engine;
use super::fact::Kind;
use super::judge::is_host;
use super::limits::{DEVICES_MAX, FACTS_MAX, HELD_ROWS_MAX, LATE};
use super::verdict::{Level, Script, Verdict};
use crate::{Event, parse_time_ns};

/// Attribution over the events of some devices.
#[derive(Debug, Default)]
pub struct Attributor {
    devices: BTreeMap<String, Device>,
    n_held: usize,
    weight: usize,
    /// Rows that are done, in order: as bytes until someone takes them.
    ready: VecDeque<Ready>,
}

/// A row that is done.
#[derive(Debug)]
struct Ready {
    row: Vec<u8>,
    origin: u32,
    verdict: Option<Verdict>,
}

/// A row, and which input its first event came from.
type Held = (Row, u32);
/// Log, number and time of writing of a record: a log that was cleared has the same numbers again.
type Key = (String, u64, i64);

/// A row that waits. As bytes, which take a third of the memory.
#[derive(Debug)]
struct Waiting {
    row: Vec<u8>,
    origin: u32,
    time: i64,
    keys: Vec<Key>,
}

#[derive(Debug, Default)]
struct Device {
    engine: Engine,
    /// Rows that wait, in the order of arrival.
    held: Vec<Waiting>,
    /// Records that an answer will come for, and whose rows have not come yet.
    asked: HashSet<Key>,
    /// Last answers for records whose rows are not out yet.
    verdicts: HashMap<Key, Verdict>,
    newest: i64,
}

impl Attributor {
    /// Takes note of an event. Call it before [`hold`](Attributor::hold) with the event's row.
    pub fn watch(&mut self, event: &Event) {
        let facts = adapt::facts(event);
        if facts.is_empty() {
            return;
        }
        let computer = event.computer.to_lowercase();
        if !self.devices.contains_key(&computer) && self.devices.len() >= DEVICES_MAX {
            return;
        }
        let device = self.devices.entry(computer).or_default();
        for fact in facts {
            device.newest = device.newest.max(fact.time);
            if matches!(fact.kind, Kind::Action(_)) && fact.pid.is_some() {
                device.asked.insert((fact.record.log.to_string(), fact.record.number, fact.written));
            }
            let before = device.engine.weight();
            device.engine.add(fact);
            self.weight = (self.weight + device.engine.weight()).saturating_sub(before);
        }
    }

    /// Takes a row. It comes back at once if no script is asked for; else it can be [taken](Attributor::take) later.
    pub fn hold(&mut self, row: Row, origin: u32) -> Option<Held> {
        let computer = row.text(&col::DEVICE_NAME).unwrap_or_default();
        let device = if may_be_asked(&row) { self.devices.get_mut(computer) } else { None };
        let Some(device) = device else { return Some((row, origin)) };
        let time = row.number(&col::TIMESTAMP).unwrap_or_default();
        let keys = records(&row);
        let n_asked = keys.iter().filter(|key| device.asked.remove(*key)).count();
        if n_asked == 0 {
            return Some((row, origin));
        }
        device.held.push(Waiting { row: row.encode_to_vec(), origin, time, keys });
        self.n_held += 1;
        if self.n_held > HELD_ROWS_MAX || self.weight > FACTS_MAX {
            self.make_room();
        }
        None
    }

    /// Rows that are done, at most so many.
    pub fn take(&mut self, n_max: usize) -> impl Iterator<Item = Held> + '_ {
        self.ready.drain(..self.ready.len().min(n_max)).map(|ready| {
            let mut row = Row::decode(ready.row.as_slice()).expect("we have encoded it");
            if let Some(verdict) = &ready.verdict {
                apply(verdict, &mut row);
            }
            (row, ready.origin)
        })
    }

    /// Lets go what is final; if that is not enough, what isn't.
    fn make_room(&mut self) {
        self.settle();
        if self.n_held > HELD_ROWS_MAX / 4 * 3 {
            self.finish();
        }
        while self.weight > FACTS_MAX / 4 * 3 {
            let heaviest = self.devices.iter().max_by_key(|(_, device)| device.engine.weight());
            let Some(name) = heaviest.map(|(name, _)| name.clone()) else { break };
            let Some(mut device) = self.devices.remove(&name) else { break };
            let n_before = self.ready.len();
            device.release(i64::MAX, &mut self.ready);
            self.n_held -= self.ready.len() - n_before;
            self.weight = self.devices.values().map(|device| device.engine.weight()).sum();
        }
    }

    /// Makes rows final that nothing which is late by up to [`LATE`] can change any more: for sources that never end.
    /// Call it every few seconds.
    pub fn settle(&mut self) {
        self.release(|device| device.newest.saturating_sub(LATE));
    }

    /// Makes all rows final: at the end of an import.
    pub fn finish(&mut self) {
        self.release(|_| i64::MAX);
    }

    fn release(&mut self, before: impl Fn(&Device) -> i64) {
        let n_before = self.ready.len();
        for device in self.devices.values_mut() {
            let before = before(device);
            device.release(before, &mut self.ready);
        }
        self.weight = self.devices.values().map(|device| device.engine.weight()).sum();
        self.n_held -= self.ready.len() - n_before;
    }
}

impl Device {
    /// Rows of events before this time, with the answers as they are now.
    fn release(&mut self, before: i64, ready: &mut VecDeque<Ready>) {
        for verdict in self.engine.settle() {
            let key = (verdict.record.log.to_string(), verdict.record.number, verdict.written);
            self.verdicts.insert(key, verdict);
        }
        self.engine.close(before);
        for waiting in std::mem::take(&mut self.held) {
            if waiting.time >= before {
                self.held.push(waiting);
                continue;
            }
            let found = waiting.keys.iter().filter_map(|key| self.verdicts.remove(key));
            // Of several sources of one act, the one that knows most.
            let verdict = found.min_by_key(|verdict| verdict.level);
            ready.push_back(Ready { row: waiting.row, origin: waiting.origin, verdict });
        }
        // The rest are of rows that are still on their way, or never come.
        let on_their_way = before.min(self.newest.saturating_sub(LATE));
        self.verdicts.retain(|_, verdict| verdict.written >= on_their_way);
        self.asked.retain(|(_, _, written)| *written >= on_their_way);
    }
}

/// Whether a script may have done it: the actor runs scripts, or is known by its number only. Most rows end here.
fn may_be_asked(row: &Row) -> bool {
    row.text(&col::INITIATING_PROCESS_FILE_NAME).map_or(row.get(&col::INITIATING_PROCESS_ID).is_some(), is_host)
}

/// The records that the row was made of.
fn records(row: &Row) -> Vec<Key> {
    let sources = row.text(&col::SOURCE_RECORDS).and_then(|text| serde_json::from_str(text).ok());
    let Some(Value::Array(sources)) = sources else { return Vec::new() };
    let key = |source: &Value| {
        let log = source.get("Channel").or_else(|| source.get("Provider"))?.as_str()?;
        let written = parse_time_ns(source.get("Logged")?.as_str()?)?;
        Some((log.to_owned(), source.get("RecordId")?.as_u64()?, written))
    };
    sources.iter().filter_map(key).collect()
}

/// Writes the answer into the row's columns.
pub fn apply(verdict: &Verdict, row: &mut Row) {
    if let Some(name) = verdict.resolved.as_deref().filter(|_| row.get(&col::REMOTE_URL).is_none()) {
        row.set(&col::REMOTE_URL, name);
    }
    // Other interpreters aren't looked at, so "not a script host" would be too much said.
    if verdict.level == Level::None {
        return;
    }
    row.set(&col::ATTRIBUTION_LEVEL, verdict.level.name());
    if let Some(script) = &verdict.script {
        row.set(&col::INITIATING_SCRIPT_PATH, script.name());
        row.set_opt(&col::INITIATING_SCRIPT_SHA256, script.sha256.as_deref());
    }
    let evidence: Vec<Value> = verdict
        .evidence
        .iter()
        .map(|evidence| format!("{} ({}): {}", evidence.record, evidence.record.event, evidence.says).into())
        .collect();
    if !evidence.is_empty() {
        row.set(&col::ATTRIBUTION_EVIDENCE, Value::Array(evidence).to_string());
    }
    add_member(row, "Attribution", &details(verdict));
}

/// A member more in AdditionalFields. They are texts that we have written, so that one more can be put at their end.
fn add_member(row: &mut Row, name: &str, value: &Value) {
    let fields = row.text(&col::ADDITIONAL_FIELDS).unwrap_or("{}");
    let with = match fields.strip_suffix('}') {
        Some("{") => format!("{{\"{name}\":{value}}}"),
        Some(members) if members.starts_with('{') && !members.contains(&format!("\"{name}\":")) => {
            format!("{members},\"{name}\":{value}}}")
        }
        Some(_) | None => {
            // Nothing that is there is overwritten.
            let Ok(mut fields) = serde_json::from_str::<Map<String, Value>>(fields) else { return };
            fields.insert(name.to_owned(), value.clone());
            Value::Object(fields).to_string()
        }
    };
    row.set(&col::ADDITIONAL_FIELDS, with);
}

fn details(verdict: &Verdict) -> Value {
    let mut details = Map::new();
    let mut add = |name: &str, value: Value| {
        if !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()) {
            details.insert(name.to_owned(), value);
        }
    };
    add("Summary", verdict.summary().into());
    add("RunspaceId", verdict.runspace.clone().into());
    add("RunId", verdict.run.clone().into());
    add("ScriptStack", verdict.stack.iter().map(Script::name).collect());
    let candidates = verdict.candidates.iter().map(|candidate| {
        json!({
            "Script": candidate.script.as_ref().map(Script::name),
            "SHA256": candidate.script.as_ref().and_then(|script| script.sha256.clone()),
            "RunId": candidate.run,
            "Reasons": candidate.reasons,
        })
    });
    add("Candidates", candidates.collect());
    add("Reasons", verdict.reasons.clone().into());
    Value::Object(details)
}
