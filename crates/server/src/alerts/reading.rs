//! Alerts out of the database.

use anyhow::{Context, Result};
use serde_json::Value;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::Alert;
use crate::limits::ALERTS_READ_MAX;
use crate::state::State;

/// Which alerts to read.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Made at or after this time.
    pub created_from: Option<i64>,
    /// Changed at or after this time.
    pub updated_from: Option<i64>,
    /// Of this device only.
    pub device: Option<String>,
}

/// What somebody wrote to an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Text.
    pub comment: String,
    /// Who.
    pub author: String,
    /// When.
    pub created: i64,
}

/// A piece of evidence of an alert.
#[derive(Clone, Debug, PartialEq)]
pub struct EvidenceItem {
    /// Number of the alert.
    pub alert: i64,
    /// Kind of entity.
    pub entity: String,
    /// Members in MDE's shape.
    pub json: Value,
    /// When it was added.
    pub created: i64,
}

impl State {
    /// Alerts, newest first, at most `ALERTS_READ_MAX`.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn alerts(&self, wanted: &Wanted) -> Result<Vec<Alert>> {
        let rows = sqlx::query(
            "SELECT * FROM alerts WHERE created >= ? AND updated >= ? AND (? IS NULL OR device = ?)
             ORDER BY created DESC, n DESC LIMIT ?",
        )
        .bind(wanted.created_from.unwrap_or(i64::MIN))
        .bind(wanted.updated_from.unwrap_or(i64::MIN))
        .bind(&wanted.device)
        .bind(&wanted.device)
        .bind(ALERTS_READ_MAX)
        .fetch_all(self.pool())
        .await
        .context("read alerts")?;
        Ok(rows.iter().map(alert_of).collect())
    }

    /// The alert of an id.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn alert(&self, id: &str) -> Result<Option<Alert>> {
        let row = sqlx::query("SELECT * FROM alerts WHERE id = ?").bind(id).fetch_optional(self.pool()).await?;
        Ok(row.as_ref().map(alert_of))
    }

    /// Alerts of an incident, oldest first.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn incident_alerts(&self, incident: i64) -> Result<Vec<Alert>> {
        let rows = sqlx::query("SELECT * FROM alerts WHERE incident = ? ORDER BY n").bind(incident);
        Ok(rows.fetch_all(self.pool()).await?.iter().map(alert_of).collect())
    }

    /// Number of the newest alert.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn newest_alert(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT coalesce(max(n), 0) FROM alerts").fetch_one(self.pool()).await?)
    }

    /// Evidence of alerts with numbers in a range, by alert and in order of appearance.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn alert_evidence(&self, from: i64, to: i64) -> Result<Vec<EvidenceItem>> {
        let rows = sqlx::query(
            "SELECT alert, entity, json, created FROM alert_evidence WHERE alert BETWEEN ? AND ? ORDER BY alert, created, key",
        )
        .bind(from)
        .bind(to)
        .fetch_all(self.pool())
        .await
        .context("read evidence")?;
        let item = |row: &SqliteRow| EvidenceItem {
            alert: row.get(0),
            entity: row.get(1),
            json: serde_json::from_str(row.get(2)).unwrap_or_default(),
            created: row.get(3),
        };
        Ok(rows.iter().map(item).collect())
    }

    /// Comments of alerts with numbers in a range, oldest first.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn alert_comments(&self, from: i64, to: i64) -> Result<Vec<(i64, Comment)>> {
        let rows = sqlx::query(
            "SELECT alert, comment, author, created FROM alert_comments WHERE alert BETWEEN ? AND ? ORDER BY alert, n",
        )
        .bind(from)
        .bind(to)
        .fetch_all(self.pool())
        .await?;
        let comment =
            |row: &SqliteRow| (row.get(0), Comment { comment: row.get(1), author: row.get(2), created: row.get(3) });
        Ok(rows.iter().map(comment).collect())
    }

    /// Ids of an alert's events, oldest first.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn alert_events(&self, alert: i64) -> Result<Vec<String>> {
        let events = sqlx::query_scalar("SELECT event FROM alert_events WHERE alert = ? ORDER BY time, event");
        Ok(events.bind(alert).fetch_all(self.pool()).await?)
    }
}

fn alert_of(row: &SqliteRow) -> Alert {
    Alert {
        n: row.get("n"),
        id: row.get("id"),
        device: row.get("device"),
        device_name: row.get("device_name"),
        rule: row.get("rule"),
        title: row.get("title"),
        description: row.get("description"),
        recommended: row.get("recommended"),
        severity: row.get("severity"),
        category: row.get("category"),
        techniques: row.get("techniques"),
        source: row.get("source"),
        incident: row.get("incident"),
        status: row.get("status"),
        classification: row.get("classification"),
        determination: row.get("determination"),
        assigned_to: row.get("assigned_to"),
        suppressed: row.get("suppressed"),
        user_name: row.get("user_name"),
        user_domain: row.get("user_domain"),
        n_events: row.get("n_events"),
        first_event: row.get("first_event"),
        created: row.get("created"),
        first_time: row.get("first_time"),
        last_time: row.get("last_time"),
        updated: row.get("updated"),
        resolved: row.get("resolved"),
    }
}
