//! What can be wrong with a batch, one variant where a caller acts differently.

/// Errors of encoding and decoding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Over a limit: fewer records in a batch may help (HTTP 413).
    #[error("batch too large: {what} is {found}, the limit is {limit}")]
    TooLarge {
        /// What is over its limit.
        what: &'static str,
        /// The value found.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// Made by a newer sensor: the server has to be updated first.
    #[error("batch has version {found}, this program knows up to {known}: update the server before its sensors")]
    NewerVersion {
        /// Version in the batch.
        found: u16,
        /// Newest version we read.
        known: u16,
    },
    /// Not a batch, or damaged on the way (HTTP 400).
    #[error("corrupt batch: {0}")]
    Corrupt(&'static str),
}

/// `Ok` when `found` is within `limit`.
pub(crate) fn check_limit(what: &'static str, found: usize, limit: usize) -> Result<(), Error> {
    if found <= limit {
        return Ok(());
    }
    Err(Error::TooLarge { what, found: found as u64, limit: limit as u64 })
}
