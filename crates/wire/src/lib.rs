//! The batch a sensor sends: records (the bytes of `schema::Row`) of one stream with dense sequence numbers, in one
//! checksummed, compressed frame. Any byte string is a batch or an error, within a fixed memory bound; nothing here
//! panics on input. Knows no rows, no HTTP and no identity: who sent a batch comes from the certificate alone.
//!
//! Frame, version 1, integers little-endian:
//!
//! | at | bytes | what |
//! |---|---|---|
//! | 0 | 4 | magic `NRNB` |
//! | 4 | 2 | version |
//! | 6 | 1 | length of the boot id |
//! | 7 | 1 | zero |
//! | 8 | 8 | stream epoch |
//! | 16 | 8 | sequence number of the first record |
//! | 24 | 8 | time of sending, ns since 1970-01-01 UTC by the device's clock |
//! | 32 | 4 | length of the payload before compression |
//! | 36 | 4 | number of records |
//! | 40 | 4 | length of the compressed payload |
//! | 44 | … | boot id, then the payload: one zstd frame of (varint length, record) pairs |
//! | end | 4 | CRC32C of everything before |

mod decode;
mod encode;
mod error;
mod frame;
pub mod limits;

pub use decode::decode;
pub use encode::encode;
pub use error::Error;
pub use frame::{Batch, Header};
pub use limits::{
    BATCH_BYTES_MAX, BATCH_RAW_BYTES_MAX, BATCH_ROWS_MAX, BOOT_ID_BYTES_MAX, RATIO_FREE_BYTES, RATIO_MAX,
    RECORD_BYTES_MAX,
};

/// The media type of a batch in HTTP.
pub const CONTENT_TYPE: &str = "application/vnd.nenrin.batch";
