//! Which PowerShell script did it: a simulation with known truth, and the scenario of two scripts in one ISE.

mod limits;
mod log;
mod scenario;
mod simulation;
mod world;
