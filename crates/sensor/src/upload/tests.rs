//! The uploader against a real TLS server that keeps what it gets by sequence number, and has trouble.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use prost::Message;
use schema::{Row, col};
use tokio::task::JoinHandle;

use super::*;
use crate::spool::SpoolLimits;
use crate::testing::{Asked, Authority, Reply, Server, loopback};

const TIMEOUT: Duration = Duration::from_secs(20);

/// What the server has: rows by number, and each batch as (first number, number of rows).
#[derive(Debug, Default)]
struct Stored {
    rows: BTreeMap<u64, Vec<u8>>,
    batches: Vec<(u64, usize)>,
}

impl Stored {
    /// Stores a batch like the server; the same number must always mean the same row.
    fn store(&mut self, body: &[u8]) -> Reply {
        let batch = wire::decode(body).expect("batch");
        let through = batch.last_seq();
        self.batches.push((batch.header.first_seq, batch.records.len()));
        for (record, seq) in batch.records.into_iter().zip(batch.header.first_seq..) {
            let known = self.rows.entry(seq).or_insert_with(|| record.clone());
            assert_eq!(known, &record, "number {seq} means two rows");
        }
        let epoch = batch.header.epoch;
        Reply::Answer(200, None, format!(r#"{{"epoch":"{epoch:016x}","through":{through}}}"#))
    }

    fn commands(&self) -> Vec<String> {
        let text = |row: &Vec<u8>| Row::decode(row.as_slice()).ok()?.text(&col::FILE_NAME).map(str::to_owned);
        self.rows.values().filter_map(text).collect()
    }
}

fn rows(numbers: std::ops::RangeInclusive<u64>) -> Vec<Row> {
    let row = |number| {
        let mut row = Row::new();
        row.set(&col::ACTION_TYPE, "ProcessCreated").set(&col::FILE_NAME, format!("row {number}"));
        row
    };
    numbers.map(row).collect()
}

fn names(numbers: std::ops::RangeInclusive<u64>) -> Vec<String> {
    numbers.map(|number| format!("row {number}")).collect()
}

struct Setup {
    spool: Arc<Spool>,
    stored: Arc<Mutex<Stored>>,
    server: Server,
    stop: watch::Sender<bool>,
    task: JoinHandle<Result<(), Error>>,
}

/// A running uploader whose server first does what `reply` says and stores when that says nothing.
async fn start(dir: &Path, mut reply: impl FnMut(&Asked, &mut Stored) -> Option<Reply> + Send + 'static) -> Setup {
    let authority = Authority::new();
    let stored = Arc::new(Mutex::new(Stored::default()));
    let kept = Arc::clone(&stored);
    let server = Server::start(authority.server_config(loopback()), move |asked| {
        assert!(asked.has_certificate);
        assert_eq!(asked.path, "/ingest/v1/batch");
        let mut stored = kept.lock().expect("lock");
        reply(&asked, &mut stored).unwrap_or_else(|| stored.store(&asked.body))
    })
    .await;
    let spool = Arc::new(Spool::open(&dir.join("spool"), SpoolLimits::default()).expect("spool"));
    let identity = authority.enrolled(dir, &server.url());
    let uploader = Uploader::new(&server.url(), &identity, Arc::clone(&spool)).expect("uploader");
    let (stop, stopped) = watch::channel(false);
    Setup { spool, stored, server, stop, task: tokio::spawn(uploader.run(stopped)) }
}

impl Setup {
    /// Waits until the server has acknowledged everything up to `seq`.
    async fn until_acked(&self, seq: u64) {
        let start = Instant::now();
        while self.spool.stats().acked_seq < seq {
            assert!(
                start.elapsed() < TIMEOUT,
                "{:?} {:?}",
                self.spool.stats(),
                self.stored.lock().expect("lock").batches
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn finish(self) -> Stored {
        self.stop.send(true).expect("running");
        self.task.await.expect("no panic").expect("no error");
        drop(self.server);
        std::mem::take(&mut *self.stored.lock().expect("lock"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_arrives_once() {
    let dir = tempfile::tempdir().expect("dir");
    let setup = start(dir.path(), |_, _| None).await;
    setup.spool.append(&rows(1..=5)).expect("append");
    setup.until_acked(5).await;
    setup.spool.append(&rows(6..=12_005)).expect("append");
    setup.until_acked(12_005).await;
    let stored = setup.finish().await;
    assert_eq!(stored.commands(), names(1..=12_005));
    assert!(stored.batches.iter().all(|(_, n_rows)| *n_rows <= wire::BATCH_ROWS_MAX));
    assert_eq!(stored.batches.iter().map(|(_, n_rows)| n_rows).sum::<usize>(), 12_005);
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_answer_is_sent_again_with_the_same_numbers() {
    let dir = tempfile::tempdir().expect("dir");
    let mut n_cut = 0;
    let setup = start(dir.path(), move |asked, stored| {
        // Stored, but the answer never arrives.
        n_cut += 1;
        (n_cut <= 2).then(|| {
            stored.store(&asked.body);
            Reply::Cut
        })
    })
    .await;
    setup.spool.append(&rows(1..=10)).expect("append");
    setup.until_acked(10).await;
    let stored = setup.finish().await;
    assert_eq!(stored.commands(), names(1..=10));
    assert_eq!(stored.batches, [(1, 10); 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn busy_server_is_left_alone_as_long_as_it_asks() {
    let dir = tempfile::tempdir().expect("dir");
    let mut asked_at: Vec<Instant> = Vec::new();
    let setup = start(dir.path(), move |_, _| {
        asked_at.push(Instant::now());
        match asked_at.as_slice() {
            [_] => Some(Reply::Answer(503, Some(1), String::new())),
            [first, second] => {
                assert!(*second - *first >= Duration::from_secs(1), "came back too early");
                Some(Reply::Answer(429, None, String::new()))
            }
            _ => None,
        }
    })
    .await;
    setup.spool.append(&rows(1..=3)).expect("append");
    setup.until_acked(3).await;
    assert_eq!(setup.finish().await.commands(), names(1..=3));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_record_does_not_block_the_stream() {
    let dir = tempfile::tempdir().expect("dir");
    let setup = start(dir.path(), |asked, _| {
        let batch = wire::decode(&asked.body).expect("batch");
        let poison = |record: &Vec<u8>| record.windows(7).any(|window| window == b"row 700");
        batch
            .records
            .iter()
            .any(poison)
            .then(|| Reply::Answer(400, None, r#"{"error":{"code":"corrupt_batch","message":"bad"}}"#.to_owned()))
    })
    .await;
    setup.spool.append(&rows(1..=1_000)).expect("append");
    setup.until_acked(1_001).await;
    let stored = setup.finish().await;
    let expected: Vec<_> = names(1..=1_000).into_iter().filter(|name| name != "row 700").collect();
    assert_eq!(stored.commands(), expected);
    let loss = Row::decode(stored.rows[&1_001].as_slice()).expect("row");
    assert_eq!(loss.text(&col::GAP_REASON), Some("decode_error"));
    assert_eq!(loss.number(&col::LOST_COUNT), Some(1));
    assert_eq!(
        loss.text(&col::ADDITIONAL_FIELDS),
        Some(r#"{"kind":"refused by the server","seqFrom":700,"seqTo":700}"#)
    );
    assert!(!stored.rows.contains_key(&700));
}

#[tokio::test(flavor = "multi_thread")]
async fn server_that_refuses_everything_does_not_empty_the_spool() {
    let dir = tempfile::tempdir().expect("dir");
    let setup = start(dir.path(), |_, _| Some(Reply::Answer(400, None, String::new()))).await;
    setup.spool.append(&rows(1..=100)).expect("append");
    // Eight are tried one by one, then the uploader waits.
    let start = Instant::now();
    while setup.spool.stats().written_seq < 108 {
        assert!(start.elapsed() < TIMEOUT, "{:?}", setup.spool.stats());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(setup.spool.stats().acked_seq, 0);
    setup.task.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_acknowledgements_remove_nothing() {
    let dir = tempfile::tempdir().expect("dir");
    let mut answers = [r#"{"epoch":"0","through":3}"#, "", r#"{"epoch":"EPOCH","through":9}"#].into_iter();
    let setup = start(dir.path(), move |asked, _| {
        let epoch = wire::decode(&asked.body).expect("batch").header.epoch;
        answers.next().map(|body| Reply::Answer(200, None, body.replace("EPOCH", &format!("{epoch:x}"))))
    })
    .await;
    setup.spool.append(&rows(1..=3)).expect("append");
    setup.until_acked(3).await;
    assert_eq!(setup.finish().await.commands(), names(1..=3));
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_sends_what_is_left() {
    let dir = tempfile::tempdir().expect("dir");
    let setup = start(dir.path(), |_, _| None).await;
    setup.spool.append(&rows(1..=500)).expect("append");
    assert_eq!(setup.finish().await.commands(), names(1..=500));
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_does_not_wait_for_a_server_in_trouble() {
    let dir = tempfile::tempdir().expect("dir");
    let setup = start(dir.path(), |_, _| Some(Reply::Answer(503, Some(600), String::new()))).await;
    setup.spool.append(&rows(1..=5)).expect("append");
    let start = Instant::now();
    let stored = setup.finish().await;
    assert!(stored.rows.is_empty() && start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn server_of_another_ca_gets_nothing() {
    let dir = tempfile::tempdir().expect("dir");
    let (own, other) = (Authority::new(), Authority::new());
    let server = Server::start(other.server_config(loopback()), |_| panic!("events were sent")).await;
    let identity = own.enrolled(dir.path(), &server.url());
    let spool = Arc::new(Spool::open(&dir.path().join("spool"), SpoolLimits::default()).expect("spool"));
    spool.append(&rows(1..=5)).expect("append");
    let uploader = Uploader::new(&server.url(), &identity, Arc::clone(&spool)).expect("uploader");
    let client = uploader.client();
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(uploader.run(stopped));
    let error = client.post("/ingest/v1/batch", "text/plain", Default::default()).await.expect_err("refused");
    assert!(matches!(error, client::Error::Tls { .. }), "{error}");
    stop.send(true).expect("running");
    task.await.expect("no panic").expect("no error");
    assert_eq!(spool.stats().acked_seq, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn restarted_server_is_found_again() {
    let dir = tempfile::tempdir().expect("dir");
    let mut n_asked = 0;
    let setup = start(dir.path(), move |_, _| {
        n_asked += 1;
        (n_asked % 2 == 0).then_some(Reply::Cut)
    })
    .await;
    for number in 1..=6 {
        setup.spool.append(&rows(number..=number)).expect("append");
        setup.until_acked(number).await;
    }
    assert_eq!(setup.finish().await.commands(), names(1..=6));
}

#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_are_sent_with_the_certificate() {
    let dir = tempfile::tempdir().expect("dir");
    let authority = Authority::new();
    let (seen, mut beats) = tokio::sync::mpsc::unbounded_channel();
    let server = Server::start(authority.server_config(loopback()), move |asked| {
        assert!(asked.has_certificate && asked.path == "/ingest/v1/heartbeat");
        let _ = seen.send(serde_json::from_slice::<serde_json::Value>(&asked.body).expect("JSON"));
        Reply::Answer(200, None, "{}".to_owned())
    })
    .await;
    let identity = authority.enrolled(dir.path(), &server.url());
    let spool = Arc::new(Spool::open(&dir.path().join("spool"), SpoolLimits::default()).expect("spool"));
    let client = Uploader::new(&server.url(), &identity, spool).expect("uploader").client();
    let (stop, stopped) = watch::channel(false);
    let fill = || crate::heartbeat::Heartbeat::of_this_device("device");
    let task = tokio::spawn(crate::heartbeat::run(client, fill, stopped));
    let beat = tokio::time::timeout(TIMEOUT, beats.recv()).await.expect("in time").expect("a heartbeat");
    assert_eq!(beat["deviceName"], "device");
    assert!(beat["nowNs"].as_str().is_some_and(|text| text.parse::<i64>().is_ok()));
    assert!(beat["ips"].is_array() && beat["coverage"].is_object() && beat["spooled"] == 0);
    stop.send(true).expect("running");
    task.await.expect("no panic");
}
