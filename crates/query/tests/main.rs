//! Integration tests, one binary.

mod differential;
mod documents;
mod functions;
mod kql_bounds;
mod kql_documents;
mod naive;
mod oracle;
mod queries;
mod reference;
