//! What was acknowledged and is not in the store yet, in a database of its own: batches of items that wait to be
//! settled, and rows on their way to the store. A crash at any point loses nothing and stores nothing twice: items are
//! deleted in the transaction that writes their rows, and rows are sent again under the same sequence numbers.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::{Context, Result, bail};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Row, SqlitePool};

use crate::identity::apps::random_uuid;

/// The file's name in the data directory.
const FILE: &str = "ship.db";
/// Version of its layout.
const VERSION: i64 = 1;
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS batches (id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL,
        received_ns INTEGER NOT NULL, items BLOB NOT NULL, done BLOB NOT NULL DEFAULT x'');
    CREATE TABLE IF NOT EXISTS streams (device TEXT NOT NULL, source TEXT NOT NULL, next_seq INTEGER NOT NULL,
        PRIMARY KEY (device, source));
    CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, source TEXT NOT NULL,
        first_seq INTEGER NOT NULL, received_ns INTEGER NOT NULL, records BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS counts (source TEXT NOT NULL, name TEXT NOT NULL, n INTEGER NOT NULL,
        PRIMARY KEY (source, name));
";

/// The database.
#[derive(Clone)]
pub struct Journal {
    pool: SqlitePool,
    id: String,
}

/// What became of a source's items so far; what waits is not counted yet.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Items that are settled.
    pub items: u64,
    /// Rows that they became.
    pub rows: u64,
    /// Items that were not taken, by reason.
    pub rejected: BTreeMap<String, u64>,
}

/// A batch as it was acknowledged.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) id: i64,
    pub(super) source: String,
    pub(super) received_ns: i64,
    pub(super) items: Vec<u8>,
    /// A bit for each item that is settled.
    pub(super) done: Vec<u8>,
}

/// Rows of one stream on their way to the store.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) device: String,
    pub(super) source: String,
    pub(super) first_seq: u64,
    pub(super) received_ns: i64,
    pub(super) records: Vec<Vec<u8>>,
}

/// What one settling changes, all at once or not at all.
#[derive(Debug, Default)]
pub(super) struct Settled {
    pub(super) outgoing: Vec<Outgoing>,
    /// Batches of which nothing waits any more.
    pub(super) done: Vec<i64>,
    /// Batches of which something waits, with their bits.
    pub(super) part: Vec<(i64, Vec<u8>)>,
    /// By source and name.
    pub(super) counts: BTreeMap<(String, String), u64>,
}

