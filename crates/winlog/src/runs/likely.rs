//! What is probable: runs that were active at the time, and which of their scripts name what was acted on. It may be
//! wrong, so it is never called exact, and two that fit are two candidates, not a choice.

use super::blocks::{Block, Role};
use super::fact::{Action, Fact, Kind};
use super::index::Run;
use super::limits::{ANSWER_VALID, CLOCKS_DIFFER, COMMANDS_SEARCHED, SECOND, TEXTS_SEARCHED};
use super::prove::{View, says};
use super::text;
use super::verdict::{Evidence, Script};

/// A script of an active run.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The script; `None` when its text was not logged.
    pub script: Option<Script>,
    /// The run.
    pub run: String,
    /// Its runspace.
    pub runspace: Option<String>,
    /// Why it can have done it.
    pub reasons: Vec<String>,
    /// Records that say so.
    pub evidence: Vec<Evidence>,
    /// Whether it names what was acted on.
    pub is_named: bool,
    /// Whether its thread looked that name up.
    pub has_asked: bool,
}

/// Everything that can have done it, and what rules the rest out.
pub struct Choices {
    /// Active runs and their scripts.
    pub choices: Vec<Choice>,
    /// Why others are not among them.
    pub reasons: Vec<String>,
}

impl View<'_> {
    /// Runs active at the action's time, as far as its thread allows, and their scripts.
    pub fn choices(&self, fact: &Fact, action: &Action) -> Choices {
        let mut reasons = Vec::new();
        let names = self.destinations(fact, action);
        let own = fact.thread.and_then(|thread| self.run_on_thread(thread, fact.time));
        let runspaces = fact.thread.and_then(|thread| self.runspaces_of(thread, fact.time));
        let mut choices = Vec::new();
        for run in self.index.runs.iter().filter(|run| run.is_active(fact.time)) {
            let is_other = own.is_some_and(|own| own.id != run.id)
                || matches!((&runspaces, run.runspace), (Some(bound), Some(runspace)) if !bound.contains(&runspace));
            match fact.thread {
                Some(thread) if is_other => reasons.push(format!("thread {thread} did not work for run {}", run.id)),
                _ => choices.extend(self.choices_of(run, fact.time, &names)),
            }
        }
        self.mark_askers(&mut choices, fact, &names);
        Choices { choices, reasons }
    }

    /// Marks those whose thread looked the destination's name up not long before. If some look-up is of nobody among
    /// them, nothing is marked: then others connect there too.
    fn mark_askers(&self, choices: &mut [Choice], fact: &Fact, names: &[(String, Option<Evidence>)]) {
        let look_ups = &self.index.look_ups;
        let first = look_ups.partition_point(|other| other.time < fact.time - ANSWER_VALID);
        let mut marks: Vec<(usize, Evidence, String)> = Vec::new();
        for other in look_ups[first..].iter().take_while(|other| other.time <= fact.time + CLOCKS_DIFFER) {
            let (Kind::Action(look_up), Some(thread)) = (&other.kind, other.thread) else { continue };
            let is_of = |name: &&String| names.iter().any(|(wanted, _)| wanted.eq_ignore_ascii_case(name));
            let Some(name) = look_up.names.iter().find(is_of) else { continue };
            let runspaces = self.runspaces_of(thread, other.time).unwrap_or_default();
            let before = marks.len();
            for (idx, choice) in choices.iter().enumerate() {
                let is_its = choice.runspace.as_deref().is_some_and(|own| runspaces.iter().all(|other| *other == own));
                if is_its && !runspaces.is_empty() {
                    let why = format!("its thread {thread} looked up {name}");
                    marks.push((idx, says(&other.record, why.clone()), why));
                }
            }
            if marks.len() == before {
                return;
            }
        }
        for (idx, evidence, why) in marks {
            let choice = &mut choices[idx];
            choice.has_asked = true;
            choice.evidence.push(evidence);
            choice.reasons.push(why);
        }
    }

    /// Runspaces that the thread served last before and first after.
    fn runspaces_of(&self, thread: u32, time: i64) -> Option<Vec<&str>> {
        let bound = self.index.bound.get(&thread)?;
        let after = bound.partition_point(|(at, _)| *at <= time);
        let around = [after.checked_sub(1), Some(after)];
        Some(around.into_iter().flatten().filter_map(|idx| bound.get(idx)).map(|(_, runspace)| *runspace).collect())
    }

    /// What the action went to, in lower case: its own names, its address, names that this process resolved to it.
    fn destinations(&self, fact: &Fact, action: &Action) -> Vec<(String, Option<Evidence>)> {
        let mut found: Vec<(String, Option<Evidence>)> =
            action.names.iter().map(|name| (name.to_lowercase(), None)).collect();
        let Some(address) = &action.address else { return found };
        for (name, other) in self.resolved(fact, action) {
            found.push((name, Some(says(&other.record, format!("resolved to {address}")))));
        }
        found.push((address.to_lowercase(), None));
        found.dedup_by(|one, other| one.0 == other.0);
        found
    }

    /// Names that this process resolved to the action's address not long before, in lower case.
    pub fn resolved(&self, fact: &Fact, action: &Action) -> Vec<(String, &Fact)> {
        let mut found: Vec<(String, &Fact)> = Vec::new();
        let Some(address) = &action.address else { return found };
        let answers = &self.index.answers;
        let first = answers.partition_point(|other| other.time < fact.time - ANSWER_VALID);
        for other in answers[first..].iter().take_while(|other| other.time <= fact.time) {
            let Kind::Action(answer) = &other.kind else { continue };
            if answer.answers.contains(address) {
                found.extend(answer.names.iter().map(|name| (name.to_lowercase(), *other)));
            }
        }
        found
    }

    fn choices_of(&self, run: &Run<'_>, time: i64, names: &[(String, Option<Evidence>)]) -> Vec<Choice> {
        let when = when(run, time);
        let scripts = self.scripts_at(run, time);
        let is_only = scripts.len() == 1;
        let mut choices = Vec::new();
        for (script, evidence) in scripts {
            let mut choice = Choice {
                script,
                run: run.id.clone(),
                runspace: run.runspace.map(str::to_owned),
                reasons: vec![when.clone()],
                evidence: evidence.into_iter().collect(),
                is_named: false,
                has_asked: false,
            };
            choice.look_for(names, run, time, is_only);
            choices.push(choice);
        }
        choices
    }

    /// Scripts of the run that can have been at work.
    fn scripts_at(&self, run: &Run<'_>, time: i64) -> Vec<(Option<Script>, Option<Evidence>)> {
        if let Some(found) = self.innermost(run, time) {
            return vec![found];
        }
        let mut found: Vec<(Option<Script>, Option<Evidence>)> = Vec::new();
        let mut add = |script: Script, evidence: Evidence| {
            let is_known = |(other, _): &(Option<Script>, _)| match (other.as_ref(), &script.path) {
                (Some(Script { path: Some(one), .. }), Some(path)) => one.eq_ignore_ascii_case(path),
                (other, _) => other == Some(&script),
            };
            if !found.iter().any(is_known) {
                found.push((Some(script), Some(evidence)));
            }
        };
        let next = run.commands.partition_point(|fact| fact.time <= time);
        let before = run.commands[..next].iter().rev().find_map(|fact| script_of(fact));
        let after = run.commands[next..].iter().find_map(|fact| script_of(fact));
        for (fact, path) in before.into_iter().chain(after) {
            let script = Script { path: Some(path.to_owned()), sha256: self.only_hash(path) };
            add(script, says(&fact.record, format!("command of {path}")));
        }
        // Texts that came since the last command, or all of them if there is no command in a file.
        let since = before.map_or(i64::MIN, |(fact, _)| fact.time);
        let texts = run.texts.iter().filter(|(fact, _)| fact.time >= since && fact.time <= time);
        for (fact, block) in texts.filter(|(_, block)| *block.role() == Role::Script) {
            add(block.script(), says(&fact.record, format!("text of {}", block.script().name())));
        }
        if found.is_empty() {
            found.extend(run.texts.iter().rev().find_map(|(fact, block)| started(fact, block)));
        }
        if found.is_empty() {
            found.push((None, None));
        }
        found
    }

    /// The innermost block entered and not left, whether or not records are missing.
    fn innermost(&self, run: &Run<'_>, time: i64) -> Option<(Option<Script>, Option<Evidence>)> {
        let mut entered = self.index.entered(None, run.runspace?, time, time);
        entered.retain(|invocation| invocation.touches(time, time));
        entered.sort_by_key(|invocation| (invocation.start.time, invocation.start.record.number));
        entered.iter().rev().find_map(|invocation| {
            let block = self.index.blocks.get(&invocation.span.block)?;
            let evidence = says(&invocation.start.record, format!("entered on thread {}", invocation.thread));
            (*block.role() == Role::Script).then(|| (Some(block.script()), Some(evidence)))
        })
    }
}

