//! One import: logs of one device are read together, in the order of time, so that several sources of one act meet.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use schema::row::Nanos;
use schema::{Row, col};
use serde_json::json;
use sha2::{Digest, Sha256};
use store::Store;
use winlog::mde::RowSource;
use winlog::{Damage, InOrder, Normalised, Normaliser};

use crate::ahead::Ahead;
use crate::files::{self, Opened};
use crate::limits::{FILES_AHEAD_MAX, FILES_TOGETHER, GAPS_MAX, PROGRESS_EVENTS};
use crate::seen::Seen;
use crate::sink::Sink;
use crate::{Input, Known, Ledger, Summary};

/// A file that is to be read.
struct Todo {
    input: Input,
    digest: [u8; 32],
    len: u64,
    computer: String,
}

/// Imports files. Blocks: not for the threads of an async runtime. `progress` is called every now and then.
///
/// # Errors
/// When the store or the state can't be written. Files that can't be read are problems in the summary.
pub fn run(
    store: &Arc<Store>,
    ledger: &dyn Ledger,
    inputs: Vec<Input>,
    mut summary: Summary,
    mut progress: impl FnMut(&Summary),
) -> Result<Summary> {
    let todos = todos(ledger, inputs, &mut summary, &mut progress)?;
    summary.bytes_total = todos.iter().map(|todo| todo.len).sum();
    for together in todos.chunk_by(|first, second| first.computer == second.computer) {
        for group in together.chunks(FILES_TOGETHER) {
            import_group(store, ledger, group, &mut summary, &mut progress)?;
        }
    }
    Ok(summary)
}

/// What is new among the inputs, sorted by device and name.
fn todos(
    ledger: &dyn Ledger,
    inputs: Vec<Input>,
    summary: &mut Summary,
    progress: &mut impl FnMut(&Summary),
) -> Result<Vec<Todo>> {
    let mut todos: BTreeMap<[u8; 32], Todo> = BTreeMap::new();
    for input in inputs {
        let (digest, len) = files::digest(&input.path)?;
        // A copy under another name is the same file.
        if todos.contains_key(&digest) || ledger.is_imported(&hex::encode(digest))? {
            summary.n_known += 1;
            continue;
        }
        let computer = files::first_computer(&input.path);
        todos.insert(digest, Todo { input, digest, len, computer });
        progress(summary);
    }
    let mut todos: Vec<Todo> = todos.into_values().collect();
    todos.sort_by(|first, second| (&first.computer, &first.input.path).cmp(&(&second.computer, &second.input.path)));
    Ok(todos)
}

fn import_group(
    store: &Arc<Store>,
    ledger: &dyn Ledger,
    group: &[Todo],
    summary: &mut Summary,
    progress: &mut impl FnMut(&Summary),
) -> Result<()> {
    let together = together(group);
    let mut order = InOrder::default();
    let is_ahead = group.len() <= FILES_AHEAD_MAX && std::thread::available_parallelism().is_ok_and(|n| n.get() > 1);
    let (mut epochs, mut read, mut ready) = (Vec::new(), Vec::new(), Vec::new());
    for (origin, todo) in group.iter().enumerate() {
        epochs.push(epoch(&todo.digest));
        let file = hex::encode(todo.digest);
        match ledger.begin(&file, &todo.input.name, &together)? {
            Known::New => {}
            Known::Done => {
                summary.n_known += 1;
                continue;
            }
            Known::BegunOtherwise => {
                let words = "was begun together with other files: import the same files as then";
                summary.problem(format!("{}: {words}", todo.input.name));
                summary.events += 1;
                *summary.rejected.entry("begun_otherwise").or_default() += 1;
                continue;
            }
        }
        read.push((u32::try_from(origin).context("few files at once")?, file));
        summary.n_files += 1;
        let origin = u32::try_from(origin).context("few files at once")?;
        match files::open(&todo.input.path) {
            Ok(Opened::Events(source)) if is_ahead => order.add(origin, Box::new(Ahead::start(source)?)),
            Ok(Opened::Events(source)) => order.add(origin, source),
            Ok(Opened::Rows(source)) => ready.push((origin, source)),
            Err(damage) => reject(summary, &todo.input.name, &damage),
        }
    }
    let sink = Sink::new(store, ledger, epochs);
    let files = group.iter().map(|todo| hex::encode(todo.digest)).collect();
    let mut group_run = GroupRun::new(sink, Seen::new(ledger, files), group, summary);
    let before = group_run.summary.clone();
    group_run.read(order, &before, progress)?;
    for (origin, source) in ready {
        group_run.read_rows(origin, source)?;
    }
    group_run.sink.finish()?;
    group_run.count_devices(&before);
    let spans: Vec<_> = read.iter().map(|(origin, _)| group_run.seen.spans(*origin)).collect();
    let (n_new, held_bytes) = (group_run.sink.n_new, group_run.sink.held_bytes_most());
    summary.stored += n_new;
    summary.held_bytes_most = summary.held_bytes_most.max(held_bytes);
    for ((_, file), spans) in read.iter().zip(spans) {
        ledger.end(file, &spans)?;
    }
    summary.bytes += group.iter().map(|todo| todo.len).sum::<u64>();
    progress(summary);
    Ok(())
}

