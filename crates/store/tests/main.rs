//! Integration tests of the store, one binary.

mod corruption;
mod delta_table;
mod disk_full;
mod durability;
mod support;
