//! Rows about the sensor itself: it started, it stopped, it lost something.

use schema::row::Nanos;
use schema::{Row, col};
use serde_json::{Map, Value};

use super::{Builder, additional};

/// Something that was not recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Value of `GapReason`.
    pub reason: &'static str,
    /// How many events, when known.
    pub count: Option<u64>,
    /// Start of the window, wall clock.
    pub from_ns: i64,
    /// End of the window.
    pub to_ns: i64,
    /// Which kind of events, when known.
    pub kind: Option<&'static str>,
}

impl Builder {
    /// `SensorStarted`: version, and what is seen and what is not.
    pub fn sensor_started(&self, boot_ns: u64, more: Map<String, Value>) -> Row {
        let mut row = self.row("DeviceEvents", "SensorStarted", boot_ns);
        self.of_sensor(&mut row);
        additional(&mut row, more);
        row
    }

    /// `SensorStopped`.
    pub fn sensor_stopped(&self, boot_ns: u64, more: Map<String, Value>) -> Row {
        let mut row = self.row("DeviceEvents", "SensorStopped", boot_ns);
        self.of_sensor(&mut row);
        additional(&mut row, more);
        row
    }

    /// `EventsLost`.
    pub fn events_lost(&self, boot_ns: u64, gap: &Gap) -> Row {
        let mut row = self.row("DeviceEvents", "EventsLost", boot_ns);
        self.of_sensor(&mut row);
        row.set(&col::GAP_REASON, gap.reason)
            .set_opt(&col::LOST_COUNT, gap.count.map(|count| i64::try_from(count).unwrap_or(i64::MAX)))
            .set(&col::FIRST_SEEN, Nanos(gap.from_ns))
            .set(&col::LAST_SEEN, Nanos(gap.to_ns));
        let mut more = Map::new();
        if let Some(kind) = gap.kind {
            more.insert("kind".to_owned(), kind.into());
        }
        additional(&mut row, more);
        row
    }

    fn of_sensor(&self, row: &mut Row) {
        row.set(&col::BOOT_ID, self.boot_id.as_str())
            .set(&col::INITIATING_PROCESS_ID, i64::from(std::process::id()))
            .set(&col::INITIATING_PROCESS_FILE_NAME, "nenrin-sensor");
    }
}
