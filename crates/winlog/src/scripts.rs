//! The parts of a script's text (event 4104) joined to one row; a part that is missing is said so. A text that is too
//! long for one row is several rows, never more than it had parts, with the digest of the whole in each.

use std::collections::BTreeMap;

use schema::{Row, col};
use sha2::{Digest, Sha256};

use crate::limits::{SCRIPT_BYTES_MAX, SCRIPT_PARTS_MAX, SCRIPTS_OPEN_MAX, TEXT_BYTES_MAX};
use crate::{Event, Field, map, merge};

/// A script's row, with when its last part was logged.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) row: Row,
    pub(crate) origin: u32,
    pub(crate) logged_ns: i64,
}

#[derive(Debug)]
struct Parts {
    /// The first part that came, without its text.
    event: Event,
    origin: u32,
    total: u32,
    texts: BTreeMap<u32, String>,
    /// Sources of the later parts.
    others: Vec<Row>,
    logged_ns: i64,
    bytes: usize,
    /// When it was begun, to end the oldest first.
    begun: u64,
}

/// Scripts of which parts are missing.
#[derive(Debug, Default)]
pub(crate) struct Scripts {
    open: BTreeMap<(String, String), Parts>,
    bytes: usize,
    n_begun: u64,
}

impl Scripts {
    /// Takes one part, and gives the scripts that are done by it.
    pub(crate) fn push(&mut self, mut event: Event, origin: u32, merged: &mut u64) -> Vec<Script> {
        let number = |name| event.get(name).and_then(|text| text.trim().parse::<u32>().ok());
        let (part, total) = (number("MessageNumber").unwrap_or(1), number("MessageTotal").unwrap_or(1));
        let text = take_text(&mut event);
        let id = event.get("ScriptBlockId").unwrap_or_default().to_ascii_lowercase();
        if total <= 1 || id.is_empty() {
            let logged_ns = event.time_ns;
            return vec![Script { row: single(event, text), origin, logged_ns }];
        }
        let mut done = Vec::new();
        let key = (event.computer.to_lowercase(), id);
        // The same part again is the same script compiled again.
        if self.open.get(&key).is_some_and(|parts| parts.texts.contains_key(&part)) {
            done.extend(self.close(&key, merged));
        }
        self.bytes += text.len();
        let (logged_ns, len) = (event.time_ns, text.len());
        match self.open.get_mut(&key) {
            Some(parts) => {
                parts.others.push(map::row(&event));
                parts.texts.insert(part, text);
                parts.logged_ns = logged_ns;
                parts.bytes += len;
            }
            None => {
                self.n_begun += 1;
                let (texts, others) = (BTreeMap::from([(part, text)]), Vec::new());
                let begun = self.n_begun;
                let parts = Parts { event, origin, total, texts, others, logged_ns, bytes: len, begun };
                self.open.insert(key.clone(), parts);
            }
        }
        let parts = &self.open[&key];
        if parts.texts.len() >= parts.total as usize || parts.texts.len() >= SCRIPT_PARTS_MAX {
            done.extend(self.close(&key, merged));
        }
        while self.bytes > SCRIPT_BYTES_MAX || self.open.len() > SCRIPTS_OPEN_MAX {
            let Some(oldest) = self.open.iter().min_by_key(|(_, parts)| parts.begun).map(|(key, _)| key.clone()) else {
                break;
            };
            done.extend(self.close(&oldest, merged));
        }
        done
    }

    /// Ends all scripts, complete or not.
    pub(crate) fn finish(&mut self, merged: &mut u64) -> Vec<Script> {
        let mut keys: Vec<(u64, (String, String))> =
            self.open.iter().map(|(key, parts)| (parts.begun, key.clone())).collect();
        keys.sort();
        keys.iter().flat_map(|(_, key)| self.close(key, merged)).collect()
    }

    fn close(&mut self, key: &(String, String), merged: &mut u64) -> Vec<Script> {
        let Some(parts) = self.open.remove(key) else { return Vec::new() };
        self.bytes = self.bytes.saturating_sub(parts.bytes);
        let n_parts = parts.texts.len();
        let scripts = join(parts);
        *merged += n_parts.saturating_sub(scripts.len()) as u64;
        scripts
    }
}

/// The text, taken out of the event.
fn take_text(event: &mut Event) -> String {
    let field = event.data.iter_mut().find(|field| &*field.name == "ScriptBlockText");
    field.map(|field| std::mem::take(&mut field.value)).unwrap_or_default()
}

fn put_text(event: &mut Event, text: String) {
    if let Some(field) = event.data.iter_mut().find(|field| &*field.name == "ScriptBlockText") {
        field.value = text;
    }
}

/// Something to say in AdditionalFields, where a field without a rule goes.
fn note(event: &mut Event, name: &str, value: usize) {
    event.data.push(Field { name: name.into(), value: value.to_string() });
}

fn single(mut event: Event, text: String) -> Row {
    let (digest, len) = (hex::encode(Sha256::digest(text.as_bytes())), text.len());
    if len > TEXT_BYTES_MAX {
        note(&mut event, "ContentBytes", len);
    }
    put_text(&mut event, text);
    let mut row = map::row(&event);
    row.set(&col::SHA256, digest);
    row
}

fn join(parts: Parts) -> Vec<Script> {
    let Parts { mut event, origin, total, texts, others, logged_ns, .. } = parts;
    let n_parts = texts.len();
    let n_missing = (total as usize).saturating_sub(n_parts);
    let text: String = texts.into_values().collect();
    let digest = hex::encode(Sha256::digest(text.as_bytes()));
    let pieces = pieces(&text, n_parts);
    let mut scripts = Vec::with_capacity(pieces.len());
    // A digest of a part of the text would pass for the script's.
    if n_missing > 0 {
        note(&mut event, "Parts", total as usize);
        note(&mut event, "PartsMissing", n_missing);
    }
    if pieces.len() > 1 {
        note(&mut event, "ContentPieces", pieces.len());
        note(&mut event, "ContentPiece", 0);
    }
    for (idx, piece) in pieces.iter().enumerate() {
        if let Some(field) = event.data.last_mut().filter(|field| &*field.name == "ContentPiece") {
            field.value = (idx + 1).to_string();
        }
        put_text(&mut event, (*piece).to_owned());
        let mut row = map::row(&event);
        if idx == 0 {
            row = merge::add_sources(row, &others);
        }
        if n_missing == 0 {
            row.set(&col::SHA256, digest.as_str());
        }
        scripts.push(Script { row, origin, logged_ns });
    }
    scripts
}

/// The text in pieces that fit into a row, at most `n_max`.
fn pieces(text: &str, n_max: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while rest.len() > TEXT_BYTES_MAX && pieces.len() + 1 < n_max {
        let (piece, next) = rest.split_at(rest.floor_char_boundary(TEXT_BYTES_MAX));
        pieces.push(piece);
        rest = next;
    }
    pieces.push(rest);
    pieces
}
