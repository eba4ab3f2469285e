//! Integration tests, one binary.

mod differential;
mod functions;
mod kql_bounds;
mod kql_documents;
mod naive;
