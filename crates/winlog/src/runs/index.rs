//! One process's facts, put in order: runspaces, runs, blocks entered and left. Built anew from the facts whenever one
//! came late, so the order of arrival can't matter.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::blocks::{Block, Role};
use super::fact::{Fact, Kind, Span};
use super::limits::{ACTIVE_AFTER, ACTIVE_BEFORE, OPEN_RUN, RUNS_NESTED_MAX};
use super::records::Records;
use super::text;

/// One life of one process.
pub struct Index<'a> {
    /// Everything about it, in order of time.
    pub facts: Vec<&'a Fact>,
    /// Its start.
    pub start: Option<&'a Fact>,
    /// Script runs.
    pub runs: Vec<Run<'a>>,
    /// Blocks entered.
    pub invocations: Vec<Invocation<'a>>,
    /// Texts run for the first time: 4104, in order.
    pub compiled: Vec<(&'a Fact, &'a Block)>,
    /// Places of `invocations` by thread and runspace, in order.
    entered: BTreeMap<(u32, &'a str), Vec<usize>>,
    /// Actions with DNS answers.
    pub answers: Vec<&'a Fact>,
    /// Look-ups of names whose thread is known.
    pub look_ups: Vec<&'a Fact>,
    /// Actions that opened another process.
    pub opened: Vec<&'a Fact>,
    /// Whether facts of several processes are mixed: one number, several identities.
    pub is_mixed: bool,
    /// Whether another process started a thread in it.
    pub is_injected: bool,
    /// The one log that PowerShell wrote; `None` when there are none or several.
    pub log: Option<&'a Arc<str>>,
    /// First text that was logged.
    pub first_text: Option<i64>,
    /// First command or block entered that was logged.
    pub first_act: Option<i64>,
    /// By thread: which runspace it worked for, and when.
    pub bound: BTreeMap<u32, Vec<(i64, &'a str)>>,
    /// Threads that PowerShell logged anything from.
    pub threads: Vec<u32>,
    /// All blocks of the process id.
    pub blocks: &'a BTreeMap<Arc<str>, Block>,
    /// When it ended.
    pub end: Option<i64>,
}

/// A block entered on a thread.
pub struct Invocation<'a> {
    /// `ScriptBlockId` and `RunspaceId`.
    pub span: &'a Span,
    /// The thread.
    pub thread: u32,
    /// 4105.
    pub start: &'a Fact,
    /// 4106, when it was seen.
    pub stop: Option<&'a Fact>,
    /// Until when the records prove that the block was not left; `None` when they prove nothing.
    pub proven_until: Option<i64>,
    /// The block around it on its thread, by its place.
    parent: Option<usize>,
}

/// One run: a pipeline of a runspace, or what stands in for it when pipelines aren't logged.
pub struct Run<'a> {
    /// `RunspaceId`.
    pub runspace: Option<&'a str>,
    /// Pipeline ID.
    pub pipeline: Option<u64>,
    /// Name of the run.
    pub id: String,
    /// Its commands (4103), in order.
    pub commands: Vec<&'a Fact>,
    /// Its new texts (4104), in order.
    pub texts: Vec<(&'a Fact, &'a Block)>,
    /// Its threads.
    pub threads: Vec<u32>,
    /// First and last record.
    pub first: i64,
    /// See `first`.
    pub last: i64,
    /// Whether `first` is the start: a block was entered, or a text logged.
    pub has_start: bool,
    /// Whether `last` is the end: the outermost block was left.
    pub has_end: bool,
    /// Where its commands stand.
    pub stands_in: StandsIn<'a>,
    /// It can't have been active after this: something else began in its place.
    pub until: i64,
}

/// Where the commands of a run stand.
#[derive(Clone, Copy, Debug)]
pub enum StandsIn<'a> {
    /// At the prompt, or in text that is in no file.
    NoFile,
    /// In this file; some may stand in modules too.
    File(&'a str),
    /// In several files.
    Files,
    /// In modules only.
    Modules,
}

