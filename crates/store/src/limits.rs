//! Every cap of the store, with its reason.

use std::time::Duration;

/// Appends that wait for one fsync at most: bounds the latency of the first of them.
pub const GROUP_APPENDS_MAX: usize = 256;
/// Bytes written before one fsync at most, same reason.
pub const GROUP_BYTES_MAX: usize = 4 << 20;
/// Appends that may wait in the queue; beyond it the caller gets `Error::Busy` and answers 503.
pub const QUEUE_APPENDS_MAX: usize = 1024;
/// One log record at most; a batch from a sensor is at most 16 MiB decompressed (`wire`).
pub const WAL_RECORD_BYTES_MAX: usize = 32 << 20;
/// The memory table is flushed to Parquet at this many rows (one row group is 128 k rows) …
pub const FLUSH_ROWS: usize = 131_072;
/// … or this many log bytes …
pub const FLUSH_BYTES: u64 = 64 << 20;
/// … or this age, so that the log stays short and other engines see the data soon.
pub const FLUSH_AGE: Duration = Duration::from_secs(300);
/// Log replayed at a start beyond which it is flushed at once, in the background: a server that is killed again and
/// again before the log is due by its size or age must not read an ever longer one each time.
pub const REPLAYED_BYTES_MAX: u64 = 4 << 20;
/// Rows in the memory table beyond which appends answer `Busy` until the flush has caught up.
pub const MEMORY_ROWS_MAX: usize = 1_000_000;
/// Small in-memory batches that are merged into one when there are this many.
pub const MEMORY_SMALL_BATCHES_MAX: usize = 48;
/// A batch below this many rows is small.
pub const MEMORY_SMALL_ROWS: usize = 2_048;
/// Separate ranges beyond the contiguous mark, per stream.
pub const STREAM_RANGES_MAX: usize = 1_024;
/// Rows per Parquet row group: the unit that a page of the timeline reads and prunes.
pub const ROW_GROUP_ROWS: usize = 131_072;
/// Disk space below which appends are refused, so that flush and SQLite still have room to write.
pub const FREE_BYTES_MIN: u64 = 64 << 20;
