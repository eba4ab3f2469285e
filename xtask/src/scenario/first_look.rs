//! The first-look scenario: two scripts do known things in a cgroup of their own; the public API must show each as
//! one row with the right process, parent, script, user, target and reason, in order.

use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::rig::{Programs, Rig, Scratch, encoded, now_text, wait};
use super::truth::{Act, Fields, text};

/// The resolver of the scenario: an address that nothing else on the machine uses.
const RESOLVER: &str = "127.0.77.53";
/// The user nobody.
const NOBODY: &str = "65534";
/// Columns that the search box looks in (`query::search`): the check of "no others" must know them.
const SEARCHED: [&str; 17] = [
    "FileName",
    "FolderPath",
    "ProcessCommandLine",
    "ProcessScriptPath",
    "InitiatingProcessFileName",
    "InitiatingProcessFolderPath",
    "InitiatingProcessCommandLine",
    "InitiatingScriptPath",
    "PreviousFileName",
    "PreviousFolderPath",
    "RemoteUrl",
    "RemoteIP",
    "RegistryKey",
    "RegistryValueName",
    "AccountName",
    "ActionType",
    "ErrorName",
];

/// What the scenario made and knows.
struct Stage {
    dir: PathBuf,
    first: String,
    second: String,
    open_port: u16,
    closed_port: u16,
    parent_pid: u32,
}

pub(super) fn run(release: bool) -> Result<()> {
    let programs = Programs::build(release, "")?;
    let scratch = Scratch::new("first-look")?;
    let rig = Rig::up(&programs, &scratch.path)?;
    rig.sign_in()?;
    let device = rig.device(&scratch.path)?;
    let from = now_text()?;
    let (stage, _listener) = prepare(&scratch.path)?;
    play(&stage)?;
    let (range, rows) = collect(&rig, &device, &from, &stage)?;
    let mut problems = check_acts(&stage, &rows);
    problems.extend(check_search(&rig, &device, &range, &stage, &rows)?);
    // Rows of processes that ran before the sensor wait for their hashes: the upper ancestors may come later.
    let in_time = wait("the whole tree", || Ok(check_tree(&rig, &stage, &rows)?.is_empty().then_some(())));
    if in_time.is_err() {
        problems.extend(check_tree(&rig, &stage, &rows)?);
    }
    let n_acts = acts(&stage).len();
    let n_missing = problems.iter().filter(|problem| problem.starts_with("act ")).count();
    rig.stop()?;
    for problem in &problems {
        println!("  {problem}");
    }
    println!(
        "first-look: {} of {n_acts} acts found, search and tree {}",
        n_acts - n_missing,
        if problems.len() == n_missing { "right" } else { "wrong" }
    );
    if !problems.is_empty() {
        bail!("{} problems", problems.len());
    }
    Ok(())
}

fn prepare(scratch: &Path) -> Result<(Stage, TcpListener)> {
    let dir = scratch.join("stage");
    std::fs::create_dir(&dir)?;
    for path in [scratch, &dir] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777))?;
    }
    let listener = TcpListener::bind("127.0.0.1:0").context("open port")?;
    let open_port = listener.local_addr()?.port();
    // A port that was free a moment ago and that nobody listens on now.
    let closed_port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let id = std::process::id();
    let stage = Stage {
        first: format!("first{id}.sh"),
        second: format!("second{id}.sh"),
        dir,
        open_port,
        closed_port,
        parent_pid: id,
    };
    write_script(&stage, &stage.first, &first_script(&stage))?;
    write_script(&stage, &stage.second, &second_script(&stage))?;
    serve_names()?;
    Ok((stage, listener))
}

fn write_script(stage: &Stage, name: &str, script: &str) -> Result<()> {
    let path = stage.dir.join(name);
    std::fs::write(&path, script)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
    Ok(())
}

