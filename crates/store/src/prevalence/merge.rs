//! Merging runs: which (`plan`, pure), and the merge itself, in memory bounded by one decoded batch per run.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::{Arc, PoisonError};

use super::Prevalence;
use super::kind::Kind;
use super::run::{Entries, RunFile, RunWriter};
use super::sighting::Entry;
use crate::Error;
use crate::compact::Eagerness;
use crate::limits::{PREVALENCE_KEPT, PREVALENCE_MERGE_MAX, PREVALENCE_MERGE_MIN};
use crate::step::step;

/// The runs that are worth merging next, at least two. Runs are of the same size class (powers of eight, as is their
/// number), so that each key is rewritten about once per class.
fn plan(runs: &[Arc<RunFile>], eagerness: Eagerness) -> Option<Vec<Arc<RunFile>>> {
    if eagerness == Eagerness::All {
        let mut smallest = runs.to_vec();
        smallest.sort_by_key(|run| (run.n_rows, run.number));
        smallest.truncate(PREVALENCE_MERGE_MAX);
        return (smallest.len() > 1).then_some(smallest);
    }
    let mut classes: BTreeMap<u32, Vec<Arc<RunFile>>> = BTreeMap::new();
    for run in runs {
        classes.entry(run.n_rows.max(1).ilog2() / 3).or_default().push(Arc::clone(run));
    }
    let mut chosen = classes.into_values().find(|class| class.len() >= PREVALENCE_MERGE_MIN)?;
    chosen.truncate(PREVALENCE_MERGE_MAX);
    Some(chosen)
}

/// The smallest entry of a run that is being merged, by what entries are sorted by.
type Head = Reverse<((Kind, String, String), usize)>;

/// Entries of several runs in order, equal keys as one.
struct Merged {
    inputs: Vec<(Entries, Option<Entry>)>,
    heads: BinaryHeap<Head>,
}

impl Merged {
    fn open(runs: &[Arc<RunFile>]) -> Result<Self, Error> {
        let mut merged = Self { inputs: Vec::with_capacity(runs.len()), heads: BinaryHeap::new() };
        for (input_idx, run) in runs.iter().enumerate() {
            merged.inputs.push((run.entries()?, None));
            merged.fill(input_idx)?;
        }
        Ok(merged)
    }

    fn fill(&mut self, input_idx: usize) -> Result<(), Error> {
        let (entries, head) = &mut self.inputs[input_idx];
        *head = entries.next()?;
        if let Some(entry) = head {
            let (kind, key, tenant) = entry.order();
            self.heads.push(Reverse(((kind, key.to_owned(), tenant.to_owned()), input_idx)));
        }
        Ok(())
    }

    fn pop(&mut self) -> Result<Option<Entry>, Error> {
        let Some(Reverse((order, input_idx))) = self.heads.pop() else { return Ok(None) };
        let mut entry = self.inputs[input_idx].1.take();
        self.fill(input_idx)?;
        while let Some(Reverse((next, _))) = self.heads.peek()
            && *next == order
        {
            let Some(Reverse((_, input_idx))) = self.heads.pop() else { break };
            if let (Some(entry), Some(other)) = (&mut entry, self.inputs[input_idx].1.take()) {
                entry.sighting.merge(other.sighting);
            }
            self.fill(input_idx)?;
        }
        Ok(entry)
    }
}

impl Prevalence {
    /// One merge, when there is something worth merging; false when not, or when `is_stopping` says so.
    pub(crate) fn merge_once(
        &self,
        eagerness: Eagerness,
        now_us: i64,
        is_stopping: impl Fn() -> bool,
    ) -> Result<bool, Error> {
        let _one_at_a_time = self.merging.lock().unwrap_or_else(PoisonError::into_inner);
        let runs: Vec<Arc<RunFile>> = self.read().runs.values().cloned().collect();
        let Some(inputs) = plan(&runs, eagerness) else { return Ok(false) };
        for run in &inputs {
            if let Err(error) = run.verify() {
                tracing::error!(%error, "prevalence file is damaged, counts are too low");
                let mut runs = self.write();
                runs.runs.remove(&run.number);
                runs.problems.push(error.to_string());
                return Ok(true);
            }
        }
        let kept_us = i64::try_from(PREVALENCE_KEPT.as_micros()).unwrap_or(i64::MAX);
        // With another run beside it, an old last sighting need not be the last.
        let forget_before_us = if inputs.len() == runs.len() { now_us.saturating_sub(kept_us) } else { i64::MIN };
        let number = self.take_number();
        let mut writer = RunWriter::create(&self.dir, number)?;
        let mut merged = Merged::open(&inputs)?;
        let mut n_rows = 0u64;
        while let Some(entry) = merged.pop()? {
            if entry.sighting.last_us >= forget_before_us {
                writer.push(entry)?;
            }
            n_rows += 1;
            if n_rows.is_multiple_of(4_096) && is_stopping() {
                // The half file is removed at the next start.
                return Ok(false);
            }
        }
        let run = writer.finish()?;
        let mut runs = self.write();
        for input in &inputs {
            runs.runs.remove(&input.number);
            input.set_replaced();
        }
        runs.runs.insert(run.number, Arc::new(run));
        drop(runs);
        drop((merged, inputs));
        step("prevalence merged");
        Ok(true)
    }
}
