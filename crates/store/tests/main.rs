//! Integration tests of the store, one binary.

mod corruption;
mod delta_table;
mod durability;
mod support;
