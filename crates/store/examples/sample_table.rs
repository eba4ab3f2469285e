//! `cargo run -p store --example sample_table DIR STAGE`: brings a store with everything that other engines have to cope
//! with to the next stage, and prints what they must find in it, as JSON. Used by `cargo xtask scenario open-formats`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use prost::Message;
use schema::row::Nanos;
use schema::{Row, col};
use store::{Append, Eagerness, Error, Options, Store, day_of};

const DAY_NS: i64 = 86_400_000_000_000;
const START_NS: i64 = 1_795_478_400_000_000_000;
const ROUNDS: u64 = 120;
const DEVICES: u64 = 3;

fn main() -> Result<(), Error> {
    let dir = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "sample-store".to_owned()));
    let stage = std::env::args().nth(2).unwrap_or_else(|| "written".to_owned());
    let store = Store::open(&Options { dir: dir.clone() })?;
    match stage.as_str() {
        "written" => {
            for round in 0..ROUNDS {
                for device in 0..DEVICES {
                    store.append_wait(batch(device, round))?;
                }
                store.flush()?;
            }
        }
        "compacted" => drop(store.compact(Eagerness::All, |_| {})?),
        "checkpointed" => drop(store.checkpoint()?),
        "vacuumed" => drop(store.vacuum(Duration::ZERO)?),
        // Commits after the checkpoint, and a second one that cleans the log before the first.
        "continued" => {
            store.append_wait(batch(0, ROUNDS))?;
            store.flush()?;
            store.checkpoint()?;
        }
        other => return Err(Error::BadBatch(format!("no stage {other:?}"))),
    }
    println!("{}", expected(&store, &dir, stage == "continued"));
    Ok(())
}

/// What must be found, out of the rows that were made, not out of the store.
fn expected(store: &Store, dir: &std::path::Path, is_continued: bool) -> serde_json::Value {
    let mut n_rows = 0;
    let mut rows_by_day: BTreeMap<String, u64> = BTreeMap::new();
    let mut process_id_sum = 0;
    let mut last_round_of_device_0 = ROUNDS;
    if is_continued {
        last_round_of_device_0 += 1;
    }
    for device in 0..DEVICES {
        for round in 0..if device == 0 { last_round_of_device_0 } else { ROUNDS } {
            for part in 0..3 {
                n_rows += 1;
                *rows_by_day.entry(day_of(time_ns(round, part).div_euclid(1_000))).or_insert(0) += 1;
                if device == 1 && part < 2 && round > 50 {
                    process_id_sum += round;
                }
            }
        }
    }
    let columns: Vec<&str> = schema::EVENT_COLUMNS.iter().map(|column| column.name).chain(["day"]).collect();
    let files: Vec<String> = store.snapshot().files.into_iter().map(|file| file.path).collect();
    serde_json::json!({
        "table": dir.join("events"), "prevalence": dir.join("prevalence"), "columns": columns, "files": files,
        "rows": n_rows, "rowsByDay": rows_by_day, "devices": DEVICES, "processIdSum": process_id_sum,
        "hashes": last_round_of_device_0, "devicesOfHash7": DEVICES,
    })
}

/// Some a day before the others, some of a clock gone mad.
fn time_ns(round: u64, part: u64) -> i64 {
    let late_ns = if round.is_multiple_of(7) { DAY_NS } else { 0 };
    let mad_ns = if round == 100 && part == 0 { -START_NS - 40 * 365 * DAY_NS } else { 0 };
    START_NS + (round * 1_000_003 + part) as i64 - late_ns + mad_ns
}

/// Two processes and one file of a device.
fn batch(device: u64, round: u64) -> Append {
    let mut records = Vec::new();
    for part in 0..3 {
        let mut row = Row::new();
        row.set(&col::TIMESTAMP, Nanos(time_ns(round, part)));
        if part < 2 {
            row.set(&col::ACTION_TYPE, "ProcessCreated")
                .set(&col::PROCESS_COMMAND_LINE, format!("run {round} \u{5e74}\u{8f2a}"))
                .set(&col::PROCESS_ID, round as i64);
        } else {
            row.set(&col::ACTION_TYPE, "FileCreated").set(&col::SHA256, format!("{round:064x}"));
        }
        records.push(row.encode_to_vec());
    }
    Append {
        device: format!("{device:040x}"),
        tenant: "default".to_owned(),
        epoch: 1,
        first_seq: round * 3 + 1,
        received_ns: START_NS + round as i64,
        records,
    }
}
