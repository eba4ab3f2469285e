//! Every limit of an import, each with its reason.

use std::time::Duration;

/// Files of one import: those of every channel of a few hundred devices.
pub const FILES_MAX: usize = 100_000;
/// Folders below the one that was named.
pub const FOLDER_DEPTH_MAX: usize = 32;
/// Files of one device that are read together: each holds a chunk and its events, about 1 MiB.
pub const FILES_TOGETHER: usize = 64;
/// Devices in files that are read together: a collector's `ForwardedEvents` has some thousands.
pub const DEVICES_MAX: usize = 20_000;
/// Bytes of a device's name, as for devices that have a sensor.
pub const NAME_BYTES_MAX: usize = 256;
/// Problems that an import lists; all are counted.
pub const PROBLEMS_MAX: usize = 100;
/// Gap rows that one file makes; all damage is counted.
pub const GAPS_MAX: usize = 1_000;
/// Events between two reports of progress.
pub const PROGRESS_EVENTS: u64 = 10_000;
/// Rows that are appended at once: one write to the log.
pub const BATCH_ROWS: usize = 4_096;
/// Bytes that are appended at once.
pub const BATCH_BYTES: usize = 4 << 20;
/// Bytes of rows that wait in all streams together: a collector's log has thousands of devices.
pub const WAITING_BYTES_MAX: usize = 6 << 20;
/// Bytes of rows after which the store writes its memory to column files. As columns they take about three times as much
/// memory, once more while they are sorted; an import of any size stays under 300 MB with that.
pub const FLUSH_BYTES: usize = 6 << 20;
/// Records that are remembered over files that are read together, 32 bytes each: those of a few days of a busy log.
/// Beyond it a record that comes again is stored again.
pub const SEEN_RECORDS_MAX: usize = 1_000_000;
/// Logs of one file that are remembered for later imports.
pub const SPANS_MAX: usize = 10_000;
/// Parts of a file that a thread of its own has read ahead, with their events.
pub const PARTS_AHEAD: usize = 4;
/// Files read together for which there are such threads.
pub const FILES_AHEAD_MAX: usize = 8;
/// Pause while the store writes column files, and how often: ten minutes in all.
pub const BUSY_PAUSE: Duration = Duration::from_millis(200);
/// See `BUSY_PAUSE`.
pub const BUSY_TRIES: u32 = 3_000;
