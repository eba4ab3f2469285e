//! Attribution of rows: events go in with the rows made of them, rows come out with the script that did it. A row whose
//! answer may still change is held back; all others pass at once.

use std::collections::BTreeMap;

use schema::{Row, col};
use serde_json::{Map, Value, json};

use super::adapt;
use super::engine::Engine;
use super::fact::{Kind, Record};
use super::limits::{DEVICES_MAX, FACTS_MAX, HELD_ROWS_MAX, LATE};
use super::verdict::{Level, Script, Verdict};
use crate::Event;

/// Attribution over the events of some devices.
#[derive(Debug, Default)]
pub struct Attributor {
    devices: BTreeMap<String, Device>,
    n_held: usize,
    n_facts: usize,
}

#[derive(Debug, Default)]
struct Device {
    engine: Engine,
    /// Rows that wait, by the time and the record of their event.
    held: BTreeMap<(Record, i64), (Row, i64)>,
    verdicts: BTreeMap<(Record, i64), Verdict>,
    newest: i64,
}

impl Attributor {
    /// Takes an event and its row. The row comes back at once if no script is asked for.
    pub fn take(&mut self, event: &Event, row: Row) -> Vec<Row> {
        let facts = adapt::facts(event);
        if facts.is_empty() {
            return vec![row];
        }
        let computer = event.computer.to_lowercase();
        if !self.devices.contains_key(&computer) && self.devices.len() >= DEVICES_MAX {
            return vec![row];
        }
        let device = self.devices.entry(computer).or_default();
        let mut waits = None;
        for fact in facts {
            device.newest = device.newest.max(fact.time);
            if matches!(fact.kind, Kind::Action(_)) && fact.pid.is_some() {
                waits = Some(((fact.record.clone(), fact.written), fact.time));
            }
            let before = device.engine.n_facts();
            device.engine.add(fact);
            self.n_facts = (self.n_facts + device.engine.n_facts()).saturating_sub(before);
        }
        let Some((key, time)) = waits else { return vec![row] };
        // The same record again: the store knows the row already, whichever of the two it gets.
        match device.held.insert(key, (row, time)) {
            Some((row, _)) => return vec![row],
            None => self.n_held += 1,
        }
        if self.n_held <= HELD_ROWS_MAX && self.n_facts <= FACTS_MAX {
            return Vec::new();
        }
        let rows = self.finish();
        if self.n_facts > FACTS_MAX {
            self.devices.clear();
            self.n_facts = 0;
        }
        rows
    }

    /// Rows whose answer is final because nothing that is late by up to [`LATE`] can change it any more: for sources
    /// that never end. Call it every few seconds.
    pub fn settle(&mut self) -> Vec<Row> {
        let mut rows = Vec::new();
        for device in self.devices.values_mut() {
            let before = device.newest.saturating_sub(LATE);
            rows.extend(device.release(before));
            device.engine.close(before);
        }
        self.n_held -= rows.len();
        rows
    }

    /// All rows that wait: at the end of an import.
    pub fn finish(&mut self) -> Vec<Row> {
        let mut rows = Vec::new();
        for device in self.devices.values_mut() {
            rows.extend(device.release(i64::MAX));
            device.engine.close(i64::MAX);
        }
        self.n_held -= rows.len();
        rows
    }

    /// Rows that wait.
    pub fn n_held(&self) -> usize {
        self.n_held
    }
}

impl Device {
    /// Rows of events before this time, with the answers as they are now.
    fn release(&mut self, before: i64) -> Vec<Row> {
        for verdict in self.engine.settle() {
            self.verdicts.insert((verdict.record.clone(), verdict.written), verdict);
        }
        let keys: Vec<(Record, i64)> =
            self.held.iter().filter(|(_, (_, time))| *time < before).map(|(key, _)| key.clone()).collect();
        let mut rows = Vec::new();
        for key in keys {
            let Some((mut row, _)) = self.held.remove(&key) else { continue };
            if let Some(verdict) = self.verdicts.remove(&key) {
                apply(&verdict, &mut row);
            }
            rows.push(row);
        }
        rows
    }
}

/// Writes the answer into the row's columns.
pub fn apply(verdict: &Verdict, row: &mut Row) {
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
    let fields = row.text(&col::ADDITIONAL_FIELDS).map(serde_json::from_str::<Map<String, Value>>).transpose();
    // Nothing that is there is overwritten.
    let Ok(fields) = fields else { return };
    let mut fields = fields.unwrap_or_default();
    fields.insert("Attribution".to_owned(), details(verdict));
    row.set(&col::ADDITIONAL_FIELDS, Value::Object(fields).to_string());
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
