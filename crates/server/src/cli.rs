//! The command line of `nenrin`.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{CommandFactory, Parser, Subcommand};
use serde::Deserialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::api::openapi;
use crate::app_cli::{self, AppCommand, AuditCommand};
use crate::clock::text_of_ns;
use crate::detect_cli::{self, DetectArgs};
use crate::import_cli::{self, ImportArgs};
use crate::ingest::new_token;
use crate::limits::{ENROLMENT_HOURS_DEFAULT, ENROLMENT_HOURS_MAX};
use crate::oauth::resources::MDE_HOSTS;
use crate::query_cli::{self, QueryArgs};
use crate::serve::{ADMIN, Config, open_state, start};
use crate::source_cli::{self, SourceCommand};
use crate::store_cli::{self, StoreCommand};
use crate::up::{LocalSensor, default_sensor_dir, url};
use crate::user_cli::{self, UserCommand};

/// The timeline of devices: server, portal and tools.
#[derive(Parser)]
#[command(
    name = "nenrin",
    version,
    after_help = "Examples:
  nenrin up                          server and this machine's sensor, portal at https://127.0.0.1:8443
  nenrin server --data-dir /srv/n    server only
  nenrin query 'DeviceProcessEvents | summarize count() by FileName | top 10 by count_'
  nenrin device token                one-time token for another machine's nenrin-sensor enrol
  nenrin import Logs/                Windows event logs, EVTX and others, to timelines
  nenrin source create dc-winlogbeat token for a shipper: Winlogbeat, Fluent Bit, Vector, NXLog, OpenTelemetry
  nenrin app create alert-script     register a client of the API; nenrin app --help
  nenrin store stats                 bytes by day and device, growth, when the disk is full
  nenrin fsck --data-dir /srv/n      check log and column files (server stopped)"
)]
pub struct Cli {
    /// Where everything is kept.
    #[arg(long, global = true, env = "NENRIN_DATA_DIR", default_value = ".nenrin/server", value_name = "DIR")]
    data_dir: PathBuf,
    /// Machine-readable output: one JSON value on standard output.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server and this machine's own sensor.
    Up {
        #[command(flatten)]
        server: ServerArgs,
        /// Data directory of the local sensor; `sensor` beside the server's by default.
        #[arg(long, value_name = "DIR")]
        sensor_dir: Option<PathBuf>,
        /// The sensor program; `nenrin-sensor` beside this program by default.
        #[arg(long, value_name = "FILE")]
        sensor_bin: Option<PathBuf>,
    },
    /// Run the server only.
    Server {
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Devices: enrolment tokens, list, revocation. Works beside a running server.
    Device {
        #[command(subcommand)]
        command: DeviceCommand,
    },
    /// Portal users. Works beside a running server.
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// App registrations: clients of the API with secrets and permissions. Works beside a running server.
    App {
        #[command(subcommand)]
        command: AppCommand,
    },
    /// Sources: shippers that may send events here, by a token each. Works beside a running server.
    Source {
        #[command(subcommand)]
        command: SourceCommand,
    },
    /// The audit log. Works beside a running server.
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Ask in KQL, the query language of Defender and Sentinel. Works beside a running server and without one.
    Query(QueryArgs),
    /// Size, growth and maintenance of the store. Works beside a running server and without one.
    Store {
        #[command(subcommand)]
        command: StoreCommand,
    },
    /// Import Windows event logs: EVTX, XML, JSON. Works beside a running server and without one.
    Import(ImportArgs),
    /// Rules and alerts: ask the rules about the past, list them, make a harmless test alert.
    Detect(DetectArgs),
    /// Check the log and the column files. The server must be stopped. Exit 1 when something is wrong.
    Fsck,
    /// Print the OpenAPI document.
    Openapi,
    /// Print a completion script.
    Completions {
        /// bash, zsh, fish, elvish or powershell.
        shell: clap_complete::Shell,
    },
}

#[derive(clap::Args)]
struct ServerArgs {
    /// Configuration file (TOML); flags win over it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address of portal and API [default: 127.0.0.1:8443].
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Address that sensors connect to [default: 127.0.0.1:8444].
    #[arg(long, value_name = "ADDR")]
    ingest_listen: Option<SocketAddr>,
    /// Further host name or address for the server's certificate; may be given several times.
    #[arg(long = "name", value_name = "NAME")]
    names: Vec<String>,
    /// Put Microsoft's host names into the server's certificate as well, so that a client with fixed hosts can be
    /// pointed here by DNS or a hosts file alone.
    #[arg(long)]
    mde_hosts: bool,
    /// Delete events received longer ago than this many days [default: 180].
    #[arg(long, value_name = "DAYS")]
    retention_days: Option<u32>,
    /// Delete the events received first when the column files have more than this many GiB [default: no limit].
    #[arg(long, value_name = "GIB")]
    retention_gib: Option<u32>,
}

/// The configuration file. Unknown keys are refused.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    /// Address of portal and API.
    listen: Option<SocketAddr>,
    /// Address that sensors connect to.
    ingest_listen: Option<SocketAddr>,
    /// Further names for the server's certificate.
    #[serde(default)]
    names: Vec<String>,
    /// Microsoft's host names too.
    #[serde(default)]
    mde_hosts: bool,
    /// Days to keep events.
    retention_days: Option<u32>,
    /// GiB of column files to keep.
    retention_gib: Option<u32>,
}

