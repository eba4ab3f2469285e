//! What can go wrong in a query.

use crate::limits::DAMAGE_BYTES_MAX;

/// Errors of a query.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request can't be understood; the text is for the user.
    #[error("{0}")]
    BadRequest(String),
    /// The event is not stored (any more).
    #[error("no event {0}: it is outside the retention, or the id is wrong")]
    NoEvent(String),
    /// A named cap was reached.
    #[error("query stopped: {0}")]
    Limit(String),
    /// A column file is missing or damaged; the text names it and the next step.
    #[error("query failed: {0}; questions about other days and devices are answered")]
    Damaged(String),
    /// The engine or a file failed.
    #[error("query failed: {0}")]
    Engine(String),
}

impl Error {
    /// The error as one that names the file, when a file is the cause. Reads files: call it where blocking is allowed.
    #[must_use]
    pub fn with_cause(self, snapshot: &store::Snapshot) -> Self {
        let Error::Engine(_) = &self else { return self };
        let damage = snapshot.damage(DAMAGE_BYTES_MAX);
        if damage.is_empty() { self } else { Error::Damaged(damage.join("; ")) }
    }

    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Error::BadRequest(_) => "bad_request",
            Error::NoEvent(_) => "no_event",
            Error::Limit(_) => "limit",
            Error::Damaged(_) => "damaged_file",
            Error::Engine(_) => "engine",
        }
    }
}

impl From<datafusion::error::DataFusionError> for Error {
    fn from(error: datafusion::error::DataFusionError) -> Self {
        use datafusion::error::DataFusionError;
        match error.find_root() {
            DataFusionError::ResourcesExhausted(reason) => Error::Limit(format!("memory cap reached: {reason}")),
            _ => Error::Engine(error.to_string()),
        }
    }
}

impl From<arrow::error::ArrowError> for Error {
    fn from(error: arrow::error::ArrowError) -> Self {
        Error::Engine(error.to_string())
    }
}
