//! The walk against plain query plans on random filters: same rows, same counts, same trees.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use datafusion::logical_expr::{Expr, lit};
use prost::Message;
use schema::sample::{Options, Sample};
use schema::{EventGroup, Row, col};
use store::{Append, Snapshot, Store};

use crate::cursor::Cursor;
use crate::filter::Filter;
use crate::lineage::Lineage;
use crate::page::{Direction, LIST_COLUMNS, Order, PageRequest, Position, sort_keys};
use crate::search::{self, column_of};
use crate::table::{EventsTable, Reads};
use crate::{Engine, Tree, arrow_rows, kql};

const EPOCH: u64 = 5;

/// A store whose rows are imported, flushed and fresh, in about equal parts.
struct World {
    _dir: tempfile::TempDir,
    _store: Store,
    engine: Engine,
    snapshot: Snapshot,
    devices: Vec<String>,
    random: u64,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&store::Options { dir: dir.path().to_owned() }).unwrap();
        let mut batches: Vec<_> = Sample::new(Options { n_events: 12_000, n_devices: 4, n_days: 3, seed: 3 }).collect();
        let mut next_seq: BTreeMap<String, u64> = BTreeMap::new();
        let n_batches = batches.len();
        let mut imported = Vec::new();
        for (idx, batch) in batches.drain(..).enumerate() {
            let seq = next_seq.entry(batch.device.clone()).or_insert(1);
            let first_seq = *seq;
            *seq += batch.rows.len() as u64;
            if idx < n_batches / 2 {
                imported.push(
                    store::batch_of_rows(batch.rows, &batch.device, "t", EPOCH, first_seq, batch.received_ns).unwrap(),
                );
                continue;
            }
            if idx == n_batches * 3 / 4 {
                store.flush().unwrap();
            }
            let records = batch.rows.iter().map(Message::encode_to_vec).collect();
            let append = Append {
                device: batch.device,
                tenant: "t".to_owned(),
                epoch: EPOCH,
                first_seq,
                received_ns: batch.received_ns,
                records,
            };
            store.append_wait(append).unwrap();
        }
        store.import(imported).unwrap();
        let (engine, snapshot) = (Engine::new(2).unwrap(), store.snapshot());
        assert!(!snapshot.fresh.is_empty() && snapshot.files.len() >= 4, "{} files", snapshot.files.len());
        let devices = next_seq.into_keys().collect();
        Self { _dir: dir, _store: store, engine, snapshot, devices, random: 9 }
    }

    fn below(&mut self, n: usize) -> usize {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) as usize % n
    }

    fn chance(&mut self) -> bool {
        self.below(3) == 0
    }

    fn device(&mut self) -> String {
        let idx = self.below(self.devices.len());
        self.devices[idx].clone()
    }

    fn filter(&mut self) -> Filter {
        let texts = [
            "exe",
            "-exe",
            "host:*.com",
            "proc:SH",
            "port:443",
            "-port:443",
            "conf",
            "\"a b\"",
            "k",
            "user:r",
            "ＥＸＥ",
            "-ip:10.",
            "file:*.log",
            "¥",
            "経",
            "action:Created",
            "s -x",
            "cmd:*a*",
            "error:ENO",
        ];
        let end_us = 1_795_478_400_000_000;
        let mut filter = Filter { device: self.device(), ..Filter::default() };
        if self.chance() {
            filter.search = search::parse(texts[self.below(texts.len())]).unwrap();
        }
        if self.chance() {
            filter.groups = vec![EventGroup::ALL[self.below(EventGroup::ALL.len())], EventGroup::Network];
        }
        if self.chance() {
            filter.actions = vec!["ProcessCreated".to_owned(), "FileCreated".to_owned()];
        }
        filter.failures_only = self.below(5) == 0;
        if self.chance() {
            filter.from_us = Some(end_us - self.below(80 * 3600) as i64 * 1_000_000);
        }
        if self.chance() {
            filter.to_us = Some(end_us - self.below(80 * 3600) as i64 * 1_000_000);
        }
        filter
    }

    /// All rows that pass, newest first, from a plan over DataFusion's own scan.
    fn plain(&self, filter: &Filter) -> Vec<Row> {
        self.planned(filter, Reads::DataFusion)
    }

    fn planned(&self, filter: &Filter, reads: Reads) -> Vec<Row> {
        let columns: Vec<Expr> = LIST_COLUMNS.iter().map(|name| column_of(name)).collect();
        let files = Arc::clone(&self.engine.files);
        let table = EventsTable::new(self.snapshot.clone(), filter.scope(), files, reads);
        let frame = self.engine.context.read_table(Arc::new(table)).unwrap();
        let frame = frame.filter(filter.to_expr()).unwrap().select(columns).unwrap().sort(sort_keys(false)).unwrap();
        arrow_rows::rows(&self.engine.collect(frame).unwrap())
    }
}