#[derive(Subcommand)]
enum DeviceCommand {
    /// Make a one-time enrolment token.
    Token {
        /// How long it is good for, 1 to 168.
        #[arg(long, default_value_t = ENROLMENT_HOURS_DEFAULT, value_parser = clap::value_parser!(u32).range(1..=i64::from(ENROLMENT_HOURS_MAX)))]
        hours: u32,
    },
    /// List all devices.
    List,
    /// Forbid a device to send.
    Revoke {
        /// Device id.
        id: String,
    },
}

/// Runs the command line; the exit code is the caller's.
///
/// # Errors
/// What went wrong and what to do about it.
pub async fn run() -> Result<std::process::ExitCode> {
    let cli = Cli::parse();
    let (data_dir, json) = (cli.data_dir, cli.json);
    match cli.command {
        Command::Up { server, sensor_dir, sensor_bin } => {
            let sensor_dir = sensor_dir.unwrap_or_else(|| default_sensor_dir(&data_dir));
            let sensor = LocalSensor::find(sensor_bin, sensor_dir)?;
            serve(&resolve(server, data_dir)?, Some(sensor), json).await?;
        }
        Command::Server { server } => serve(&resolve(server, data_dir)?, None, json).await?,
        Command::Device { command } => device(command, &data_dir, json).await?,
        Command::User { command } => user_cli::run(command, &open_existing(&data_dir).await?.0, json).await?,
        Command::App { command } => app_cli::app(command, &open_existing(&data_dir).await?.0, &data_dir, json).await?,
        Command::Source { command } => {
            source_cli::run(command, &open_existing(&data_dir).await?.0, &data_dir, json).await?;
        }
        Command::Audit { command } => {
            return app_cli::audit(command, &open_existing(&data_dir).await?.0, json).await;
        }
        Command::Query(args) => return query_cli::run(args, &data_dir, json).await,
        Command::Store { command } => return store_cli::run(command, &data_dir, json).await,
        Command::Import(args) => return import_cli::run(args, &data_dir, json).await,
        Command::Detect(args) => return detect_cli::run(args, &data_dir, json).await,
        Command::Fsck => return fsck(&data_dir, json),
        Command::Openapi => print!("{}", openapi::text()?),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "nenrin", &mut std::io::stdout());
        }
    }
    Ok(std::process::ExitCode::SUCCESS)
}

/// What was typed → what is used.
fn resolve(args: ServerArgs, data_dir: PathBuf) -> Result<Config> {
    let file = match &args.config {
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
            toml::from_str::<ConfigFile>(&text).with_context(|| format!("understand {}", path.display()))?
        }
        None => ConfigFile::default(),
    };
    let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
    let mut names: BTreeSet<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    names.extend(nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok()));
    names.extend(file.names);
    names.extend(args.names);
    if args.mde_hosts || file.mde_hosts {
        names.extend(MDE_HOSTS.iter().map(|host| (*host).to_owned()));
    }
    let retention_days = args.retention_days.or(file.retention_days).unwrap_or(180);
    if retention_days == 0 {
        bail!("retention-days: must be at least 1");
    }
    let retention_gib = args.retention_gib.or(file.retention_gib);
    if retention_gib == Some(0) {
        bail!("retention-gib: must be at least 1");
    }
    Ok(Config {
        data_dir,
        listen: args.listen.or(file.listen).unwrap_or_else(|| loopback(8443)),
        ingest_listen: args.ingest_listen.or(file.ingest_listen).unwrap_or_else(|| loopback(8444)),
        names: names.into_iter().collect(),
        retention_days,
        retention_bytes: retention_gib.map(|gib| u64::from(gib) << 30),
    })
}

