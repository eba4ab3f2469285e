//! App registrations in the database: secrets, certificates, permissions, consent.
//!
//! A secret is 256 random bits, so a plain SHA-256 is stored: what can't be guessed needs no slow hash (ASVS 6.5.2), and
//! a slow one would let anybody keep our cores busy by asking for tokens with wrong secrets.

use std::collections::BTreeSet;

use anyhow::Result;
use rand::RngCore;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use subtle::{Choice, ConstantTimeEq};

use crate::clock::now_s;
use crate::limits::{APP_CERTIFICATES_MAX, APP_SECRETS_LIVE_MAX, APPS_MAX, LAST_USE_SECONDS};
use crate::state::{State, random_secret, secret_hash};

/// Tables of this part, and the tenant's id: a random UUID (RFC 9562 version 4).
pub const MIGRATION: &str = "
    CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    INSERT OR IGNORE INTO settings VALUES ('tenant_id', lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' ||
        substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) ||
        substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))));
    CREATE TABLE IF NOT EXISTS apps (id TEXT PRIMARY KEY, name TEXT NOT NULL, account_type TEXT NOT NULL,
        created INTEGER NOT NULL, created_by TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS app_secrets (id TEXT PRIMARY KEY, app TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
        name TEXT NOT NULL, hash TEXT NOT NULL, hint TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL,
        last_used INTEGER, last_address TEXT);
    CREATE INDEX IF NOT EXISTS app_secrets_app ON app_secrets (app);
    CREATE TABLE IF NOT EXISTS app_certificates (id TEXT PRIMARY KEY,
        app TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE, subject TEXT NOT NULL, sha1 TEXT NOT NULL,
        sha256 TEXT NOT NULL, family TEXT NOT NULL, key BLOB NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL,
        last_used INTEGER, last_address TEXT);
    CREATE INDEX IF NOT EXISTS app_certificates_app ON app_certificates (app);
    CREATE TABLE IF NOT EXISTS app_permissions (app TEXT NOT NULL REFERENCES apps(id) ON DELETE CASCADE,
        permission TEXT NOT NULL, granted INTEGER NOT NULL, consented INTEGER, PRIMARY KEY (app, permission));
";

/// The only account type: Microsoft Entra's name for \"Accounts in this organizational directory only\".
pub const ACCOUNT_TYPE: &str = "AzureADMyOrg";

/// An app registration with all that may be shown of it.
#[derive(Clone, Debug)]
pub struct App {
    /// Application (client) id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Always [`ACCOUNT_TYPE`].
    pub account_type: String,
    /// Seconds since 1970.
    pub created: i64,
    /// Who made it.
    pub created_by: String,
    /// By name.
    pub permissions: Vec<AppPermission>,
    /// Oldest first.
    pub secrets: Vec<Credential>,
    /// Oldest first.
    pub certificates: Vec<Credential>,
}

/// A permission of an app.
#[derive(Clone, Debug)]
pub struct AppPermission {
    /// MDE's name or ours.
    pub name: String,
    /// When an admin consented; `None` while nobody has.
    pub consented: Option<i64>,
}

/// A secret or a certificate, without what is secret of it.
#[derive(Clone, Debug)]
pub struct Credential {
    /// For deleting it.
    pub id: String,
    /// What its maker called it; a certificate's subject.
    pub name: String,
    /// The first characters of a secret, or a certificate's SHA-256.
    pub hint: String,
    /// Seconds since 1970.
    pub created: i64,
    /// Seconds since 1970.
    pub expires: i64,
    /// Last token, seconds since 1970.
    pub last_used: Option<i64>,
    /// Address that asked for it.
    pub last_address: Option<String>,
}

/// A certificate's public key as an assertion is checked with it.
#[derive(Clone, Debug)]
pub struct AssertionKey {
    /// Credential id.
    pub id: String,
    /// SHA-1 of the certificate, base64url: `x5t`.
    pub sha1: String,
    /// SHA-256 of the certificate, base64url: `x5t#S256`.
    pub sha256: String,
    /// `RSA` or `EC`.
    pub family: String,
    /// RFC 8017 `RSAPublicKey`, or the uncompressed point.
    pub key: Vec<u8>,
    /// Seconds since 1970.
    pub expires: i64,
}

/// A certificate to add.
pub struct NewCertificate {
    /// Its subject.
    pub subject: String,
    /// As in [`AssertionKey`], without an id yet.
    pub key: AssertionKey,
}

/// What a token's bearer may do now.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Display name.
    pub name: String,
    /// Permissions with and without consent.
    pub granted: BTreeSet<String>,
    /// Permissions with consent.
    pub consented: BTreeSet<String>,
    /// Secrets and certificates that were not deleted.
    pub credentials: BTreeSet<String>,
}

