//! Prevalence says of every key what a look at all rows ever stored would say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use prost::Message;
use schema::row::Nanos;
use schema::{Row, col};
use store::{Append, Eagerness, Kind, Retention, Sighting, Store, fsck};

use crate::support::{DAY_NS, EPOCH, Random, crash_copy, open};

/// First and last instant (microseconds) and devices of a key.
type Expected = BTreeMap<(&'static str, String), (i64, i64, BTreeSet<String>)>;

/// Everything that was ever stored, and the next number of each device.
#[derive(Default)]
struct Model {
    expected: Expected,
    next_seq: BTreeMap<String, u64>,
}

fn hash(number: u64, n_digits: usize) -> String {
    format!("{number:0n_digits$x}")
}

impl Model {
    fn see(&mut self, kind: &'static str, key: &str, device: &str, time_ns: i64) {
        let time_us = time_ns.div_euclid(1_000);
        let entry = self.expected.entry((kind, key.to_owned())).or_insert((time_us, time_us, BTreeSet::new()));
        entry.0 = entry.0.min(time_us);
        entry.1 = entry.1.max(time_us);
        entry.2.insert(device.to_owned());
    }

    /// A batch of random rows of a device, which the model takes in.
    fn batch(&mut self, random: &mut Random, device: &str, n_rows: u64) -> Append {
        let next = self.next_seq.entry(device.to_owned()).or_insert(1);
        let first_seq = *next;
        *next += n_rows;
        let received_ns = DAY_NS + first_seq as i64 * 1_000_000_000;
        let mut records = Vec::new();
        for _ in 0..n_rows {
            let time_ns = received_ns - random.below(3 * 86_400_000) as i64 * 1_000_000;
            let mut row = Row::new();
            row.set(&col::TIMESTAMP, Nanos(time_ns)).set(&col::ACTION_TYPE, "FileCreated");
            if random.below(3) > 0 {
                let file = random.below(30);
                let name = format!("File{file}.EXE");
                row.set(&col::FILE_NAME, name.as_str()).set(&col::SHA256, hash(file, 64).to_uppercase());
                self.see("file_name", &name.to_lowercase(), device, time_ns);
                self.see("sha256", &hash(file, 64), device, time_ns);
                if file.is_multiple_of(2) {
                    row.set(&col::SHA1, hash(file, 40))
                        .set(&col::MD5, hash(file, 32))
                        .set(&col::FILE_SIZE, 7 + file as i64);
                    self.see("sha1", &hash(file, 40), device, time_ns);
                    self.see("md5", &hash(file, 32), device, time_ns);
                }
            }
            if random.below(3) == 0 {
                let host = random.below(20);
                row.set(&col::REMOTE_IP, format!("::ffff:192.0.2.{host}"))
                    .set(&col::REMOTE_URL, format!("https://Host{host}.example:8443/a"));
                self.see("ip", &format!("192.0.2.{host}"), device, time_ns);
                self.see("domain", &format!("host{host}.example"), device, time_ns);
            }
            if random.below(2) == 0 {
                let file = random.below(30);
                row.set(&col::INITIATING_PROCESS_SHA256, hash(file, 64))
                    .set(&col::INITIATING_PROCESS_FILE_NAME, format!("file{file}.exe"));
                self.see("sha256", &hash(file, 64), device, time_ns);
                self.see("file_name", &format!("file{file}.exe"), device, time_ns);
            }
            records.push(row.encode_to_vec());
        }
        let tenant = "default".to_owned();
        Append { device: device.to_owned(), tenant, epoch: EPOCH, first_seq, received_ns, records }
    }

    #[track_caller]
    fn check(&self, store: &Store) {
        assert_eq!(actual(store, self), self.expected);
    }
}

fn look_up(store: &Store, kind: &str, key: &str) -> Option<Sighting> {
    let kind = Kind::of_name(kind).unwrap();
    store.snapshot().prevalence.look_up(kind, &[key], None).unwrap().remove(0)
}

/// What the store says of the model's keys, of all of a kind at once.
fn actual(store: &Store, model: &Model) -> Expected {
    let snapshot = store.snapshot();
    assert_eq!(snapshot.prevalence.problems(), Vec::<String>::new());
    let mut actual = Expected::new();
    for kind in ["sha1", "sha256", "md5", "ip", "domain", "file_name"] {
        let keys: Vec<&str> = model
            .expected
            .keys()
            .filter(|(of, _)| *of == kind)
            .map(|(_, key)| key.as_str())
            .chain(["none.such"])
            .collect();
        let found = snapshot.prevalence.look_up(Kind::of_name(kind).unwrap(), &keys, Some("default")).unwrap();
        for (key, sighting) in keys.into_iter().zip(found) {
            let Some(sighting) = sighting else { continue };
            assert!(sighting.devices.is_exact());
            let devices = sighting.devices.ids().iter().cloned().collect();
            actual.insert((kind, key.to_owned()), (sighting.first_us, sighting.last_us, devices));
        }
    }
    actual
}

fn runs(dir: &Path) -> Vec<PathBuf> {
    let mut runs = Vec::new();
    for entry in std::fs::read_dir(dir.join("prevalence")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "parquet") {
            runs.push(path);
        }
    }
    runs.sort();
    runs
}

