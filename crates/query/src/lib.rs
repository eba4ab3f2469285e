//! Queries over a store snapshot. DataFusion is named in this crate only. Read-only; the same data gives the same
//! answer; every query has a memory and a time limit. Calls block: the server runs them on its worker threads.

mod arrow_rows;
mod blocks;
mod column_file;
mod completeness;
mod cursor;
mod devices;
mod distinct;
mod engine;
mod error;
mod export;
mod filter;
mod history;
pub mod kql;
pub mod limits;
mod lineage;
mod matcher;
mod merged_union;
mod needle;
mod page;
#[cfg(test)]
mod plain_tests;
mod prune;
mod reader;
mod scan;
mod script_runs;
pub mod search;
mod source;
mod summary;
mod table;
mod tree;
mod truth;
mod walk;

pub use completeness::{Completeness, Gap, State};
pub use cursor::Cursor;
pub use devices::DeviceCount;
pub use engine::Engine;
pub use error::Error;
pub use export::{Chunk, EventsFile, Export};
pub use filter::Filter;
pub use history::History;
pub use page::{Direction, Order, Page, PageRequest, Position, event_device};
pub use script_runs::ScriptRun;
pub use summary::{GroupCount, Summary};
pub use tree::{Node, Tree};
