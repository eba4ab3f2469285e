//! `nenrin-sensor run`: collector → spool → server, until a signal.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use schema::Row;
use tracing::{error, info, warn};

use crate::alive::Alive;
use crate::collect::{self, Options};
use crate::config::Config;
use crate::linux::rights;
use crate::pipeline::Seen;
use crate::spool::{self, Spool, SpoolLimits};

/// How often the sign of life is renewed: the precision of a reported downtime.
const ALIVE_INTERVAL: Duration = Duration::from_secs(2);
/// Rows on their way to disk at a stop.
const FLUSH_WAIT: Duration = Duration::from_secs(1);

/// What `run` is asked to do, beside `sensor.toml`.
#[derive(Clone, Debug)]
pub struct Run {
    /// Where identity, spool and configuration are.
    pub data_dir: PathBuf,
    /// The server's ingest port; overrides the file.
    pub server: Option<String>,
    /// Added to the file's.
    pub exclude_exe: Vec<String>,
}

/// Runs until `stop`.
pub fn run(run: &Run, stop: &Arc<AtomicBool>) -> anyhow::Result<()> {
    std::fs::create_dir_all(&run.data_dir).with_context(|| format!("make {}", run.data_dir.display()))?;
    let config = Config::load(&run.data_dir)?;
    let limits = config.spool_bytes_max.map_or_else(SpoolLimits::default, |bytes_max| SpoolLimits { bytes_max });
    let spool = Arc::new(Spool::open(&run.data_dir.join("spool"), limits).context("open the spool")?);
    let alive = Alive::new(&run.data_dir);
    let gap_before = alive.gap();
    alive.mark(false)?;
    let options = Options {
        exclude_exe: run.exclude_exe.iter().chain(&config.exclude_exe).cloned().collect(),
        without_snapshot: config.snapshot == Some(false),
        gap_before,
    };
    let server = run.server.clone().or(config.server);
    let sender = crate::sender::Sender::start(&run.data_dir, server, Arc::clone(&spool))?;
    let result = std::thread::scope(|scope| {
        scope.spawn(|| sign_of_life(&alive, stop));
        let result = collect_into(&spool, options, stop, &sender);
        stop.store(true, Ordering::Relaxed);
        result
    });
    // Only durable rows are sent, so these first.
    let durable = spool.flush(FLUSH_WAIT).context("flush the spool")?;
    if !durable {
        warn!("rows were still on their way to disk at the stop");
    }
    sender.stop();
    result?;
    alive.mark(true)?;
    info!("sensor stopped");
    Ok(())
}

fn collect_into(
    spool: &Spool,
    options: Options,
    stop: &AtomicBool,
    sender: &crate::sender::Sender,
) -> anyhow::Result<()> {
    let mut sink = |rows: Vec<Seen>| append(spool, rows.into_iter().map(|seen| seen.row).collect());
    let mut attached = false;
    let result = collect::run(
        options,
        stop,
        |coverages| {
            attached = true;
            sender.set_coverage(coverages);
        },
        &mut sink,
    );
    match result {
        Err(error) if !attached => {
            let reason = explain(&error);
            error!(reason, "no hook could be attached: only the start-up snapshot and heartbeats are sent");
            sender.set_coverage(&collect::off(&reason));
            collect::run_without_hooks(&reason, stop, &mut sink)
        }
        other => other,
    }
}

/// A full disk is counted by the spool and reported later; anything else is the end.
fn append(spool: &Spool, rows: Vec<Row>) -> anyhow::Result<()> {
    match spool.append(&rows) {
        Ok(_) => Ok(()),
        Err(spool::Error::DiskFull { .. }) => Ok(()),
        Err(error) => Err(error).context("append to the spool"),
    }
}

/// Which right is missing, for the log and the row.
fn explain(error: &anyhow::Error) -> String {
    let missing: Vec<String> = rights::check().into_iter().filter(|right| !right.ok).map(|right| right.name).collect();
    if missing.is_empty() { format!("{error:#}") } else { format!("{error:#} (missing: {})", missing.join(", ")) }
}

fn sign_of_life(alive: &Alive, stop: &AtomicBool) {
    const STEP: Duration = Duration::from_millis(100);
    let mut waited = Duration::ZERO;
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(STEP);
        waited += STEP;
        if waited >= ALIVE_INTERVAL {
            waited = Duration::ZERO;
            if let Err(error) = alive.mark(false) {
                warn!(error = %format!("{error:#}"), "no sign of life could be written");
            }
        }
    }
}
