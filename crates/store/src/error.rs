//! What can go wrong in the store, one variant where a caller acts differently.

use std::path::PathBuf;

/// Errors of the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The directory was written by a newer version.
    #[error(
        "{path} has store format {found}, this program knows up to {known}: use a newer nenrin or another --data-dir"
    )]
    NewerFormat {
        /// The format file.
        path: PathBuf,
        /// Version in the file.
        found: u32,
        /// Newest version we read.
        known: u32,
    },
    /// Another process has the store open.
    #[error("{path} is in use by another nenrin process: stop it, or use another --data-dir")]
    Locked {
        /// The store directory.
        path: PathBuf,
    },
    /// No space left; appends may be tried again once there is.
    #[error("disk full while writing {path}: free space or lower the retention; events stay in the sensors' spools")]
    DiskFull {
        /// What was being written.
        path: PathBuf,
    },
    /// A write or fsync failed: the store refuses all further appends, because the kernel may have dropped the pages.
    #[error("log write failed ({reason}): restart nenrin, it recovers what is on disk")]
    Poisoned {
        /// The first failure.
        reason: String,
    },
    /// Too many batches are waiting.
    #[error("too many batches are waiting for the log")]
    Busy,
    /// A stream has more separate ranges than we track.
    #[error("stream {epoch:016x} of device {device} has too many separate ranges: send the missing ones first")]
    TooManyRanges {
        /// Device id.
        device: String,
        /// Stream epoch.
        epoch: u64,
    },
    /// The batch is not usable.
    #[error("bad batch: {0}")]
    BadBatch(String),
    /// A file of ours can't be understood.
    #[error("{path} is corrupt: {reason}")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Any other I/O error.
    #[error("{action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Arrow or Parquet refused.
    #[error("column data: {0}")]
    Columns(String),
}

impl Error {
    /// An I/O error with its file, a full disk told apart.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        let path = path.into();
        if source.kind() == std::io::ErrorKind::StorageFull {
            return Error::DiskFull { path };
        }
        Error::Io { action, path, source }
    }
}

impl From<arrow::error::ArrowError> for Error {
    fn from(error: arrow::error::ArrowError) -> Self {
        Error::Columns(error.to_string())
    }
}

impl From<parquet::errors::ParquetError> for Error {
    fn from(error: parquet::errors::ParquetError) -> Self {
        match error {
            parquet::errors::ParquetError::External(inner) => Error::Columns(format!("parquet: {inner}")),
            other => Error::Columns(other.to_string()),
        }
    }
}