fn first_script(stage: &Stage) -> String {
    let (dir, second) = (stage.dir.display(), &stage.second);
    let (open_port, closed_port) = (stage.open_port, stage.closed_port);
    format!(
        "#!/bin/bash
cd {dir} || exit 9
echo one > report.tmp
mv report.tmp report.txt
echo two >> report.txt
ask() {{
    exec 4<>/dev/udp/{RESOLVER}/53
    printf \"$1\" >&4
    head -c 12 <&4 > /dev/null
    exec 4>&-
}}
ask '{good}'
ask '{bad}'
exec 3<>/dev/tcp/127.0.0.1/{open_port} && exec 3>&-
(exec 3<>/dev/tcp/127.0.0.1/{closed_port}) 2>/dev/null
setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups ./{second}
exit 3
",
        good = query_escapes(0x1a01, &["good", "nenrin", "test"]),
        bad = query_escapes(0x1a02, &["bad", "nenrin", "test"]),
    )
}

fn second_script(stage: &Stage) -> String {
    let dir = stage.dir.display();
    format!(
        "#!/bin/sh
cd {dir} || exit 9
echo three > second.out
/bin/false
rm second.out
sh -c 'kill -9 $$'
./nothing-here 2>/dev/null
/bin/sleep 0.01
exit 0
"
    )
}

/// A DNS question for an A record (RFC 1035, section 4) as printf escapes. No label may have ten bytes: bash's printf
/// writes at each newline, and a datagram can't come in two writes.
fn query_escapes(id: u16, labels: &[&str]) -> String {
    let mut bytes = id.to_be_bytes().to_vec();
    bytes.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in labels {
        bytes.push(label.len() as u8);
        bytes.extend(label.bytes());
    }
    bytes.extend([0, 0, 1, 0, 1]);
    bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect()
}

/// Answers questions for `good.…` with an address and everything else with NXDOMAIN, until the scenario ends.
fn serve_names() -> Result<()> {
    let socket = UdpSocket::bind((RESOLVER, 53)).context("listen on UDP port 53 of the scenario's resolver")?;
    std::thread::spawn(move || {
        let mut packet = [0; 512];
        while let Ok((n_bytes, from)) = socket.recv_from(&mut packet) {
            let mut answer = packet[..n_bytes].to_vec();
            let good = answer.get(13..17) == Some(b"good");
            answer[2] = 0x81;
            answer[3] = if good { 0x80 } else { 0x83 };
            if good {
                answer[7] = 1;
                answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 77]);
            }
            drop(socket.send_to(&answer, from));
        }
    });
    Ok(())
}

/// Runs the first script in a cgroup of its own and waits for its end.
fn play(stage: &Stage) -> Result<()> {
    let cgroup = own_cgroup()?;
    let enter = format!("echo $$ > {}/cgroup.procs && exec \"$0\"", cgroup.display());
    let status = Command::new("/bin/sh")
        .arg("-c")
        .arg(enter)
        .arg(stage.dir.join(&stage.first))
        .stdin(Stdio::null())
        .status()
        .context("start the first script")?;
    drop(std::fs::remove_dir(&cgroup));
    if status.code() != Some(3) {
        bail!("the first script ended with {status}");
    }
    Ok(())
}

fn own_cgroup() -> Result<PathBuf> {
    let mounts = std::fs::read_to_string("/proc/mounts")?;
    let mount =
        mounts.lines().find(|line| line.split(' ').nth(2) == Some("cgroup2")).context("cgroup2 is not mounted")?;
    let root = mount.split(' ').nth(1).context("mount point")?;
    let path = Path::new(root).join(format!("nenrin-first-look-{}", std::process::id()));
    std::fs::create_dir(&path).with_context(|| format!("create {}", path.display()))?;
    Ok(path)
}

