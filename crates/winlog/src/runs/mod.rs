//! Which PowerShell script did it.
//!
//! One `powershell.exe` or `powershell_ise.exe` runs many scripts, and most records of what it does name the process
//! only. This engine joins them with what PowerShell logs of itself, and says for each action which script did it and
//! how sure that is. Three rules hold everywhere:
//!
//! - A record that is there proves something. A record that is not there proves something only where the log has no
//!   gap (`records.rs`).
//! - Exact is never wrong; where two scripts can have done it, none is named.
//! - The answer depends on the facts, not on the order they came in.
//!
//! Pure: no I/O, no clock. [`Fact`] is the input, [`Verdict`] the output. [`facts`] makes facts of events, and
//! [`Attributor`] puts the answers into rows.

mod adapt;
mod blocks;
mod engine;
mod fact;
mod index;
mod judge;
mod likely;
pub mod limits;
mod prove;
mod records;
mod rows;
mod text;
mod verdict;

pub use adapt::{awaits_script, facts};
pub use engine::Engine;
pub use fact::{Action, Command, Fact, Kind, Part, Record, Span};
pub use judge::is_host;
pub use rows::{Attributor, apply};
pub use verdict::{Candidate, Evidence, Level, Script, Verdict};
