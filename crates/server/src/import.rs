//! The ledger of imports in the small state: which files were imported, and devices that only imports speak for.

use anyhow::Result;
use importer::{Known, Ledger, LogName, Span};
use tokio::runtime::Handle;

use crate::clock::{now_ns, now_s};
use crate::state::State;

/// The table of imported files, by the SHA-256 of their content.
pub const MIGRATION: &str = "
    CREATE TABLE IF NOT EXISTS imports (file TEXT PRIMARY KEY, name TEXT NOT NULL, together TEXT NOT NULL,
        started INTEGER NOT NULL, finished INTEGER);
    CREATE TABLE IF NOT EXISTS import_spans (computer TEXT NOT NULL, channel TEXT NOT NULL, first INTEGER NOT NULL,
        last INTEGER NOT NULL, from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL, known_ns INTEGER NOT NULL);
    CREATE INDEX IF NOT EXISTS import_spans_by_log ON import_spans (computer, channel);
";

/// The state as the importer's ledger, for a thread that may wait.
pub struct StateLedger<'a> {
    /// Where it is kept.
    pub state: &'a State,
    /// Runs what the state does.
    pub runtime: &'a Handle,
}

impl Ledger for StateLedger<'_> {
    fn is_imported(&self, file: &str) -> Result<bool> {
        self.runtime.block_on(self.state.is_imported(file))
    }

    fn begin(&self, file: &str, name: &str, together: &str) -> Result<Known> {
        self.runtime.block_on(self.state.begin_import(file, name, together))
    }

    fn end(&self, file: &str, spans: &[(LogName, Span)]) -> Result<()> {
        self.runtime.block_on(self.state.end_import(file, spans))
    }

    fn spans(&self, file: &str, computer: &str, channel: &str) -> Result<Vec<Span>> {
        self.runtime.block_on(self.state.import_spans(file, computer, channel))
    }

    fn add_device(&self, id: &str, name: &str) -> Result<()> {
        self.runtime.block_on(self.state.add_device_without_sensor(id, name, "Windows", "import"))
    }
}

impl State {
    async fn is_imported(&self, file: &str) -> Result<bool> {
        let finished: Option<Option<i64>> = sqlx::query_scalar("SELECT finished FROM imports WHERE file = ?")
            .bind(file)
            .fetch_optional(self.pool())
            .await?;
        Ok(finished.flatten().is_some())
    }

    /// Notes that a file is being imported; `together` stands for the files that are read with it.
    async fn begin_import(&self, file: &str, name: &str, together: &str) -> Result<Known> {
        sqlx::query(
            "INSERT INTO imports (file, name, together, started) VALUES (?, ?, ?, ?) ON CONFLICT (file) DO NOTHING",
        )
        .bind(file)
        .bind(name)
        .bind(together)
        .bind(now_ns())
        .execute(self.pool())
        .await?;
        let (begun_with, finished): (String, Option<i64>) =
            sqlx::query_as("SELECT together, finished FROM imports WHERE file = ?")
                .bind(file)
                .fetch_one(self.pool())
                .await?;
        Ok(match finished {
            Some(_) => Known::Done,
            None if begun_with == together => Known::New,
            None => Known::BegunOtherwise,
        })
    }

    /// Notes that a file was imported to the end, and what it held.
    async fn end_import(&self, file: &str, spans: &[(LogName, Span)]) -> Result<()> {
        let mut transaction = self.pool().begin().await?;
        for ((computer, channel), span) in spans {
            let (Ok(first), Ok(last)) = (i64::try_from(span.records.0), i64::try_from(span.records.1)) else {
                continue;
            };
            sqlx::query("INSERT INTO import_spans VALUES (?, ?, ?, ?, ?, ?, ?)")
                .bind(computer)
                .bind(channel)
                .bind(first)
                .bind(last)
                .bind(span.times_ns.0)
                .bind(span.times_ns.1)
                .bind(now_ns())
                .execute(&mut *transaction)
                .await?;
        }
        sqlx::query("UPDATE imports SET finished = ? WHERE file = ?")
            .bind(now_s())
            .bind(file)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Spans that were known when the file was begun. An import that was begun by an earlier version, which wrote
    /// seconds there, knows of none.
    async fn import_spans(&self, file: &str, computer: &str, channel: &str) -> Result<Vec<Span>> {
        let rows: Vec<(i64, i64, i64, i64)> = sqlx::query_as(
            "SELECT first, last, from_ns, to_ns FROM import_spans
             WHERE computer = ? AND channel = ? AND known_ns < (SELECT started FROM imports WHERE file = ?)
             ORDER BY known_ns, first",
        )
        .bind(computer)
        .bind(channel)
        .bind(file)
        .fetch_all(self.pool())
        .await?;
        let span = |(first, last, from_ns, to_ns): (i64, i64, i64, i64)| Span {
            records: (first.cast_unsigned(), last.cast_unsigned()),
            times_ns: (from_ns, to_ns),
        };
        Ok(rows.into_iter().map(span).collect())
    }
}
