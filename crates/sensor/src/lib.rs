//! The sensor: sees what happens on one device, turns it into rows, keeps them until the server has them.

#[cfg(target_os = "linux")]
pub mod alive;
pub mod client;
#[cfg(target_os = "linux")]
pub mod clock;
#[cfg(target_os = "linux")]
pub mod collect;
pub mod config;
pub mod enrich;
pub mod enrol;
pub mod heartbeat;
pub mod identity;
pub mod linux;
pub mod pipeline;
pub mod rows;
#[cfg(target_os = "linux")]
pub mod run;
#[cfg(target_os = "linux")]
pub mod selftest;
#[cfg(target_os = "linux")]
pub mod sender;
pub mod spool;
#[cfg(target_os = "linux")]
pub mod status;
#[cfg(test)]
mod testing;
pub mod upload;
#[cfg(target_os = "linux")]
pub mod watch;
