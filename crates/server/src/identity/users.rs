//! People in the database: list, role, deletion. Their passwords and sessions are in `state`.

use anyhow::Result;
use sqlx::Row;

use super::permissions::Role;
use crate::clock::now_s;
use crate::limits::USERS_MAX;
use crate::state::State;

/// A user as listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Login name.
    pub name: String,
    /// What it may do.
    pub role: String,
    /// Seconds since 1970.
    pub created: i64,
}

/// Why a change was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserRefused {
    /// Nobody has this name.
    Unknown,
    /// Somebody has this name.
    Taken,
    /// There must be an admin.
    LastAdmin,
    /// There are too many.
    TooMany,
}

impl UserRefused {
    /// What is wrong, and what to do.
    pub fn words(self) -> &'static str {
        match self {
            Self::Unknown => "there is no user of this name",
            Self::Taken => "there is a user of this name: choose another one",
            Self::LastAdmin => "this is the last admin: make another user admin first",
            Self::TooMany => "there are too many users: delete one first",
        }
    }
}

impl State {
    /// Creates a user.
    pub async fn add_user(&self, name: &str, password_hash: &str, role: Role) -> Result<Result<(), UserRefused>> {
        let n_users: i64 = sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(self.pool()).await?;
        if n_users >= USERS_MAX {
            return Ok(Err(UserRefused::TooMany));
        }
        let added = sqlx::query("INSERT OR IGNORE INTO users (name, password, role, created) VALUES (?, ?, ?, ?)")
            .bind(name)
            .bind(password_hash)
            .bind(role.name())
            .bind(now_s())
            .execute(self.pool())
            .await?;
        Ok(if added.rows_affected() == 1 { Ok(()) } else { Err(UserRefused::Taken) })
    }

    /// All users by name.
    pub async fn users(&self) -> Result<Vec<Listed>> {
        let rows = sqlx::query("SELECT name, role, created FROM users ORDER BY name").fetch_all(self.pool()).await?;
        Ok(rows.iter().map(|row| Listed { name: row.get(0), role: row.get(1), created: row.get(2) }).collect())
    }

    /// Gives a user another role; its sessions have it at once. The last admin stays one.
    pub async fn set_role(&self, name: &str, role: Role) -> Result<Result<(), UserRefused>> {
        let changed = sqlx::query(
            "UPDATE users SET role = ? WHERE name = ? AND (role <> 'admin' OR ? = 'admin'
             OR (SELECT count(*) FROM users WHERE role = 'admin') > 1)",
        )
        .bind(role.name())
        .bind(name)
        .bind(role.name())
        .execute(self.pool())
        .await?;
        self.changed_or_why(changed.rows_affected(), name).await
    }

    /// Deletes a user and ends its sessions. The last admin stays.
    pub async fn delete_user(&self, name: &str) -> Result<Result<(), UserRefused>> {
        let gone = sqlx::query(
            "DELETE FROM users WHERE name = ? AND (role <> 'admin'
             OR (SELECT count(*) FROM users WHERE role = 'admin') > 1)",
        )
        .bind(name)
        .execute(self.pool())
        .await?;
        self.changed_or_why(gone.rows_affected(), name).await
    }

    async fn changed_or_why(&self, n_changed: u64, name: &str) -> Result<Result<(), UserRefused>> {
        if n_changed == 1 {
            return Ok(Ok(()));
        }
        Ok(Err(match self.credentials(name).await? {
            Some(_) => UserRefused::LastAdmin,
            None => UserRefused::Unknown,
        }))
    }
}
