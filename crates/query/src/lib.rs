//! Queries over a store snapshot. DataFusion is named in this crate only. Read-only; the same data gives the same
//! answer; every query has a memory and a time limit. Calls block: the server runs them on its worker threads.

mod arrow_rows;
mod completeness;
mod cursor;
mod devices;
mod engine;
mod error;
mod filter;
mod history;
pub mod kql;
pub mod limits;
mod page;
pub mod search;
mod summary;
mod table;
mod tree;

pub use completeness::{Completeness, Gap, State};
pub use cursor::Cursor;
pub use devices::DeviceCount;
pub use engine::Engine;
pub use error::Error;
pub use filter::Filter;
pub use history::History;
pub use page::{Direction, Order, Page, PageRequest, Position, event_device};
pub use summary::{GroupCount, Summary};
pub use tree::{Node, Tree};
