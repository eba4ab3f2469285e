//! Figures per device for the device list: one scan over all devices.

use std::collections::BTreeMap;

use arrow::array::{Array, Int64Array};
use datafusion::arrow::datatypes::DataType;
use datafusion::functions_aggregate::expr_fn::{count, max, sum};
use datafusion::logical_expr::{cast, lit};
use store::Snapshot;

use crate::arrow_rows::{long_column, text_column};
use crate::filter::time;
use crate::search::column_of;
use crate::table::Scope;
use crate::{Engine, Error};

/// What one device sent since some instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeviceCount {
    /// Events.
    pub n_events: u64,
    /// Events that gap rows count as lost.
    pub n_lost: u64,
    /// Newest `Timestamp`, microseconds since 1970.
    pub last_event_us: i64,
}

impl Engine {
    /// Counts per device since an instant; of one device only when it is named.
    ///
    /// # Errors
    /// As for `page`.
    pub fn device_counts(
        &self,
        snapshot: &Snapshot,
        since_us: i64,
        device: Option<&str>,
    ) -> Result<BTreeMap<String, DeviceCount>, Error> {
        let scope = Scope { device: device.map(str::to_owned), time_min_us: Some(since_us), ..Scope::default() };
        let mut wanted = column_of("Timestamp").gt_eq(time(since_us));
        if let Some(device) = device {
            wanted = wanted.and(column_of("DeviceId").eq(lit(device)));
        }
        let frame = self.events(snapshot, scope)?.filter(wanted)?.aggregate(
            vec![column_of("DeviceId")],
            vec![
                count(lit(1_i64)).alias("n"),
                sum(column_of("LostCount")).alias("lost"),
                max(cast(column_of("Timestamp"), DataType::Int64)).alias("last"),
            ],
        )?;
        let mut counts = BTreeMap::new();
        for batch in self.collect(frame)? {
            let (Some(devices), Some(n_events), Some(lost), Some(last)) = (
                text_column(&batch, "DeviceId"),
                long_column(&batch, "n"),
                long_column(&batch, "lost"),
                long_column(&batch, "last"),
            ) else {
                continue;
            };
            for row_idx in 0..batch.num_rows() {
                let count = DeviceCount {
                    n_events: n_events.value(row_idx).cast_unsigned(),
                    n_lost: or_zero(lost, row_idx).cast_unsigned(),
                    last_event_us: or_zero(last, row_idx),
                };
                counts.insert(devices.value(row_idx).to_owned(), count);
            }
        }
        Ok(counts)
    }
}

fn or_zero(array: &Int64Array, row_idx: usize) -> i64 {
    if array.is_valid(row_idx) { array.value(row_idx) } else { 0 }
}