impl<'a> StandsIn<'a> {
    /// With one more command.
    fn and(self, script: Option<&'a str>) -> StandsIn<'a> {
        match (self, script) {
            (same, None) => same,
            (StandsIn::NoFile, Some(path)) if text::is_library(path) => StandsIn::Modules,
            (same, Some(path)) if text::is_library(path) => same,
            (StandsIn::NoFile | StandsIn::Modules, Some(path)) => StandsIn::File(path),
            (StandsIn::File(file), Some(path)) if file.eq_ignore_ascii_case(path) => self,
            (StandsIn::File(_) | StandsIn::Files, Some(_)) => StandsIn::Files,
        }
    }
}

impl<'a> Index<'a> {
    /// Puts the facts of one life, in order of time, into shape.
    pub fn build(
        facts: Vec<&'a Fact>,
        blocks: &'a BTreeMap<Arc<str>, Block>,
        records: &Records,
        closed: &BTreeMap<Arc<str>, i64>,
    ) -> Index<'a> {
        let start = facts.iter().copied().find(|fact| matches!(fact.kind, Kind::ProcessStarted { .. }));
        let end = facts.iter().rev().find(|fact| matches!(fact.kind, Kind::ProcessEnded)).map(|fact| fact.time);
        let mut index = Index {
            start,
            end,
            runs: Vec::new(),
            invocations: invocations(&facts, records),
            entered: BTreeMap::new(),
            answers: Vec::new(),
            look_ups: Vec::new(),
            opened: Vec::new(),
            is_mixed: false,
            is_injected: false,
            log: None,
            first_text: None,
            first_act: None,
            compiled: Vec::new(),
            bound: BTreeMap::new(),
            threads: Vec::new(),
            blocks,
            facts,
        };
        index.take_notes();
        index.take_facts();
        index.take_invocations();
        index.take_texts();
        index.close_runs(closed);
        index
    }

    /// Whether PowerShell logged anything of it.
    pub fn is_logged(&self) -> bool {
        self.first_text.or(self.first_act).is_some()
    }

