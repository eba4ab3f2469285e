//! `nenrin-sensor`: command line of the sensor.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use nix::sys::signal::{SigSet, Signal};
use sensor::{enrol, run, selftest, status, watch};
use tracing_subscriber::EnvFilter;

const DATA_DIR: &str = ".nenrin/sensor";

/// Records what happens on this device and sends it to a Nenrin server.
#[derive(Parser)]
#[command(name = "nenrin-sensor", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  See what happens, without a server:
    nenrin-sensor watch
  Only one container's or service's rows, as JSON:
    nenrin-sensor watch --json --cgroup system.slice/ssh.service
  Which hooks work here, and which right is missing:
    nenrin-sensor selftest
  Record and send:
    nenrin-sensor run --data-dir /var/lib/nenrin-sensor --server https://nenrin.example:8444

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 works in part (selftest).";

#[derive(Subcommand)]
enum Command {
    /// Record, spool and send until SIGINT or SIGTERM.
    Run {
        /// Where identity, spool and sensor.toml are.
        #[arg(long, default_value = DATA_DIR, env = "NENRIN_SENSOR_DATA_DIR")]
        data_dir: PathBuf,
        /// The server's ingest port, for example https://127.0.0.1:8444. Default: what sensor.toml says.
        #[arg(long)]
        server: Option<String>,
        /// Full path of a program whose file and network activity is not recorded. May be repeated.
        #[arg(long, value_name = "PATH")]
        exclude_exe: Vec<String>,
    },
    /// Make this device known to a server; needs a token from `nenrin device token` or the portal.
    Enrol {
        /// Where the identity is stored.
        #[arg(long, default_value = DATA_DIR, env = "NENRIN_SENSOR_DATA_DIR")]
        data_dir: PathBuf,
        /// The server's ingest port, for example https://127.0.0.1:8444.
        #[arg(long)]
        server: String,
        /// The token. In the environment it is not seen by other users of this machine.
        #[arg(long, env = "NENRIN_ENROL_TOKEN", hide_env_values = true)]
        token: String,
        /// The device's name in the portal. Default: the host name.
        #[arg(long)]
        device_name: Option<String>,
    },
    /// Say whether a sensor runs, whether it is enrolled, and how much is spooled.
    Status {
        /// Its data directory.
        #[arg(long, default_value = DATA_DIR, env = "NENRIN_SENSOR_DATA_DIR")]
        data_dir: PathBuf,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Print rows as they happen. Needs no server and keeps nothing.
    Watch {
        /// One JSON object per line.
        #[arg(long)]
        json: bool,
        /// Only rows of, or about, this process.
        #[arg(long)]
        pid: Option<u32>,
        /// Only rows of processes in this cgroup v2: a directory, or a path below the root cgroup.
        #[arg(long, value_name = "PATH")]
        cgroup: Option<PathBuf>,
        /// Leave out what already runs.
        #[arg(long)]
        no_snapshot: bool,
    },
    /// Try every hook and say which right is missing and what still works.
    Selftest {
        /// One JSON object.
        #[arg(long)]
        json: bool,
        #[arg(long, hide = true)]
        act: bool,
    },
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    start_log();
    match dispatch(cli.command) {
        Ok(code) => code,
        // `nenrin-sensor status | head -1` is not a failure.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be closed; there is nowhere else to say so.
            let _ = writeln!(io::stderr(), "nenrin-sensor: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Run { data_dir, server, exclude_exe } => {
            let stop = stop_on_signals()?;
            run::run(&run::Run { data_dir, server, exclude_exe }, &stop)?;
        }
        Command::Enrol { data_dir, server, token, device_name } => {
            let device_name = device_name.or_else(host_name).unwrap_or_default();
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
            let identity = runtime.block_on(enrol::enrol(&server, &token, &data_dir, &device_name))?;
            writeln!(io::stdout(), "enrolled {device_name} as {}", identity.device.device_id)?;
        }
        Command::Status { data_dir, json } => {
            let status = status::status(&data_dir)?;
            if json {
                writeln!(io::stdout(), "{}", serde_json::to_string(&status).context("write the status")?)?;
            } else {
                status.write(&mut io::stdout().lock())?;
            }
        }
        Command::Watch { json, pid, cgroup, no_snapshot } => {
            let stop = stop_on_signals()?;
            watch::watch(&watch::Watch { json, pid, cgroup, without_snapshot: no_snapshot }, &stop)?;
        }
        Command::Selftest { act: true, .. } => selftest::act()?,
        Command::Selftest { json, act: false } => {
            let report = selftest::run()?;
            if json {
                writeln!(io::stdout(), "{}", serde_json::to_string(&report).context("write the report")?)?;
            } else {
                report.write(&mut io::stdout().lock())?;
            }
            return Ok(ExitCode::from(report.exit_code()));
        }
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "nenrin-sensor", &mut io::stdout());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn host_name() -> Option<String> {
    nix::unistd::gethostname().ok().map(|name| name.to_string_lossy().into_owned())
}

/// Logs go to standard error; `NENRIN_LOG` chooses what.
fn start_log() {
    let filter = EnvFilter::try_from_env("NENRIN_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    builder.with_ansi(io::stderr().is_terminal()).init();
}

/// Sets the flag at the first SIGINT or SIGTERM. A second one ends the program at once.
fn stop_on_signals() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGINT);
    signals.add(Signal::SIGTERM);
    // Blocked before any other thread exists, so that only the waiting one takes them.
    signals.thread_block().context("block signals")?;
    let flag = Arc::clone(&stop);
    let waiter = move || {
        while signals.wait().is_ok() {
            if flag.swap(true, Ordering::Relaxed) {
                std::process::exit(1);
            }
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(waiter).context("start the signal thread")?;
    Ok(stop)
}
