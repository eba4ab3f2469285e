//! What the kernel does not say: names of users, hashes of programs, which script a process runs, its container.

pub mod container;
pub mod hash;
pub mod links;
pub mod processes;
pub mod script;
pub mod snapshot;
pub mod users;
