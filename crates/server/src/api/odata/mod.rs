//! OData V4 as far as MDE's clients use it (OASIS, "OData Version 4.01, Part 2: URL Conventions"): a typed `$filter`,
//! `$top`, `$skip`, `$select`, `$orderby`, `$count`, `$expand`, pages that never repeat. Every text is a query or an
//! error within fixed limits.

mod filter;
mod lexer;
mod options;
mod page;
mod parser;
mod schema;

pub use filter::{Filter, lower_bound};
pub use options::Options;
pub use page::{Answer, Page, answer};
pub use schema::{Kind, Property, Schema};

use http::StatusCode;

use super::error::ApiError;

/// What is wrong with a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(pub String);

impl Fault {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl From<Fault> for ApiError {
    fn from(fault: Fault) -> Self {
        ApiError::new(StatusCode::BAD_REQUEST, "ODataError", &fault.0)
    }
}
