//! Shippers that exist: each delivers the same events to a server of its own, whose rows are compared with what an import
//! of these events gives. Python's clients come from PyPI; rsyslog and syslog-ng from the system, when they are there.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value as Json;

use super::python;
use super::rig::{Programs, Rig, Scratch, wait};
use crate::command::{output, root};

/// What is installed; the environment is made anew when this changes. evtx2es 1.8 is the last for Python 3.11.
const PACKAGES: [&str; 4] = [
    "evtx2es==1.8.0",
    "opentelemetry-sdk==1.45.2",
    "opentelemetry-exporter-otlp-proto-http==1.45.2",
    "splunk-hec-handler==1.2.0",
];
const SCRIPT: &str = include_str!("shippers.py");
/// Our own log, for machines without real ones.
const FIXTURE: &str = "crates/winlog/tests/runs/two-tabs.xml";
/// Everything but what says how a row came.
const QUERY: &str = "union DeviceProcessEvents, DeviceNetworkEvents, DeviceFileEvents, DeviceRegistryEvents, \
    DeviceLogonEvents, DeviceImageLoadEvents, DeviceEvents \
    | project-away EventId, IngestionTime, ReportId, DeviceId";

/// One client's way to send.
struct Client {
    name: &'static str,
    /// The program that must be there.
    program: Option<&'static str>,
    /// It reads EVTX files itself, and leaves out some of what is in them.
    is_lossy: bool,
}

const CLIENTS: [Client; 5] = [
    Client { name: "evtx2es", program: None, is_lossy: true },
    Client { name: "otel", program: None, is_lossy: false },
    Client { name: "splunk", program: None, is_lossy: false },
    Client { name: "rsyslog", program: Some("rsyslogd"), is_lossy: false },
    Client { name: "syslog-ng", program: Some("syslog-ng"), is_lossy: false },
];

/// The events in every form that a client reads.
struct Sample {
    /// A folder of EVTX files, or our fixture.
    origin: PathBuf,
    is_evtx: bool,
    xml: PathBuf,
    lines: PathBuf,
    n_events: u64,
}

pub(super) fn run(release: bool) -> Result<()> {
    let python = python::environment("shippers", &PACKAGES)?;
    let programs = Programs::build(release, "")?;
    let scratch = Scratch::new("shippers")?;
    let script = scratch.path.join("shippers.py");
    std::fs::write(&script, SCRIPT)?;
    let tools = Tools { python, script, programs };
    let sample = tools.sample(&scratch.path)?;
    println!("{} events of {}", sample.n_events, if sample.is_evtx { "real logs" } else { "our fixture" });
    let imported = tools.import(&scratch.path, &sample)?;
    let mut problems = Vec::new();
    for client in &CLIENTS {
        if client.is_lossy && !sample.is_evtx {
            println!("{}: left out, it reads EVTX files only and NENRIN_EVTX_SAMPLES is not set", client.name);
            continue;
        }
        if client.program.is_some_and(|program| !is_there(program)) || (client.name == "rsyslog" && !has_module()) {
            println!("{}: left out, it is not installed", client.name);
            continue;
        }
        let shipped = tools.ship(&scratch.path, client, &sample).with_context(|| client.name)?;
        let compare = ["compare".as_ref(), client.name.as_ref(), imported.as_os_str(), shipped.as_os_str()];
        let text = output(Command::new(&tools.python).arg(&tools.script).args(compare))?;
        print!("{text}");
        if !client.is_lossy && !is_all(&text) {
            problems.push(client.name);
        }
    }
    ensure!(problems.is_empty(), "other rows than the import's: {}", problems.join(", "));
    Ok(())
}

/// `NAME: rows 12/12`
fn is_all(text: &str) -> bool {
    let figures = text.lines().next().and_then(|line| line.split_once("rows ")).map(|(_, rest)| rest.trim());
    figures.and_then(|figures| figures.split_once('/')).is_some_and(|(same, all)| same == all)
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join(program)).any(|file| file.is_file())
}

/// rsyslog's output to Elasticsearch is a package of its own.
fn has_module() -> bool {
    let arch = std::env::consts::ARCH;
    let folders =
        [format!("/usr/lib/{arch}-linux-gnu/rsyslog"), "/usr/lib64/rsyslog".to_owned(), "/usr/lib/rsyslog".to_owned()];
    folders.iter().any(|folder| Path::new(folder).join("omelasticsearch.so").is_file())
}

struct Tools {
    python: PathBuf,
    script: PathBuf,
    programs: Programs,
}

impl Tools {
    fn python(&self, args: &[&Path]) -> Result<String> {
        output(Command::new(&self.python).arg(&self.script).args(args))
    }

    fn sample(&self, dir: &Path) -> Result<Sample> {
        let folder = std::env::var_os("NENRIN_EVTX_SAMPLES").map(PathBuf::from);
        let is_evtx = folder.is_some();
        let origin = folder.unwrap_or_else(|| root().join(FIXTURE));
        let (xml, lines) = (dir.join("sample.xml"), dir.join("sample.jsonl"));
        let text = self.python(&["sample".as_ref(), &origin, &xml, &lines])?;
        let n_events = text.trim().parse().context("the number of events")?;
        Ok(Sample { origin, is_evtx, xml, lines, n_events })
    }