/// The scenario's time range, and all rows in it with all columns, once the last act is there.
fn collect(rig: &Rig, device: &str, from: &str, stage: &Stage) -> Result<(String, Vec<Fields>)> {
    // Our own requests hold the scripts' names and are rows too: the range ends before the first of them.
    let range = format!("from={}&to={}", encoded(from), encoded(&now_text()?));
    wait("the end of the first script", || {
        let found = rig.rows(device, &format!("{range}&actions=ProcessTerminated&q={}", stage.first))?;
        Ok(found.iter().any(|item| item["errorName"] == "exit 3").then_some(()))
    })?;
    let mut rows = Vec::new();
    for item in rig.rows(device, &range)? {
        rows.push(rig.fields(item["eventId"].as_str().context("eventId")?)?);
    }
    Ok((range, rows))
}

/// The known truth, in order.
fn acts(stage: &Stage) -> Vec<Act> {
    let path = |name: &str| stage.dir.join(name).display().to_string();
    let (first, second) = (path(&stage.first), path(&stage.second));
    let by_first = |what, action| Act::new(what, action).with("InitiatingScriptPath", &first);
    let by_second = |what, action| {
        Act::new(what, action).with("InitiatingScriptPath", &second).with("InitiatingProcessAccountName", "nobody")
    };
    vec![
        Act::new("the first script starts", "ProcessCreated")
            .with("ProcessScriptPath", &first)
            .with("FileName", "bash")
            .with("ProcessCommandLine", format!("/bin/bash {first}"))
            .with("AccountName", "root")
            .with("InitiatingProcessId", stage.parent_pid),
        by_first("it creates a file", "FileCreated").with("FolderPath", path("report.tmp")).with("Outcome", "ok"),
        by_first("it starts mv", "ProcessCreated")
            .with("FileName", "mv")
            .with("ProcessCommandLine", "mv report.tmp report.txt"),
        Act::new("mv renames the file", "FileRenamed")
            .with("FolderPath", path("report.txt"))
            .with("PreviousFileName", "report.tmp")
            .with("InitiatingProcessFileName", "mv")
            .with("InitiatingProcessParentFileName", "bash"),
        by_first("it appends to the file", "FileModified").with("FolderPath", path("report.txt")),
        by_first("it resolves the good name", "DnsQueryResponse")
            .with("RemoteUrl", "good.nenrin.test")
            .with("RemoteIP", RESOLVER)
            .with("Outcome", "ok"),
        by_first("it resolves the bad name", "DnsQueryResponse")
            .with("RemoteUrl", "bad.nenrin.test")
            .with("Outcome", "failed")
            .with("ErrorName", "NXDOMAIN"),
        by_first("it connects to the open port", "ConnectionSuccess")
            .with("RemoteIP", "127.0.0.1")
            .with("RemotePort", stage.open_port)
            .with("Outcome", "ok"),
        by_first("it connects to the closed port", "ConnectionFailed")
            .with("RemotePort", stage.closed_port)
            .with("Outcome", "failed")
            .with("ErrorName", "ECONNREFUSED"),
        Act::new("the second script starts as nobody", "ProcessCreated")
            .with("ProcessScriptPath", &second)
            .with("AccountName", "nobody")
            .with("InitiatingScriptPath", &first)
            .with("InitiatingProcessFileName", "bash"),
        by_second("it creates a file", "FileCreated").with("FolderPath", path("second.out")),
        by_second("it starts false", "ProcessCreated").with("FileName", "false").with("AccountName", "nobody"),
        by_second("false fails", "ProcessTerminated")
            .with("FileName", "false")
            .with("ErrorName", "exit 1")
            .with("Outcome", "failed"),
        Act::new("rm deletes the file", "FileDeleted")
            .with("FolderPath", path("second.out"))
            .with("InitiatingProcessFileName", "rm"),
        by_second("a shell kills itself", "ProcessTerminated").with("ErrorName", "SIGKILL").with("Outcome", "failed"),
        Act::new("a program is not there", "ExecFailed").with("FileName", "nothing-here").with("ErrorName", "ENOENT"),
        by_second("the last child starts", "ProcessCreated").with("ProcessCommandLine", "/bin/sleep 0.01"),
        by_second("the last child ends", "ProcessTerminated")
            .with("ProcessCommandLine", "/bin/sleep 0.01")
            .with("Outcome", "ok"),
        Act::new("the second script ends", "ProcessTerminated")
            .with("ProcessScriptPath", &second)
            .with("Outcome", "ok"),
        Act::new("the first script ends", "ProcessTerminated")
            .with("ProcessScriptPath", &first)
            .with("ErrorName", "exit 3"),
    ]
}

