//! Windows events: reads them from files and XML. Pure functions over bytes: knows no store, no HTTP and no device.
//!
//! Every source ends in one type, [`Event`], because Windows itself, its log files, forwarding and most shippers can
//! all give the same XML.

mod assemble;
mod csv;
mod error;
mod event;
pub mod evtx;
mod held;
mod json;
pub mod limits;
mod links;
mod map;
pub mod mde;
mod members;
mod merge;
mod normaliser;
mod processes;
pub mod runs;
mod scripts;
mod source;
mod text;
mod time;
mod xml;

pub use error::Error;
pub use event::{Event, Field};
pub use json::{parse as parse_json, parse_object};
pub use map::{mapped, row};
pub use normaliser::{Normalised, Normaliser, Tally};
pub use source::{Damage, InOrder, Source};
pub use text::{JsonLines, XmlReader};
pub use time::{parse_time_ns, time_text_of_ns};
pub use xml::parse;
