//! Memory is bounded whatever comes, and every action still gets an answer.

use std::collections::BTreeSet;
use std::sync::Arc;

use winlog::runs::limits::{DEVICE_FACTS_MAX, PROCESS_FACTS_MAX};
use winlog::runs::{Action, Command, Engine, Fact, Kind, Record};

use super::world::{MS, Random};

fn fact(number: u64, time: i64, pid: u32, kind: Kind) -> Fact {
    let event = if matches!(kind, Kind::Command(_)) { 4103 } else { 3 };
    let record = Record { log: Arc::from(if event == 3 { "Sysmon" } else { "PowerShell" }), number, event };
    Fact { record, time, written: time, pid: Some(pid), guid: None, thread: Some(7), activity: None, kind }
}

fn command(pipeline: u64, payload: usize) -> Kind {
    Kind::Command(Command {
        host: "h".into(),
        runspace: "r".into(),
        pipeline,
        script: Some("C:\\a.ps1".into()),
        payload: "x".repeat(payload),
    })
}

fn action() -> Kind {
    let image = "powershell.exe".to_owned();
    Kind::Action(Action { image, address: Some("10.0.0.1".to_owned()), network: true, ..Action::default() })
}

/// Feeds commands and actions by turns, and says for how many actions an answer came, and the most that was held.
fn flood(n: u64, pid_of: impl Fn(u64) -> u32, payload: usize) -> (usize, usize) {
    let mut engine = Engine::default();
    let mut answered = BTreeSet::new();
    let mut heaviest = 0;
    let mut random = Random(3);
    for number in 0..n {
        let time = number as i64 * 10 * MS;
        let pid = pid_of(number);
        engine.add(fact(number, time, pid, command(number / 5_000, payload)));
        engine.add(fact(number, time + random.below(5) as i64 * MS, pid, action()));
        heaviest = heaviest.max(engine.weight());
    }
    answered.extend(engine.settle().into_iter().map(|verdict| verdict.record.number));
    (answered.len(), heaviest)
}

#[test]
fn one_process_for_ever() {
    let n = PROCESS_FACTS_MAX as u64 / 2 + 1_000;
    let (answered, heaviest) = flood(n, |_| 4, 10);
    assert_eq!(answered as u64, n, "every action has an answer");
    assert!(heaviest < DEVICE_FACTS_MAX * 5 / 4, "{heaviest}");
}

#[test]
fn more_processes_and_longer_texts_than_fit() {
    let n = 30_000;
    let (answered, heaviest) = flood(n, |number| number as u32, 100_000 / 64);
    assert_eq!(answered as u64, n, "every action has an answer");
    assert!(heaviest < DEVICE_FACTS_MAX * 5 / 4, "{heaviest}");
}