#[test]
fn whatever_happens_to_the_files_the_counts_are_those_of_all_rows() {
    for seed in [3, 4] {
        let mut random = Random(seed);
        let dir = tempfile::tempdir().unwrap();
        let mut model = Model::default();
        let mut store = open(dir.path());
        for _ in 0..60 {
            match random.below(9) {
                0 => store.flush().unwrap(),
                1 => drop(store.compact(Eagerness::All, |_| {}).unwrap()),
                2 => drop(store.compact(Eagerness::WhenWorthwhile, |_| {}).unwrap()),
                3 => {
                    let half = Retention { bytes_max: Some(store.stats().file_bytes / 2), age: None };
                    store.retain(half).unwrap();
                    store.vacuum(Duration::ZERO).unwrap();
                }
                4 => {
                    drop(store);
                    store = open(dir.path());
                }
                5 => {
                    // A crash: what was acknowledged is in the log.
                    let crash = tempfile::tempdir().unwrap();
                    crash_copy(dir.path(), crash.path());
                    model.check(&open(crash.path()));
                }
                _ => {
                    let device = format!("d{}", random.below(6));
                    let n_rows = 1 + random.below(60);
                    let append = model.batch(&mut random, &device, n_rows);
                    store.append_wait(append.clone()).unwrap();
                    if random.below(3) == 0 {
                        assert_eq!(store.append_wait(append).unwrap().n_new, 0, "sent twice");
                    }
                }
            }
            model.check(&store);
        }
        drop(store);
        assert_eq!(fsck(dir.path()).unwrap().problems, Vec::<String>::new());
        model.check(&open(dir.path()));
    }
}

#[test]
fn first_seen_survives_retention() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut model = Model::default();
    store.append_wait(model.batch(&mut Random(1), "d1", 200)).unwrap();
    store.flush().unwrap();
    assert!(store.retain_after(i64::MAX).unwrap() > 0);
    store.vacuum(Duration::ZERO).unwrap();
    assert_eq!(store.stats().n_file_rows, 0);
    model.check(&store);
    store.append_wait(model.batch(&mut Random(2), "d2", 200)).unwrap();
    store.compact(Eagerness::All, |_| {}).unwrap();
    model.check(&store);
}

#[test]
fn a_hash_brings_the_other_hashes_of_its_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut model = Model::default();
    store.append_wait(model.batch(&mut Random(1), "d1", 200)).unwrap();
    for _ in 0..2 {
        let sighting = look_up(&store, "sha1", &hash(4, 40)).unwrap();
        assert_eq!(sighting.facts.sha256, Some(hash(4, 64)));
        assert_eq!(sighting.facts.md5, Some(hash(4, 32)));
        assert_eq!(sighting.facts.size, Some(11));
        store.flush().unwrap();
    }
}

fn seen(device: &str, tenant: &str, received_ns: i64, time_ns: i64) -> Append {
    let mut row = Row::new();
    row.set(&col::TIMESTAMP, Nanos(time_ns)).set(&col::ACTION_TYPE, "FileCreated").set(&col::FILE_NAME, "a.bin");
    let records = vec![row.encode_to_vec()];
    Append { device: device.to_owned(), tenant: tenant.to_owned(), epoch: EPOCH, first_seq: 1, received_ns, records }
}

#[test]
fn a_fleet_beyond_the_exact_limit_is_estimated() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for number in 0..2_000 {
        store.append_wait(seen(&hash(number, 40), "default", DAY_NS, DAY_NS)).unwrap();
        if number % 500 == 499 {
            let sighting = look_up(&store, "file_name", "a.bin").unwrap();
            let n_devices = number + 1;
            assert_eq!(sighting.devices.is_exact(), n_devices <= 512);
            let error = sighting.devices.count() as f64 / n_devices as f64 - 1.0;
            assert!(error.abs() < 0.15, "{n_devices} devices counted as {}", sighting.devices.count());
            store.flush().unwrap();
            assert_eq!(look_up(&store, "file_name", "a.bin").unwrap(), sighting, "in files as in memory");
        }
    }
    let before = look_up(&store, "file_name", "a.bin");
    store.compact(Eagerness::All, |_| {}).unwrap();
    assert_eq!(runs(dir.path()).len(), 1);
    assert_eq!(look_up(&store, "file_name", "a.bin"), before);
}

