//! Small state in SQLite: users, sessions, enrolment tokens, devices. Apps and the audit log have their tables and
//! methods in `identity`.

use std::path::Path;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngCore;
use sha2::{Digest, Sha256};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row, SqlitePool};

use crate::clock::now_s;
use crate::identity::{apps, audit, totp};
use crate::limits::{SESSION_IDLE_SECONDS, SESSION_LIFE_SECONDS};

/// Migrations in order; the database's `user_version` is the number of those it has.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE users (name TEXT PRIMARY KEY, password TEXT NOT NULL, role TEXT NOT NULL, created INTEGER NOT NULL);
    CREATE TABLE sessions (hash TEXT PRIMARY KEY, user TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE,
        created INTEGER NOT NULL, used INTEGER NOT NULL);
    CREATE TABLE enrolment_tokens (hash TEXT PRIMARY KEY, created INTEGER NOT NULL, expires INTEGER NOT NULL,
        used_by TEXT);
    CREATE TABLE devices (id TEXT PRIMARY KEY, name TEXT NOT NULL, tenant TEXT NOT NULL, os TEXT NOT NULL,
        os_version TEXT NOT NULL DEFAULT '', kernel TEXT NOT NULL DEFAULT '', ips TEXT NOT NULL DEFAULT '[]',
        sensor_version TEXT NOT NULL, boot_id TEXT NOT NULL DEFAULT '', coverage TEXT NOT NULL DEFAULT '{}',
        spooled INTEGER NOT NULL DEFAULT 0, skew_ns INTEGER, certificate TEXT NOT NULL,
        revoked INTEGER NOT NULL DEFAULT 0, first_seen INTEGER NOT NULL, last_seen INTEGER);
",
    "
    ALTER TABLE devices ADD COLUMN next_certificate TEXT;
",
    apps::MIGRATION,
    audit::MIGRATION,
    totp::MIGRATION,
    crate::alerts::MIGRATION,
    crate::import::MIGRATION,
    crate::ship::MIGRATION,
];

/// The tenant of everything until there are several.
pub const TENANT: &str = "default";

/// The database.
#[derive(Clone)]
pub struct State {
    pool: SqlitePool,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Login name.
    pub name: String,
    /// `admin`, `analyst` or `reader`.
    pub role: String,
}

/// In the place of a certificate of a device that has no sensor: its events were imported or shipped.
pub const NO_CERTIFICATE: &str = "none";

/// A device as the database knows it.
#[derive(Clone, Debug)]
pub struct Device {
    /// 40 hexadecimal digits.
    pub id: String,
    /// Host name.
    pub name: String,
    /// Tenant.
    pub tenant: String,
    /// Operating system.
    pub os: String,
    /// Its version.
    pub os_version: String,
    /// Kernel release.
    pub kernel: String,
    /// Addresses as a JSON array.
    pub ips: String,
    /// Version of the sensor.
    pub sensor_version: String,
    /// Coverage per source as a JSON object.
    pub coverage: String,
    /// SHA-256 of the current certificate, hexadecimal; `NO_CERTIFICATE` when it has none.
    pub certificate: String,
    /// SHA-256 of a renewed certificate that was not used yet.
    pub next_certificate: Option<String>,
    /// True when it may not send any more.
    pub revoked: bool,
    /// Enrolment, seconds since 1970.
    pub first_seen: i64,
    /// Last heartbeat or batch, seconds since 1970.
    pub last_seen: Option<i64>,
}

/// What a heartbeat says about a device.
#[derive(Clone, Debug, Default)]
pub struct Sign {
    /// Host name.
    pub name: String,
    /// Operating system.
    pub os: String,
    /// Its version.
    pub os_version: String,
    /// Kernel release.
    pub kernel: String,
    /// Addresses as a JSON array.
    pub ips: String,
    /// Version of the sensor.
    pub sensor_version: String,
    /// Boot id.
    pub boot_id: String,
    /// Coverage as a JSON object.
    pub coverage: String,
    /// Events that wait in the spool.
    pub spooled: i64,
    /// Device clock minus ours, nanoseconds.
    pub skew_ns: Option<i64>,
}

/// Why an enrolment token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenRefused {
    /// Never given.
    Unknown,
    /// Used before.
    Used,
    /// Too old.
    Expired,
}

