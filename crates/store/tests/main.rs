//! Integration tests of the store, one binary.

mod corruption;
mod delta_table;
mod disk_full;
mod durability;
mod maintenance;
mod prevalence;
mod support;
mod usage;

// `support` is shared with tests inside the crate, where the crate has another name.
use store as tested;
