//! The audit log: who did what, each row chained to the one before by its hash. A row that is changed or taken out
//! breaks the chain there; one taken off the end is missed by the number that SQLite keeps.

use anyhow::Result;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::clock::now_ns;
use crate::limits::AUDIT_DETAIL_BYTES_MAX;
use crate::state::State;

/// The table, which SQLite itself lets nobody change.
pub const MIGRATION: &str = "
    CREATE TABLE IF NOT EXISTS audit (seq INTEGER PRIMARY KEY AUTOINCREMENT, time_ns INTEGER NOT NULL,
        actor TEXT NOT NULL, action TEXT NOT NULL, target TEXT NOT NULL, detail TEXT NOT NULL, hash TEXT NOT NULL);
    CREATE TRIGGER IF NOT EXISTS audit_no_update BEFORE UPDATE ON audit BEGIN
        SELECT RAISE(ABORT, 'the audit log is append-only'); END;
    CREATE TRIGGER IF NOT EXISTS audit_no_delete BEFORE DELETE ON audit BEGIN
        SELECT RAISE(ABORT, 'the audit log is append-only'); END;
";

/// The hash before the first row.
const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A row of the log.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditRow {
    /// 1, 2, 3 …
    pub seq: i64,
    /// Nanoseconds since 1970.
    pub time_ns: i64,
    /// `user:NAME`, `app:ID`, `cli` or `anonymous`.
    pub actor: String,
    /// `app.create`, `token.issue` and the like.
    pub action: String,
    /// What it was done to.
    pub target: String,
    /// More, as JSON.
    pub detail: String,
    /// SHA-256 over this row and the hash before.
    pub hash: String,
}

/// What a check of the chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Rows that are there.
    pub n_rows: i64,
    /// The last row's hash: noted elsewhere, it proves later that nothing before it was changed.
    pub head: String,
    /// Empty when all is well; else one sentence per break.
    pub problems: Vec<String>,
}

