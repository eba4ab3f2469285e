//! `nenrin up`: the server and this machine's own sensor, as one command.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use crate::ingest::new_token;
use crate::limits::ENROLMENT_HOURS_DEFAULT;
use crate::serve::Server;
use crate::tls::until;

/// Time for the sensor to write its last rows and stop.
const SENSOR_STOP_MAX: Duration = Duration::from_secs(6);
/// Wait before a sensor that died is started again; doubles up to the second figure.
const RESTART_AFTER: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Where the sensor's program and data are.
#[derive(Clone, Debug)]
pub struct LocalSensor {
    /// The program `nenrin-sensor`.
    pub program: PathBuf,
    /// Its data directory.
    pub data_dir: PathBuf,
}

impl LocalSensor {
    /// The sensor program beside this one, unless another is named.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(program: Option<PathBuf>, data_dir: PathBuf) -> Result<Self> {
        let program = match program {
            Some(program) => program,
            None => std::env::current_exe().context("find this program")?.with_file_name("nenrin-sensor"),
        };
        if !program.is_file() {
            bail!("no sensor at {}: build it (make run does) or name it with --sensor-bin", program.display());
        }
        Ok(Self { program, data_dir })
    }

    /// Enrols the sensor with the server when it has no identity yet.
    ///
    /// # Errors
    /// When the sensor says no; its own message is on the terminal.
    pub async fn enrol(&self, server: &Server) -> Result<()> {
        if self.data_dir.join("identity").join("cert.pem").is_file() {
            return Ok(());
        }
        let (token, _) = new_token(&server.state, &server.ca, ENROLMENT_HOURS_DEFAULT).await?;
        let status = Command::new(&self.program)
            .arg("enrol")
            .arg("--server")
            .arg(url(server))
            .arg("--data-dir")
            .arg(&self.data_dir)
            // Not an argument: those are in every process list, and in our own timeline.
            .env("NENRIN_ENROL_TOKEN", token)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .await
            .with_context(|| format!("start {}", self.program.display()))?;
        if !status.success() {
            bail!("the local sensor could not enrol ({status})");
        }
        Ok(())
    }

    /// Runs the sensor until `stop` turns true; starts it again when it dies.
    pub async fn run(self, server_url: String, mut stop: watch::Receiver<bool>) {
        let mut wait = RESTART_AFTER.0;
        loop {
            let mut child = match self.spawn(&server_url) {
                Ok(child) => child,
                Err(error) => {
                    tracing::error!(error = %format!("{error:#}"), "sensor not started, the portal still works");
                    return;
                }
            };
            tokio::select! {
                status = child.wait() => tracing::error!(?status, wait_s = wait.as_secs(), "sensor ended, it is started again"),
                () = until(&mut stop) => {
                    stop_child(&mut child).await;
                    return;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => wait = (wait * 2).min(RESTART_AFTER.1),
                () = until(&mut stop) => return,
            }
        }
    }

    fn spawn(&self, server_url: &str) -> Result<Child> {
        let own_program = std::env::current_exe().context("find this program")?;
        Command::new(&self.program)
            .arg("run")
            .arg("--server")
            .arg(server_url)
            .arg("--data-dir")
            .arg(&self.data_dir)
            // What the server does to store the events would make events of its own, for ever.
            .arg("--exclude-exe")
            .arg(own_program)
            .stdin(Stdio::null())
            // A Ctrl-C in the terminal reaches the whole group: the sensor is stopped by us, after the server knows.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("start {}", self.program.display()))
    }
}

async fn stop_child(child: &mut Child) {
    let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) else { return };
    if let Err(error) = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGTERM) {
        tracing::warn!(%error, "sensor could not be signalled");
    }
    if tokio::time::timeout(SENSOR_STOP_MAX, child.wait()).await.is_err() {
        tracing::warn!("sensor did not stop in time and is killed, its spool keeps what was not sent");
        drop(child.kill().await);
    }
}

/// The address that the local sensor connects to: a wildcard listener is reached by loopback.
pub fn url(server: &Server) -> String {
    let address = server.ingest_address;
    if address.ip().is_unspecified() {
        return format!("https://127.0.0.1:{}", address.port());
    }
    format!("https://{address}")
}

/// The default place of the sensor's data, beside the server's.
pub fn default_sensor_dir(data_dir: &Path) -> PathBuf {
    data_dir.parent().unwrap_or(data_dir).join("sensor")
}