fn reject(summary: &mut Summary, name: &str, damage: &Damage) {
    summary.problem(format!("{name}: {damage}"));
    summary.events += 1;
    *summary.rejected.entry(damage.name()).or_default() += 1;
}

/// Names the files that are read together: their rows depend on each other.
fn together(group: &[Todo]) -> String {
    let mut digests: Vec<&[u8; 32]> = group.iter().map(|todo| &todo.digest).collect();
    digests.sort_unstable();
    let mut digest = Sha256::new();
    for file in digests {
        digest.update(file);
    }
    hex::encode(digest.finalize())
}

/// A file's stream.
fn epoch(digest: &[u8; 32]) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(bytes)
}

/// A hole in a file whose end is not known yet.
struct Gap {
    damage: Damage,
    from_ns: i64,
}

/// Where a file is.
#[derive(Default)]
struct Place {
    computer: String,
    last_ns: i64,
    gaps: Vec<Gap>,
    n_gaps: usize,
}

/// The files of one group on their way.
struct GroupRun<'a> {
    sink: Sink<'a>,
    seen: Seen<'a>,
    group: &'a [Todo],
    summary: &'a mut Summary,
    normaliser: Normaliser,
    places: Vec<Place>,
}

impl<'a> GroupRun<'a> {
    fn new(sink: Sink<'a>, seen: Seen<'a>, group: &'a [Todo], summary: &'a mut Summary) -> Self {
        let places = group.iter().map(|_| Place::default()).collect();
        Self { sink, seen, group, summary, normaliser: Normaliser::new(), places }
    }

    fn read(&mut self, order: InOrder<'_>, before: &Summary, progress: &mut impl FnMut(&Summary)) -> Result<()> {
        let mut n_items = 0_u64;
        for (origin, item) in order {
            match item {
                Ok(event) => {
                    let place = &mut self.places[origin as usize];
                    if event.time_ns != 0 {
                        place.last_ns = event.time_ns;
                    }
                    if place.computer.is_empty() {
                        event.computer.to_lowercase().clone_into(&mut place.computer);
                    }
                    self.close_gaps(origin)?;
                    if self.seen.is_known(&event, origin)? {
                        self.normaliser.repeat();
                    } else {
                        self.normaliser.push(event, origin);
                    }
                }
                Err(damage) => self.damaged(origin, damage),
            }
            let rows = self.normaliser.take_some();
            self.store_all(rows)?;
            n_items += 1;
            if n_items.is_multiple_of(PROGRESS_EVENTS) {
                self.count(before);
                progress(self.summary);
            }
        }
        self.normaliser.end();
        loop {
            let rows = self.normaliser.take_some();
            if rows.is_empty() {
                break;
            }
            self.store_all(rows)?;
        }
        for origin in 0..self.places.len() {
            self.close_gaps(u32::try_from(origin).context("few files at once")?)?;
        }
        self.count(before);
        Ok(())
    }

