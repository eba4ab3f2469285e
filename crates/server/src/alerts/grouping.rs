//! From a match to an alert: matches of one rule on one device and process tree within a window are one alert, alerts
//! of one tree are one incident. A match that is found twice counts once.

use anyhow::{Context, Result};
use schema::{Row, col};
use serde_json::json;
use sqlx::{Row as _, SqliteConnection};

use super::evidence::{Piece, pieces};
use super::{DETECTION_SOURCE, alert_id};
use crate::clock::now_ns;
use crate::limits::{ALERT_EVENTS_MAX, ALERT_EVIDENCE_MAX, ALERT_WINDOW_NS, ALERTS_PER_RULE_MAX, INCIDENT_WINDOW_NS};

/// A match on its way to an alert.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Id of the rule.
    pub rule: String,
    /// Title.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// What to do.
    pub recommended: String,
    /// MDE's name.
    pub severity: String,
    /// MDE's name.
    pub category: String,
    /// ATT&CK techniques.
    pub techniques: Vec<String>,
    /// MDE's `detectionSource`.
    pub source: &'static str,
    /// Tenant of the device.
    pub tenant: String,
    /// Device id.
    pub device: String,
    /// Its name.
    pub device_name: String,
    /// The event's id.
    pub event: String,
    /// Its time, nanoseconds since 1970.
    pub time: i64,
    /// Its process tree.
    pub tree: String,
    /// Account.
    pub user: (Option<String>, Option<String>),
    /// Evidence.
    pub pieces: Vec<Piece>,
}

/// What became of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A new alert, by its number.
    New(i64),
    /// It belongs to an alert that was there.
    Joined(i64),
    /// It was known.
    Known,
}

impl Finding {
    /// A rule's match on a row of a device.
    pub fn new(rule: &detect::Rule, row: &Row, origin: &Origin, tree: String) -> Self {
        let time = row.number(&col::TIMESTAMP).unwrap_or(origin.received_ns);
        let name = row.text(&col::ACCOUNT_NAME).or_else(|| row.text(&col::INITIATING_PROCESS_ACCOUNT_NAME));
        let domain = row.text(&col::ACCOUNT_DOMAIN).or_else(|| row.text(&col::INITIATING_PROCESS_ACCOUNT_DOMAIN));
        Self {
            rule: rule.id.clone(),
            title: rule.title.clone(),
            description: rule.description.clone(),
            recommended: String::new(),
            severity: rule.severity.name().to_owned(),
            category: rule.category.to_owned(),
            techniques: rule.techniques.clone(),
            source: DETECTION_SOURCE,
            tenant: origin.tenant.clone(),
            device: origin.device.clone(),
            device_name: origin.device_name.clone(),
            event: origin.event.clone(),
            time,
            tree,
            user: (name.map(str::to_owned), domain.map(str::to_owned)),
            pieces: pieces(row, now_ns()),
        }
    }

    /// What Defender's antivirus found and said in its own events (1116, 1117): one alert for all events of a detection.
    pub fn of_antivirus(row: &Row, origin: impl FnOnce() -> Origin) -> Option<Self> {
        if row.text(&col::ACTION_TYPE) != Some("AntivirusDetection") {
            return None;
        }
        let fields: serde_json::Value = serde_json::from_str(row.text(&col::ADDITIONAL_FIELDS)?).ok()?;
        let text = |name: &str| fields[name].as_str().filter(|text| !text.is_empty());
        let threat = text("ThreatName")?;
        let origin = origin();
        let severity = match text("Severity Name") {
            Some("Severe" | "High") => "High",
            Some("Moderate" | "Medium") => "Medium",
            Some("Low") => "Low",
            Some(_) | None => "Informational",
        };
        Some(Self {
            rule: format!("defender:{}", text("Detection ID").unwrap_or(threat)),
            title: format!("'{threat}' was detected"),
            description: format!(
                "Microsoft Defender Antivirus: {threat}, {}",
                text("Category Name").unwrap_or("Malware")
            ),
            recommended: String::new(),
            severity: severity.to_owned(),
            category: "Malware".to_owned(),
            techniques: Vec::new(),
            source: "WindowsDefenderAv",
            tenant: origin.tenant,
            device: origin.device,
            device_name: origin.device_name,
            event: origin.event,
            time: row.number(&col::TIMESTAMP).unwrap_or(origin.received_ns),
            tree: String::new(),
            user: (row.text(&col::ACCOUNT_NAME).map(str::to_owned), row.text(&col::ACCOUNT_DOMAIN).map(str::to_owned)),
            pieces: pieces(row, now_ns()),
        })
    }

