//! What a table is. The tables themselves are in `tables.rs`.

use crate::column::Column;

/// One KQL table.
#[derive(Debug)]
pub struct Table {
    /// KQL name, for example `DeviceProcessEvents`.
    pub name: &'static str,
    /// What one row is.
    pub prose: &'static str,
    /// Columns in KQL order: MDE's first, ours after them.
    pub columns: &'static [&'static Column],
    /// True when the table is a view of the wide physical table `events`;
    /// false when it is a small table of its own.
    pub in_events: bool,
}

impl Table {
    /// The column of that exact name.
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().copied().find(|column| column.name == name)
    }
}
