//! The engine: takes facts of one device in any order, keeps those that matter, and answers for each action.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::blocks::Block;
use super::fact::{Fact, Kind, Record};
use super::index::Index;
use super::judge;
use super::limits::{
    DEVICE_FACTS_MAX, DEVICE_TEXT_BYTES_MAX, FACT_BYTES, PAYLOAD_BYTES_MAX, PROCESS_FACTS_MAX, PROCESSES_MAX,
    RECORDS_PER_FACT, RUNSPACES_CLOSED_MAX, SAME_START,
};
use super::prove::View;
use super::records::Records;
use super::verdict::Verdict;

/// Where a fact stands among the facts of its process.
type Key = (i64, Record, u8);

/// Attribution for one device.
#[derive(Debug, Default)]
pub struct Engine {
    records: Records,
    histories: BTreeMap<u32, History>,
    /// When runspaces were closed.
    closed: BTreeMap<Arc<str>, i64>,
    /// Verdicts of processes that had to be forgotten, not handed out yet.
    finished: Vec<Verdict>,
    weight: usize,
    text_bytes: usize,
}

/// Everything known of one process id.
#[derive(Debug, Default)]
struct History {
    facts: BTreeMap<Key, Fact>,
    blocks: BTreeMap<Arc<str>, Block>,
    /// Actions that are still asked about, with the last answer.
    open: BTreeMap<Key, Option<Verdict>>,
    /// Facts up to this time were forgotten.
    cut: Option<i64>,
}

impl Engine {
    /// Takes a fact. The same record twice changes nothing.
    pub fn add(&mut self, mut fact: Fact) {
        self.records.add(&fact);
        if let Kind::ClockSet { old } = fact.kind
            && old > fact.time
        {
            self.records.doubt(fact.time, old);
        }
        if let Kind::RunspaceClosed(runspace) = &fact.kind {
            self.closed.insert(Arc::clone(runspace), fact.time);
            if self.closed.len() > RUNSPACES_CLOSED_MAX {
                self.closed.pop_first();
            }
        }
        let Some(pid) = fact.pid.filter(|_| fact.matters()) else { return };
        let history = self.histories.entry(pid).or_default();
        let key = fact.key();
        if history.facts.contains_key(&key) {
            return;
        }
        match &mut fact.kind {
            Kind::Block(part) => {
                let block = history.blocks.entry(Arc::clone(&part.block)).or_insert_with(|| Block::new(part));
                let kept = super::fact::Part { text: String::new(), ..part.clone() };
                let part = std::mem::replace(part, kept);
                self.text_bytes -= block.held();
                block.add(part, self.text_bytes < DEVICE_TEXT_BYTES_MAX);
                self.text_bytes += block.held();
            }
            Kind::Command(command) => {
                command.payload = cut(&command.payload.to_lowercase(), PAYLOAD_BYTES_MAX).to_owned();
            }
            Kind::Action(_) => {
                history.open.insert(key.clone(), None);
            }
            _ => {}
        }
        self.weight += fact.weight();
        history.facts.insert(key, fact);
        if history.facts.len() > PROCESS_FACTS_MAX {
            self.cut(pid);
        }
        if self.weight > DEVICE_FACTS_MAX || self.histories.len() > PROCESSES_MAX {
            self.shrink();
        }
    }

    /// Answers for every open action whose answer is new or has changed since the last call, in order of time.
    pub fn settle(&mut self) -> Vec<Verdict> {
        let mut changed = std::mem::take(&mut self.finished);
        let mut found: Vec<(i64, Verdict)> = Vec::new();
        for history in self.histories.values_mut() {
            let answers = history.answers(&self.records, &self.closed);
            for (key, verdict) in answers {
                let last = history.open.get_mut(&key).expect("answers are of open actions");
                if last.as_ref() != Some(&verdict) {
                    *last = Some(verdict.clone());
                    found.push((key.0, verdict));
                }
            }
        }
        found.sort_by(|one, other| (one.0, &one.1.record).cmp(&(other.0, &other.1.record)));
        changed.extend(found.into_iter().map(|(_, verdict)| verdict));
        changed
    }

    /// Closes the actions before this time: their last answer stands. Call it after [`settle`](Engine::settle), with
    /// the newest time seen less [`LATE`](super::limits::LATE).
    pub fn close(&mut self, before: i64) {
        for history in self.histories.values_mut() {
            let open = history.open.split_off(&(before, Record::least(), 0));
            history.open = open;
        }
        self.histories.retain(|_, history| {
            let is_over = history.open.is_empty()
                && history
                    .facts
                    .last_key_value()
                    .is_some_and(|(key, fact)| key.0 < before && matches!(fact.kind, Kind::ProcessEnded));
            if is_over {
                self.weight -= history.weight();
                self.text_bytes -= history.blocks.values().map(Block::held).sum::<usize>();
            }
            !is_over
        });
    }

    /// Facts held, with long texts and plain record numbers counted as the facts that would take as much memory.
    pub fn weight(&self) -> usize {
        self.weight + self.text_bytes / FACT_BYTES + self.records.n_held() / RECORDS_PER_FACT
    }

