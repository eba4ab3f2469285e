//! Integration tests, one binary.

mod differential;
mod documents;
mod functions;
mod kql_bounds;
mod kql_documents;
mod naive;
mod queries;
mod reference;
