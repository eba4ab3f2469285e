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
/// Rows per Parquet row group: the unit of dictionaries and bloom filters.
pub const ROW_GROUP_ROWS: usize = 32_768;
/// Rows per page of a column: what is unpacked at least to show rows of one device.
pub const PAGE_ROWS: usize = 2_048;
/// Bytes of a column's dictionary in a row group: all of it is unpacked to show one row, so that texts which hardly
/// repeat are better kept page by page.
pub const DICTIONARY_BYTES_MAX: usize = 256 << 10;
/// Zstandard level of column files.
pub const ZSTD_LEVEL: i32 = 3;
/// Disk space below which appends are refused, so that flush and SQLite still have room to write.
pub const FREE_BYTES_MIN: u64 = 64 << 20;

/// Rows of one compacted file at most: so many that those of one device lie together, and so few that a rewrite takes
/// seconds.
pub const COMPACT_ROWS_MAX: u64 = 4 << 20;
/// Files merged at once at most: each costs an open reader and a decoded batch.
pub const COMPACT_FILES_MAX: usize = 32;
/// Files of one size class that are merged while their day still grows; each row is rewritten about once per class.
pub const COMPACT_FILES_MIN: usize = 8;
/// A day of arrival is over this long after midnight; then all its small files are merged.
pub const COMPACT_SETTLE: Duration = Duration::from_secs(3_600);
/// Rows that a merge decodes per input at a time: bounds its memory together with the number of files.
pub const COMPACT_BATCH_ROWS: usize = 1_024;
/// Rows that a merge hands to the writer at a time.
pub const COMPACT_OUTPUT_ROWS: usize = 8_192;
/// How often retention, compaction, checkpoints and vacuum look whether there is something to do.
pub const MAINTENANCE_EVERY: Duration = Duration::from_secs(60);
/// Scheduling priority of the maintenance thread (nice value): ingest and queries come first.
pub const MAINTENANCE_NICE: i32 = 10;
/// A file that was taken out of the table stays on disk this long for other engines that read an older state of it.
/// Our own queries hold what they read for as long as they run.
pub const VACUUM_GRACE: Duration = Duration::from_secs(900);
/// Commits after which a checkpoint is written: what a start has to read at most, besides the checkpoint.
pub const CHECKPOINT_COMMITS: u64 = 100;
/// Checkpoints that stay; the log before the oldest of them is deleted.
pub const CHECKPOINTS_KEPT: usize = 2;
/// Checkpoints name deleted files for this long, as Delta's default is.
pub const TOMBSTONE_KEPT: Duration = Duration::from_secs(7 * 86_400);

/// Rows that an import sorts at once: so many that its files need few merges, and so few that memory stays bounded.
pub const IMPORT_ROWS: usize = 524_288;
/// Threads that sort and write an import's files: each holds a chunk of `IMPORT_ROWS` rows twice.
pub const IMPORT_WRITERS_MAX: usize = 4;

/// Devices that prevalence names one by one for a key; beyond it their number is estimated. A fleet of some hundreds is
/// counted exactly, and the estimate's standard error, 1 / √(512 − 1), is 4.4 %.
pub const PREVALENCE_DEVICES_EXACT: usize = 512;
/// Bytes of a key; the longest host name has 253, the longest file name 255. What is longer is not counted.
pub const PREVALENCE_KEY_BYTES_MAX: usize = 1_024;
/// Entries that a merge decodes of each run at a time; with all devices named an entry has 20 KiB.
pub const PREVALENCE_BATCH_ROWS: usize = 512;
/// Entries of a row group: what a look-up of one key decodes of each run.
pub const PREVALENCE_GROUP_ROWS: usize = 16_384;
/// Runs of one size class that are merged; a look-up reads each run.
pub const PREVALENCE_MERGE_MIN: usize = 8;
/// Runs merged at once at most: bounds the memory of a merge together with `PREVALENCE_BATCH_ROWS`.
pub const PREVALENCE_MERGE_MAX: usize = 16;
/// A key that was not seen for this long is forgotten when all runs are merged: two years, longer than any retention
/// that is usual for events.
pub const PREVALENCE_KEPT: Duration = Duration::from_secs(731 * 86_400);

/// Arrivals of this many last days say how fast the store grows.
pub const GROWTH_WINDOW: Duration = Duration::from_secs(7 * 86_400);
/// Below this much history there is no forecast.
pub const GROWTH_WINDOW_MIN: Duration = Duration::from_secs(3_600);
