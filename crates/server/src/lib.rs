//! The server: ingest endpoint, HTTP API, users, embedded portal, command line.
//! The only crate that knows HTTP, JSON, users and the clock of requests.

pub mod alerts;
mod answer_table;
pub mod api;
pub mod app_cli;
pub mod ca;
pub mod cli;
pub mod clock;
mod detect_cli;
pub mod identity;
pub mod import;
mod import_cli;
pub mod ingest;
pub mod limits;
pub mod local;
mod local_work;
pub mod oauth;
pub mod portal;
mod prompt;
pub mod query_cli;
pub mod serve;
pub mod ship;
mod source_cli;
pub mod state;
pub mod store_cli;
pub mod tls;
pub mod up;
mod user_cli;