#[test]
fn pages() {
    let mut world = World::new();
    let mut n_rows = 0;
    for _ in 0..30 {
        let filter = world.filter();
        let all = world.plain(&filter);
        n_rows += all.len();
        let limit = world.below(300) + 1;
        let order = if world.chance() { Order::Ascending } else { Order::Descending };
        let request = |position| PageRequest { filter: filter.clone(), order, limit: Some(limit), position };
        let page = |position| world.engine.page(&world.snapshot, &request(position)).unwrap();
        let in_order = |mut rows: Vec<Row>| {
            if order == Order::Ascending {
                rows.reverse();
            }
            rows
        };
        let first: Vec<Row> = match order {
            Order::Descending => all.iter().take(limit).cloned().collect(),
            Order::Ascending => all.iter().skip(all.len().saturating_sub(limit)).cloned().collect(),
        };
        assert_eq!(page(Position::Start).rows, in_order(first), "{filter:?}");
        if all.is_empty() {
            continue;
        }
        let at = world.below(all.len());
        let page = |position| world.engine.page(&world.snapshot, &request(position)).unwrap();
        let cursor = Cursor::of(&all[at]);
        let older = page(Position::Beyond(cursor.clone(), Direction::Older));
        assert_eq!(older.rows, in_order(all[at + 1..].iter().take(limit).cloned().collect()), "{filter:?}");
        assert_eq!(older.older.is_some(), all.len() - at - 1 > limit);
        let newer = page(Position::Beyond(cursor.clone(), Direction::Newer));
        assert_eq!(newer.rows, in_order(all[at.saturating_sub(limit)..at].to_vec()), "{filter:?}");
        let half = (limit / 2).max(1);
        let around = page(Position::Around(cursor));
        let expect = all[at.saturating_sub(half)..(at + half).min(all.len())].to_vec();
        assert_eq!(around.rows, in_order(expect), "{filter:?}");
    }
    assert!(n_rows > 3_000, "{n_rows} rows were compared");
}

#[test]
fn scans() {
    let mut world = World::new();
    let mut n_rows = 0;
    for _ in 0..12 {
        let filter = world.filter();
        let plain = world.plain(&filter);
        n_rows += plain.len();
        assert_eq!(world.planned(&filter, Reads::Own), plain, "{filter:?}");
    }
    assert!(n_rows > 1_000, "{n_rows} rows were compared");
}

/// Rows and devices of a query that ends in them.
fn counts(world: &World, text: &str) -> (i64, i64) {
    let text = format!("{text} | summarize N=count(), Devices=dcount(strcat(DeviceId, ActionType))");
    let request = kql::Request::new(&text, 1_795_478_400_000_000_000);
    let mut answer = world.engine.run_kql(&world.snapshot, request).unwrap();
    let batch = answer.next_batch().unwrap().unwrap();
    let long = |idx: usize| batch.column(idx).as_primitive::<Int64Type>().value(0);
    (long(0), long(1))
}