/// Why a client was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialRefused {
    /// No such app.
    UnknownApp,
    /// The secret is none of the app's.
    Wrong,
    /// It was once.
    Expired,
}

/// Why a change was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeRefused {
    /// No such app.
    UnknownApp,
    /// No such secret, certificate or permission of this app.
    NoSuchPart,
    /// A cap, in words.
    TooMany(String),
}

/// A random UUID, version 4. An id, never a secret.
pub fn random_uuid() -> String {
    let mut bytes = [0_u8; 16];
    rand::rng().fill_bytes(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text = hex::encode(bytes);
    format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}

impl State {
    /// This installation's tenant id.
    pub async fn tenant_id(&self) -> Result<String> {
        Ok(sqlx::query_scalar("SELECT value FROM settings WHERE name = 'tenant_id'").fetch_one(self.pool()).await?)
    }

    /// Registers an app and returns its id.
    pub async fn create_app(&self, name: &str, created_by: &str) -> Result<Result<String, ChangeRefused>> {
        let n_apps: i64 = sqlx::query_scalar("SELECT count(*) FROM apps").fetch_one(self.pool()).await?;
        if n_apps >= APPS_MAX {
            return Ok(Err(ChangeRefused::TooMany(format!("there are {APPS_MAX} apps: delete one first"))));
        }
        let id = random_uuid();
        sqlx::query("INSERT INTO apps (id, name, account_type, created, created_by) VALUES (?, ?, ?, ?, ?)")
            .bind(&id)
            .bind(name)
            .bind(ACCOUNT_TYPE)
            .bind(now_s())
            .bind(created_by)
            .execute(self.pool())
            .await?;
        Ok(Ok(id))
    }

    /// Deletes an app with everything that belongs to it. False when there is none.
    pub async fn delete_app(&self, id: &str) -> Result<bool> {
        let gone = sqlx::query("DELETE FROM apps WHERE id = ?").bind(id).execute(self.pool()).await?;
        Ok(gone.rows_affected() == 1)
    }

    /// The display name of an app.
    pub async fn app_name(&self, id: &str) -> Result<Option<String>> {
        Ok(sqlx::query_scalar("SELECT name FROM apps WHERE id = ?").bind(id).fetch_optional(self.pool()).await?)
    }

    /// All apps by name.
    pub async fn apps(&self) -> Result<Vec<App>> {
        let mut apps = Vec::new();
        for row in sqlx::query("SELECT * FROM apps ORDER BY name, id").fetch_all(self.pool()).await? {
            apps.push(self.app_of(&row).await?);
        }
        Ok(apps)
    }

    /// One app.
    pub async fn app(&self, id: &str) -> Result<Option<App>> {
        match sqlx::query("SELECT * FROM apps WHERE id = ?").bind(id).fetch_optional(self.pool()).await? {
            Some(row) => Ok(Some(self.app_of(&row).await?)),
            None => Ok(None),
        }
    }

    async fn app_of(&self, row: &SqliteRow) -> Result<App> {
        let id: String = row.get("id");
        let mut permissions = Vec::new();
        let rows = sqlx::query("SELECT permission, consented FROM app_permissions WHERE app = ? ORDER BY permission");
        for row in rows.bind(&id).fetch_all(self.pool()).await? {
            permissions.push(AppPermission { name: row.get(0), consented: row.get(1) });
        }
        let secrets =
            sqlx::query("SELECT *, name AS label, hint AS sign FROM app_secrets WHERE app = ? ORDER BY rowid");
        let secrets = secrets.bind(&id).fetch_all(self.pool()).await?;
        let certificates = sqlx::query(
            "SELECT *, subject AS label, sha256 AS sign FROM app_certificates WHERE app = ? ORDER BY rowid",
        );
        let certificates = certificates.bind(&id).fetch_all(self.pool()).await?;
        Ok(App {
            name: row.get("name"),
            account_type: row.get("account_type"),
            created: row.get("created"),
            created_by: row.get("created_by"),
            permissions,
            secrets: secrets.iter().map(credential_of).collect(),
            certificates: certificates.iter().map(credential_of).collect(),
            id,
        })
    }

    /// Makes a secret and returns its id and text; the text can't be had again.
    pub async fn add_secret(
        &self,
        app: &str,
        name: &str,
        expires: i64,
    ) -> Result<Result<(String, String), ChangeRefused>> {
        if self.app_name(app).await?.is_none() {
            return Ok(Err(ChangeRefused::UnknownApp));
        }
        let (id, secret) = (random_uuid(), random_secret());
        // Counted and added in one statement: of two at once, one is refused.
        let added = sqlx::query(
            "INSERT INTO app_secrets (id, app, name, hash, hint, created, expires) SELECT ?, ?, ?, ?, ?, ?, ?
             WHERE (SELECT count(*) FROM app_secrets WHERE app = ? AND expires > ?) < ?",
        )
        .bind(&id)
        .bind(app)
        .bind(name)
        .bind(secret_hash(&secret))
        .bind(&secret[..3])
        .bind(now_s())
        .bind(expires)
        .bind(app)
        .bind(now_s())
        .bind(APP_SECRETS_LIVE_MAX)
        .execute(self.pool())
        .await?;
        if added.rows_affected() == 0 {
            let words = format!("the app has {APP_SECRETS_LIVE_MAX} live secrets: delete the older one first");
            return Ok(Err(ChangeRefused::TooMany(words)));
        }
        Ok(Ok((id, secret)))
    }

    /// Adds a certificate whose key may sign assertions; returns its id.
    pub async fn add_certificate(
        &self,
        app: &str,
        certificate: &NewCertificate,
    ) -> Result<Result<String, ChangeRefused>> {
        if self.app_name(app).await?.is_none() {
            return Ok(Err(ChangeRefused::UnknownApp));
        }
        let id = random_uuid();
        let added = sqlx::query(
            "INSERT INTO app_certificates (id, app, subject, sha1, sha256, family, key, created, expires)
             SELECT ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM app_certificates WHERE app = ?) < ?",
        )
        .bind(&id)
        .bind(app)
        .bind(&certificate.subject)
        .bind(&certificate.key.sha1)
        .bind(&certificate.key.sha256)
        .bind(&certificate.key.family)
        .bind(&certificate.key.key)
        .bind(now_s())
        .bind(certificate.key.expires)
        .bind(app)
        .bind(APP_CERTIFICATES_MAX)
        .execute(self.pool())
        .await?;
        if added.rows_affected() == 0 {
            let words = format!("the app has {APP_CERTIFICATES_MAX} certificates: delete one first");
            return Ok(Err(ChangeRefused::TooMany(words)));
        }
        Ok(Ok(id))
    }

    /// Deletes a secret or a certificate of an app.
    pub async fn delete_credential(&self, app: &str, id: &str) -> Result<bool> {
        let mut n_gone = 0;
        for statement in [
            "DELETE FROM app_secrets WHERE app = ? AND id = ?",
            "DELETE FROM app_certificates WHERE app = ? AND id = ?",
        ] {
            n_gone += sqlx::query(statement).bind(app).bind(id).execute(self.pool()).await?.rows_affected();
        }
        Ok(n_gone == 1)
    }

    /// Gives an app a permission, without consent. One that it has keeps its consent.
    pub async fn grant(&self, app: &str, permission: &str) -> Result<Result<(), ChangeRefused>> {
        if self.app_name(app).await?.is_none() {
            return Ok(Err(ChangeRefused::UnknownApp));
        }
        sqlx::query("INSERT OR IGNORE INTO app_permissions (app, permission, granted) VALUES (?, ?, ?)")
            .bind(app)
            .bind(permission)
            .bind(now_s())
            .execute(self.pool())
            .await?;
        Ok(Ok(()))
    }

    /// Takes a permission away.
    pub async fn revoke(&self, app: &str, permission: &str) -> Result<Result<(), ChangeRefused>> {
        let gone = sqlx::query("DELETE FROM app_permissions WHERE app = ? AND permission = ?")
            .bind(app)
            .bind(permission)
            .execute(self.pool())
            .await?;
        if gone.rows_affected() == 1 {
            return Ok(Ok(()));
        }
        Ok(Err(match self.app_name(app).await? {
            Some(_) => ChangeRefused::NoSuchPart,
            None => ChangeRefused::UnknownApp,
        }))
    }

    /// An admin's consent to all permissions that the app has now, or its withdrawal. Returns their names.
    pub async fn set_consent(&self, app: &str, consented: bool) -> Result<Result<Vec<String>, ChangeRefused>> {
        if self.app_name(app).await?.is_none() {
            return Ok(Err(ChangeRefused::UnknownApp));
        }
        let statement = match consented {
            true => "UPDATE app_permissions SET consented = coalesce(consented, ?) WHERE app = ? RETURNING permission",
            false => {
                "UPDATE app_permissions SET consented = CASE WHEN ? THEN NULL END WHERE app = ? RETURNING permission"
            }
        };
        let rows = sqlx::query(statement).bind(now_s()).bind(app).fetch_all(self.pool()).await?;
        let mut names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        names.sort();
        Ok(Ok(names))
    }

    /// Who has this secret: the credential's id. An unknown app costs the same time as a wrong secret.
    pub async fn check_secret(&self, app: &str, secret: &str) -> Result<Result<String, CredentialRefused>> {
        let known = self.app_name(app).await?.is_some();
        let rows = sqlx::query("SELECT id, hash, expires FROM app_secrets WHERE app = ?");
        let mut stored = Vec::new();
        for row in rows.bind(app).fetch_all(self.pool()).await? {
            stored.push((row.get(0), row.get(1), row.get(2)));
        }
        let found = find_secret(&stored, secret);
        Ok(match found {
            _ if !known => Err(CredentialRefused::UnknownApp),
            None => Err(CredentialRefused::Wrong),
            Some((_, expires)) if expires <= now_s() => Err(CredentialRefused::Expired),
            Some((id, _)) => Ok(id),
        })
    }

    /// The keys that may sign assertions of an app.
    pub async fn assertion_keys(&self, app: &str) -> Result<Vec<AssertionKey>> {
        let rows = sqlx::query("SELECT * FROM app_certificates WHERE app = ?").bind(app).fetch_all(self.pool()).await?;
        let mut keys = Vec::new();
        for row in rows {
            keys.push(AssertionKey {
                id: row.get("id"),
                sha1: row.get("sha1"),
                sha256: row.get("sha256"),
                family: row.get("family"),
                key: row.get("key"),
                expires: row.get("expires"),
            });
        }
        Ok(keys)
    }

    /// Notes that a credential was used; not more often than the figure is worth.
    pub async fn credential_used(&self, id: &str, address: &str) -> Result<()> {
        for table in ["app_secrets", "app_certificates"] {
            let statement = format!(
                "UPDATE {table} SET last_used = ?, last_address = ? WHERE id = ? AND coalesce(last_used, 0) < ?"
            );
            let now = now_s();
            sqlx::query(&statement)
                .bind(now)
                .bind(address)
                .bind(id)
                .bind(now - LAST_USE_SECONDS)
                .execute(self.pool())
                .await?;
        }
        Ok(())
    }

    /// What an app may do now; `None` when it was deleted.
    pub async fn standing(&self, app: &str) -> Result<Option<Standing>> {
        let Some(name) = self.app_name(app).await? else { return Ok(None) };
        let mut standing = Standing { name, ..Standing::default() };
        let rows = sqlx::query("SELECT permission, consented IS NOT NULL FROM app_permissions WHERE app = ?");
        for row in rows.bind(app).fetch_all(self.pool()).await? {
            if row.get(1) {
                standing.consented.insert(row.get(0));
            }
            standing.granted.insert(row.get(0));
        }
        let rows =
            sqlx::query("SELECT id FROM app_secrets WHERE app = ? UNION SELECT id FROM app_certificates WHERE app = ?");
        for row in rows.bind(app).bind(app).fetch_all(self.pool()).await? {
            standing.credentials.insert(row.get(0));
        }
        Ok(Some(standing))
    }
}

/// Compares with every stored hash, however early one fits, and in a time that does not depend on where they differ.
pub(crate) fn find_secret(stored: &[(String, String, i64)], secret: &str) -> Option<(String, i64)> {
    let hash = secret_hash(secret);
    let mut found = None;
    for (id, stored_hash, expires) in stored {
        let same: Choice = hash.as_bytes().ct_eq(stored_hash.as_bytes());
        if bool::from(same) {
            found = Some((id.clone(), *expires));
        }
    }
    found
}

fn credential_of(row: &SqliteRow) -> Credential {
    Credential {
        id: row.get("id"),
        name: row.get("label"),
        hint: row.get("sign"),
        created: row.get("created"),
        expires: row.get("expires"),
        last_used: row.get("last_used"),
        last_address: row.get("last_address"),
    }
}
