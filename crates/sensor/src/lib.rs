//! The sensor: sees what happens on one device, turns it into rows, keeps them until the server has them.

pub mod clock;
#[cfg(target_os = "linux")]
pub mod collect;
pub mod enrich;
pub mod linux;
pub mod pipeline;
pub mod rows;