    /// Rows that need no normalising; damage in them has no place in time.
    fn read_rows(&mut self, origin: u32, mut source: Box<dyn RowSource>) -> Result<()> {
        while let Some(items) = source.next_some() {
            for item in items {
                self.summary.events += 1;
                match item {
                    Ok(row) => {
                        self.summary.rows += 1;
                        self.store(&row, origin)?;
                    }
                    Err(damage) => {
                        self.summary.problem(format!("{}: {damage}", self.group[origin as usize].input.name));
                        *self.summary.rejected.entry(damage.name()).or_default() += 1;
                    }
                }
            }
        }
        Ok(())
    }

    /// The sums so far: those of earlier groups and this one's.
    fn count(&mut self, before: &Summary) {
        let tally = self.normaliser.tally();
        self.summary.events = before.events + tally.events;
        self.summary.rows = before.rows + tally.rows;
        self.summary.merged = before.merged + tally.merged;
        self.summary.rejected.clone_from(&before.rejected);
        for (reason, count) in &tally.rejected {
            *self.summary.rejected.entry(reason).or_default() += count;
        }
        self.count_devices(before);
    }

    fn count_devices(&mut self, before: &Summary) {
        self.summary.devices.clone_from(&before.devices);
        for (name, n_rows) in self.sink.rows() {
            *self.summary.devices.entry(name.to_owned()).or_default() += n_rows;
        }
    }

    fn store_all(&mut self, rows: Vec<Normalised>) -> Result<()> {
        for normalised in rows {
            self.store(&normalised.row, normalised.origin)?;
        }
        Ok(())
    }

    fn store(&mut self, row: &Row, origin: u32) -> Result<()> {
        self.sink.push(row, origin)?;
        if let Some(time_ns) = row.number(&col::TIMESTAMP) {
            let span = self.summary.span_ns.get_or_insert((time_ns, time_ns));
            *span = (span.0.min(time_ns), span.1.max(time_ns));
        }
        Ok(())
    }

    fn damaged(&mut self, origin: u32, damage: Damage) {
        let idx = origin as usize;
        self.summary.problem(format!("{}: {damage}", self.group[idx].input.name));
        self.normaliser.reject(damage.name());
        let place = &mut self.places[idx];
        place.n_gaps += 1;
        if place.n_gaps <= GAPS_MAX {
            place.gaps.push(Gap { damage, from_ns: place.last_ns });
        }
    }

    /// Rows for the holes before the place where the file is now.
    fn close_gaps(&mut self, origin: u32) -> Result<()> {
        let place = &mut self.places[origin as usize];
        let (gaps, to_ns, computer) = (std::mem::take(&mut place.gaps), place.last_ns, place.computer.clone());
        for gap in gaps {
            // A file without any event has neither a device nor a time.
            if to_ns == 0 {
                continue;
            }
            let row = gap_row(&gap, to_ns, &computer, &self.group[origin as usize].input.name);
            self.store(&row, origin)?;
            self.summary.gaps += 1;
        }
        Ok(())
    }
}

fn gap_row(gap: &Gap, to_ns: i64, computer: &str, file: &str) -> Row {
    let from_ns = if gap.from_ns == 0 { to_ns } else { gap.from_ns };
    let mut row = Row::new();
    row.set(&col::TIMESTAMP, Nanos(from_ns))
        .set(&col::ACTION_TYPE, "EventsLost")
        .set(&col::EVENT_TABLE, "DeviceEvents")
        .set(&col::DEVICE_NAME, computer)
        .set(&col::GAP_REASON, "decode_error")
        .set(&col::FIRST_SEEN, Nanos(from_ns.min(to_ns)))
        .set(&col::LAST_SEEN, Nanos(from_ns.max(to_ns)))
        .set(
            &col::ADDITIONAL_FIELDS,
            json!({ "kind": "windows_events", "File": file, "Damage": gap.damage.to_string() }).to_string(),
        );
    // How many events a chunk held is in the chunk.
    match gap.damage {
        Damage::Record { .. } | Damage::Event { .. } => row.set(&col::LOST_COUNT, 1),
        Damage::File(_) | Damage::Chunk { .. } => &mut row,
    };
    row
}
