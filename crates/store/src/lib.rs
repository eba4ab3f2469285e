//! The event store: log, in-memory table and immutable column files. Append, scan, retain, recover.
//! It knows no KQL and no HTTP. An acknowledged row survives a crash; a column file never changes.
//!
//! Layout of the store directory:
//! ```text
//! format            version of this layout
//! lock              held by the process that has the store open
//! wal/<n>.wal       segments; each begins with the dedupe marks as of its creation
//! events/           the Delta table: _delta_log/ and day=YYYY-MM-DD/*.parquet
//! ```

mod columns;
mod commit;
mod delta;
mod error;
mod files;
mod fsck;
pub mod limits;
mod marks;
mod memory;
mod recover;
mod store;
mod wal;

pub use columns::{arrow_schema, arrow_type};
pub use error::Error;
pub use files::FileMeta;
pub use fsck::{Report, fsck};
pub use marks::{Hole, StreamState};
pub use memory::MemoryBatch;
pub use store::{Append, Appended, Options, Snapshot, Stats, Store};
