//! What the crate promises, over its public functions.

mod evtx;
mod runs;