    /// Blocks on the stack of a thread (or of all) in a runspace at some moment between the two, and perhaps a few more.
    pub fn entered(&self, thread: Option<u32>, runspace: &str, from: i64, to: i64) -> Vec<&Invocation<'a>> {
        let mut found = Vec::new();
        for ((of_thread, of_runspace), places) in &self.entered {
            if *of_runspace != runspace || thread.is_some_and(|thread| thread != *of_thread) {
                continue;
            }
            let after = places.partition_point(|place| self.invocations[*place].start.time <= from);
            let mut open = after.checked_sub(1).map(|idx| places[idx]);
            while let Some(place) = open {
                found.push(&self.invocations[place]);
                open = self.invocations[place].parent;
            }
            let started = places[after..].iter().map(|place| &self.invocations[*place]);
            found.extend(started.take_while(|invocation| invocation.start.time <= to));
        }
        found
    }

    /// Runspaces that blocks were entered for on the thread.
    pub fn runspaces_entered(&self, thread: u32) -> impl Iterator<Item = &'a str> + '_ {
        let of_thread = self.entered.range((thread, "")..).take_while(move |((of, _), _)| *of == thread);
        of_thread.map(|((_, runspace), _)| *runspace)
    }

    /// What is asked for again and again, once.
    fn take_notes(&mut self) {
        for (place, invocation) in self.invocations.iter().enumerate() {
            let key = (invocation.thread, &*invocation.span.runspace);
            self.entered.entry(key).or_default().push(place);
        }
        let mut guid: Option<&'a Arc<str>> = None;
        let mut logs: Vec<&'a Arc<str>> = Vec::new();
        for fact in self.facts.iter().copied() {
            if let Some(own) = &fact.guid {
                self.is_mixed |= guid.is_some_and(|guid| !guid.eq_ignore_ascii_case(own));
                guid = Some(own);
            }
            match &fact.kind {
                Kind::Block(_) => self.first_text = self.first_text.or(Some(fact.time)),
                Kind::Command(_) | Kind::BlockStarted(_) => self.first_act = self.first_act.or(Some(fact.time)),
                Kind::ThreadInjected => self.is_injected = true,
                Kind::Action(action) if action.opened.is_some() => self.opened.push(fact),
                Kind::Action(action) if !action.answers.is_empty() => self.answers.push(fact),
                _ => {}
            }
            if let (Kind::Action(action), Some(_)) = (&fact.kind, fact.thread)
                && action.network
                && action.address.is_none()
            {
                self.look_ups.push(fact);
            }
            if fact.is_of_powershell() && !logs.contains(&&fact.record.log) {
                logs.push(&fact.record.log);
            }
        }
        self.log = if let [log] = logs.as_slice() { Some(*log) } else { None };
    }

    /// Runs by pipeline, threads by runspace.
    fn take_facts(&mut self) {
        let mut by_key: BTreeMap<(&str, &str, u64), usize> = BTreeMap::new();
        for fact in self.facts.clone() {
            let runspace = match &fact.kind {
                Kind::Command(command) => {
                    let key = (&*command.host, &*command.runspace, command.pipeline);
                    let run = *by_key.entry(key).or_insert_with(|| {
                        self.runs.push(Run::new(Some(&command.runspace), Some(command.pipeline), fact));
                        self.runs.len() - 1
                    });
                    self.runs[run].commands.push(fact);
                    self.runs[run].stands_in = self.runs[run].stands_in.and(command.script.as_deref());
                    self.runs[run].extend(fact);
                    Some(&*command.runspace)
                }
                Kind::BlockStarted(span) | Kind::BlockStopped(span) => Some(&*span.runspace),
                Kind::Block(part) => {
                    if let Some(block) = self.blocks.get(&part.block) {
                        self.compiled.push((fact, block));
                    }
                    None
                }
                _ => None,
            };
            if let Some(thread) = fact.thread.filter(|_| fact.is_of_powershell()) {
                self.threads.push(thread);
                if let Some(runspace) = runspace {
                    self.bound.entry(thread).or_default().push((fact.time, runspace));
                }
            }
        }
        self.threads.sort_unstable();
        self.threads.dedup();
    }

    /// Outermost blocks bound the run that they are of; without commands they are runs themselves.
    fn take_invocations(&mut self) {
        let mut commands: BTreeMap<&str, Vec<(i64, usize)>> = BTreeMap::new();
        for (idx, run) in self.runs.iter().enumerate() {
            let times = run.commands.iter().map(|fact| (fact.time, idx));
            commands.entry(run.runspace.unwrap_or_default()).or_default().extend(times);
        }
        commands.values_mut().for_each(|commands| commands.sort_unstable());
        for invocation in self.invocations.iter().filter(|invocation| invocation.parent.is_none()) {
            let runspace = &*invocation.span.runspace;
            let last = invocation.stop.map_or(invocation.start.time, |stop| stop.time);
            let commands = commands.get(runspace).map_or(&[][..], Vec::as_slice);
            let within = &commands[commands.partition_point(|(time, _)| *time < invocation.start.time)..];
            let within = &within[..within.partition_point(|(time, _)| *time <= last)];
            match within.first() {
                // Two pipelines within one block: a record between them is missing, and the pair is no pair.
                Some((_, run)) if within.iter().any(|(_, other)| other != run) => {}
                Some((_, run)) => self.runs[*run].bound_by(invocation),
                None => {
                    let mut run = Run::new(Some(runspace), None, invocation.start);
                    run.bound_by(invocation);
                    self.runs.push(run);
                }
            }
        }
    }

    /// New texts belong to the run that surrounds them on their thread, or to the next one that starts there.
    fn take_texts(&mut self) {
        let mut of_thread: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (idx, run) in self.runs.iter().enumerate() {
            for thread in &run.threads {
                of_thread.entry(*thread).or_default().push(idx);
            }
        }
        of_thread.values_mut().for_each(|runs| runs.sort_by_key(|idx| (self.runs[*idx].first, *idx)));
        let spans: Vec<(i64, i64)> = self.runs.iter().map(|run| (run.first, run.last)).collect();
        let mut open: BTreeMap<u32, usize> = BTreeMap::new();
        for (fact, block) in self.compiled.clone() {
            let Some(thread) = fact.thread else { continue };
            if *block.role() == Role::Engine {
                open.remove(&thread);
                continue;
            }
            let runs = of_thread.get(&thread).map_or(&[][..], Vec::as_slice);
            let run = run_at(runs, &spans, fact.time).unwrap_or_else(|| {
                let near = open.get(&thread).copied().filter(|run| {
                    !matches!(block.role(), Role::Starter(_)) && self.runs[*run].last + OPEN_RUN >= fact.time
                });
                let run = near.unwrap_or_else(|| {
                    self.runs.push(Run::new(None, None, fact));
                    self.runs.len() - 1
                });
                open.insert(thread, run);
                run
            });
            let run = &mut self.runs[run];
            run.has_start |= fact.time <= run.first;
            run.extend(fact);
            run.texts.push((fact, block));
        }
        self.runs.sort_by(|a, b| (a.first, &a.id).cmp(&(b.first, &b.id)));
    }

    /// A runspace and a thread do one thing after the other: what comes next ends what was before.
    fn close_runs(&mut self, closed: &BTreeMap<Arc<str>, i64>) {
        let mut idle: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
        for (fact, block) in &self.compiled {
            if let (Role::Engine, Some(thread)) = (block.role(), fact.thread) {
                idle.entry(thread).or_default().push(fact.time);
            }
        }
        let bounds: Vec<i64> = (0..self.runs.len()).map(|idx| self.next_in_place_of(idx, &idle)).collect();
        for (run, until) in self.runs.iter_mut().zip(bounds) {
            let closed = run.runspace.and_then(|runspace| closed.get(runspace)).copied();
            run.until = until.min(closed.filter(|closed| *closed >= run.last).unwrap_or(i64::MAX));
        }
    }

    fn next_in_place_of(&self, idx: usize, idle: &BTreeMap<u32, Vec<i64>>) -> i64 {
        let run = &self.runs[idx];
        // Runs are in order of their first record.
        let mut later = self.runs[idx + 1..].iter();
        let next = later.find(|other| other.first > run.last && other.takes_place_of(run));
        let next = next.map_or(i64::MAX, |other| other.first);
        let prompts = run.threads.iter().filter_map(|thread| idle.get(thread));
        let prompt = prompts.filter_map(|times| times.get(times.partition_point(|time| *time <= run.last))).min();
        next.min(prompt.copied().unwrap_or(i64::MAX)).min(self.end.unwrap_or(i64::MAX))
    }
}

