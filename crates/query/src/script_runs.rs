//! The script runs of a process: what its rows say of which script did them (`AttributionLevel` and the columns beside
//! it), counted. One process runs many scripts, and the tree shows them under it.

use std::collections::BTreeMap;

use datafusion::logical_expr::{Expr, lit};
use schema::{Row, col};
use serde_json::Value;
use store::Snapshot;

use crate::limits::{SCRIPT_RUN_EVENTS_MAX, SCRIPT_RUNS_MAX};
use crate::page::sort_keys;
use crate::search::column_of;
use crate::table::Scope;
use crate::{Engine, Error, arrow_rows};

const COLUMNS: [&str; 8] = [
    "Timestamp",
    "TimestampNanos",
    "StreamSeq",
    "StreamEpoch",
    "ProcessUniqueId",
    "InitiatingScriptPath",
    "AttributionLevel",
    "AdditionalFields",
];

/// Events of one process that one run of a script did, at one level of certainty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScriptRun {
    /// The script; `None` where several can have done it, or none is known.
    pub script: Option<String>,
    /// Runspace and pipeline, where they are known.
    pub run: Option<String>,
    /// Value of `AttributionLevel`.
    pub level: String,
    /// Events of the process that say so.
    pub n_events: usize,
    /// Time of the first of them, nanoseconds since 1970.
    pub first_ns: i64,
    /// Of the last.
    pub last_ns: i64,
    /// Processes that it started, by `ProcessUniqueId`.
    pub children: Vec<String>,
}

impl Engine {
    /// The script runs of a process, the earliest first.
    ///
    /// # Errors
    /// As for `page`.
    pub fn script_runs(&self, snapshot: &Snapshot, device: &str, process: &str) -> Result<Vec<ScriptRun>, Error> {
        let expr = column_of("DeviceId")
            .eq(lit(device))
            .and(column_of("InitiatingProcessUniqueId").eq(lit(process)))
            .and(column_of("AttributionLevel").is_not_null());
        let frame = self
            .events(snapshot, Scope { device: Some(device.to_owned()), ..Scope::default() })?
            .filter(expr)?
            .select(COLUMNS.iter().map(|name| column_of(name)).collect::<Vec<Expr>>())?
            .sort(sort_keys(true))?
            .limit(0, Some(SCRIPT_RUN_EVENTS_MAX))?;
        Ok(grouped(&arrow_rows::rows(&self.collect(frame)?)))
    }
}

fn grouped(rows: &[Row]) -> Vec<ScriptRun> {
    let mut runs: BTreeMap<[Option<String>; 3], ScriptRun> = BTreeMap::new();
    for row in rows {
        let text = |column| row.text(column).map(str::to_owned);
        let (script, level) = (text(&col::INITIATING_SCRIPT_PATH), text(&col::ATTRIBUTION_LEVEL));
        let run = run_of(row);
        let time_ns = row.number(&col::TIMESTAMP).unwrap_or(0);
        let known = runs.entry([script.clone(), run.clone(), level.clone()]).or_insert_with(|| ScriptRun {
            script,
            run,
            level: level.unwrap_or_default(),
            first_ns: time_ns,
            ..ScriptRun::default()
        });
        known.n_events += 1;
        known.last_ns = time_ns;
        known.children.extend(text(&col::PROCESS_UNIQUE_ID));
    }
    let mut runs: Vec<ScriptRun> = runs.into_values().collect();
    runs.sort_by(|one, other| {
        (one.first_ns, &one.script, &one.level).cmp(&(other.first_ns, &other.script, &other.level))
    });
    runs.truncate(SCRIPT_RUNS_MAX);
    runs
}

/// The run that a row names: the attribution's, or PowerShell's own words in a command's record.
fn run_of(row: &Row) -> Option<String> {
    let fields: Value = serde_json::from_str(row.text(&col::ADDITIONAL_FIELDS)?).ok()?;
    if let Some(run) = fields["Attribution"]["RunId"].as_str() {
        return Some(run.to_owned());
    }
    Some(format!("{}/{}", fields["RunspaceId"].as_str()?.to_lowercase(), fields["PipelineId"].as_str()?))
}