/// Over lengths and bytes, so that no two rows have the same input.
fn hash_of(before: &str, seq: i64, time_ns: i64, texts: [&str; 4]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(before.as_bytes());
    hasher.update(seq.to_le_bytes());
    hasher.update(time_ns.to_le_bytes());
    for text in texts {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hex::encode(hasher.finalize())
}

impl State {
    /// Appends a row. Durable when this returns.
    pub async fn audit(&self, actor: &str, action: &str, target: &str, detail: Value) -> Result<()> {
        let mut detail = detail.to_string();
        if detail.len() > AUDIT_DETAIL_BYTES_MAX {
            let cut = (0..=AUDIT_DETAIL_BYTES_MAX).rev().find(|at| detail.is_char_boundary(*at)).unwrap_or(0);
            detail.truncate(cut);
            detail.push('…');
        }
        // Writers wait for each other here: between reading the last hash and writing the next nobody comes between.
        let mut transaction = self.pool().begin_with("BEGIN IMMEDIATE").await?;
        let last =
            sqlx::query("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetch_optional(&mut *transaction);
        let (seq, before) = match last.await? {
            Some(row) => (row.get::<i64, _>(0) + 1, row.get::<String, _>(1)),
            None => (1, GENESIS.to_owned()),
        };
        let time_ns = now_ns();
        let hash = hash_of(&before, seq, time_ns, [actor, action, target, &detail]);
        sqlx::query(
            "INSERT INTO audit (seq, time_ns, actor, action, target, detail, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(seq)
        .bind(time_ns)
        .bind(actor)
        .bind(action)
        .bind(target)
        .bind(&detail)
        .bind(&hash)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Rows before a number, newest first.
    pub async fn audit_rows(&self, before: Option<i64>, n_rows_max: i64) -> Result<Vec<AuditRow>> {
        let rows = sqlx::query("SELECT * FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT ?")
            .bind(before.unwrap_or(i64::MAX))
            .bind(n_rows_max)
            .fetch_all(self.pool())
            .await?;
        Ok(rows.iter().map(row_of).collect())
    }

    /// True when a row has this hash.
    pub async fn has_audit_hash(&self, hash: &str) -> Result<bool> {
        let found: i64 =
            sqlx::query_scalar("SELECT count(*) FROM audit WHERE hash = ?").bind(hash).fetch_one(self.pool()).await?;
        Ok(found > 0)
    }

    /// Recomputes the chain from the first row on.
    pub async fn verify_audit(&self) -> Result<Verified> {
        let mut verified = Verified { n_rows: 0, head: GENESIS.to_owned(), problems: Vec::new() };
        let mut seq_before = 0;
        loop {
            let rows = sqlx::query("SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT 1000")
                .bind(seq_before)
                .fetch_all(self.pool())
                .await?;
            for row in rows.iter().map(row_of) {
                if row.seq != seq_before + 1 {
                    verified.problems.push(format!("rows {} to {} are missing", seq_before + 1, row.seq - 1));
                }
                let texts = [row.actor.as_str(), &row.action, &row.target, &row.detail];
                if hash_of(&verified.head, row.seq, row.time_ns, texts) != row.hash && row.seq == seq_before + 1 {
                    verified.problems.push(format!("row {} was changed", row.seq));
                }
                seq_before = row.seq;
                verified.n_rows += 1;
                // From what is stored: one break is told once, not at every row behind it.
                verified.head = row.hash;
            }
            if rows.len() < 1000 {
                break;
            }
        }
        let last: Option<i64> = sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = 'audit'")
            .fetch_optional(self.pool())
            .await?;
        if last.unwrap_or(0) > seq_before {
            verified.problems.push(format!("rows {} to {} are missing", seq_before + 1, last.unwrap_or(0)));
        }
        Ok(verified)
    }
}

fn row_of(row: &SqliteRow) -> AuditRow {
    AuditRow {
        seq: row.get("seq"),
        time_ns: row.get("time_ns"),
        actor: row.get("actor"),
        action: row.get("action"),
        target: row.get("target"),
        detail: row.get("detail"),
        hash: row.get("hash"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn log(dir: &std::path::Path) -> State {
        let state = State::open(&dir.join("state.db")).await.unwrap();
        for idx in 0..5 {
            state.audit("cli", "app.create", &idx.to_string(), serde_json::json!({ "n": idx })).await.unwrap();
        }
        state
    }

    async fn tamper(state: &State, statement: &str) {
        let script = format!("DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete; {statement}");
        sqlx::raw_sql(&script).execute(state.pool()).await.unwrap();
    }

    #[tokio::test]
    async fn each_kind_of_tampering_is_named() {
        for (statement, problems) in [
            ("SELECT 1", vec![]),
            ("UPDATE audit SET actor = 'user:x' WHERE seq = 2", vec!["row 2 was changed"]),
            ("UPDATE audit SET detail = '{}' WHERE seq = 5", vec!["row 5 was changed"]),
            ("UPDATE audit SET hash = 'x' WHERE seq = 3", vec!["row 3 was changed", "row 4 was changed"]),
            ("DELETE FROM audit WHERE seq IN (2, 3)", vec!["rows 2 to 3 are missing"]),
            ("DELETE FROM audit WHERE seq = 5", vec!["rows 5 to 5 are missing"]),
            ("DELETE FROM audit WHERE seq = 1", vec!["rows 1 to 1 are missing"]),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let state = log(dir.path()).await;
            tamper(&state, statement).await;
            assert_eq!(state.verify_audit().await.unwrap().problems, problems, "{statement}");
        }
    }

    #[tokio::test]
    async fn the_database_itself_refuses_changes() {
        let dir = tempfile::tempdir().unwrap();
        let state = log(dir.path()).await;
        for statement in ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"] {
            let error = sqlx::raw_sql(statement).execute(state.pool()).await.unwrap_err();
            assert!(error.to_string().contains("append-only"), "{error}");
        }
    }

    #[tokio::test]
    async fn writers_at_once_make_one_chain() {
        let dir = tempfile::tempdir().unwrap();
        let state = log(dir.path()).await;
        let other = State::open(&dir.path().join("state.db")).await.unwrap();
        let mut writers = tokio::task::JoinSet::new();
        for idx in 0..20 {
            let state = if idx % 2 == 0 { state.clone() } else { other.clone() };
            writers.spawn(async move { state.audit("cli", "x", "", Value::Null).await });
        }
        while let Some(written) = writers.join_next().await {
            written.unwrap().unwrap();
        }
        let verified = state.verify_audit().await.unwrap();
        assert_eq!((verified.n_rows, verified.problems), (25, vec![]));
    }
}