/// The run around this time, else the next one if it starts soon. `runs` is in the order of their starts.
fn run_at(runs: &[usize], spans: &[(i64, i64)], time: i64) -> Option<usize> {
    let next = runs.partition_point(|idx| spans[*idx].0 <= time);
    let around = runs[..next].iter().rev().take(RUNS_NESTED_MAX).find(|idx| spans[**idx].1 >= time);
    around.or_else(|| runs.get(next).filter(|idx| spans[**idx].0 <= time.saturating_add(OPEN_RUN))).copied()
}

impl Fact {
    /// Whether it is of PowerShell's own log.
    pub fn is_of_powershell(&self) -> bool {
        matches!(
            self.kind,
            Kind::Command(_) | Kind::Block(_) | Kind::BlockStarted(_) | Kind::BlockStopped(_) | Kind::Other
        )
    }
}

impl<'a> Run<'a> {
    fn new(runspace: Option<&'a str>, pipeline: Option<u64>, fact: &Fact) -> Run<'a> {
        let place = match (runspace, fact.thread) {
            (Some(runspace), _) => runspace.to_owned(),
            (None, Some(thread)) => format!("thread {thread}"),
            (None, None) => "process".to_owned(),
        };
        let id = match pipeline {
            Some(pipeline) => format!("{place}/{pipeline}"),
            None => format!("{place}/from {}", fact.record.number),
        };
        Run {
            runspace,
            pipeline,
            id,
            commands: Vec::new(),
            texts: Vec::new(),
            threads: fact.thread.into_iter().collect(),
            first: fact.time,
            last: fact.time,
            has_start: false,
            has_end: false,
            stands_in: StandsIn::NoFile,
            until: i64::MAX,
        }
    }

    fn extend(&mut self, fact: &Fact) {
        self.first = self.first.min(fact.time);
        self.last = self.last.max(fact.time);
        if let Some(thread) = fact.thread.filter(|thread| !self.threads.contains(thread)) {
            self.threads.push(thread);
        }
    }

    fn bound_by(&mut self, invocation: &Invocation) {
        self.has_start |= invocation.start.time <= self.first;
        self.extend(invocation.start);
        if let Some(stop) = invocation.stop {
            self.has_end = stop.time >= self.last;
            self.extend(stop);
        } else {
            self.has_end = false;
        }
    }

    fn takes_place_of(&self, run: &Run) -> bool {
        let same_thread = self.threads.iter().any(|thread| run.threads.contains(thread));
        match (self.runspace, run.runspace) {
            (Some(one), Some(other)) => one == other,
            (None, _) | (_, None) => same_thread,
        }
    }

    /// Whether it can have been active at that time.
    pub fn is_active(&self, time: i64) -> bool {
        let before = if self.has_start { 0 } else { ACTIVE_BEFORE };
        let after = match (self.has_end, self.commands.is_empty()) {
            (true, _) => 0,
            (false, false) => ACTIVE_AFTER,
            (false, true) => OPEN_RUN,
        };
        time >= self.first - before && time <= self.until.min(self.last.saturating_add(after))
    }
}

/// Matches 4106 with 4105, thread by thread, the last entered first.
fn invocations<'a>(facts: &[&'a Fact], records: &Records) -> Vec<Invocation<'a>> {
    let mut found: Vec<Invocation<'a>> = Vec::new();
    let mut stacks: BTreeMap<(u32, &str), Vec<usize>> = BTreeMap::new();
    for fact in facts {
        let Some(thread) = fact.thread else { continue };
        match &fact.kind {
            Kind::BlockStarted(span) => {
                let stack = stacks.entry((thread, &span.runspace)).or_default();
                let (start, parent) = (*fact, stack.last().copied());
                stack.push(found.len());
                found.push(Invocation { span, thread, start, stop: None, proven_until: None, parent });
            }
            Kind::BlockStopped(span) => {
                let stack = stacks.entry((thread, &span.runspace)).or_default();
                let at = stack.iter().rposition(|idx| found[*idx].span.block == span.block);
                // Those above were left too, by records that are missing.
                for idx in at.map(|at| stack.split_off(at)).unwrap_or_default() {
                    found[idx].end(fact, records);
                }
            }
            _ => {}
        }
    }
    for invocation in found.iter_mut().filter(|invocation| invocation.proven_until.is_none()) {
        invocation.proven_until = records.complete_until(&invocation.start.record);
    }
    found
}

impl<'a> Invocation<'a> {
    fn end(&mut self, stop: &'a Fact, records: &Records) {
        let is_own = matches!(&stop.kind, Kind::BlockStopped(span) if span.block == self.span.block);
        let seen = records.complete_until(&self.start.record).unwrap_or(self.start.time);
        if is_own {
            self.stop = Some(stop);
        }
        // With a gap, the block may have been left, and entered again, where nobody saw it.
        self.proven_until = Some(stop.time.min(seen));
    }

    /// Whether the block was on the thread's stack all the time between the two.
    pub fn covers(&self, from: i64, to: i64, records: &Records) -> bool {
        self.start.time <= from
            && self.proven_until.is_some_and(|until| to <= until)
            && !records.in_doubt(self.start.time, to)
    }

    /// Whether it was on the stack at some moment between the two, as far as one can tell.
    pub fn touches(&self, from: i64, to: i64) -> bool {
        self.start.time <= to
            && self.stop.map_or(self.proven_until, |stop| Some(stop.time)).is_none_or(|end| end >= from)
    }
}
