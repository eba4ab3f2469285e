//! The position of an event in the order of a device's timeline, as an opaque text.

use schema::{Row, col};

use crate::Error;

/// (time, sequence, epoch): total order, stable under inserts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// `Timestamp`, microseconds since 1970.
    pub time_us: i64,
    /// `StreamSeq`.
    pub seq: i64,
    /// `StreamEpoch`.
    pub epoch: String,
}

impl Cursor {
    /// The position of a row.
    pub fn of(row: &Row) -> Self {
        Self {
            time_us: row.number(&col::TIMESTAMP).unwrap_or(0).div_euclid(1_000),
            seq: row.number(&col::STREAM_SEQ).unwrap_or(0),
            epoch: row.text(&col::STREAM_EPOCH).unwrap_or_default().to_owned(),
        }
    }

    /// Text that `parse` reads back.
    pub fn to_text(&self) -> String {
        format!("{}_{}_{}", self.time_us, self.seq, self.epoch)
    }

    /// Reads `to_text` back.
    ///
    /// # Errors
    /// `BadRequest` for any other text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bad = || Error::BadRequest("cursor: not one that this server gave".to_owned());
        let mut parts = text.splitn(3, '_');
        let time_us = parts.next().and_then(|it| it.parse().ok()).ok_or_else(bad)?;
        let seq = parts.next().and_then(|it| it.parse().ok()).ok_or_else(bad)?;
        let epoch = parts.next().ok_or_else(bad)?;
        if epoch.len() != 16 || !epoch.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(bad());
        }
        Ok(Self { time_us, seq, epoch: epoch.to_owned() })
    }
}
