//! Clients written for Azure and Defender, from PyPI, against the real server: by its own address, and unchanged, with
//! nothing but a hosts file that leads Microsoft's host names here.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::{Value as Json, json};

use super::python;
use super::rig::{Programs, Rig, Scratch};
use crate::command::{output, run as run_command};

/// What is installed; the environment is made anew when this changes.
const PACKAGES: [&str; 6] = [
    "msal==1.39.0",
    "azure-identity==1.27.0",
    "requests==2.34.2",
    "msticpy==3.0.2",
    "libre-devops-helpers==0.8.1",
    "check-msdefender==1.4.28",
];
const SCRIPT: &str = include_str!("clients.py");
const DEFENDER_SCRIPT: &str = include_str!("defender_clients.py");
/// Each has an app of its own: calls are counted per app.
const CLIENTS: [&str; 5] =
    ["msticpy-mde", "msticpy-graph", "check-msdefender", "libre-devops-helpers", "thehive-responder"];
/// What Microsoft's documentation has an admin grant to such clients.
const PERMISSIONS: &[&str] = &[
    "AdvancedQuery.Read.All",
    "Alert.Read.All",
    "File.Read.All",
    "Ip.Read.All",
    "Machine.Isolate",
    "Machine.Read.All",
    "Machine.RestrictExecution",
    "Machine.Scan",
    "SecurityAlert.Read.All",
    "SecurityIncident.Read.All",
    "ThreatHunting.Read.All",
    "Ti.ReadWrite",
    "Url.Read.All",
    "User.Read.All",
    "Vulnerability.Read.All",
];
/// The hosts that the clients have built in.
const HOSTS: &str = "127.0.0.1 localhost login.microsoftonline.com login.windows.net api.securitycenter.microsoft.com \
     api.securitycenter.windows.com api.security.microsoft.com graph.microsoft.com management.azure.com\n";
/// Runs in a network and mount namespace of its own, so that port 443 and the hosts file are ours alone. Arguments:
/// directory, nenrin, python.
const INSIDE: &str = r#"set -eu
ip link set lo up
mount --bind "$1/hosts" /etc/hosts
"$2" server --json --mde-hosts --data-dir "$1/server" --listen 127.0.0.1:443 --ingest-listen 127.0.0.1:0 \
    > "$1/announced" 2>> "$1/server.log" &
server=$!
trap 'kill $server; wait $server || true' EXIT
for _ in $(seq 600); do [ -s "$1/announced" ] && break; sleep 0.1; done
"$3" "$1/clients.py" "$1/config.json" fixed
"$3" "$1/defender_clients.py" "$1/config.json"
"#;

pub(super) fn run(release: bool) -> Result<()> {
    let python = python::environment("clients", &PACKAGES)?;
    let programs = Programs::build(release, "")?;
    let scratch = Scratch::new("clients")?;
    let dir = scratch.path.as_path();
    std::fs::write(dir.join("clients.py"), SCRIPT)?;
    std::fs::write(dir.join("defender_clients.py"), DEFENDER_SCRIPT)?;
    std::fs::write(dir.join("hosts"), HOSTS)?;
    let rig = Rig::up(&programs, dir)?;
    let mut config = register(&programs, dir, &rig.url)?;
    record(&programs, dir, &rig, &mut config)?;
    for client in CLIENTS {
        config["apps"][client] = app(&programs, dir, client, PERMISSIONS)?;
    }
    std::fs::write(dir.join("config.json"), config.to_string())?;
    run_command(Command::new(&python).arg(dir.join("clients.py")).arg(dir.join("config.json")).arg("direct"))?;
    rig.stop()?;
    let mut inside = Command::new("unshare");
    inside.args(["--net", "--mount", "--propagation", "private", "sh", "-c", INSIDE, "sh"]);
    inside.arg(dir).arg(&programs.nenrin).arg(&python).stdin(Stdio::null());
    run_command(&mut inside).context("as root, with unshare and ip")?;
    let verified = nenrin(&programs, dir, &["audit", "verify"])?;
    println!("audit log: {} rows, {}", verified["rows"], verified["problems"]);
    Ok(())
}

/// Something for the clients to find: this machine's events, and an alert.
fn record(programs: &Programs, dir: &Path, rig: &Rig, config: &mut Json) -> Result<()> {
    rig.sign_in()?;
    let id = rig.device(dir)?;
    nenrin(programs, dir, &["detect", "test"])?;
    let device = rig.get(&format!("/api/v1/devices/{id}"))?;
    config["device"] = device["id"].clone();
    config["host"] = device["name"].clone();
    config["address"] = device["ips"].as_array().and_then(|ips| ips.first()).cloned().unwrap_or(Json::Null);
    Ok(())
}

/// An app with a secret, permissions and consent, made as an admin would.
fn app(programs: &Programs, dir: &Path, name: &str, permissions: &[&str]) -> Result<Json> {
    let app = nenrin(programs, dir, &["app", "create", name])?;
    let id = app["appId"].as_str().context("appId")?;
    let secret = nenrin(programs, dir, &["app", "secret", id])?;
    for permission in permissions {
        nenrin(programs, dir, &["app", "grant", id, permission])?;
    }
    nenrin(programs, dir, &["app", "consent", id])?;
    Ok(json!({ "app": id, "secret": secret["secret"], "tenant": app["tenantId"] }))
}

fn register(programs: &Programs, dir: &Path, url: &str) -> Result<Json> {
    let app = app(programs, dir, "clients", &["AdvancedQuery.Read.All"])?;
    Ok(json!({
        "url": url, "tenant": app["tenant"], "app": app["app"], "secret": app["secret"], "apps": {},
        "ca": dir.join("server/ca/ca.pem"), "nenrin": programs.nenrin, "dataDir": dir.join("server"),
    }))
}

/// The answer of a command beside the running server.
fn nenrin(programs: &Programs, dir: &Path, args: &[&str]) -> Result<Json> {
    let mut command = Command::new(&programs.nenrin);
    let text = output(command.arg("--json").arg("--data-dir").arg(dir.join("server")).args(args))?;
    serde_json::from_str(&text).with_context(|| format!("understand the answer of nenrin {}", args.join(" ")))
}
