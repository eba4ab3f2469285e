//! Integration tests of the server over real TLS and HTTP (curl is the client), one binary.

mod access;
mod alerts;
mod apps;
mod enrolment;
mod export;
mod forged;
mod graph;
mod hunting;
mod imports;
mod ingest;
mod matrix;
mod odata;
mod openapi;
mod ship;
mod store;
mod support;
mod timeline;
mod token_endpoint;
mod tokens;
mod totp;
