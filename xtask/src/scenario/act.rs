//! Programs that do exactly one known thing, run as processes of their own.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

pub(super) fn run(args: &[String]) -> Result<()> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        ["storm", marker, count] => storm(marker, count.parse().context("count")?),
        _ => bail!("usage: act storm MARKER COUNT"),
    }
}

/// Starts `/bin/true` as fast as one process can, four at a time; each has an argument of its own.
fn storm(marker: &str, count: u32) -> Result<()> {
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        for thread_idx in 0..4 {
            threads.push(scope.spawn(move || -> Result<()> {
                for number in (thread_idx..count).step_by(4) {
                    let argument = format!("{marker}-{number}");
                    let status = Command::new("/bin/true").arg(argument).stdin(Stdio::null()).status()?;
                    if !status.success() {
                        bail!("/bin/true ended with {status}");
                    }
                }
                Ok(())
            }));
        }
        for thread in threads {
            thread.join().map_err(|_| anyhow::anyhow!("storm thread panicked"))??;
        }
        Ok(())
    })
}