/// 256 random bits as text.
pub fn random_secret() -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// How a random secret is stored. A plain hash will do, since it can't be guessed (ASVS 6.5.2).
pub fn secret_hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// Brings the database to the last version. Over before the pool opens: a connection that has read the schema before a
/// change gives rows of the wrong width after it.
async fn migrate(options: &SqliteConnectOptions, path: &Path) -> Result<()> {
    let mut connection = options.connect().await.with_context(|| format!("open {}", path.display()))?;
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut connection).await?;
    let known = MIGRATIONS.len() as i64;
    if version > known {
        bail!(
            "{} has state version {version}, this program knows up to {known}: use a newer nenrin or another --data-dir",
            path.display()
        );
    }
    for (idx, migration) in MIGRATIONS.iter().enumerate().skip(version.try_into().unwrap_or(0)) {
        let mut transaction = connection.begin().await?;
        sqlx::raw_sql(migration).execute(&mut *transaction).await.context("migrate state")?;
        let set_version = format!("PRAGMA user_version = {}", idx + 1);
        sqlx::raw_sql(&set_version).execute(&mut *transaction).await?;
        transaction.commit().await?;
    }
    connection.close().await?;
    Ok(())
}

impl State {
    /// Opens or creates the database.
    ///
    /// # Errors
    /// When the file can't be opened, or a newer version wrote it.
    pub async fn open(path: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(std::time::Duration::from_secs(5));
        migrate(&options, path).await?;
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options)
            .await
            .with_context(|| format!("open {}", path.display()))?;
        Ok(Self { pool })
    }

    /// Connections, for the parts of the state that have files of their own.
    pub(crate) fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// True when nobody can sign in yet.
    pub async fn has_users(&self) -> Result<bool> {
        let n_users: i64 = sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&self.pool).await?;
        Ok(n_users > 0)
    }

    /// Creates a user, or gives an existing one another password and ends its sessions.
    pub async fn set_password(&self, name: &str, password_hash: &str, role: &str) -> Result<()> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query(
            "INSERT INTO users (name, password, role, created) VALUES (?, ?, ?, ?)
             ON CONFLICT (name) DO UPDATE SET password = excluded.password",
        )
        .bind(name)
        .bind(password_hash)
        .bind(role)
        .bind(now_s())
        .execute(&mut *transaction)
        .await?;
        sqlx::query("DELETE FROM sessions WHERE user = ?").bind(name).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The password hash and role of a user.
    pub async fn credentials(&self, name: &str) -> Result<Option<(String, String)>> {
        let row = sqlx::query("SELECT password, role FROM users WHERE name = ?")
            .bind(name)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|row| (row.get(0), row.get(1))))
    }

    /// Starts a session and returns its secret.
    pub async fn start_session(&self, user: &str) -> Result<String> {
        let secret = random_secret();
        let now = now_s();
        sqlx::query("INSERT INTO sessions (hash, user, created, used) VALUES (?, ?, ?, ?)")
            .bind(secret_hash(&secret))
            .bind(user)
            .bind(now)
            .bind(now)
            .execute(&self.pool)
            .await?;
        sqlx::query("DELETE FROM sessions WHERE created < ? OR used < ?")
            .bind(now - SESSION_LIFE_SECONDS)
            .bind(now - SESSION_IDLE_SECONDS)
            .execute(&self.pool)
            .await?;
        Ok(secret)
    }

    /// The user of a live session.
    pub async fn session(&self, secret: &str) -> Result<Option<User>> {
        let hash = secret_hash(secret);
        let now = now_s();
        let row = sqlx::query(
            "SELECT user, role, used FROM sessions JOIN users ON users.name = sessions.user
             WHERE hash = ? AND sessions.created >= ? AND used >= ?",
        )
        .bind(&hash)
        .bind(now - SESSION_LIFE_SECONDS)
        .bind(now - SESSION_IDLE_SECONDS)
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        // Once a minute is enough for an eight-hour limit.
        if row.get::<i64, _>(2) + 60 < now {
            sqlx::query("UPDATE sessions SET used = ? WHERE hash = ?")
                .bind(now)
                .bind(&hash)
                .execute(&self.pool)
                .await?;
        }
        Ok(Some(User { name: row.get(0), role: row.get(1) }))
    }

    /// Ends a session.
    pub async fn end_session(&self, secret: &str) -> Result<()> {
        sqlx::query("DELETE FROM sessions WHERE hash = ?").bind(secret_hash(secret)).execute(&self.pool).await?;
        Ok(())
    }

    /// Stores the hash of a new enrolment token.
    pub async fn add_enrolment_token(&self, hash: &str, expires: i64) -> Result<()> {
        sqlx::query("INSERT INTO enrolment_tokens (hash, created, expires) VALUES (?, ?, ?)")
            .bind(hash)
            .bind(now_s())
            .bind(expires)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Uses a token up for a device: of many at once exactly one succeeds.
    pub async fn use_enrolment_token(&self, hash: &str, device_id: &str) -> Result<Result<(), TokenRefused>> {
        let used =
            sqlx::query("UPDATE enrolment_tokens SET used_by = ? WHERE hash = ? AND used_by IS NULL AND expires > ?")
                .bind(device_id)
                .bind(hash)
                .bind(now_s())
                .execute(&self.pool)
                .await?;
        if used.rows_affected() == 1 {
            return Ok(Ok(()));
        }
        let row = sqlx::query("SELECT used_by FROM enrolment_tokens WHERE hash = ?")
            .bind(hash)
            .fetch_optional(&self.pool)
            .await?;
        Ok(Err(match row {
            None => TokenRefused::Unknown,
            Some(row) if row.get::<Option<String>, _>(0).is_some() => TokenRefused::Used,
            Some(_) => TokenRefused::Expired,
        }))
    }

    /// Adds an enrolled device.
    pub async fn add_device(&self, id: &str, sign: &Sign, certificate: &str) -> Result<()> {
        sqlx::query(
            "INSERT INTO devices (id, name, tenant, os, sensor_version, certificate, first_seen)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(id)
        .bind(&sign.name)
        .bind(TENANT)
        .bind(&sign.os)
        .bind(&sign.sensor_version)
        .bind(certificate)
        .bind(now_s())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Adds a device that only imports or shippers speak for, if it is not known; `sender` is in the place of a sensor's
    /// version. It has no certificate, so nothing can send in its name.
    pub async fn add_device_without_sensor(&self, id: &str, name: &str, os: &str, sender: &str) -> Result<()> {
        if self.device(id).await?.is_some() {
            return Ok(());
        }
        let sign =
            Sign { name: name.to_owned(), os: os.to_owned(), sensor_version: sender.to_owned(), ..Sign::default() };
        self.add_device(id, &sign, NO_CERTIFICATE).await
    }

    /// Notes a renewed certificate, in the place of an earlier one that was never used.
    pub async fn set_next_certificate(&self, id: &str, certificate: &str) -> Result<()> {
        sqlx::query("UPDATE devices SET next_certificate = ? WHERE id = ?")
            .bind(certificate)
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Makes a renewed certificate the only one. Does nothing when another request was first.
    pub async fn promote_certificate(&self, id: &str, certificate: &str) -> Result<()> {
        sqlx::query(
            "UPDATE devices SET certificate = next_certificate, next_certificate = NULL
             WHERE id = ? AND next_certificate = ?",
        )
        .bind(id)
        .bind(certificate)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Forbids or allows a device to send. Returns false when there is no such device.
    pub async fn set_revoked(&self, id: &str, revoked: bool) -> Result<bool> {
        let changed = sqlx::query("UPDATE devices SET revoked = ? WHERE id = ?")
            .bind(revoked)
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(changed.rows_affected() == 1)
    }

    /// Notes a heartbeat.
    pub async fn heartbeat(&self, id: &str, sign: &Sign) -> Result<()> {
        sqlx::query(
            "UPDATE devices SET name = ?, os = ?, os_version = ?, kernel = ?, ips = ?, sensor_version = ?, boot_id = ?,
             coverage = ?, spooled = ?, skew_ns = ?, last_seen = ? WHERE id = ?",
        )
        .bind(&sign.name)
        .bind(&sign.os)
        .bind(&sign.os_version)
        .bind(&sign.kernel)
        .bind(&sign.ips)
        .bind(&sign.sensor_version)
        .bind(&sign.boot_id)
        .bind(&sign.coverage)
        .bind(sign.spooled)
        .bind(sign.skew_ns)
        .bind(now_s())
        .bind(id)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// One device.
    pub async fn device(&self, id: &str) -> Result<Option<Device>> {
        let row = sqlx::query("SELECT * FROM devices WHERE id = ?").bind(id).fetch_optional(&self.pool).await?;
        Ok(row.as_ref().map(device_of))
    }

    /// All devices by name.
    pub async fn devices(&self) -> Result<Vec<Device>> {
        let rows = sqlx::query("SELECT * FROM devices ORDER BY name, id").fetch_all(&self.pool).await?;
        Ok(rows.iter().map(device_of).collect())
    }
}

fn device_of(row: &sqlx::sqlite::SqliteRow) -> Device {
    Device {
        id: row.get("id"),
        name: row.get("name"),
        tenant: row.get("tenant"),
        os: row.get("os"),
        os_version: row.get("os_version"),
        kernel: row.get("kernel"),
        ips: row.get("ips"),
        sensor_version: row.get("sensor_version"),
        coverage: row.get("coverage"),
        certificate: row.get("certificate"),
        next_certificate: row.get("next_certificate"),
        revoked: row.get("revoked"),
        first_seen: row.get("first_seen"),
        last_seen: row.get("last_seen"),
    }
}
