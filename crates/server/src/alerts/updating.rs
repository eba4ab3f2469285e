//! What people do with alerts: state, judgement, owner, comments; alerts of their own; suppressions.

use anyhow::{Context, Result};
use schema::Row;
use sqlx::SqliteConnection;

use super::evidence::pieces;
use super::{Alert, Finding, Outcome};
use crate::clock::now_ns;
use crate::limits::ALERT_COMMENTS_MAX;
use crate::state::State;

/// A change; `None` leaves a member as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// New, InProgress or Resolved.
    pub status: Option<String>,
    /// Who works on it; empty for nobody.
    pub assigned_to: Option<String>,
    /// Classification; empty for none.
    pub classification: Option<String>,
    /// Determination; empty for none.
    pub determination: Option<String>,
    /// A comment to add.
    pub comment: Option<String>,
}

/// An alert that somebody makes for an event.
#[derive(Clone, Debug)]
pub struct Manual {
    /// MDE's severity.
    pub severity: String,
    /// Title.
    pub title: String,
    /// Description.
    pub description: String,
    /// What to do.
    pub recommended: String,
    /// MDE's category.
    pub category: String,
    /// Who makes it.
    pub author: String,
}

impl State {
    /// Changes an alert. False when there is none of that id.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn update_alert(&self, id: &str, update: &Update, author: &str) -> Result<bool> {
        let mut transaction = self.pool().begin().await?;
        let done = update_in(&mut transaction, id, update, author).await?;
        transaction.commit().await?;
        Ok(done)
    }

    /// Changes many alerts, all or none; the ids that there are not.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn update_alerts(&self, ids: &[String], update: &Update, author: &str) -> Result<Vec<String>> {
        let mut transaction = self.pool().begin().await?;
        let mut missing = Vec::new();
        for id in ids {
            if !update_in(&mut transaction, id, update, author).await? {
                missing.push(id.clone());
            }
        }
        if missing.is_empty() {
            transaction.commit().await?;
        }
        Ok(missing)
    }

    /// Makes an alert for a stored event, or adds the event to the open alert of the same device and title.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn create_alert(
        &self,
        manual: &Manual,
        device: &crate::state::Device,
        row: &Row,
    ) -> Result<Option<Alert>> {
        use schema::col;
        let event = row.text(&col::EVENT_ID).unwrap_or_default().to_owned();
        let name = row.text(&col::ACCOUNT_NAME).or_else(|| row.text(&col::INITIATING_PROCESS_ACCOUNT_NAME));
        let finding = Finding {
            rule: format!("manual:{}", manual.title),
            title: manual.title.clone(),
            description: manual.description.clone(),
            recommended: manual.recommended.clone(),
            severity: manual.severity.clone(),
            category: manual.category.clone(),
            techniques: Vec::new(),
            source: "CustomerTI",
            tenant: device.tenant.clone(),
            device: device.id.clone(),
            device_name: device.name.clone(),
            event: event.clone(),
            time: row.number(&col::TIMESTAMP).unwrap_or_else(now_ns),
            tree: String::new(),
            user: (name.map(str::to_owned), None),
            pieces: pieces(row, now_ns()),
        };
        let mut transaction = self.pool().begin().await?;
        let number = match finding.store(&mut transaction).await? {
            Outcome::New(number) | Outcome::Joined(number) => number,
            Outcome::Known => {
                let known =
                    "SELECT alert FROM alert_events JOIN alerts ON alerts.n = alert WHERE event = ? AND rule = ?";
                sqlx::query_scalar(known).bind(&event).bind(&finding.rule).fetch_one(&mut *transaction).await?
            }
        };
        transaction.commit().await?;
        let id: String =
            sqlx::query_scalar("SELECT id FROM alerts WHERE n = ?").bind(number).fetch_one(self.pool()).await?;
        self.alert(&id).await
    }

    /// Alerts of a rule are resolved as they are made, on one device or on all.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn suppress(&self, rule: &str, device: Option<&str>, reason: &str, author: &str) -> Result<()> {
        sqlx::query(
            "INSERT INTO suppressions (rule, device, reason, author, created)
             SELECT ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM suppressions WHERE rule = ? AND device IS ?)",
        )
        .bind(rule)
        .bind(device)
        .bind(reason)
        .bind(author)
        .bind(now_ns())
        .bind(rule)
        .bind(device)
        .execute(self.pool())
        .await
        .context("insert suppression")?;
        Ok(())
    }

    /// Ends a suppression. False when there was none.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn end_suppression(&self, rule: &str, device: Option<&str>) -> Result<bool> {
        let ended = sqlx::query("DELETE FROM suppressions WHERE rule = ? AND device IS ?")
            .bind(rule)
            .bind(device)
            .execute(self.pool())
            .await?;
        Ok(ended.rows_affected() > 0)
    }

    /// All suppressions: rule, device, reason, author, time.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn suppressions(&self) -> Result<Vec<(String, Option<String>, String, String, i64)>> {
        let rows = sqlx::query_as("SELECT rule, device, reason, author, created FROM suppressions ORDER BY n");
        Ok(rows.fetch_all(self.pool()).await?)
    }

    /// Tags of all devices, by device and tag.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn machine_tags(&self) -> Result<Vec<(String, String)>> {
        let rows = sqlx::query_as("SELECT device, tag FROM machine_tags ORDER BY device, tag");
        Ok(rows.fetch_all(self.pool()).await?)
    }

    /// Adds or removes a tag of a device.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn set_machine_tag(&self, device: &str, tag: &str, present: bool) -> Result<()> {
        let statement = match present {
            true => "INSERT OR IGNORE INTO machine_tags (device, tag) VALUES (?, ?)",
            false => "DELETE FROM machine_tags WHERE device = ? AND tag = ?",
        };
        sqlx::query(statement).bind(device).bind(tag).execute(self.pool()).await?;
        Ok(())
    }
}

async fn update_in(connection: &mut SqliteConnection, id: &str, update: &Update, author: &str) -> Result<bool> {
    let now = now_ns();
    let empty_is_null = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let number = sqlx::query_scalar::<_, i64>(
        "UPDATE alerts SET updated = ?,
         resolved = CASE WHEN ? IS NULL THEN resolved WHEN ? = 'Resolved' THEN coalesce(resolved, ?) ELSE NULL END,
         status = coalesce(?, status),
         assigned_to = CASE WHEN ? THEN ? ELSE assigned_to END,
         classification = CASE WHEN ? THEN ? ELSE classification END,
         determination = CASE WHEN ? THEN ? ELSE determination END WHERE id = ? RETURNING n",
    )
    .bind(now)
    .bind(&update.status)
    .bind(&update.status)
    .bind(now)
    .bind(&update.status)
    .bind(update.assigned_to.is_some())
    .bind(empty_is_null(&update.assigned_to))
    .bind(update.classification.is_some())
    .bind(empty_is_null(&update.classification))
    .bind(update.determination.is_some())
    .bind(empty_is_null(&update.determination))
    .bind(id)
    .fetch_optional(&mut *connection)
    .await
    .context("update alert")?;
    let Some(number) = number else { return Ok(false) };
    if let Some(comment) = &update.comment {
        sqlx::query(
            "INSERT INTO alert_comments (alert, comment, author, created) SELECT ?, ?, ?, ?
             WHERE (SELECT count(*) FROM alert_comments WHERE alert = ?) < ?",
        )
        .bind(number)
        .bind(comment)
        .bind(author)
        .bind(now)
        .bind(number)
        .bind(ALERT_COMMENTS_MAX)
        .execute(&mut *connection)
        .await?;
    }
    Ok(true)
}
