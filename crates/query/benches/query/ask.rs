//! Questions to the engine, each answered with the time it took and rows of text that other engines must give too.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use query::kql::Request;
use query::{Engine, Filter, Node, PageRequest};
use schema::{EventGroup, col};
use serde_json::{Value as Json, json};
use store::{Snapshot, Store};

/// The engine over a store that nobody writes to.
pub(crate) struct Asked {
    engine: Engine,
    snapshot: Snapshot,
    store: Store,
}

/// The end of the sample: what `now()` is.
const END_NS: i64 = 1_795_478_400_000_000_000;

type Rows = Vec<Vec<String>>;

impl Asked {
    pub(crate) fn open(dir: &Path) -> Result<Self, String> {
        let store = Store::open(&store::Options { dir: dir.to_owned() }).map_err(|error| error.to_string())?;
        let engine = Engine::new(2).map_err(|error| error.to_string())?;
        Ok(Self { engine, snapshot: store.snapshot(), store })
    }

    /// `{"ms": …, "rows": …}`.
    pub(crate) fn answer(&self, question: &Json) -> Result<Json, String> {
        let text = |name: &str| question[name].as_str().unwrap_or_default();
        let (ms, rows) = match text("ask") {
            "facts" => return Ok(self.facts()),
            "page" => self.page(question)?,
            "summary" => self.summary(question)?,
            "tree" => self.tree(text("event"))?,
            "kql" => self.kql(text("text"))?,
            other => return Err(format!("{other:?} is not asked here")),
        };
        Ok(json!({"ms": ms, "rows": rows}))
    }

    /// What the store holds, and the memory used so far.
    fn facts(&self) -> Json {
        let stats = self.store.stats();
        let mut devices = BTreeSet::new();
        for file in &self.snapshot.files {
            devices.extend([file.device_min.as_str(), file.device_max.as_str()]);
        }
        json!({
            "rows": stats.n_file_rows, "files": stats.n_files, "bytes": stats.file_bytes,
            "devices": devices, "peak_kib": peak_kib(),
        })
    }

    fn page(&self, question: &Json) -> Result<(f64, Rows), String> {
        let request = PageRequest {
            filter: filter(question)?,
            limit: question["limit"].as_u64().map(|limit| limit as usize),
            ..PageRequest::default()
        };
        let started = Instant::now();
        let page = self.engine.page(&self.snapshot, &request).map_err(|error| error.to_string())?;
        let ms = ms_since(started);
        let rows = page.rows.iter().map(|row| vec![row.text(&col::EVENT_ID).unwrap_or_default().to_owned()]).collect();
        Ok((ms, rows))
    }

    fn summary(&self, question: &Json) -> Result<(f64, Rows), String> {
        let filter = filter(question)?;
        let started = Instant::now();
        let summary = self.engine.summary(&self.snapshot, &filter, 60).map_err(|error| error.to_string())?;
        let ms = ms_since(started);
        let mut rows = Rows::new();
        for (group, count) in &summary.groups {
            rows.push(vec![group.clone(), count.n.to_string(), count.failed.to_string()]);
        }
        for (idx, n) in summary.total.iter().enumerate().filter(|(_, n)| **n > 0) {
            rows.push(vec![idx.to_string(), n.to_string(), summary.failed[idx].to_string()]);
        }
        rows.sort();
        Ok((ms, rows))
    }

    fn kql(&self, text: &str) -> Result<(f64, Rows), String> {
        let started = Instant::now();
        let request = Request::new(text, END_NS);
        let mut answer = self.engine.run_kql(&self.snapshot, request).map_err(|refusal| format!("{refusal:?}"))?;
        let mut batches = Vec::new();
        while let Some(batch) = answer.next_batch() {
            batches.push(batch.map_err(|error| error.to_string())?);
        }
        let ms = ms_since(started);
        let mut rows = Rows::new();
        for batch in &batches {
            for row_idx in 0..batch.num_rows() {
                let cell = |array| arrow::util::display::array_value_to_string(array, row_idx).unwrap_or_default();
                rows.push(batch.columns().iter().map(|array| cell(array.as_ref())).collect());
            }
        }
        Ok((ms, rows))
    }

    fn tree(&self, event_id: &str) -> Result<(f64, Rows), String> {
        let started = Instant::now();
        let event = self.engine.event(&self.snapshot, event_id).map_err(|error| error.to_string())?;
        let tree = self.engine.tree(&self.snapshot, &event).map_err(|error| error.to_string())?;
        let ms = ms_since(started);
        let mut rows = Rows::new();
        if let Some(tree) = &tree {
            for node in &tree.ancestors {
                add_node(&mut rows, "ancestor", node);
            }
            add_node(&mut rows, "focus", &tree.node);
            for child in &tree.node.children {
                add_node(&mut rows, "child", child);
                for grandchild in &child.children {
                    add_node(&mut rows, "grandchild", grandchild);
                }
            }
        }
        rows.sort();
        Ok((ms, rows))
    }
}

fn add_node(rows: &mut Rows, place: &str, node: &Node) {
    let ended = if node.ended_ns.is_some() { "ended" } else { "runs" };
    rows.push(vec![place.to_owned(), node.key.clone(), ended.to_owned()]);
}

fn filter(question: &Json) -> Result<Filter, String> {
    let search = question["search"].as_str().unwrap_or_default();
    let mut groups = Vec::new();
    for name in question["groups"].as_array().into_iter().flatten() {
        let group = EventGroup::ALL.iter().find(|group| Some(group.name()) == name.as_str());
        groups.push(*group.ok_or_else(|| format!("no group {name}"))?);
    }
    Ok(Filter {
        device: question["device"].as_str().unwrap_or_default().to_owned(),
        search: query::search::parse(search).map_err(|error| error.to_string())?,
        groups,
        failures_only: question["failures"].as_bool().unwrap_or(false),
        from_us: question["from_us"].as_i64(),
        to_us: question["to_us"].as_i64(),
        ..Filter::default()
    })
}

fn ms_since(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1_000.0
}

/// The largest resident set so far; Linux only, 0 elsewhere.
pub(crate) fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
