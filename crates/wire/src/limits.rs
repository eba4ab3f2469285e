//! Every limit of a batch, each with its reason. Decoding one batch holds at most the raw payload, its records and the
//! decompressor's window: 2 × 16 MiB + 4 MiB + 10,000 vectors, under 40 MiB whatever the input.

/// Bytes of a whole batch, frame included: one HTTP body. At the usual ratio of 8 it carries more than the raw limit,
/// so only incompressible data meets it.
pub const BATCH_BYTES_MAX: usize = 4 << 20;

/// Bytes of the payload before compression: about 20,000 rows of 768 B, and what 64 parallel requests may hold
/// together stays near 1 GiB.
pub const BATCH_RAW_BYTES_MAX: usize = 16 << 20;

/// Records in a batch: bounds the work of one acknowledgement and the allocation count of tiny records.
pub const BATCH_ROWS_MAX: usize = 10_000;

/// Bytes of one record: a row with the longest command line Linux allows in one argument (128 KiB), its parent's and
/// its grandparent's, all escaped to four times their length, still fits in most cases; the sensor cuts what does not.
pub const RECORD_BYTES_MAX: usize = 1 << 20;

/// Raw bytes per compressed byte. Real telemetry stays under 40; a decompression bomb starts in the thousands.
pub const RATIO_MAX: usize = 200;

/// Payloads up to this size may have any ratio: they are harmless, and without this a single repetitive record could
/// never be sent. Twice the record limit, so that halving a refused batch always ends.
pub const RATIO_FREE_BYTES: usize = 2 * RECORD_BYTES_MAX;

/// Bytes of the boot id: a UUID in text has 36.
pub const BOOT_ID_BYTES_MAX: usize = 64;

/// Largest zstd window (as a power of two) that is accepted: 4 MiB; our encoder uses 2 MiB.
pub(crate) const WINDOW_LOG_MAX: u32 = 22;

/// zstd's level: its default; higher levels cost the endpoint more than they save on the line.
pub(crate) const LEVEL: i32 = 3;

const _: () = assert!(RATIO_FREE_BYTES < BATCH_RAW_BYTES_MAX && BOOT_ID_BYTES_MAX <= u8::MAX as usize);
