//! Alerts: what rules found, grouped, with evidence and what people made of it. Rules are `detect`'s; here is when they
//! are asked, and what becomes of an answer.

pub mod detector;
pub mod evidence;
mod grouping;
mod history;
pub mod limiter;
mod reading;
pub mod rules;
pub mod tables;
mod trees;
mod updating;

use serde_json::Value;
use sha2::{Digest, Sha256};

pub use grouping::{Finding, Origin, Outcome};
pub use history::History;
pub use reading::{Comment, EvidenceItem, Wanted};
pub use updating::{Manual, Update};

/// The tables. Times are nanoseconds since 1970.
pub const MIGRATION: &str = "
    CREATE TABLE IF NOT EXISTS alerts (n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, tenant TEXT NOT NULL,
        device TEXT NOT NULL, device_name TEXT NOT NULL, rule TEXT NOT NULL, title TEXT NOT NULL,
        description TEXT NOT NULL, recommended TEXT NOT NULL DEFAULT '', severity TEXT NOT NULL, category TEXT NOT NULL,
        techniques TEXT NOT NULL, source TEXT NOT NULL, tree TEXT NOT NULL, incident INTEGER NOT NULL DEFAULT 0,
        status TEXT NOT NULL DEFAULT 'New', classification TEXT, determination TEXT, assigned_to TEXT,
        suppressed INTEGER NOT NULL DEFAULT 0, user_name TEXT, user_domain TEXT, n_events INTEGER NOT NULL DEFAULT 0,
        first_event TEXT NOT NULL DEFAULT '', created INTEGER NOT NULL, first_time INTEGER NOT NULL,
        last_time INTEGER NOT NULL, updated INTEGER NOT NULL, resolved INTEGER);
    CREATE INDEX IF NOT EXISTS alerts_by_group ON alerts (rule, device, tree, last_time);
    CREATE INDEX IF NOT EXISTS alerts_by_tree ON alerts (device, tree, last_time);
    CREATE INDEX IF NOT EXISTS alerts_by_incident ON alerts (incident);
    CREATE INDEX IF NOT EXISTS alerts_by_created ON alerts (created);
    CREATE INDEX IF NOT EXISTS alerts_by_updated ON alerts (updated);
    CREATE TABLE IF NOT EXISTS alert_events (event TEXT NOT NULL, alert INTEGER NOT NULL REFERENCES alerts(n) ON DELETE CASCADE,
        time INTEGER NOT NULL, PRIMARY KEY (event, alert)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS alert_events_by_alert ON alert_events (alert, time);
    CREATE TABLE IF NOT EXISTS alert_evidence (alert INTEGER NOT NULL REFERENCES alerts(n) ON DELETE CASCADE, key TEXT NOT NULL,
        entity TEXT NOT NULL, json TEXT NOT NULL, created INTEGER NOT NULL, PRIMARY KEY (alert, key)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS alert_comments (n INTEGER PRIMARY KEY AUTOINCREMENT,
        alert INTEGER NOT NULL REFERENCES alerts(n) ON DELETE CASCADE, comment TEXT NOT NULL, author TEXT NOT NULL,
        created INTEGER NOT NULL);
    CREATE INDEX IF NOT EXISTS alert_comments_by_alert ON alert_comments (alert);
    CREATE TABLE IF NOT EXISTS suppressions (n INTEGER PRIMARY KEY AUTOINCREMENT, rule TEXT NOT NULL, device TEXT, reason TEXT NOT NULL,
        author TEXT NOT NULL, created INTEGER NOT NULL, UNIQUE (rule, device));
    CREATE TABLE IF NOT EXISTS detect_marks (device TEXT NOT NULL, epoch TEXT NOT NULL, through INTEGER NOT NULL,
        PRIMARY KEY (device, epoch)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS machine_tags (device TEXT NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (device, tag)) WITHOUT ROWID;
";

/// MDE's name for alerts of the user's own rules.
pub const DETECTION_SOURCE: &str = "CustomDetection";

/// An alert as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Number, ascending with time of creation.
    pub n: i64,
    /// MDE's form of an alert's id.
    pub id: String,
    /// Device id.
    pub device: String,
    /// Its name at the time.
    pub device_name: String,
    /// Id of the rule.
    pub rule: String,
    /// Title.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// What to do.
    pub recommended: String,
    /// Severity.
    pub severity: String,
    /// Category.
    pub category: String,
    /// ATT&CK techniques, a JSON array.
    pub techniques: String,
    /// Detection source.
    pub source: String,
    /// Number of the incident.
    pub incident: i64,
    /// New, InProgress or Resolved.
    pub status: String,
    /// What it turned out to be.
    pub classification: Option<String>,
    /// More exactly.
    pub determination: Option<String>,
    /// Who works on it.
    pub assigned_to: Option<String>,
    /// A suppression resolved it at once.
    pub suppressed: bool,
    /// Account of its first event.
    pub user_name: Option<String>,
    /// That account's domain.
    pub user_domain: Option<String>,
    /// Events that were grouped.
    pub n_events: i64,
    /// Its first event's id.
    pub first_event: String,
    /// When it was made.
    pub created: i64,
    /// Time of its first event.
    pub first_time: i64,
    /// Time of its last event.
    pub last_time: i64,
    /// When it was last changed.
    pub updated: i64,
    /// When it was resolved.
    pub resolved: Option<i64>,
}

/// An id in MDE's form: `da`, .NET ticks of the creation, and a number from what it is about.
pub(crate) fn alert_id(created_ns: i64, about: &[&str]) -> String {
    let ticks = created_ns / 100 + 621_355_968_000_000_000;
    let mut hasher = Sha256::new();
    for part in about {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    let digest = hasher.finalize();
    let number = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]) & 0x7fff_ffff;
    format!("da{ticks}_{number}")
}

/// A JSON array of texts.
pub(crate) fn texts(json: &str) -> Vec<Value> {
    serde_json::from_str(json).unwrap_or_default()
}
