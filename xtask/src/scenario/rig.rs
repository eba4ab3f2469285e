//! A server and a sensor in a directory of their own, and curl to ask the API as any program would.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value as Json;

/// How long to wait for a server, a device or a row before the scenario fails.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// Programs of one build.
pub(super) struct Programs {
    pub(super) nenrin: PathBuf,
    pub(super) sensor: PathBuf,
}

impl Programs {
    /// Builds both programs. `features` go to the server.
    pub(super) fn build(release: bool, features: &str) -> Result<Self> {
        let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
        // The whole workspace: with fewer packages some crates have fewer features, and the engine is built once more.
        cargo.args(["build", "--quiet", "--locked", "--workspace", "--bins"]).current_dir(crate::command::root());
        if release {
            cargo.arg("--release");
        }
        if !features.is_empty() {
            cargo.args(["--features", features]);
        }
        if !cargo.status().context("start cargo")?.success() {
            bail!("build failed");
        }
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| crate::command::root().join("target"), PathBuf::from);
        let dir = target.join(if release { "release" } else { "debug" });
        Ok(Self { nenrin: dir.join("nenrin"), sensor: dir.join("nenrin-sensor") })
    }
}

/// A directory that goes away with the scenario.
pub(super) struct Scratch {
    pub(super) path: PathBuf,
}

impl Scratch {
    pub(super) fn new(name: &str) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("nenrin-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).with_context(|| format!("create {}", path.display()))?;
        Ok(Self { path })
    }

    /// This program as a file of the scratch directory, to be run with `act …`. Not `current_exe`: the build of the
    /// programs may just have replaced that file.
    pub(super) fn acts(&self) -> Result<PathBuf> {
        let path = self.path.join("acts");
        if !path.exists() {
            std::fs::copy("/proc/self/exe", &path).context("copy this program")?;
        }
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if std::env::var_os("NENRIN_KEEP").is_none() {
            drop(std::fs::remove_dir_all(&self.path));
        }
    }
}

/// A running server, with or without the sensor that it started.
pub(super) struct Rig {
    pub(super) child: Child,
    pub(super) url: String,
    pub(super) ingest_url: String,
    password: Option<String>,
    jar: PathBuf,
}

impl Rig {
    /// `nenrin up` on free ports.
    pub(super) fn up(programs: &Programs, dir: &Path) -> Result<Self> {
        let sensor_dir = dir.join("sensor").display().to_string();
        Self::start(programs, dir, "127.0.0.1:0", "127.0.0.1:0", &["up", "--sensor-dir", &sensor_dir])
    }

