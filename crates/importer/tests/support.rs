//! A store, a ledger in memory and log files made to order.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::Result;
use importer::{Input, Known, Ledger, LogName, Span, Summary};
use store::{Options, Store};
use winlog::Event;
use winlog::evtx::Writer;

/// Remembers files and devices.
#[derive(Default)]
pub struct Memory {
    files: Mutex<HashMap<String, bool>>,
    spans: Mutex<Vec<(LogName, Span)>>,
    pub devices: Mutex<BTreeSet<String>>,
}

impl Ledger for Memory {
    fn is_imported(&self, file: &str) -> Result<bool> {
        Ok(self.files.lock().unwrap().get(file).copied().unwrap_or(false))
    }

    fn begin(&self, file: &str, _: &str, _: &str) -> Result<Known> {
        self.files.lock().unwrap().entry(file.to_owned()).or_insert(false);
        Ok(Known::New)
    }

    fn end(&self, file: &str, spans: &[(LogName, Span)]) -> Result<()> {
        self.spans.lock().unwrap().extend_from_slice(spans);
        self.files.lock().unwrap().insert(file.to_owned(), true);
        Ok(())
    }

    fn spans(&self, _: &str, computer: &str, channel: &str) -> Result<Vec<Span>> {
        let spans = self.spans.lock().unwrap();
        let of_log = spans.iter().filter(|(log, _)| log.0 == computer && log.1 == channel);
        Ok(of_log.map(|(_, span)| *span).collect())
    }

    fn add_device(&self, _: &str, name: &str) -> Result<()> {
        self.devices.lock().unwrap().insert(name.to_owned());
        Ok(())
    }
}

/// A folder with a store.
pub struct Rig {
    pub dir: tempfile::TempDir,
    pub store: Arc<Store>,
    pub ledger: Memory,
}

impl Rig {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(&Options { dir: dir.path().join("store") }).unwrap());
        Self { dir, store, ledger: Memory::default() }
    }

    /// Writes a log file.
    pub fn log(&self, name: &str, events: impl IntoIterator<Item = Event>) -> PathBuf {
        let path = self.dir.path().join(name);
        let mut writer = Writer::new(BufWriter::new(File::create(&path).unwrap())).unwrap();
        for event in events {
            writer.push(&event).unwrap();
        }
        writer.finish().unwrap();
        path
    }

    pub fn import(&self, paths: &[&Path]) -> Summary {
        let input = |path: &&Path| Input { path: path.to_path_buf(), name: path.display().to_string() };
        let inputs = paths.iter().map(input).collect();
        let summary = importer::run(&self.store, &self.ledger, inputs, Summary::default(), |_| ()).unwrap();
        assert_eq!(summary.events, summary.rows + summary.merged + summary.n_rejected(), "{}", summary.to_json());
        summary
    }
}
