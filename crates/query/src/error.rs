//! What can go wrong in a query.

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
    /// The engine or a file failed.
    #[error("query failed: {0}")]
    Engine(String),
}

impl Error {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Error::BadRequest(_) => "bad_request",
            Error::NoEvent(_) => "no_event",
            Error::Limit(_) => "limit",
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
