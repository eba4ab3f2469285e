//! The event store: log, in-memory table and immutable column files. Append, scan, retain, recover.
//! It knows no KQL and no HTTP. An acknowledged row survives a crash; a column file never changes.
//!
//! Layout of the store directory:
//! ```text
//! format            version of this layout
//! lock              held by the process that has the store open
//! wal/<n>.wal       segments; each begins with the dedupe marks as of its creation
//! events/           the Delta table: _delta_log/ and day=YYYY-MM-DD/*.parquet
//! prevalence/       first and last seen and devices per hash, address, domain and file name: Parquet files
//! ```

mod columns;
mod commit;
mod compact;
#[cfg(test)]
mod crash_tests;
mod delta;
mod error;
mod files;
mod fsck;
mod import;
pub mod limits;
mod maintain;
mod marks;
mod memory;
mod merge;
mod prevalence;
mod recover;
mod snapshot;
mod step;
mod store;
mod usage;
mod wal;

pub use columns::{arrow_schema, arrow_type, batch_as_stored, batch_of_rows};
pub use compact::{Compacted, Eagerness};
pub use error::Error;
pub use files::FileMeta;
pub use fsck::{Report, fsck};
pub use maintain::{Retention, Vacuumed};
pub use marks::{Hole, StreamState};
pub use memory::MemoryBatch;
pub use prevalence::{Devices, FileFacts, Kind, PrevalenceSnapshot, PrevalenceStats, Sighting};
pub use snapshot::Snapshot;
pub use store::{Append, Appended, Options, Stats, Store};
pub use usage::{Forecast, Share, Usage, day_of};