    fn nenrin(&self, dir: &Path, args: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.programs.nenrin);
        output(command.arg("--json").arg("--data-dir").arg(dir.join("server")).args(args))
    }

    /// Rows of a server's store, in a file.
    fn rows(&self, dir: &Path) -> Result<PathBuf> {
        let file = dir.join("rows.json");
        std::fs::write(&file, self.nenrin(dir, &["query", "--all-time", QUERY])?)?;
        Ok(file)
    }

    fn import(&self, scratch: &Path, sample: &Sample) -> Result<PathBuf> {
        let dir = scratch.join("import");
        std::fs::create_dir_all(&dir)?;
        self.nenrin(&dir, &["import", &sample.xml.display().to_string()])?;
        self.rows(&dir)
    }

    /// A server, a token, the client, and then the rows.
    fn ship(&self, scratch: &Path, client: &Client, sample: &Sample) -> Result<PathBuf> {
        let dir = scratch.join(client.name);
        std::fs::create_dir_all(&dir)?;
        let rig = Rig::start(&self.programs, &dir, "127.0.0.1:0", "127.0.0.1:0", &["server"])?;
        let port = rig.ingest_url.rsplit(':').next().context("a port")?.trim_end_matches('/').to_owned();
        let rate = ["source", "create", client.name, "--items-per-second", "1000000"];
        let source: Json = serde_json::from_str(&self.nenrin(&dir, &rate)?)?;
        let token = source["token"].as_str().context("token")?;
        let ca = dir.join("server/ca/ca.pem");
        let target = Target { port: &port, token, ca: &ca };
        match client.name {
            "evtx2es" => drop(self.python(&["evtx2es".as_ref(), &sample.origin, port.as_ref(), token.as_ref()])?),
            "rsyslog" => rsyslog(&dir, sample, &target, || self.wait(&dir, sample))?,
            "syslog-ng" => syslog_ng(&dir, sample, &target, || self.wait(&dir, sample))?,
            name => drop(self.python(&[name.as_ref(), &sample.lines, port.as_ref(), token.as_ref(), &ca])?),
        }
        self.wait(&dir, sample)?;
        let rows = self.rows(&dir)?;
        rig.stop()?;
        Ok(rows)
    }

    /// Until every event is settled; none may be refused.
    fn wait(&self, dir: &Path, sample: &Sample) -> Result<()> {
        wait("the events", || {
            let text = self.nenrin(dir, &["source", "list"])?;
            let source: Json = serde_json::from_str(&text)?;
            ensure!(source["rejected"] == 0, "refused: {source}");
            match source["items"].as_u64() {
                Some(n_items) if n_items == sample.n_events => Ok(Some(())),
                Some(n_items) if n_items > sample.n_events => bail!("{n_items} of {} events", sample.n_events),
                _ => Ok(None),
            }
        })
    }
}

/// Where a daemon sends to.
struct Target<'a> {
    port: &'a str,
    token: &'a str,
    ca: &'a Path,
}

/// Runs a daemon in the foreground with a configuration until `done`; its words go to a log beside it.
fn daemon(
    dir: &Path,
    name: &str,
    config: &str,
    command: impl FnOnce(&Path) -> Command,
    done: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let file = dir.join(format!("{name}.conf"));
    std::fs::write(&file, config)?;
    let log = std::fs::File::create(dir.join(format!("{name}.log")))?;
    let mut command = command(&file);
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    let mut child = command.spawn().context("start the daemon")?;
    let result = done();
    drop(super::rig::signal(child.id(), "TERM"));
    drop(child.wait());
    result
}

fn rsyslog(dir: &Path, sample: &Sample, target: &Target, done: impl FnOnce() -> Result<()>) -> Result<()> {
    let config = format!(
        r#"global(workDirectory="{dir}" maxMessageSize="4m")
module(load="imfile")
module(load="omelasticsearch")
template(name="line" type="string" string="%msg%")
input(type="imfile" file="{lines}" tag="sample" ruleset="out" freshStartTail="off")
ruleset(name="out") {{
    action(type="omelasticsearch" server="https://127.0.0.1" serverport="{port}" usehttps="on" bulkmode="on"
        template="line" searchIndex="sample" searchType="" uid="rsyslog" pwd="{token}" tls.cacert="{ca}"
        queue.type="LinkedList" queue.dequeuebatchsize="500" action.resumeretrycount="5" errorfile="{dir}/errors")
}}
"#,
        dir = dir.display(),
        lines = sample.lines.display(),
        port = target.port,
        token = target.token,
        ca = target.ca.display(),
    );
    let command = |file: &Path| {
        let mut command = Command::new("rsyslogd");
        command.arg("-n").arg("-f").arg(file).arg("-i").arg(dir.join("rsyslog.pid"));
        command
    };
    daemon(dir, "rsyslog", &config, command, done)
}

fn syslog_ng(dir: &Path, sample: &Sample, target: &Target, done: impl FnOnce() -> Result<()>) -> Result<()> {
    let config = format!(
        r#"@version: 3.38
options {{ log-msg-size(4194304); stats-freq(0); }};
source sample {{ file("{lines}" flags(no-parse) follow-freq(1)); }};
destination nenrin {{
    http(url("https://127.0.0.1:{port}/_bulk") method("POST") user("syslog-ng") password("{token}")
        headers("Content-Type: application/x-ndjson") tls(ca-file("{ca}"))
        body-suffix("\n") delimiter("\n") batch-lines(500) batch-timeout(500)
        body("{{\"index\":{{\"_index\":\"sample\"}}}}\n${{MSG}}"));
}};
log {{ source(sample); destination(nenrin); }};
"#,
        lines = sample.lines.display(),
        port = target.port,
        token = target.token,
        ca = target.ca.display(),
    );
    let command = |file: &Path| {
        let mut command = Command::new("syslog-ng");
        let at = |option: &str, name: &str| format!("{option}={}", dir.join(name).display());
        command.args(["--foreground", "--no-caps", "--stderr"]).arg("--cfgfile").arg(file);
        command.args([at("--persist-file", "persist"), at("--pidfile", "pid"), at("--control", "control")]);
        command
    };
    daemon(dir, "syslog-ng", &config, command, done)
}
