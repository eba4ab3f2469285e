//! What can go wrong in the spool, one variant where the caller acts differently.

use std::io;
use std::path::{Path, PathBuf};

/// Errors of the spool.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No space left. The rows were counted and will be reported as `EventsLost` when there is space: carry on.
    #[error("disk full while writing {path}: events are counted as lost until there is space")]
    DiskFull {
        /// What was being written.
        path: PathBuf,
    },
    /// A write or fsync failed, so the kernel may have dropped pages: stop, and start anew from what is on disk.
    #[error("spool failed ({reason}): restart the sensor, it recovers what is on disk")]
    Poisoned {
        /// The first failure.
        reason: String,
    },
    /// Another process has the spool open.
    #[error("{path} is in use by another sensor: stop it, or use another --data-dir")]
    Locked {
        /// The spool directory.
        path: PathBuf,
    },
    /// The server acknowledged what it was never sent.
    #[error("acknowledged up to {through}, but only {sent} was sent: the server's answer is wrong")]
    AckBeyondSent {
        /// What was acknowledged.
        through: u64,
        /// What was sent.
        sent: u64,
    },
    /// Any other failure of the file system.
    #[error("{doing} {path}: {source}")]
    Io {
        /// What was tried, in the present tense.
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

impl Error {
    pub(super) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        if is_disk_full(&source) { Error::DiskFull { path } } else { Error::Io { doing, path, source } }
    }
}

/// The errors that end when somebody frees space; all others are failures of the disk.
pub(super) fn is_disk_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
