//! `cargo run -p store --example sample_table DIR`: a store with everything that other engines have to cope with, and
//! on standard output what they must find in it, as JSON. Used by `cargo xtask scenario open-formats`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use prost::Message;
use schema::row::Nanos;
use schema::{Row, col};
use store::{Append, Eagerness, Error, Options, Store};

const DAY_NS: i64 = 86_400_000_000_000;
const START_NS: i64 = 1_795_478_400_000_000_000;
const ROUNDS: u64 = 230;

fn main() -> Result<(), Error> {
    let dir = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "sample-store".to_owned()));
    let store = Store::open(&Options { dir: dir.clone() })?;
    let mut rows_by_day: BTreeMap<i64, u64> = BTreeMap::new();
    for round in 0..ROUNDS {
        for device in 0..3 {
            append(&store, device, round, &mut rows_by_day)?;
        }
        store.flush()?;
        if round % 50 == 49 {
            // Merges, checkpoints and a cleaned log in the middle of the history, commits after it at the end.
            store.compact(Eagerness::WhenWorthwhile, |_| {})?;
            store.checkpoint()?;
            store.vacuum(Duration::ZERO)?;
        }
    }
    let stats = store.stats();
    let days: BTreeMap<String, u64> = store.rows_by_day();
    assert_eq!(days.values().sum::<u64>(), rows_by_day.values().sum::<u64>());
    let files: Vec<String> = store.snapshot().files.into_iter().map(|file| file.path).collect();
    let expected = serde_json::json!({
        "table": dir.join("events"), "rows": stats.n_file_rows, "rowsByDay": days, "files": files,
        "devices": 3, "commandLinesOfDevice1": ROUNDS * 2,
    });
    println!("{expected}");
    Ok(())
}

/// Two processes and one file of a device; some of a day before, some of a clock gone mad.
fn append(store: &Store, device: u64, round: u64, rows_by_day: &mut BTreeMap<i64, u64>) -> Result<(), Error> {
    let mut records = Vec::new();
    for part in 0..3 {
        let late_ns = if round.is_multiple_of(7) { DAY_NS } else { 0 };
        let mad_ns = if round == 100 && part == 0 { -START_NS - 40 * 365 * DAY_NS } else { 0 };
        let time_ns = START_NS + (round * 1_000_003 + part) as i64 - late_ns + mad_ns;
        *rows_by_day.entry(time_ns.div_euclid(DAY_NS)).or_insert(0) += 1;
        let mut row = Row::new();
        row.set(&col::TIMESTAMP, Nanos(time_ns));
        if part < 2 {
            row.set(&col::ACTION_TYPE, "ProcessCreated")
                .set(&col::PROCESS_COMMAND_LINE, format!("run {round} \u{5e74}\u{8f2a}"))
                .set(&col::PROCESS_ID, round as i64);
        } else {
            row.set(&col::ACTION_TYPE, "FileCreated").set(&col::SHA256, format!("{round:064x}"));
        }
        records.push(row.encode_to_vec());
    }
    let batch = Append {
        device: format!("{device:040x}"),
        tenant: "default".to_owned(),
        epoch: 1,
        first_seq: round * 3 + 1,
        received_ns: START_NS + round as i64,
        records,
    };
    store.append_wait(batch).map(|_| ())
}
