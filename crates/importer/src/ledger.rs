//! What an import has to remember of earlier ones.

use anyhow::Result;

use crate::{LogName, Span};

/// What is known of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Never seen, or begun with the same files as now.
    New,
    /// Imported to the end.
    Done,
    /// Begun together with other files: its rows would come out differently now.
    BegunOtherwise,
}

/// Which files were imported, by the SHA-256 of their content, and which devices imports speak for.
pub trait Ledger {
    /// True when a file was imported to the end.
    ///
    /// # Errors
    /// When the ledger can't be read; so for the others.
    fn is_imported(&self, file: &str) -> Result<bool>;

    /// Notes that a file is being imported; `together` stands for the files that are read with it.
    ///
    /// # Errors
    /// When the ledger can't be written.
    fn begin(&self, file: &str, name: &str, together: &str) -> Result<Known>;

    /// Notes that a file was imported to the end, and what it held of each log.
    ///
    /// # Errors
    /// When the ledger can't be written.
    fn end(&self, file: &str, spans: &[(LogName, Span)]) -> Result<()>;

    /// What files held of a log that were imported before this one was begun: when an import is repeated that broke off,
    /// the same as at first.
    ///
    /// # Errors
    /// When the ledger can't be read.
    fn spans(&self, file: &str, computer: &str, channel: &str) -> Result<Vec<Span>>;

    /// Adds a device that only imports speak for; one that is there stays as it is.
    ///
    /// # Errors
    /// When the ledger can't be written.
    fn add_device(&self, id: &str, name: &str) -> Result<()>;
}