fn check_acts(stage: &Stage, rows: &[Fields]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut last_time = String::new();
    for act in acts(stage) {
        let found: Vec<&Fields> = rows.iter().filter(|fields| act.meets(fields)).collect();
        match found[..] {
            [row] => {
                let time = text(row, "Timestamp");
                if time < last_time {
                    problems.push(format!("act {:?}: out of order, {time} is before {last_time}", act.what));
                }
                last_time = time;
            }
            [] => problems.push(format!("act {:?}: not found; nearest: {}", act.what, act.nearest(rows))),
            _ => problems.push(format!("act {:?}: {} rows instead of one", act.what, found.len())),
        }
    }
    problems
}

/// The search for the first script's file name finds exactly the rows that hold it in a searched column.
fn check_search(rig: &Rig, device: &str, range: &str, stage: &Stage, rows: &[Fields]) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for name in [&stage.first, &stage.second] {
        let found = rig.rows(device, &format!("{range}&q={}", encoded(name)))?;
        let mut found: Vec<String> =
            found.iter().map(|item| item["eventId"].as_str().unwrap_or_default().to_owned()).collect();
        let holds = |fields: &&Fields| SEARCHED.iter().any(|column| text(fields, column).contains(name.as_str()));
        let mut expected: Vec<String> = rows.iter().filter(holds).map(|fields| text(fields, "EventId")).collect();
        found.sort();
        expected.sort();
        if found != expected || expected.len() < 8 {
            problems.push(format!("search {name}: {} rows, expected {}", found.len(), expected.len()));
        }
    }
    Ok(problems)
}

/// The tree of the last child names every ancestor up to this very program and beyond it to the root.
fn check_tree(rig: &Rig, stage: &Stage, rows: &[Fields]) -> Result<Vec<String>> {
    let last = rows.iter().find(|fields| {
        text(fields, "ActionType") == "ProcessCreated" && text(fields, "ProcessCommandLine") == "/bin/sleep 0.01"
    });
    let Some(last) = last else { return Ok(vec!["tree: the last child is not there".to_owned()]) };
    let event = rig.get(&format!("/api/v1/events/{}?expand=tree", text(last, "EventId")))?;
    let ancestors = event["tree"]["ancestors"].as_array().cloned().unwrap_or_default();
    let mut pids: Vec<u64> = ancestors.iter().filter_map(|node| node["pid"].as_u64()).collect();
    let mut problems = Vec::new();
    let scripts: Vec<&str> = ancestors.iter().filter_map(|node| node["script"].as_str()).collect();
    let wanted = [stage.dir.join(&stage.first), stage.dir.join(&stage.second)];
    if scripts.iter().rev().take(2).rev().map(Path::new).ne(wanted.iter().map(PathBuf::as_path)) {
        problems.push(format!("tree: the scripts above the last child are {scripts:?}"));
    }
    let real = real_ancestors(stage.parent_pid)?;
    pids.truncate(pids.len().saturating_sub(2));
    if pids != real {
        problems.push(format!("tree: ancestors {pids:?}, really {real:?}"));
    }
    if event["tree"]["node"]["exit"] != "exit 0" {
        problems.push("tree: the end of the last child is missing".to_owned());
    }
    Ok(problems)
}

/// Process ids from the root down to `pid`, by /proc.
fn real_ancestors(pid: u32) -> Result<Vec<u64>> {
    let mut pids = Vec::new();
    let mut pid = u64::from(pid);
    while pid != 0 {
        pids.push(pid);
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")).context("PPid")?;
        pid = parent.trim().parse()?;
    }
    pids.reverse();
    Ok(pids)
}
