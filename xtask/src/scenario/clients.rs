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
const PACKAGES: [&str; 3] = ["msal==1.39.0", "azure-identity==1.27.0", "requests==2.34.2"];
const SCRIPT: &str = include_str!("clients.py");
/// The hosts that the clients have built in.
const HOSTS: &str =
    "127.0.0.1 localhost login.microsoftonline.com api.securitycenter.microsoft.com graph.microsoft.com\n";
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
"#;

pub(super) fn run(release: bool) -> Result<()> {
    let python = python::environment("clients", &PACKAGES)?;
    // The sensor is not needed, but for the server alone cargo would build the engine once more.
    let programs = Programs::build(release, "")?;
    let scratch = Scratch::new("clients")?;
    let dir = scratch.path.as_path();
    std::fs::write(dir.join("clients.py"), SCRIPT)?;
    std::fs::write(dir.join("hosts"), HOSTS)?;
    let rig = Rig::start(&programs, dir, "127.0.0.1:0", "127.0.0.1:0", &["server"])?;
    let config = register(&programs, dir, &rig.url)?;
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

/// An app with a secret, one permission and consent, made as an admin would.
fn register(programs: &Programs, dir: &Path, url: &str) -> Result<Json> {
    let app = nenrin(programs, dir, &["app", "create", "clients"])?;
    let id = app["appId"].as_str().context("appId")?;
    let secret = nenrin(programs, dir, &["app", "secret", id])?;
    nenrin(programs, dir, &["app", "grant", id, "AdvancedQuery.Read.All"])?;
    nenrin(programs, dir, &["app", "consent", id])?;
    Ok(json!({
        "url": url, "tenant": app["tenantId"], "app": id, "secret": secret["secret"],
        "ca": dir.join("server/ca/ca.pem"), "nenrin": programs.nenrin, "dataDir": dir.join("server"),
    }))
}

/// The answer of a command beside the running server.
fn nenrin(programs: &Programs, dir: &Path, args: &[&str]) -> Result<Json> {
    let mut command = Command::new(&programs.nenrin);
    let text = output(command.arg("--json").arg("--data-dir").arg(dir.join("server")).args(args))?;
    serde_json::from_str(&text).with_context(|| format!("understand the answer of nenrin {}", args.join(" ")))
}
