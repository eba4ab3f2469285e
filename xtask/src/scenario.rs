//! Scenarios: a real server, the real sensor, real acts, and the public API asked whether it saw them.

mod act;
mod clients;
mod first_look;
mod kill;
mod open_formats;
mod python;
mod rig;
mod shippers;
mod storm;
mod truth;

pub mod latency;

use anyhow::{Result, bail};

const USAGE: &str =
    "scenario first-look | storm [COUNT] | kill [ROUNDS] [--negative] | open-formats | clients | shippers
(as root; --release for a release build)";

/// Runs the named scenario.
///
/// # Errors
/// When an act was not found, a row was lost, or something could not be started.
pub fn run(args: &[String]) -> Result<()> {
    let release = args.iter().any(|arg| arg == "--release");
    let negative = args.iter().any(|arg| arg == "--negative");
    let words: Vec<&str> = args.iter().map(String::as_str).filter(|arg| !arg.starts_with("--")).collect();
    let number = |default: u32| words.get(1).map_or(Ok(default), |text| text.parse());
    match words.first() {
        Some(&"first-look") => first_look::run(release),
        Some(&"storm") => storm::run(number(10_000)?, release),
        Some(&"kill") => kill::run(number(50)?, release, negative),
        Some(&"open-formats") => open_formats::run(),
        Some(&"clients") => clients::run(release),
        Some(&"shippers") => shippers::run(release),
        _ => bail!("usage: cargo xtask {USAGE}"),
    }
}

/// `cargo xtask act …`: the small programs that scenarios run as known processes.
///
/// # Errors
/// When the act itself could not be done.
pub fn act(args: &[String]) -> Result<()> {
    act::run(args)
}
