//! Integration tests, one binary.

mod kql_documents;
