//! Second factor of people: time-based one-time passwords (RFC 6238) as every authenticator app makes them: SHA-1, six
//! digits, thirty seconds. A code counts once, one step early or late.

use anyhow::Result;
use rand::RngCore;
use ring::hmac;
use sqlx::Row;
use subtle::ConstantTimeEq;

use crate::clock::now_s;
use crate::state::State;

/// The table: one secret per user, in use once a code of it was shown.
pub const MIGRATION: &str = "
    CREATE TABLE IF NOT EXISTS user_totp (user TEXT PRIMARY KEY REFERENCES users(name) ON DELETE CASCADE,
        secret BLOB NOT NULL, confirmed INTEGER, last_step INTEGER NOT NULL DEFAULT 0);
";

/// Seconds of a code.
const STEP_SECONDS: i64 = 30;
/// Steps before and after ours that are taken too: the phone's clock, and the time that typing takes.
const STEPS_OFF_MAX: i64 = 1;
/// Bytes of a secret: the size of SHA-1's output, as RFC 4226 recommends.
const SECRET_BYTES: usize = 20;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The code of a step: RFC 4226, section 5.3.
fn code(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let at = usize::from(bytes[bytes.len() - 1] & 0xf);
    let word = u32::from_be_bytes([bytes[at] & 0x7f, bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    format!("{:06}", word % 1_000_000)
}

/// The step whose code this is, among those that count now.
fn step_of(secret: &[u8], typed: &str, now_s: i64) -> Option<i64> {
    let current = now_s / STEP_SECONDS;
    let mut found = None;
    for step in current - STEPS_OFF_MAX..=current + STEPS_OFF_MAX {
        if bool::from(code(secret, step).as_bytes().ct_eq(typed.as_bytes())) {
            found = Some(step);
        }
    }
    found
}

/// RFC 4648 base 32 without padding: 20 bytes are 32 characters.
fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (mut bits, mut n_bits) = (0_u32, 0);
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        n_bits += 8;
        while n_bits >= 5 {
            n_bits -= 5;
            text.push(char::from(BASE32[(bits >> n_bits & 31) as usize]));
        }
    }
    if n_bits > 0 {
        text.push(char::from(BASE32[(bits << (5 - n_bits) & 31) as usize]));
    }
    text
}

impl State {
    /// A new secret for a user, as text. Not in use before [`State::confirm_totp`]; `None` when one is in use.
    pub async fn new_totp(&self, user: &str) -> Result<Option<String>> {
        let mut secret = [0; SECRET_BYTES];
        rand::rng().fill_bytes(&mut secret);
        let added = sqlx::query(
            "INSERT INTO user_totp (user, secret) VALUES (?, ?)
             ON CONFLICT (user) DO UPDATE SET secret = excluded.secret WHERE confirmed IS NULL",
        )
        .bind(user)
        .bind(&secret[..])
        .execute(self.pool())
        .await?;
        Ok((added.rows_affected() == 1).then(|| base32(&secret)))
    }

    /// Puts a user's secret into use when the code is right.
    pub async fn confirm_totp(&self, user: &str, typed: &str) -> Result<bool> {
        if !self.use_totp(user, typed).await? {
            return Ok(false);
        }
        sqlx::query("UPDATE user_totp SET confirmed = coalesce(confirmed, ?) WHERE user = ?")
            .bind(now_s())
            .bind(user)
            .execute(self.pool())
            .await?;
        Ok(true)
    }

    /// True when a user must show a code to sign in.
    pub async fn has_totp(&self, user: &str) -> Result<bool> {
        let confirmed: Option<Option<i64>> = sqlx::query_scalar("SELECT confirmed FROM user_totp WHERE user = ?")
            .bind(user)
            .fetch_optional(self.pool())
            .await?;
        Ok(confirmed.flatten().is_some())
    }

    /// Uses a code up. Of two at once exactly one succeeds.
    pub async fn use_totp(&self, user: &str, typed: &str) -> Result<bool> {
        let row = sqlx::query("SELECT secret FROM user_totp WHERE user = ?").bind(user).fetch_optional(self.pool());
        let Some(row) = row.await? else { return Ok(false) };
        let Some(step) = step_of(row.get(0), typed, now_s()) else { return Ok(false) };
        let used = sqlx::query("UPDATE user_totp SET last_step = ? WHERE user = ? AND last_step < ?")
            .bind(step)
            .bind(user)
            .bind(step)
            .execute(self.pool())
            .await?;
        Ok(used.rows_affected() == 1)
    }

    /// Ends the second factor of a user. False when there was none.
    pub async fn delete_totp(&self, user: &str) -> Result<bool> {
        let gone = sqlx::query("DELETE FROM user_totp WHERE user = ?").bind(user).execute(self.pool()).await?;
        Ok(gone.rows_affected() == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, SHA-1; its eight digits end in our six.
    #[test]
    fn codes_are_the_rfcs() {
        let secret = b"12345678901234567890";
        for (time, expect) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000_i64, "353130"),
        ] {
            assert_eq!(code(secret, time / STEP_SECONDS), expect, "{time}");
            assert_eq!(step_of(secret, expect, time + STEP_SECONDS), Some(time / STEP_SECONDS));
            assert_eq!(step_of(secret, expect, time + 2 * STEP_SECONDS), None);
        }
        assert_eq!(step_of(secret, "", 59), None);
    }

    /// RFC 4648, section 10.
    #[test]
    fn base32_is_the_rfcs() {
        for (bytes, expect) in [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foobar", "MZXW6YTBOI")] {
            assert_eq!(base32(bytes.as_bytes()), expect);
        }
    }
}
