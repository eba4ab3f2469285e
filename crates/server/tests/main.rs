//! Integration tests of the server over real TLS and HTTP (curl is the client), one binary.

mod access;
mod enrolment;
mod hunting;
mod ingest;
mod openapi;
mod support;
mod timeline;
mod tokens;