async fn serve(config: &Config, sensor: Option<LocalSensor>, json: bool) -> Result<()> {
    // Before anything is started, so that an early Ctrl-C is not lost.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let server = start(config).await?;
    let (stop, stopped) = watch::channel(false);
    let mut sensor_task = None;
    if let Some(sensor) = sensor {
        match sensor.enrol(&server).await {
            Ok(()) => sensor_task = Some(tokio::spawn(sensor.run(url(&server), stopped))),
            Err(error) => tracing::error!(error = %format!("{error:#}"), "sensor not started, the portal still works"),
        }
    }
    announce(&server, config, json)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    stop.send_replace(true);
    if let Some(task) = sensor_task {
        drop(task.await);
    }
    server.stop().await;
    Ok(())
}

fn announce(server: &crate::serve::Server, config: &Config, json: bool) -> Result<()> {
    let portal = format!("https://{}", server.address);
    if json {
        let line = serde_json::json!({
            "url": portal,
            "ingestUrl": url(server),
            "adminUser": ADMIN,
            "adminPassword": server.first_password,
        });
        println!("{}", serde_json::to_string(&line)?);
        return Ok(());
    }
    println!();
    println!("  Portal    {portal}");
    match &server.first_password {
        Some(password) => println!("  Sign in   {ADMIN} / {password}   (shown once)"),
        None => println!("  Sign in   {ADMIN} (forgotten? nenrin user reset-password)"),
    }
    println!("  Sensors   {}", url(server));
    println!("  Data      {}", config.data_dir.display());
    println!("  Stop      Ctrl-C");
    println!();
    Ok(())
}

async fn device(command: DeviceCommand, data_dir: &Path, json: bool) -> Result<()> {
    let (state, ca) = open_existing(data_dir).await?;
    match command {
        DeviceCommand::Token { hours } => {
            let (token, expires) = new_token(&state, &ca, hours).await?;
            state.audit("cli", "device.token", "", serde_json::json!({ "hours": hours })).await?;
            let expires = text_of_ns(expires.saturating_mul(1_000_000_000));
            if json {
                println!("{}", serde_json::json!({ "token": token, "expires": expires }));
            } else {
                println!("{token}");
                eprintln!(
                    "good for one device until {expires}; there run: nenrin-sensor enrol --server https://SERVER:8444"
                );
            }
        }
        DeviceCommand::List => {
            for device in state.devices().await? {
                if json {
                    println!(
                        "{}",
                        serde_json::json!({ "id": device.id, "name": device.name, "os": device.os, "revoked": device.revoked })
                    );
                } else {
                    let revoked = if device.revoked { "  revoked" } else { "" };
                    println!("{}  {:?}  {:?}{revoked}", device.id, device.name, device.os);
                }
            }
        }
        DeviceCommand::Revoke { id } => {
            if !state.set_revoked(&id, true).await? {
                bail!("no device {id:?}: nenrin device list shows all");
            }
            state.audit("cli", "device.revoke", &id, serde_json::Value::Null).await?;
        }
    }
    Ok(())
}

async fn open_existing(data_dir: &Path) -> Result<(crate::state::State, crate::ca::Ca)> {
    if !data_dir.join("state.db").is_file() {
        bail!("no server data in {}: name it with --data-dir, or start the server once", data_dir.display());
    }
    open_state(data_dir).await
}

fn fsck(data_dir: &Path, json: bool) -> Result<std::process::ExitCode> {
    let report = store::fsck(&data_dir.join("store"))?;
    if json {
        println!(
            "{}",
            serde_json::json!({
                "segments": report.n_segments, "batches": report.n_batches, "logRows": report.n_log_rows,
                "files": report.n_files, "fileRows": report.n_file_rows,
                "prevalenceFiles": report.n_prevalence_files, "prevalenceRows": report.n_prevalence_rows,
                "problems": report.problems,
            })
        );
    } else {
        println!("log      {} segments, {} batches, {} rows", report.n_segments, report.n_batches, report.n_log_rows);
        println!("files    {} files, {} rows", report.n_files, report.n_file_rows);
        println!("keys     {} files, {} rows", report.n_prevalence_files, report.n_prevalence_rows);
        for problem in &report.problems {
            println!("PROBLEM  {problem}");
        }
        println!("{}", if report.problems.is_empty() { "all well" } else { "problems found" });
    }
    Ok(if report.problems.is_empty() { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE })
}

/// Starts the log: standard error, level by `NENRIN_LOG`, colours only on a terminal.
pub fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("NENRIN_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}