    /// Puts it into an alert.
    ///
    /// # Errors
    /// When the database can't be read or written.
    pub async fn store(&self, connection: &mut SqliteConnection) -> Result<Outcome> {
        let known = sqlx::query_scalar::<_, i64>(
            "SELECT 1 FROM alert_events JOIN alerts ON alerts.n = alert WHERE event = ? AND rule = ? LIMIT 1",
        )
        .bind(&self.event)
        .bind(&self.rule)
        .fetch_optional(&mut *connection)
        .await
        .context("look for event of alert")?;
        if known.is_some() {
            return Ok(Outcome::Known);
        }
        let tree = self.group_tree(connection).await?;
        let open = self.open_alert(connection, &tree).await?;
        let (alert, outcome) = match open {
            Some(alert) => (alert, Outcome::Joined(alert)),
            None => {
                let alert = self.insert(connection, &tree).await?;
                (alert, Outcome::New(alert))
            }
        };
        self.add_event(connection, alert).await?;
        self.add_pieces(connection, alert).await?;
        Ok(outcome)
    }

    /// The tree, or none when the rule has made so many alerts on the device that it can only be noise.
    async fn group_tree(&self, connection: &mut SqliteConnection) -> Result<String> {
        let n_alerts: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM alerts WHERE rule = ? AND device = ? AND last_time BETWEEN ? AND ?",
        )
        .bind(&self.rule)
        .bind(&self.device)
        .bind(self.time.saturating_sub(ALERT_WINDOW_NS))
        .bind(self.time.saturating_add(ALERT_WINDOW_NS))
        .fetch_one(&mut *connection)
        .await?;
        Ok(if n_alerts >= ALERTS_PER_RULE_MAX { String::new() } else { self.tree.clone() })
    }

    async fn open_alert(&self, connection: &mut SqliteConnection, tree: &str) -> Result<Option<i64>> {
        let found = sqlx::query_scalar(
            "SELECT n FROM alerts WHERE rule = ? AND device = ? AND tree = ? AND last_time >= ? AND first_time <= ?
             AND (status <> 'Resolved' OR suppressed = 1) ORDER BY last_time DESC LIMIT 1",
        )
        .bind(&self.rule)
        .bind(&self.device)
        .bind(tree)
        .bind(self.time.saturating_sub(ALERT_WINDOW_NS))
        .bind(self.time.saturating_add(ALERT_WINDOW_NS))
        .fetch_optional(&mut *connection)
        .await?;
        Ok(found)
    }

    async fn insert(&self, connection: &mut SqliteConnection, tree: &str) -> Result<i64> {
        let now = now_ns();
        let suppressed = sqlx::query_scalar::<_, i64>(
            "SELECT 1 FROM suppressions WHERE rule = ? AND (device IS NULL OR device = ?) LIMIT 1",
        )
        .bind(&self.rule)
        .bind(&self.device)
        .fetch_optional(&mut *connection)
        .await?
        .is_some();
        let alert: i64 = sqlx::query_scalar(
            "INSERT INTO alerts (id, tenant, device, device_name, rule, title, description, recommended, severity, category,
             techniques, source, tree, status, suppressed, user_name, user_domain, first_event, created, first_time,
             last_time, updated, resolved)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING n",
        )
        .bind(alert_id(now, &[&self.rule, &self.device, tree, &self.event]))
        .bind(&self.tenant)
        .bind(&self.device)
        .bind(&self.device_name)
        .bind(&self.rule)
        .bind(&self.title)
        .bind(&self.description)
        .bind(&self.recommended)
        .bind(&self.severity)
        .bind(&self.category)
        .bind(json!(self.techniques).to_string())
        .bind(self.source)
        .bind(tree)
        .bind(if suppressed { "Resolved" } else { "New" })
        .bind(suppressed)
        .bind(&self.user.0)
        .bind(&self.user.1)
        .bind(&self.event)
        .bind(now)
        .bind(self.time)
        .bind(self.time)
        .bind(now)
        .bind(suppressed.then_some(now))
        .fetch_one(&mut *connection)
        .await
        .context("insert alert")?;
        self.join_incident(connection, alert, tree).await?;
        Ok(alert)
    }

    /// The incident of the last alert of the same tree, else one of its own.
    async fn join_incident(&self, connection: &mut SqliteConnection, alert: i64, tree: &str) -> Result<()> {
        let row = sqlx::query(
            "SELECT incident FROM alerts WHERE device = ? AND tree = ? AND tree <> '' AND n <> ?
             AND last_time >= ? AND first_time <= ? ORDER BY last_time DESC LIMIT 1",
        )
        .bind(&self.device)
        .bind(tree)
        .bind(alert)
        .bind(self.time.saturating_sub(INCIDENT_WINDOW_NS))
        .bind(self.time.saturating_add(INCIDENT_WINDOW_NS))
        .fetch_optional(&mut *connection)
        .await?;
        let incident: i64 = row.map_or(alert, |row| row.get(0));
        sqlx::query("UPDATE alerts SET incident = ? WHERE n = ?")
            .bind(incident)
            .bind(alert)
            .execute(&mut *connection)
            .await?;
        Ok(())
    }

    async fn add_event(&self, connection: &mut SqliteConnection, alert: i64) -> Result<()> {
        sqlx::query(
            "INSERT INTO alert_events (event, alert, time) SELECT ?, ?, ?
             WHERE (SELECT count(*) FROM alert_events WHERE alert = ?) < ?",
        )
        .bind(&self.event)
        .bind(alert)
        .bind(self.time)
        .bind(alert)
        .bind(ALERT_EVENTS_MAX)
        .execute(&mut *connection)
        .await?;
        sqlx::query(
            "UPDATE alerts SET n_events = n_events + 1, updated = ?, last_time = max(last_time, ?),
             first_event = CASE WHEN ? < first_time THEN ? ELSE first_event END, first_time = min(first_time, ?)
             WHERE n = ?",
        )
        .bind(now_ns())
        .bind(self.time)
        .bind(self.time)
        .bind(&self.event)
        .bind(self.time)
        .bind(alert)
        .execute(&mut *connection)
        .await?;
        Ok(())
    }

    async fn add_pieces(&self, connection: &mut SqliteConnection, alert: i64) -> Result<()> {
        for piece in &self.pieces {
            sqlx::query(
                "INSERT OR IGNORE INTO alert_evidence (alert, key, entity, json, created) SELECT ?, ?, ?, ?, ?
                 WHERE (SELECT count(*) FROM alert_evidence WHERE alert = ?) < ?",
            )
            .bind(alert)
            .bind(&piece.key)
            .bind(piece.entity)
            .bind(piece.json.to_string())
            .bind(now_ns())
            .bind(alert)
            .bind(ALERT_EVIDENCE_MAX)
            .execute(&mut *connection)
            .await?;
        }
        Ok(())
    }
}

/// Where a row comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Tenant.
    pub tenant: String,
    /// Device id.
    pub device: String,
    /// Device name.
    pub device_name: String,
    /// The event's id.
    pub event: String,
    /// When the server received it.
    pub received_ns: i64,
}
