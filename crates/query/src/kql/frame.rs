//! Instants: ticks of KQL and microseconds of the store.

/// Ticks of 100 ns from 0001-01-01 to 1970-01-01.
pub const UNIX_EPOCH_TICKS: i64 = 621_355_968_000_000_000;
