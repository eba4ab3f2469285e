//! Integration tests, one binary.

mod kql_bounds;
mod kql_documents;
