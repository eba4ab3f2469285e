//! `nenrin-sensor selftest`: attaches every hook, does one act per hook in a child process, and says which came back.

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use schema::col;
use serde::Serialize;

use crate::collect::{self, Coverages, Options};
use crate::linux::rights::{self, Right};

/// Everything must have come back by then.
const WAIT: Duration = Duration::from_secs(8);
/// A name that never exists (RFC 6761 §6.4).
const NAME: &[u8] = b"\x0fnenrin-selftest\x07invalid\0";

/// What one act should make.
const EXPECTED: [(&str, &str); 11] = [
    ("process", "ProcessCreated"),
    ("process", "ProcessTerminated"),
    ("process", "ExecFailed"),
    ("file", "FileCreated"),
    ("file", "FileModified"),
    ("file", "FileRenamed"),
    ("file", "FileDeleted"),
    ("network", "ListeningConnectionCreated"),
    ("network", "ConnectionSuccess"),
    ("network", "InboundConnectionAccepted"),
    ("network", "ConnectionFailed"),
];
/// Needs an answer or a five-second timeout, so it is told apart.
const EXPECTED_DNS: (&str, &str) = ("dns", "DnsQueryRequest");

/// The outcome.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What this process may do.
    pub rights: Vec<Right>,
    /// Why no hook could be attached at all.
    pub error: Option<String>,
    /// Sources and how much of them is seen.
    pub sources: Vec<Source>,
    /// Acts and whether they were seen.
    pub acts: Vec<Act>,
}

/// One source.
#[derive(Debug, Serialize)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// `full`, `partial` or `off`.
    pub coverage: String,
    /// What is missing.
    pub detail: String,
}

/// One act.
#[derive(Debug, Serialize)]
pub struct Act {
    /// The source that should see it.
    pub source: String,
    /// The row that should come.
    pub action: String,
    /// It came.
    pub seen: bool,
}

impl Report {
    /// 0: everything works. 3: some of it. 1: nothing.
    pub fn exit_code(&self) -> u8 {
        let all = self.error.is_none()
            && self.acts.iter().all(|act| act.seen)
            && self.sources.iter().all(|source| source.coverage == "full");
        match (all, self.acts.iter().any(|act| act.seen)) {
            (true, _) => 0,
            (false, true) => 3,
            (false, false) => 1,
        }
    }

    /// For people.
    pub fn write(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let mark = |ok| if ok { "ok  " } else { "FAIL" };
        writeln!(out, "rights")?;
        for right in &self.rights {
            writeln!(out, "  {} {:<20} {}", mark(right.ok), right.name, right.detail)?;
        }
        if let Some(error) = &self.error {
            writeln!(out, "\nno hook could be attached: {error}")?;
            writeln!(out, "still possible: the snapshot at start-up and heartbeats; every source is reported as off")?;
            return Ok(());
        }
        writeln!(out, "\nsources")?;
        for source in &self.sources {
            writeln!(
                out,
                "  {} {:<10} {:<8} {}",
                mark(source.coverage == "full"),
                source.name,
                source.coverage,
                source.detail
            )?;
        }
        writeln!(out, "\nacts")?;
        for act in &self.acts {
            writeln!(out, "  {} {:<10} {}", mark(act.seen), act.source, act.action)?;
        }
        Ok(())
    }
}

/// Runs the test.
pub fn run() -> anyhow::Result<Report> {
    let mut report = Report { rights: rights::check(), error: None, sources: Vec::new(), acts: Vec::new() };
    let stop = AtomicBool::new(false);
    let coverages: Mutex<Option<Coverages>> = Mutex::new(None);
    let mut seen: Vec<String> = Vec::new();
    let child_pid = Mutex::new(None);
    let began = Instant::now();
    let options = Options { without_snapshot: true, ..Options::default() };
    let result = std::thread::scope(|scope| {
        collect::run(
            options,
            &stop,
            |found| {
                *coverages.lock().expect("no one panics here") = Some(found.clone());
                scope.spawn(|| *child_pid.lock().expect("no one panics here") = act_in_child());
            },
            &mut |rows| {
                let pid = child_pid.lock().expect("no one panics here").map(i64::from);
                for row in rows.iter().map(|seen| &seen.row) {
                    let is_child = [&col::PROCESS_ID, &col::INITIATING_PROCESS_ID].iter().any(|column| {
                        let number = row.number(column);
                        number.is_some() && (number == pid || pid.is_none())
                    });
                    if is_child {
                        seen.extend(row.text(&col::ACTION_TYPE).map(str::to_owned));
                    }
                }
                if began.elapsed() > WAIT || all_seen(&seen) {
                    stop.store(true, Ordering::Relaxed);
                }
                Ok(())
            },
        )
    });
    report.error = result.err().map(|error| format!("{error:#}"));
    for (name, coverage) in coverages.into_inner().expect("no one panics here").unwrap_or_default() {
        let detail = match &coverage {
            collect::Coverage::Full => String::new(),
            collect::Coverage::Partial(detail) | collect::Coverage::Off(detail) => detail.clone(),
        };
        report.sources.push(Source { name: name.to_owned(), coverage: coverage.word().to_owned(), detail });
    }
    for (source, action) in EXPECTED.into_iter().chain([EXPECTED_DNS]) {
        let seen = seen.iter().any(|seen| is(seen, action));
        report.acts.push(Act { source: source.to_owned(), action: action.to_owned(), seen });
    }
    Ok(report)
}

fn all_seen(seen: &[String]) -> bool {
    EXPECTED.into_iter().chain([EXPECTED_DNS]).all(|(_, action)| seen.iter().any(|seen| is(seen, action)))
}

fn is(seen: &str, action: &str) -> bool {
    // A resolver may well listen on the loopback address: then there is an answer instead of a timeout.
    seen == action || (action == EXPECTED_DNS.1 && seen == "DnsQueryResponse")
}

/// The sensor's own activity is excluded, so another process acts. Returns its pid once it has ended.
fn act_in_child() -> Option<u32> {
    let mut command = Command::new("/proc/self/exe");
    command.args(["selftest", "--act"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let pid = child.id();
    let _ = child.wait();
    Some(pid)
}

/// The acts, one per hook. Failures do not matter here: they are acts too.
pub fn act() -> anyhow::Result<()> {
    let directory = std::env::temp_dir().join(format!("nenrin-selftest-{}", std::process::id()));
    fs::create_dir(&directory).context("make a directory")?;
    let (first, second) = (directory.join("a"), directory.join("b"));
    fs::write(&first, "created")?;
    fs::OpenOptions::new().append(true).open(&first)?.write_all(b"modified")?;
    fs::rename(&first, &second)?;
    fs::remove_file(&second)?;
    fs::remove_dir(&directory)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("listen")?;
    let address: SocketAddr = listener.local_addr()?;
    let stream = TcpStream::connect(address);
    drop(listener.accept());
    drop(stream);
    drop(listener);
    drop(TcpStream::connect(address));
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("make a socket")?;
    let mut question = b"\x4e\x52\x01\0\0\x01\0\0\0\0\0\0".to_vec();
    question.extend_from_slice(NAME);
    question.extend_from_slice(b"\0\x01\0\x01");
    let _ = socket.send_to(&question, (Ipv4Addr::LOCALHOST, 53));
    // exec, not spawn: a spawned child would fail under another pid. It returns because it fails.
    let _ = Command::new("/nonexistent/nenrin-selftest").exec();
    Ok(())
}
