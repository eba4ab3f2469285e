//! Sources: who may ship events here, by a token each. A token is 256 random bits, so its plain hash is stored, as with
//! the secrets of apps.

use anyhow::Result;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::clock::now_s;
use crate::identity::apps::random_uuid;
use crate::limits::{LAST_USE_SECONDS, SOURCES_MAX};
use crate::state::{State, random_secret, secret_hash};

/// The table of sources.
pub const MIGRATION: &str = "
    CREATE TABLE IF NOT EXISTS sources (id TEXT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL UNIQUE,
        hint TEXT NOT NULL, items_per_second INTEGER NOT NULL, created INTEGER NOT NULL, created_by TEXT NOT NULL,
        revoked INTEGER, last_used INTEGER, last_address TEXT);
";

/// What a token begins with, so that people and scanners of secrets know it.
const PREFIX: &str = "nrs_";

/// A source, without its token.
#[derive(Clone, Debug)]
pub struct Source {
    /// For revoking it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// First characters of the token.
    pub hint: String,
    /// Items that it may send, as a mean over time.
    pub items_per_second: u32,
    /// Seconds since 1970.
    pub created: i64,
    /// Who made it.
    pub created_by: String,
    /// When its token was taken back, seconds since 1970.
    pub revoked: Option<i64>,
    /// Last request, seconds since 1970.
    pub last_used: Option<i64>,
    /// Address that it came from.
    pub last_address: Option<String>,
}

impl State {
    /// Makes a source and returns its id and token; the token can't be had again. `None`: there are too many.
    pub async fn create_source(
        &self,
        name: &str,
        items_per_second: u32,
        created_by: &str,
    ) -> Result<Option<(String, String)>> {
        let (id, token) = (random_uuid(), format!("{PREFIX}{}", random_secret()));
        let added = sqlx::query(
            "INSERT INTO sources (id, name, hash, hint, items_per_second, created, created_by) SELECT ?, ?, ?, ?, ?, ?, ?
             WHERE (SELECT count(*) FROM sources WHERE revoked IS NULL) < ?",
        )
        .bind(&id)
        .bind(name)
        .bind(secret_hash(&token))
        .bind(&token[..PREFIX.len() + 3])
        .bind(items_per_second)
        .bind(now_s())
        .bind(created_by)
        .bind(SOURCES_MAX)
        .execute(self.pool())
        .await?;
        Ok((added.rows_affected() == 1).then_some((id, token)))
    }

    /// All sources by name, those without a valid token too: their events are still there.
    pub async fn sources(&self) -> Result<Vec<Source>> {
        let rows = sqlx::query("SELECT * FROM sources ORDER BY name, id").fetch_all(self.pool()).await?;
        Ok(rows.iter().map(source_of).collect())
    }

    /// Takes a source's token back. False when there is none, or it was taken back before.
    pub async fn revoke_source(&self, id: &str) -> Result<bool> {
        let changed = sqlx::query("UPDATE sources SET revoked = ? WHERE id = ? AND revoked IS NULL")
            .bind(now_s())
            .bind(id)
            .execute(self.pool())
            .await?;
        Ok(changed.rows_affected() == 1)
    }

    /// The source of a token, also one whose token was taken back.
    pub(super) async fn source_of_token(&self, token: &str) -> Result<Option<Source>> {
        let row = sqlx::query("SELECT * FROM sources WHERE hash = ?").bind(secret_hash(token));
        Ok(row.fetch_optional(self.pool()).await?.as_ref().map(source_of))
    }

    /// Notes a request of a source, about once a minute.
    pub(super) async fn source_used(&self, source: &Source, address: &str) -> Result<()> {
        let is_known = source.last_address.as_deref() == Some(address);
        if is_known && source.last_used.is_some_and(|used| used + LAST_USE_SECONDS > now_s()) {
            return Ok(());
        }
        sqlx::query("UPDATE sources SET last_used = ?, last_address = ? WHERE id = ?")
            .bind(now_s())
            .bind(address)
            .bind(&source.id)
            .execute(self.pool())
            .await?;
        Ok(())
    }
}

fn source_of(row: &SqliteRow) -> Source {
    Source {
        id: row.get("id"),
        name: row.get("name"),
        hint: row.get("hint"),
        items_per_second: row.get("items_per_second"),
        created: row.get("created"),
        created_by: row.get("created_by"),
        revoked: row.get("revoked"),
        last_used: row.get("last_used"),
        last_address: row.get("last_address"),
    }
}
