//! A real process that appends is killed at random: what it reported as durable is there, once.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::*;

const KILLS: usize = 50;
const DIR_VAR: &str = "NENRIN_TEST_SPOOL";

/// Not a test by itself: the process that is killed. It prints the last durable number, again and again.
#[test]
fn child() {
    let Some(dir) = std::env::var_os(DIR_VAR) else { return };
    let spool = open_small(Path::new(&dir), 1 << 30, &Faults::default()).expect("open");
    loop {
        let next = spool.stats().written_seq + 1;
        spool.append(&rows(next..=next + 2)).expect("append");
        println!("durable {}", spool.stats().durable_seq);
    }
}

#[test]
fn killed_at_random() {
    let seed = 0x5eed_u64;
    let dir = tempfile::tempdir().expect("dir");
    let mut random = seed;
    let mut after = 0;
    for round in 0..KILLS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let reported = run_and_kill(dir.path(), 1 + (random >> 33) % 400);
        let spool = open_small(dir.path(), 1 << 30, &Faults::default()).expect("open after the kill");
        let rows = drain(&spool, 0);
        check_complete(&rows, after);
        assert!(losses(&rows).is_empty(), "round {round}: {:?}", losses(&rows));
        for (seq, row) in &rows {
            assert_eq!(number(row), Some(*seq), "round {round}");
        }
        let last = rows.last().map_or(after, |(seq, _)| *seq);
        assert!(last >= reported, "round {round}: {reported} was durable, {last} is the last");
        // Some rounds leave everything, some forget a part.
        if round % 3 == 0 {
            after += (last - after) / 2;
            spool.ack(after).expect("ack");
        }
    }
}

/// Kills the child after some lines of output; returns the last number that it reported as durable.
fn run_and_kill(dir: &Path, n_lines: u64) -> u64 {
    let mut child = spawn(dir);
    let mut output = BufReader::new(child.stdout.take().expect("stdout"));
    let mut line = String::new();
    let mut durable = 0;
    let mut n_seen = 0;
    loop {
        line.clear();
        if output.read_line(&mut line).expect("read") == 0 {
            break;
        }
        // The test harness prints the test's name before the first line.
        let Some((_, number)) = line.rsplit_once("durable ") else { continue };
        // The kill may cut a line: only whole ones count.
        if let (true, Ok(number)) = (line.ends_with('\n'), number.trim().parse::<u64>()) {
            durable = durable.max(number);
        }
        n_seen += 1;
        if n_seen == n_lines {
            child.kill().expect("kill");
        }
    }
    child.wait().expect("wait");
    durable
}

fn spawn(dir: &Path) -> Child {
    let program = std::env::current_exe().expect("test binary");
    let module = module_path!().split_once("::").expect("crate name").1;
    Command::new(program)
        .args(["--exact", &format!("{module}::child"), "--nocapture", "--test-threads=1"])
        .env(DIR_VAR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("start child")
}