/// One scan for all tables against one for each: actions of different tables have different names.
#[test]
fn unions() {
    let world = World::new();
    let tables = ["DeviceProcessEvents", "DeviceNetworkEvents", "DeviceFileEvents", "DeviceLogonEvents"];
    for filter in [
        "true",
        "FileName contains 'e' or RemoteUrl contains 'e'",
        "isempty(RemoteIP)",
        "not(FileName startswith 'c') and Timestamp > ago(40h)",
        "RemotePort == 443 or SHA256 has 'a' or AccountName == 'root'",
        "ActionType in ('ProcessCreated', 'ConnectionSuccess')",
    ] {
        let of_union = counts(&world, &format!("union {} | where {filter}", tables.join(", ")));
        let mut sums = (0, 0);
        for table in tables {
            // The column that this table lacks is null in the union.
            let of_table = counts(
                &world,
                &format!(
                    "union {table}, (DeviceEvents | take 0), (DeviceNetworkEvents | take 0), (DeviceFileEvents | take 0), (DeviceProcessEvents | take 0) | where {filter}"
                ),
            );
            sums = (sums.0 + of_table.0, sums.1 + of_table.1);
        }
        assert_eq!(of_union, sums, "{filter}");
        assert!(of_union.0 > 0, "{filter}");
    }
}

#[test]
fn summaries() {
    let mut world = World::new();
    for _ in 0..15 {
        let filter = world.filter();
        let n_buckets = world.below(90) + 1;
        let found = world.engine.summary(&world.snapshot, &filter, n_buckets).unwrap();
        let all = world.plain(&filter.without_groups());
        let wanted = |row: &&Row| {
            let group = row.text(&col::EVENT_GROUP);
            filter.groups.is_empty() || filter.groups.iter().any(|it| Some(it.name()) == group)
        };
        let failed = |row: &&Row| row.text(&col::OUTCOME) == Some("failed");
        assert_eq!(found.n_matched, all.iter().filter(wanted).count() as u64, "{filter:?}");
        assert_eq!(found.n_failed, all.iter().filter(wanted).filter(failed).count() as u64);
        let mut groups: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for row in &all {
            let count = groups.entry(row.text(&col::EVENT_GROUP).unwrap().to_owned()).or_default();
            *count = (count.0 + 1, count.1 + u64::from(failed(&row)));
        }
        let found_groups: BTreeMap<String, (u64, u64)> =
            found.groups.iter().map(|(name, count)| (name.clone(), (count.n, count.failed))).collect();
        assert_eq!(found_groups, groups);
        for (bucket_idx, total) in found.total.iter().enumerate() {
            let from_ns = (found.from_us + bucket_idx as i64 * found.step_us) * 1_000;
            let range = from_ns..from_ns + found.step_us * 1_000;
            let in_bucket = |row: &&Row| range.contains(&row.number(&col::TIMESTAMP).unwrap());
            assert_eq!(*total, all.iter().filter(wanted).filter(in_bucket).count() as u64, "{filter:?}");
        }
    }
}

#[test]
fn events_and_trees() {
    let mut world = World::new();
    let mut n_children = 0;
    for _ in 0..15 {
        let filter = Filter { device: world.device(), ..Filter::default() };
        let all = world.plain(&filter);
        let listed = &all[world.below(all.len())];
        let event_id = listed.text(&col::EVENT_ID).unwrap();
        let event = world.engine.event(&world.snapshot, event_id).unwrap();
        let frame = world.engine.events(&world.snapshot, filter.scope()).unwrap();
        let plain = frame.filter(column_of("EventId").eq(lit(event_id))).unwrap();
        assert_eq!([event.clone()].as_slice(), arrow_rows::rows(&world.engine.collect(plain).unwrap()));
        let tree = world.engine.tree(&world.snapshot, &event).unwrap();
        let asked = Lineage::Asked { engine: &world.engine, snapshot: &world.snapshot, device: filter.device };
        let Some(Tree { focus, node, .. }) = &tree else { continue };
        assert_eq!(tree, Engine::tree_of(&asked, focus, &event).unwrap());
        n_children += node.n_children;
    }
    assert!(n_children > 5, "{n_children} children were compared");
    assert!(world.engine.event(&world.snapshot, &format!("{}:{EPOCH:016x}:999999", world.devices[0])).is_err());
}

#[test]
fn times_of_nothing() {
    let world = World::new();
    let filter = Filter { device: "nobody".to_owned(), from_us: Some(1), ..Filter::default() };
    assert!(world.plain(&filter).is_empty());
    let page = world.engine.page(&world.snapshot, &PageRequest { filter: filter.clone(), ..PageRequest::default() });
    assert!(page.unwrap().rows.is_empty());
    assert_eq!(world.engine.summary(&world.snapshot, &filter, 10).unwrap(), crate::Summary::default());
}
