//! What the crate promises, over its public functions.

mod evtx;
mod map;
mod mde;
mod normaliser;
mod runs;
mod text;