impl Journal {
    /// Opens or creates the database of a data directory.
    ///
    /// # Errors
    /// When the file can't be opened, or a newer version wrote it.
    pub async fn open(data_dir: &Path) -> Result<Self> {
        let path = data_dir.join(FILE);
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(std::time::Duration::from_secs(5));
        let pool = SqlitePoolOptions::new().max_connections(2).connect_with(options).await;
        let pool = pool.with_context(|| format!("open {}", path.display()))?;
        let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&pool).await?;
        if version > VERSION {
            bail!("{} has version {version}, this program knows up to {VERSION}: use a newer nenrin", path.display());
        }
        if version < VERSION {
            sqlx::raw_sql(TABLES).execute(&pool).await.context("create journal")?;
            sqlx::raw_sql(&format!("PRAGMA user_version = {VERSION}")).execute(&pool).await?;
        }
        sqlx::query("INSERT OR IGNORE INTO meta VALUES ('id', ?)").bind(random_uuid()).execute(&pool).await?;
        let id = sqlx::query_scalar("SELECT value FROM meta WHERE name = 'id'").fetch_one(&pool).await?;
        Ok(Self { pool, id })
    }

    /// A new journal has new streams: were it lost, its sequence numbers must not be used again.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Keeps a batch; when this returns it is durable.
    pub(super) async fn add(&self, source: &str, received_ns: i64, items: &[u8]) -> Result<i64> {
        let added = sqlx::query("INSERT INTO batches (source, received_ns, items) VALUES (?, ?, ?)")
            .bind(source)
            .bind(received_ns)
            .bind(items)
            .execute(&self.pool)
            .await?;
        Ok(added.last_insert_rowid())
    }

    /// All batches that wait, in the order in which they came.
    pub(super) async fn batches(&self) -> Result<Vec<Batch>> {
        let rows = sqlx::query("SELECT * FROM batches ORDER BY id").fetch_all(&self.pool).await?;
        let batch = |row: &sqlx::sqlite::SqliteRow| Batch {
            id: row.get("id"),
            source: row.get("source"),
            received_ns: row.get("received_ns"),
            items: row.get("items"),
            done: row.get("done"),
        };
        Ok(rows.iter().map(batch).collect())
    }

    /// The next sequence number of every stream.
    pub(super) async fn streams(&self) -> Result<HashMap<(String, String), u64>> {
        let rows = sqlx::query("SELECT device, source, next_seq FROM streams").fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row| ((row.get(0), row.get(1)), row.get::<i64, _>(2).cast_unsigned())).collect())
    }

    /// Writes what a settling made; when this returns it is durable.
    pub(super) async fn settle(&self, settled: &Settled) -> Result<()> {
        let mut transaction = self.pool.begin().await?;
        for outgoing in &settled.outgoing {
            sqlx::query("INSERT INTO outbox (device, source, first_seq, received_ns, records) VALUES (?, ?, ?, ?, ?)")
                .bind(&outgoing.device)
                .bind(&outgoing.source)
                .bind(outgoing.first_seq.cast_signed())
                .bind(outgoing.received_ns)
                .bind(pack(&outgoing.records))
                .execute(&mut *transaction)
                .await?;
            let next_seq = outgoing.first_seq + outgoing.records.len() as u64;
            sqlx::query(
                "INSERT INTO streams VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET next_seq = max(next_seq, excluded.next_seq)",
            )
            .bind(&outgoing.device)
            .bind(&outgoing.source)
            .bind(next_seq.cast_signed())
            .execute(&mut *transaction)
            .await?;
        }
        for id in &settled.done {
            sqlx::query("DELETE FROM batches WHERE id = ?").bind(id).execute(&mut *transaction).await?;
        }
        for (id, done) in &settled.part {
            let update = sqlx::query("UPDATE batches SET done = ? WHERE id = ?").bind(done).bind(id);
            update.execute(&mut *transaction).await?;
        }
        for ((source, name), n) in &settled.counts {
            sqlx::query("INSERT INTO counts VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n")
                .bind(source)
                .bind(name)
                .bind(n.cast_signed())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Rows that may not be in the store yet, a few at a time, in the order in which they were written.
    pub(super) async fn outgoing(&self) -> Result<Vec<(i64, Outgoing)>> {
        let rows = sqlx::query("SELECT * FROM outbox ORDER BY id LIMIT 16").fetch_all(&self.pool).await?;
        let mut outgoing = Vec::new();
        for row in rows {
            let records: Vec<u8> = row.get("records");
            let out = Outgoing {
                device: row.get("device"),
                source: row.get("source"),
                first_seq: row.get::<i64, _>("first_seq").cast_unsigned(),
                received_ns: row.get("received_ns"),
                records: unpack(&records).context("understand the journal's rows")?,
            };
            outgoing.push((row.get("id"), out));
        }
        Ok(outgoing)
    }

    /// Forgets rows that are in the store.
    pub(super) async fn sent(&self, ids: &[i64]) -> Result<()> {
        let mut transaction = self.pool.begin().await?;
        for id in ids {
            sqlx::query("DELETE FROM outbox WHERE id = ?").bind(id).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// What became of each source's items.
    pub async fn counts(&self) -> Result<HashMap<String, Counts>> {
        let mut all: HashMap<String, Counts> = HashMap::new();
        for row in sqlx::query("SELECT source, name, n FROM counts").fetch_all(&self.pool).await? {
            let (name, n) = (row.get::<String, _>(1), row.get::<i64, _>(2).cast_unsigned());
            let counts = all.entry(row.get(0)).or_default();
            match name.strip_prefix("rejected:") {
                Some(reason) => {
                    counts.rejected.insert(reason.to_owned(), n);
                }
                None if name == "rows" => counts.rows = n,
                None => counts.items = n,
            }
        }
        Ok(all)
    }
}

/// Records behind each other, each with its length before it.
fn pack(records: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(records.iter().map(|record| record.len() + 4).sum());
    for record in records {
        // A record is far below 4 GiB: the store takes 32 MiB at once.
        bytes.extend_from_slice(&(record.len() as u32).to_le_bytes());
        bytes.extend_from_slice(record);
    }
    bytes
}

fn unpack(mut bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let (len, rest) = bytes.split_first_chunk::<4>()?;
        let (record, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        records.push(record.to_vec());
        bytes = rest;
    }
    Some(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_and_cut_ones_do_not() {
        let records = vec![b"a".to_vec(), Vec::new(), vec![7; 300]];
        let packed = pack(&records);
        assert_eq!(unpack(&packed), Some(records));
        assert_eq!(unpack(&packed[..packed.len() - 1]), None);
        assert_eq!(unpack(&[]), Some(Vec::new()));
    }
}
