//! Import without a server: what is in memory, and what is stored.

mod memory;
mod overlaps;
mod support;
