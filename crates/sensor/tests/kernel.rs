//! Acts done by real programs on the real kernel, and exactly the rows they must make.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::Path;

use schema::{Row, col};

use crate::scene::{Scene, lost};

const STORM: usize = 10_000;

fn action(row: &Row) -> &str {
    row.text(&col::ACTION_TYPE).unwrap_or_default()
}

pub fn of<'a>(rows: &'a [Row], name: &str) -> Vec<&'a Row> {
    rows.iter().filter(|row| action(row) == name).collect()
}

fn has_start(rows: &[Row], script: &Path) -> bool {
    of(rows, "ProcessCreated").iter().any(|row| row.text(&col::PROCESS_SCRIPT_PATH) == script.to_str())
}

/// The only row of that action.
fn only<'a>(rows: &'a [Row], name: &str) -> &'a Row {
    let found = of(rows, name);
    assert_eq!(found.len(), 1, "{name}: {found:#?}");
    found[0]
}

/// `name: value` of some text columns, for one comparison with a readable difference.
fn texts(row: &Row, columns: &[&'static schema::Column]) -> Vec<String> {
    columns.iter().map(|column| format!("{}={}", column.name, row.text(column).unwrap_or("-"))).collect()
}

#[test]
fn a_script_that_makes_changes_and_deletes_a_file() {
    let Some(scene) = Scene::new("files") else { return };
    let script = scene.script(
        "files.sh",
        "#!/bin/sh\necho one > created\necho more >> created\nmv created renamed\nrm renamed\nmkdir d\nrmdir d\nln -s nowhere s\nln files.sh h\nexit 3\n",
    );
    assert_eq!(scene.run(&script, &["first argument", ""]).code(), Some(3));
    let rows = scene.rows_of(&script, |rows| {
        of(rows, "FileDeleted").len() == 2 && of(rows, "FileCreated").len() == 4 && has_start(rows, &script)
    });
    let at = |name: &str| scene.directory().join(name).display().to_string();
    // The shell that joined the cgroup wrote to cgroup.procs.
    let rows: Vec<Row> = rows.into_iter().filter(|row| row.text(&col::FILE_NAME) != Some("cgroup.procs")).collect();

    let started = of(&rows, "ProcessCreated").into_iter().find(|row| row.text(&col::PROCESS_SCRIPT_PATH).is_some());
    let started = started.expect("a row for the script's start");
    let line = format!("/bin/sh {} 'first argument' ''", script.display());
    assert_eq!(started.text(&col::PROCESS_COMMAND_LINE), Some(line.as_str()));
    assert_eq!(started.text(&col::PROCESS_WORKING_DIRECTORY), scene.directory().to_str());
    let id = started.text(&col::PROCESS_UNIQUE_ID).expect("an id").to_owned();
    assert_eq!(
        started.number(&col::INITIATING_PROCESS_ID),
        Some(i64::from(std::process::id())),
        "the test forked the shell"
    );
    assert_eq!(started.text(&col::SHA256).map(str::len), Some(64));

    let made: Vec<_> = of(&rows, "FileCreated").into_iter().skip(1).map(|row| row.text(&col::FOLDER_PATH)).collect();
    assert_eq!(made, ["d", "s", "h"].map(|name| Some(at(name))).iter().map(Option::as_deref).collect::<Vec<_>>());
    let more: Vec<_> =
        of(&rows, "FileCreated").into_iter().skip(1).filter_map(|row| row.text(&col::ADDITIONAL_FIELDS)).collect();
    assert!(more[0].contains("\"directory\"") && more[1].contains("\"nowhere\""), "{more:?}");
    assert!(more[2].contains(&at("files.sh")), "{more:?}");

    for name in ["FileCreated", "FileModified"] {
        let row = of(&rows, name)[0];
        assert_eq!(row.text(&col::FOLDER_PATH), Some(at("created").as_str()), "{name}");
        assert_eq!(row.text(&col::FILE_NAME), Some("created"), "{name}");
        assert_eq!(row.text(&col::INITIATING_PROCESS_UNIQUE_ID), Some(id.as_str()), "{name}");
        assert_eq!(row.text(&col::INITIATING_SCRIPT_PATH), script.to_str(), "{name}");
        assert_eq!(row.text(&col::ATTRIBUTION_LEVEL), Some("exact-single"), "{name}");
        assert_eq!(row.text(&col::INITIATING_SCRIPT_SHA256).map(str::len), Some(64), "{name}");
    }
    let renamed = only(&rows, "FileRenamed");
    assert_eq!(renamed.text(&col::PREVIOUS_FOLDER_PATH), Some(at("created").as_str()));
    assert_eq!(renamed.text(&col::FOLDER_PATH), Some(at("renamed").as_str()));
    assert_eq!(renamed.text(&col::INITIATING_PROCESS_COMMAND_LINE), Some("mv created renamed"));
    assert_eq!(renamed.text(&col::INITIATING_PROCESS_PARENT_UNIQUE_ID), Some(id.as_str()));
    let deleted: Vec<_> = of(&rows, "FileDeleted").into_iter().map(|row| row.text(&col::FOLDER_PATH)).collect();
    assert_eq!(deleted, [Some(at("renamed").as_str()), Some(at("d").as_str())]);

    let ended = of(&rows, "ProcessTerminated").into_iter().find(|row| row.text(&col::PROCESS_UNIQUE_ID) == Some(&id));
    let ended = ended.expect("a row for the script's end");
    let expect = ["Outcome=failed", "ErrorName=exit 3"];
    assert_eq!(texts(ended, &[&col::OUTCOME, &col::ERROR_NAME]), expect);
    assert!(ended.number(&col::DURATION_US).is_some_and(|duration_us| duration_us > 0));
}

#[test]
fn connections_that_work_and_that_are_refused() {
    let Some(scene) = Scene::new("tcp") else { return };
    let open = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("listen");
    let open_port = open.local_addr().expect("an address").port();
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("listen");
    let closed_port = closed.local_addr().expect("an address").port();
    drop(closed);
    let text = format!(
        "#!/bin/bash\n: 3<>/dev/tcp/127.0.0.1/{open_port}\n: 3<>/dev/tcp/127.0.0.1/{closed_port}\n: 3<>/dev/tcp/255.255.255.255/9\n"
    );
    let script = scene.script("tcp.sh", &text);
    scene.run(&script, &[]);
    let rows = scene.rows_of(&script, |rows| of(rows, "ConnectionFailed").len() == 2);

    let success = only(&rows, "ConnectionSuccess");
    assert_eq!(success.number(&col::REMOTE_PORT), Some(i64::from(open_port)));
    let failures = of(&rows, "ConnectionFailed");
    assert_eq!(failures.len(), 2, "{failures:#?}");
    let ports: Vec<_> = failures.iter().map(|row| row.number(&col::REMOTE_PORT)).collect();
    assert_eq!(ports, [Some(i64::from(closed_port)), Some(9)]);
    let errors: Vec<_> =
        failures.iter().map(|row| (row.text(&col::ERROR_NAME), row.number(&col::ERROR_CODE))).collect();
    // No SYN can go to a broadcast address: the call itself fails.
    assert_eq!(errors, [(Some("ECONNREFUSED"), Some(111)), (Some("ENETUNREACH"), Some(101))]);
    for row in failures.iter().take(1).copied().chain([success]) {
        assert_eq!(row.text(&col::REMOTE_IP), Some("127.0.0.1"));
        assert_eq!(row.text(&col::INITIATING_SCRIPT_PATH), script.to_str());
        assert!(row.number(&col::LOCAL_PORT).is_some_and(|port| port > 0));
        assert!(row.number(&col::DURATION_US).is_some());
    }
}

/// A loopback address of this test run alone: port 53 can be had once per address.
fn own_address(network: u8) -> Ipv4Addr {
    let [.., high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, network, high, low.max(1))
}

/// Answers `good.test` with an address and everything else with NXDOMAIN, for two questions.
fn resolver(socket: &UdpSocket) {
    for _ in 0..2 {
        let mut message = [0; 512];
        let (n, from) = socket.recv_from(&mut message).expect("a question");
        let good = message[..n].windows(5).any(|window| window == b"\x04good");
        message[2] = 0x81;
        message[3] = if good { 0x80 } else { 0x83 };
        let mut answer = message[..n].to_vec();
        if good {
            answer[7] = 1;
            answer.extend_from_slice(b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04");
            answer.extend_from_slice(&own_address(77).octets());
        }
        socket.send_to(&answer, from).expect("answer");
    }
}

#[test]
fn names_that_resolve_that_do_not_and_that_nobody_answers() {
    let Some(scene) = Scene::new("dns") else { return };
    let (server, nobody) = (own_address(77), own_address(78));
    let socket = UdpSocket::bind((server, 53)).expect("root may listen on port 53");
    let thread = std::thread::spawn(move || resolver(&socket));
    let ask = |id: &str, name: &str| {
        let label = name.len();
        let question = format!(
            r"\x00\x{id}\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x{label:02x}{name}\x04test\x00\x00\x01\x00\x01"
        );
        format!("exec 4<>/dev/udp/{server}/53\nprintf '{question}' >&4\ndd bs=512 count=1 status=none <&4 >/dev/null\n")
    };
    let silent = ask("33", "silent")
        .replace("dd bs=512 count=1 status=none <&4 >/dev/null\n", "")
        .replace(&server.to_string(), &nobody.to_string());
    let script = scene.script(
        "dns.sh",
        &format!("#!/bin/bash\n{}{}{silent}: 5<>/dev/tcp/{server}/9\n", ask("11", "good"), ask("22", "missing")),
    );
    // The last line connects to nobody.
    scene.run(&script, &[]);
    thread.join().expect("both questions came");

    let rows = scene.rows("the timeout", |rows, _| !of(rows, "DnsQueryRequest").is_empty());
    let columns = [
        &col::REMOTE_URL,
        &col::DNS_QUERY_TYPE,
        &col::DNS_ANSWERS,
        &col::OUTCOME,
        &col::ERROR_NAME,
        &col::INITIATING_PROCESS_FILE_NAME,
    ];
    let answers: Vec<_> = of(&rows, "DnsQueryResponse").into_iter().map(|row| texts(row, &columns).join(" ")).collect();
    let good = format!(
        "RemoteUrl=good.test DnsQueryType=A DnsAnswers=[\"{server}\"] Outcome=ok ErrorName=- InitiatingProcessFileName=bash"
    );
    let expect = [
        good.as_str(),
        "RemoteUrl=missing.test DnsQueryType=A DnsAnswers=[] Outcome=failed ErrorName=NXDOMAIN InitiatingProcessFileName=bash",
    ];
    assert_eq!(answers, expect);
    for row in of(&rows, "DnsQueryResponse") {
        assert!(row.number(&col::DURATION_US).is_some());
        assert_eq!(row.text(&col::INITIATING_SCRIPT_PATH), script.to_str());
        assert_eq!(row.text(&col::REMOTE_IP), Some(server.to_string().as_str()));
    }
    let refused = only(&rows, "ConnectionFailed");
    assert_eq!(refused.text(&col::REMOTE_URL), Some("good.test"), "the name it had asked for");
    let timeout = only(&rows, "DnsQueryRequest");
    assert_eq!(texts(timeout, &[&col::REMOTE_URL, &col::ERROR_NAME]), ["RemoteUrl=silent.test", "ErrorName=TIMEOUT"]);
}

#[test]
fn programs_that_cannot_start_and_those_that_a_signal_ends() {
    let Some(scene) = Scene::new("fail") else { return };
    let script = scene.script(
        "fail.sh",
        "#!/bin/sh\n./absent\n( kill -9 $(exec sh -c 'echo $PPID') )\n/bin/sh -c 'kill -TERM $$'\nexit 0\n",
    );
    scene.run(&script, &[]);
    let rows = scene.rows_of(&script, |rows| {
        let ends = of(rows, "ProcessTerminated");
        let has = |name| ends.iter().any(|row| row.text(&col::ERROR_NAME) == Some(name));
        has("SIGKILL") && has("SIGTERM")
    });
    let path = scene.directory().join("absent").display().to_string();
    // Looking for a program along PATH makes more of them.
    let failures: Vec<Row> = rows.iter().filter(|row| row.text(&col::FOLDER_PATH) == Some(&path)).cloned().collect();
    let failed = only(&failures, "ExecFailed");
    assert_eq!(failed.text(&col::FOLDER_PATH), Some(path.as_str()));
    assert_eq!(
        texts(failed, &[&col::ERROR_NAME, &col::INITIATING_PROCESS_FILE_NAME]),
        ["ErrorName=ENOENT", "InitiatingProcessFileName=dash"]
    );
}

#[test]
fn an_argv_of_a_hundred_kilobytes_is_whole_and_a_longer_one_says_that_it_is_cut() {
    let Some(scene) = Scene::new("argv") else { return };
    let long = "x".repeat(100_000);
    let script = scene.script("argv.sh", "#!/bin/sh\nexit 0\n");
    scene.run(&script, &[&long, "end"]);
    let too_long: Vec<String> = (0..4).map(|idx| format!("{idx}").repeat(50_000)).collect();
    let too_long: Vec<&str> = too_long.iter().map(String::as_str).collect();
    let other = scene.script("other.sh", "#!/bin/sh\nexit 0\n");
    scene.run(&other, &too_long);
    let rows = scene.rows_of(&other, |rows| has_start(rows, &script) && has_start(rows, &other));
    let line_of = |script: &Path| {
        let mut rows = of(&rows, "ProcessCreated")
            .into_iter()
            .filter(|row| row.text(&col::PROCESS_SCRIPT_PATH) == script.to_str());
        let row = rows.next().expect("a start");
        (
            row.text(&col::PROCESS_COMMAND_LINE).expect("a line").to_owned(),
            row.text(&col::ADDITIONAL_FIELDS).unwrap_or_default().to_owned(),
        )
    };
    let (line, more) = line_of(&script);
    assert_eq!(line, format!("/bin/sh {} {long} end", script.display()));
    assert!(!more.contains("argv_cut"), "{more}");
    let (line, more) = line_of(&other);
    assert!(line.len() > 128 * 1024 && more.contains("argv_cut"), "{} {more}", line.len());
}

#[test]
fn every_process_of_a_storm_is_seen_or_counted() {
    let Some(scene) = Scene::new("storm") else { return };
    let text = format!("#!/bin/sh\ni=0\nwhile [ $i -lt {STORM} ]; do /bin/true $i; i=$((i+1)); done\n");
    let script = scene.script("storm.sh", &text);
    assert!(scene.run(&script, &[]).success());
    let is_true = |row: &&Row| row.text(&col::FILE_NAME) == Some("true");
    let n = |rows: &[Row], action| of(rows, action).into_iter().filter(is_true).count() as i64;
    // Both sums are exact: one row too many would never come to this.
    let rows = scene.rows("the whole storm", |rows, of_sensor| {
        n(rows, "ProcessCreated") + lost(of_sensor, "exec") == STORM as i64
            && n(rows, "ProcessTerminated") + lost(of_sensor, "exit") == STORM as i64
    });
    let created: Vec<&Row> = of(&rows, "ProcessCreated").into_iter().filter(is_true).collect();

    let lines: BTreeSet<&str> = created.iter().filter_map(|row| row.text(&col::PROCESS_COMMAND_LINE)).collect();
    assert_eq!(lines.len(), created.len(), "every argv is another");
    let starts = of(&rows, "ProcessCreated");
    let shell = starts.iter().find(|row| row.text(&col::PROCESS_SCRIPT_PATH).is_some()).expect("the script's start");
    let id = shell.text(&col::PROCESS_UNIQUE_ID);
    assert!(created.iter().all(|row| row.text(&col::INITIATING_PROCESS_UNIQUE_ID) == id), "every parent is the script");
}

/// Compiles a program of `tests/progs`; `None`, with a printed reason, when there is no compiler.
pub fn program(scene: &Scene, name: &str) -> Option<std::path::PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/progs").join(format!("{name}.c"));
    let out = scene.directory().join(name);
    match std::process::Command::new("cc").arg("-o").arg(&out).arg(source).status() {
        Ok(status) if status.success() => Some(out),
        other => {
            eprintln!("skipped {name}: cc says {other:?}");
            None
        }
    }
}

#[test]
fn file_operations_by_io_uring_and_by_32_bit_calls() {
    for (name, mark) in [("uring", "\"via\":\"io_uring\""), ("compat", "\"abi\":\"ia32\"")] {
        let Some(scene) = Scene::new(name) else { return };
        let Some(program) = program(&scene, name) else { return };
        let at = |name: &str| scene.directory().join(name).display().to_string();
        let status = scene.run(&program, &["first", &at("second")]);
        if status.code() == Some(2) {
            eprintln!("skipped {name}: this kernel does not offer it");
            continue;
        }
        assert!(status.success(), "{name}: {status}");
        let by_program = |rows: &[Row], action: &str| -> Vec<Row> {
            let by_it = |row: &&Row| row.text(&col::INITIATING_PROCESS_FILE_NAME) == Some(name);
            of(rows, action).into_iter().filter(by_it).cloned().collect()
        };
        let rows = scene.rows(name, |rows, _| by_program(rows, "FileDeleted").len() == 1);
        for (action, path) in [("FileCreated", "first"), ("FileRenamed", "second"), ("FileDeleted", "second")] {
            let rows = by_program(&rows, action);
            let row = only(&rows, action);
            assert_eq!(row.text(&col::FOLDER_PATH), Some(at(path).as_str()), "{name} {action}");
            let more = row.text(&col::ADDITIONAL_FIELDS).unwrap_or_default();
            assert!(more.contains(mark), "{name} {action}: {more}");
        }
    }
}

#[test]
fn every_way_to_write_is_one_modification() {
    let Some(scene) = Scene::new("write") else { return };
    let Some(program) = program(&scene, "writers") else { return };
    let ways = ["left-open", "duplicated", "inherited", "mapped", "shortened", "only-read"];
    for way in ways {
        let file = scene.directory().join(way);
        std::fs::write(&file, "before").expect("write the file");
        assert!(scene.run(&program, &[way, &file.display().to_string()]).success(), "{way}");
    }
    let modified = |rows: &[Row]| -> BTreeSet<String> {
        let by_it = |row: &&Row| row.text(&col::INITIATING_PROCESS_FILE_NAME) == Some("writers");
        of(rows, "FileModified")
            .into_iter()
            .filter(by_it)
            .filter_map(|row| row.text(&col::FILE_NAME))
            .map(str::to_owned)
            .collect()
    };
    let n_ended = |rows: &[Row]| {
        of(rows, "ProcessTerminated").iter().filter(|row| row.text(&col::FILE_NAME) == Some("writers")).count()
    };
    // One of them forks.
    let rows =
        scene.rows("the ends", |rows, _| n_ended(rows) == ways.len() + 1 && modified(rows).len() >= ways.len() - 1);
    assert_eq!(
        modified(&rows),
        ["duplicated", "inherited", "left-open", "mapped", "shortened"].map(str::to_owned).into()
    );
    let n_rows =
        of(&rows, "FileModified").iter().filter(|row| row.text(&col::FILE_NAME) != Some("cgroup.procs")).count();
    assert_eq!(n_rows, ways.len() - 1, "one row each");
}