    /// Drops the older half of a process's facts; their actions are answered first.
    fn cut(&mut self, pid: u32) {
        let Some(history) = self.histories.get_mut(&pid) else { return };
        let answers = history.answers(&self.records, &self.closed);
        let Some(middle) = history.facts.keys().nth(history.facts.len() / 2).cloned() else { return };
        let kept = history.facts.split_off(&middle);
        self.weight -= history.weight();
        history.facts = kept;
        history.cut = Some(middle.0);
        let open = history.open.split_off(&middle);
        let closed = std::mem::replace(&mut history.open, open);
        self.finished.extend(changed(closed, answers));
    }

    /// Drops the processes that have been quiet for the longest time, until a quarter is free: seldom, not always.
    fn shrink(&mut self) {
        let last = |history: &History| history.facts.last_key_value().map(|(key, _)| key.0);
        let mut quiet: Vec<_> = self.histories.iter().map(|(pid, history)| (last(history), *pid)).collect();
        quiet.sort_unstable();
        for (_, pid) in quiet {
            if self.weight <= DEVICE_FACTS_MAX / 4 * 3 && self.histories.len() <= PROCESSES_MAX / 4 * 3 {
                return;
            }
            self.forget(pid);
        }
    }

    fn forget(&mut self, pid: u32) {
        let Some(history) = self.histories.remove(&pid) else { return };
        self.weight -= history.weight();
        self.text_bytes -= history.blocks.values().map(Block::held).sum::<usize>();
        let answers = history.answers(&self.records, &self.closed);
        self.finished.extend(changed(history.open, answers));
    }
}

/// Answers that differ from the last ones.
fn changed(mut open: BTreeMap<Key, Option<Verdict>>, answers: Vec<(Key, Verdict)>) -> Vec<Verdict> {
    let mut changed = Vec::new();
    for (key, verdict) in answers {
        if open.remove(&key).is_some_and(|last| last.as_ref() != Some(&verdict)) {
            changed.push(verdict);
        }
    }
    changed
}

impl History {
    fn weight(&self) -> usize {
        self.facts.values().map(Fact::weight).sum()
    }

    /// The answer for every open action.
    fn answers(&self, records: &Records, closed: &BTreeMap<Arc<str>, i64>) -> Vec<(Key, Verdict)> {
        let mut answers = Vec::new();
        if self.open.is_empty() {
            return answers;
        }
        for life in self.lives() {
            let (first, last) = (life[0].time, life[life.len() - 1].time);
            let is_open = |fact: &&&Fact| matches!(fact.kind, Kind::Action(_)) && self.open.contains_key(&fact.key());
            if !life.iter().any(|fact| is_open(&fact)) {
                continue;
            }
            let is_cut = self.cut.is_some_and(|cut| cut >= first && cut <= last);
            let index = Index::build(life, &self.blocks, records, closed);
            let view = View::new(&index, records, is_cut);
            for fact in view.index.facts.iter().filter(is_open) {
                if let Kind::Action(action) = &fact.kind {
                    answers.push((fact.key(), judge::judge(&view, fact, action)));
                }
            }
        }
        answers
    }

    /// The facts of each life of the process id: they are reused.
    fn lives(&self) -> Vec<Vec<&Fact>> {
        let mut lives: Vec<Vec<&Fact>> = Vec::new();
        let mut start: Option<&Fact> = None;
        let mut is_over = true;
        for fact in self.facts.values() {
            let is_start = matches!(fact.kind, Kind::ProcessStarted { .. });
            let is_same_start = start.is_some_and(|start| {
                let same_guid = start.guid.is_none() || fact.guid.is_none() || start.guid == fact.guid;
                same_guid && fact.time - start.time <= SAME_START
            });
            if lives.is_empty() || is_over || (is_start && !is_same_start) {
                lives.push(Vec::new());
                start = None;
            }
            if is_start && start.is_none_or(|start| start.guid.is_none()) {
                start = Some(fact);
            }
            is_over = matches!(fact.kind, Kind::ProcessEnded);
            lives.last_mut().expect("pushed above").push(fact);
        }
        lives
    }
}

impl Fact {
    /// How many usual facts take as much memory.
    fn weight(&self) -> usize {
        let bytes = match &self.kind {
            Kind::Command(command) => command.payload.len(),
            Kind::Action(action) => action.names.iter().chain(&action.answers).map(String::len).sum(),
            Kind::ProcessStarted { command_line, .. } => command_line.len(),
            _ => 0,
        };
        1 + bytes / FACT_BYTES
    }

    fn key(&self) -> Key {
        // One record can be two facts of one process: it created a child that has its own number again.
        let kind = match self.kind {
            Kind::ProcessStarted { .. } => 0,
            Kind::ProcessEnded => 2,
            _ => 1,
        };
        (self.time, self.record.clone(), kind)
    }

    /// Whether it is kept: the rest only says that no record is missing.
    fn matters(&self) -> bool {
        match &self.kind {
            Kind::RunspaceClosed(_) | Kind::ClockSet { .. } | Kind::Other => false,
            Kind::ProcessStarted { .. }
            | Kind::ProcessEnded
            | Kind::ThreadInjected
            | Kind::Command(_)
            | Kind::Block(_)
            | Kind::BlockStarted(_)
            | Kind::BlockStopped(_)
            | Kind::Action(_) => true,
        }
    }
}

impl Record {
    fn least() -> Record {
        Record { log: "".into(), number: 0, event: 0 }
    }
}

fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
