//! `cargo run --release -p store --example ingest_cost [MILLIONS]`: what a flush of the sample's events spends on sorting,
//! on prevalence and on column files, and what prevalence takes on disk. One feeder, batches as the sample makes them.

use std::time::{Duration, Instant};

use prost::Message;
use store::{Append, Eagerness, Error, Kind, Options, Store};

fn main() -> Result<(), Error> {
    let millions: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1);
    let level = tracing_subscriber::EnvFilter::new("store=debug");
    tracing_subscriber::fmt().with_env_filter(level).with_ansi(false).with_writer(std::io::stderr).init();
    let dir = std::env::temp_dir().join(format!("nenrin-ingest-cost-{}", std::process::id()));
    let store = Store::open(&Options { dir: dir.clone() })?;
    let n_events = millions * 1_000_000;
    let mut next_seq = std::collections::HashMap::new();
    let (mut n_rows, mut busy) = (0, Duration::ZERO);
    for batch in schema::sample::Sample::new(schema::sample::Options { n_events, ..Default::default() }) {
        let seq = next_seq.entry(batch.device.clone()).or_insert(1);
        let append = Append {
            device: batch.device,
            tenant: "default".to_owned(),
            epoch: 1,
            first_seq: *seq,
            received_ns: batch.received_ns,
            records: batch.rows.iter().map(Message::encode_to_vec).collect(),
        };
        *seq += batch.rows.len() as u64;
        n_rows += batch.rows.len() as u64;
        let started = Instant::now();
        while let Err(error) = store.append_wait(append.clone()) {
            let Error::Busy = error else { return Err(error) };
            std::thread::sleep(Duration::from_millis(20));
        }
        busy += started.elapsed();
    }
    let started = Instant::now();
    store.flush()?;
    busy += started.elapsed();
    let usage = store.usage(|_, _| {})?;
    println!("{n_rows} rows in {:.1} s: {:.0} rows/s durable", busy.as_secs_f64(), n_rows as f64 / busy.as_secs_f64());
    println!("events {} bytes, prevalence {:?}", usage.files.bytes, usage.prevalence);
    let started = Instant::now();
    store.compact(Eagerness::All, |_| {})?;
    let prevalence = store.usage(|_, _| {})?.prevalence;
    println!("merged all in {:.1} s: prevalence {prevalence:?}", started.elapsed().as_secs_f64());
    let started = Instant::now();
    let snapshot = store.snapshot();
    for number in 0..100 {
        snapshot.prevalence.look_up(Kind::Sha256, &[&format!("{:064x}", number * 0x9e37_79b9_u64)], None)?;
    }
    println!("a look-up takes {:.2} ms", started.elapsed().as_secs_f64() * 10.0);
    store.close();
    std::fs::remove_dir_all(&dir).map_err(|source| Error::Io { action: "remove", path: dir, source })
}