#[test]
fn tenants_are_counted_apart_and_mad_clocks_do_not_count() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.append_wait(seen("d1", "one", DAY_NS, DAY_NS - 5_000)).unwrap();
    store.append_wait(seen("d2", "two", DAY_NS + 1_000, 1)).unwrap();
    store.append_wait(seen("d3", "two", DAY_NS + 2_000, DAY_NS + 86_400_000_000_000)).unwrap();
    for _ in 0..2 {
        let of = |tenant| store.snapshot().prevalence.look_up(Kind::FileName, &["A.bin"], tenant).unwrap().remove(0);
        let us = DAY_NS / 1_000;
        let bounds = |sighting: Option<Sighting>| sighting.map(|it| (it.first_us, it.last_us, it.devices.count()));
        assert_eq!(bounds(of(Some("one"))), Some((us - 5, us - 5, 1)));
        assert_eq!(bounds(of(Some("two"))), Some((us + 1, us + 2, 2)), "1970 and tomorrow are as of the arrival");
        assert_eq!(bounds(of(Some("three"))), None);
        assert_eq!(bounds(of(None)), Some((us - 5, us + 2, 3)));
        store.flush().unwrap();
    }
}

#[test]
fn a_store_from_before_prevalence_is_read_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut model = Model::default();
    let mut random = Random(5);
    let store = open(dir.path());
    for _ in 0..3 {
        store.append_wait(model.batch(&mut random, "d1", 100)).unwrap();
        store.flush().unwrap();
    }
    drop(store);
    std::fs::remove_dir_all(dir.path().join("prevalence")).unwrap();
    let store = open(dir.path());
    assert_eq!(store.snapshot().prevalence.problems().len(), 1, "it says that something is missing");
    store.append_wait(model.batch(&mut random, "d2", 100)).unwrap();
    store.compact(Eagerness::WhenWorthwhile, |_| {}).unwrap();
    model.check(&store);
    drop(store);
    model.check(&open(dir.path()));
}

#[test]
fn a_damaged_file_is_named_and_can_be_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let mut model = Model::default();
    let mut random = Random(6);
    let store = open(dir.path());
    for _ in 0..9 {
        store.append_wait(model.batch(&mut random, "d1", 100)).unwrap();
        store.flush().unwrap();
    }
    drop(store);
    let files = runs(dir.path());
    // One that can't be opened at all, one whose values are wrong, half a file of a crash.
    std::fs::write(&files[0], b"PAR1").unwrap();
    let mut bytes = std::fs::read(&files[1]).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&files[1], bytes).unwrap();
    std::fs::write(dir.path().join("prevalence/000000000099.tmp"), b"half").unwrap();
    let problems = fsck(dir.path()).unwrap().problems;
    assert_eq!(problems.len(), 2, "{problems:?}");
    let store = open(dir.path());
    let name = files[0].file_name().unwrap().to_str().unwrap();
    let said = store.snapshot().prevalence.problems().join("\n");
    assert!(said.contains(name) && said.contains("state.json"), "{said}");
    store.compact(Eagerness::All, |_| {}).unwrap();
    assert_eq!(store.usage(|_, _| {}).unwrap().prevalence.problems.len(), 2, "a merge does not make it good");
    assert!(look_up(&store, "sha256", &hash(4, 64)).is_some(), "the rest can be used");
    drop(store);
    for file in [&files[0], &files[1], &dir.path().join("prevalence/state.json")] {
        std::fs::remove_file(file).unwrap();
    }
    let store = open(dir.path());
    store.compact(Eagerness::WhenWorthwhile, |_| {}).unwrap();
    model.check(&store);
}

#[test]
fn what_was_not_seen_for_years_is_forgotten_when_everything_is_merged() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let old_ns = DAY_NS - 5 * 366 * 86_400_000_000_000;
    store.append_wait(seen("d1", "default", old_ns, old_ns)).unwrap();
    store.flush().unwrap();
    store.append_wait(Model::default().batch(&mut Random(1), "d2", 10)).unwrap();
    store.flush().unwrap();
    assert!(look_up(&store, "file_name", "a.bin").is_some());
    store.compact(Eagerness::All, |_| {}).unwrap();
    assert!(look_up(&store, "file_name", "a.bin").is_none());
}

#[test]
fn a_reader_keeps_the_files_that_a_merge_replaces() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut model = Model::default();
    for _ in 0..8 {
        store.append_wait(model.batch(&mut Random(9), "d1", 50)).unwrap();
        store.flush().unwrap();
    }
    let snapshot = store.snapshot();
    store.compact(Eagerness::All, |_| {}).unwrap();
    let found = snapshot.prevalence.look_up(Kind::FileName, &["file1.exe"], None).unwrap();
    assert_eq!(found[0], look_up(&store, "file_name", "file1.exe"));
    assert_eq!(runs(dir.path()).len(), 9);
    drop(snapshot);
    assert_eq!(runs(dir.path()).len(), 1);
}

#[test]
fn imported_rows_count() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut rows = Vec::new();
    for _ in 0..3 {
        let mut row = Row::new();
        row.set(&col::TIMESTAMP, Nanos(DAY_NS - 1_000))
            .set(&col::ACTION_TYPE, "FileCreated")
            .set(&col::FILE_NAME, "b.bin");
        rows.push(row);
    }
    store.import([store::batch_of_rows(rows, "d1", "default", EPOCH, 1, DAY_NS).unwrap()]).unwrap();
    let sighting = look_up(&store, "file_name", "b.bin").unwrap();
    assert_eq!((sighting.first_us, sighting.devices.count()), (DAY_NS / 1_000 - 1, 1));
}