impl Choice {
    /// Looks for the destinations in the script's texts and in the parameters of its commands.
    fn look_for(&mut self, names: &[(String, Option<Evidence>)], run: &Run<'_>, time: i64, is_only: bool) {
        let path = self.script.as_ref().and_then(|script| script.path.as_deref());
        let is_own = |other: Option<&str>| match (path, other) {
            (Some(path), Some(other)) => path.eq_ignore_ascii_case(other),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        let commands = nearest(&run.commands, COMMANDS_SEARCHED, |fact| fact.time < time);
        let texts = nearest(&run.texts, TEXTS_SEARCHED, |(fact, _)| fact.time < time);
        for (name, answer) in names {
            let command = commands.iter().find(|fact| {
                matches!(&fact.kind, Kind::Command(command)
                    if (is_only || is_own(command.script.as_deref())) && text::names(&command.payload, name))
            });
            let of_text = |block: &Block| {
                let is_script = *block.role() == Role::Script && (is_only || is_own(block.path.as_deref()));
                is_script && block.names(name)
            };
            let text = texts.iter().find(|(_, block)| of_text(block)).map(|(fact, _)| *fact);
            let (fact, why) = match (command, text) {
                (Some(command), _) => (*command, format!("its command was given {name}")),
                (None, Some(text)) => (text, format!("its text names {name}")),
                (None, None) => continue,
            };
            self.is_named = true;
            self.evidence.push(says(&fact.record, why.clone()));
            self.reasons.push(why);
            self.evidence.extend(answer.clone());
            return;
        }
    }
}

/// The items around the place where `is_before` ends.
fn nearest<T>(items: &[T], n_each_side: usize, is_before: impl Fn(&T) -> bool) -> &[T] {
    let at = items.partition_point(is_before);
    &items[at.saturating_sub(n_each_side)..items.len().min(at + n_each_side)]
}

/// The file that a command stands in.
fn script_of(fact: &Fact) -> Option<(&Fact, &str)> {
    let Kind::Command(command) = &fact.kind else { return None };
    let path = command.script.as_deref().filter(|path| !text::is_library(path))?;
    Some((fact, path))
}

fn started(fact: &Fact, block: &Block) -> Option<(Option<Script>, Option<Evidence>)> {
    let Role::Starter(path) = block.role() else { return None };
    let script = Script { path: Some(path.clone()), sha256: None };
    Some((Some(script), Some(says(&fact.record, format!("starts {path}")))))
}

fn when(run: &Run<'_>, time: i64) -> String {
    let seconds = |span: i64| format!("{:.1} s", span as f64 / SECOND as f64);
    let (before, after) = (time - run.first, run.last - time);
    match (before >= 0, after >= 0) {
        (true, true) => format!("running: records from {} before to {} after", seconds(before), seconds(after)),
        (true, false) => format!("last record {} before", seconds(-after)),
        (false, _) => format!("first record {} after", seconds(-before)),
    }
}

/// Whether two choices name the same script.
pub fn is_same_script(one: &Choice, other: &Choice) -> bool {
    match (&one.script, &other.script) {
        (Some(one), Some(other)) => match (&one.path, &other.path) {
            (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
            (None, None) => one.sha256.is_some() && one.sha256 == other.sha256,
            (Some(_), None) | (None, Some(_)) => false,
        },
        (Some(_), None) | (None, Some(_)) => false,
        (None, None) => one.run == other.run,
    }
}