    /// The program with a sub-command; waits for its announcement.
    pub(super) fn start(
        programs: &Programs,
        dir: &Path,
        listen: &str,
        ingest_listen: &str,
        command: &[&str],
    ) -> Result<Self> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(dir.join("server.log"))?;
        let mut child = Command::new(&programs.nenrin)
            .args(command)
            .args(["--json", "--listen", listen, "--ingest-listen", ingest_listen, "--data-dir"])
            .arg(dir.join("server"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("start {}", programs.nenrin.display()))?;
        let stdout = child.stdout.take().context("server's standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).context("read the server's announcement")?;
        let Ok(announced) = serde_json::from_str::<Json>(&line) else {
            let log = std::fs::read_to_string(dir.join("server.log")).unwrap_or_default();
            bail!("the server did not start:\n{log}");
        };
        let text = |name: &str| announced[name].as_str().map(str::to_owned);
        Ok(Self {
            child,
            url: text("url").context("url")?,
            ingest_url: text("ingestUrl").context("ingestUrl")?,
            password: text("adminPassword"),
            jar: dir.join("cookies"),
        })
    }

    /// Signs in with the first start's password; the cookie is kept for later starts too.
    pub(super) fn sign_in(&self) -> Result<()> {
        let password = self.password.as_deref().context("the server was started before: no first password")?;
        let body = serde_json::json!({ "user": "admin", "password": password }).to_string();
        let jar = self.jar.display().to_string();
        let url = format!("{}/api/v1/login", self.url);
        curl(&["-c", &jar, "-H", "content-type: application/json", "-d", &body, &url])?;
        Ok(())
    }

    /// A signed-in GET.
    pub(super) fn get(&self, path: &str) -> Result<Json> {
        curl(&["-b", &self.jar.display().to_string(), &format!("{}{path}", self.url)])
    }

    /// The only device, once its sensor sees what happens: the heartbeat may come before the hooks are attached.
    pub(super) fn device(&self, scratch: &Path) -> Result<String> {
        let device = self.active_device()?;
        let mut number = 0;
        wait("the sensor's hooks", || {
            number += 1;
            let name = format!("probe{}x{number}", std::process::id());
            std::fs::write(scratch.join(&name), b"x")?;
            std::thread::sleep(Duration::from_millis(500));
            let page = self.get(&format!("/api/v1/devices/{device}/timeline?limit=1&q=file:{name}"))?;
            Ok(page["items"].as_array().is_some_and(|items| !items.is_empty()).then_some(()))
        })?;
        Ok(device)
    }

    fn active_device(&self) -> Result<String> {
        wait("the device", || {
            let devices = self.get("/api/v1/devices")?;
            let active = devices["items"].as_array().and_then(|items| items.first());
            Ok(active.filter(|it| it["state"] == "active").and_then(|it| it["id"].as_str()).map(str::to_owned))
        })
    }

    /// Every row that the filters let through, oldest first.
    pub(super) fn rows(&self, device: &str, filters: &str) -> Result<Vec<Json>> {
        let base = format!("/api/v1/devices/{device}/timeline?limit=1000&order=asc&{filters}");
        let mut page = self.get(&base)?;
        let mut rows = Vec::new();
        loop {
            rows.extend(page["items"].as_array().context("items")?.iter().cloned());
            let Some(cursor) = page["newer"].as_str() else { return Ok(rows) };
            page = self.get(&format!("{base}&cursor={cursor}&dir=newer"))?;
        }
    }

    /// All columns of an event by name.
    pub(super) fn fields(&self, event_id: &str) -> Result<serde_json::Map<String, Json>> {
        let event = self.get(&format!("/api/v1/events/{event_id}"))?;
        let mut fields = serde_json::Map::new();
        for field in event["fields"].as_array().context("fields")? {
            fields.insert(field["name"].as_str().unwrap_or_default().to_owned(), field["value"].clone());
        }
        Ok(fields)
    }

    /// Ends the server as Ctrl-C does, and says how long that took.
    pub(super) fn stop(mut self) -> Result<Duration> {
        let started = Instant::now();
        signal(self.child.id(), "TERM")?;
        let status = self.child.wait()?;
        if !status.success() {
            bail!("the server stopped with {status}");
        }
        Ok(started.elapsed())
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        // After a failure: with TERM the server stops its sensor too.
        if let Ok(None) = self.child.try_wait() {
            drop(signal(self.child.id(), "TERM"));
            drop(self.child.wait());
        }
    }
}

/// `kill -SIGNAL PID`.
pub(super) fn signal(pid: u32, signal: &str) -> Result<()> {
    let status = Command::new("kill").arg(format!("-{signal}")).arg(pid.to_string()).status().context("start kill")?;
    if !status.success() {
        bail!("kill -{signal} {pid} failed");
    }
    Ok(())
}

/// Runs curl; the answer must be JSON with a good status. `-k`: the scenario made the server's CA itself.
pub(super) fn curl(args: &[&str]) -> Result<Json> {
    let output = Command::new("curl").args(["-sSk", "--fail-with-body", "-m", "60"]).args(args).output();
    let output = output.context("start curl")?;
    if !output.status.success() {
        bail!("{}{}", String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    }
    if output.stdout.is_empty() {
        return Ok(Json::Null);
    }
    serde_json::from_slice(&output.stdout).context("understand the answer")
}

/// Percent-encodes a query value.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Asks again and again until there is an answer, or patience ends.
pub(super) fn wait<T>(what: &str, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let started = Instant::now();
    loop {
        let last = match ask() {
            Ok(Some(answer)) => return Ok(answer),
            Ok(None) => String::new(),
            Err(error) => format!(": {error:#}"),
        };
        if started.elapsed() > PATIENCE {
            bail!("waited {} s for {what}{last}", PATIENCE.as_secs());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Now as the API writes it.
pub(super) fn now_text() -> Result<String> {
    let output = Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%S.%NZ"]).output().context("start date")?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
