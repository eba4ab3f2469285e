//! Rules asked about the past.

use anyhow::Result;
use query::{Cursor, History as Stored};

use super::detector::{Detector, with_ids};
use crate::limits::DETECT_PAGE_ROWS;

/// What asking about the past gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Rows that the rules were asked about.
    pub rows: u64,
    /// Matches, those that were known included.
    pub matches: u64,
    /// New alerts.
    pub alerts: u64,
}

impl Detector {
    /// Asks today's rules about the rows of all devices in a range of time, microseconds since 1970.
    ///
    /// # Errors
    /// When rows can't be read or alerts can't be stored.
    pub async fn ask_history(&self, from_us: i64, to_us: i64) -> Result<History> {
        let mut sum = History::default();
        for device in self.state().devices().await? {
            let mut beyond = None;
            loop {
                let wanted = Stored::Time { device: device.id.clone(), from_us, to_us, beyond };
                let rows = self.history(wanted).await?;
                let n_rows = rows.len();
                beyond = rows.last().map(Cursor::of);
                let (n_matches, n_alerts) = self.ask(vec![with_ids(device.clone(), rows)], &[]).await?;
                sum.rows += n_rows as u64;
                sum.matches += n_matches;
                sum.alerts += n_alerts;
                if n_rows < DETECT_PAGE_ROWS {
                    break;
                }
            }
        }
        Ok(sum)
    }
}
