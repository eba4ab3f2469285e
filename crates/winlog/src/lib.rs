//! Windows events: reads them from files and XML. Pure functions over bytes: knows no store, no HTTP and no device.
//!
//! Every source ends in one type, [`Event`], because Windows itself, its log files, forwarding and most shippers can
//! all give the same XML.

mod error;
mod event;
pub mod evtx;
pub mod limits;
pub mod runs;
mod time;
mod xml;

pub use error::Error;
pub use event::{Event, Field};
pub use time::parse_time_ns;
pub use xml::parse;
