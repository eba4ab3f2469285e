//! Proofs. A proof that needs a record to be *absent* asks whether the log has no gap there; everything else rests on
//! records that are there. What can't be proven is said as a reason, and left to `likely.rs`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use super::blocks::{Block, Role};
use super::fact::{Fact, Kind, Record};
use super::index::{Index, Invocation, Run, StandsIn};
use super::limits::{CHILD_OPENED_WITHIN, CLOCKS_DIFFER, SCRIPTS_COMPARED_MAX};
use super::records::Records;
use super::text;
use super::verdict::{Evidence, Script};

/// What a proof looks at.
pub struct View<'a> {
    /// The process.
    pub index: &'a Index<'a>,
    /// The device's records.
    pub records: &'a Records,
    /// Whether facts of the process were forgotten.
    pub is_cut: bool,
    /// What was found out before.
    only_scripts: RefCell<BTreeMap<(String, Record), OnlyScript>>,
}

/// The one script and where its text is, or why there is none.
type OnlyScript = Result<(Script, Option<Evidence>), String>;

impl<'a> View<'a> {
    /// A view of one life of one process.
    pub fn new(index: &'a Index<'a>, records: &'a Records, is_cut: bool) -> View<'a> {
        View { index, records, is_cut, only_scripts: RefCell::default() }
    }
}

/// A proven link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The innermost script.
    pub script: Script,
    /// The call stack as far as known, outermost first.
    pub stack: Vec<Script>,
    /// `RunspaceId`.
    pub runspace: Option<String>,
    /// The run.
    pub run: Option<String>,
    /// The records it rests on.
    pub evidence: Vec<Evidence>,
}

/// A proof, or why there is none.
pub type Proven = Result<Proof, String>;

/// Where the commands of a run stand.
#[derive(Clone, Copy)]
enum Place<'a> {
    Unknown,
    NoFile,
    File(&'a str),
}

impl<'a> Place<'a> {
    fn of(run: &Run<'a>) -> Result<Place<'a>, String> {
        match run.stands_in {
            StandsIn::NoFile => Ok(Place::NoFile),
            StandsIn::File(path) => Ok(Place::File(path)),
            StandsIn::Files => Err("the run is of several scripts".to_owned()),
            // Who called the module isn't said.
            StandsIn::Modules => Err("the run has only commands of modules".to_owned()),
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Unknown => f.write_str("?"),
            Place::NoFile => f.write_str("-"),
            Place::File(path) => write!(f, "{path}"),
        }
    }
}

/// What a thread did at a time: all of it, however the clocks differ.
#[derive(Clone, Copy)]
struct Moment {
    thread: u32,
    from: i64,
    to: i64,
}

impl View<'_> {
    /// The script on the thread that acted.
    pub fn by_thread(&self, thread: u32, time: i64) -> Proven {
        let moment = Moment { thread, from: time - CLOCKS_DIFFER, to: time + CLOCKS_DIFFER };
        if self.records.in_doubt(moment.from, moment.to) {
            return Err("the clock was set back around this time".to_owned());
        }
        let run = self.run_of(moment)?;
        match self.by_stack(moment, run) {
            Some(proof) => Ok(proof),
            None => self.by_run(moment, run),
        }
    }

    /// The run that the thread worked for, when commands before and after say so.
    pub fn run_on_thread(&self, thread: u32, time: i64) -> Option<&Run<'_>> {
        self.run_of(Moment { thread, from: time, to: time }).ok()?
    }

    /// The one run whose commands on this thread surround the moment.
    fn run_of(&self, moment: Moment) -> Result<Option<&Run<'_>>, String> {
        let mut around = self.index.runs.iter().filter(|run| run.around(moment).is_some());
        match (around.next(), around.next()) {
            (run, None) => Ok(run),
            (_, Some(_)) => Err(format!("two runs take turns on thread {}", moment.thread)),
        }
    }

    /// 4105 and 4106: the innermost block that was certainly entered and not left.
    fn by_stack(&self, moment: Moment, run: Option<&Run<'_>>) -> Option<Proof> {
        let runspaces = self.index.runspaces_entered(moment.thread);
        let on_thread: Vec<&Invocation> = runspaces
            .flat_map(|runspace| self.index.entered(Some(moment.thread), runspace, moment.from, moment.to))
            .collect();
        let mut covering = on_thread.clone();
        covering.retain(|invocation| invocation.covers(moment.from, moment.to, self.records));
        covering.sort_by_key(|invocation| (invocation.start.time, invocation.start.record.number));
        let innermost = *covering.last()?;
        // A nested runspace, or a run that the blocks aren't of: not one stack.
        let runspace = &innermost.span.runspace;
        if covering.iter().any(|other| other.span.runspace != *runspace)
            || run.is_some_and(|run| run.runspace != Some(&**runspace))
        {
            return None;
        }
        let (caller, block) = self.caller(&covering)?;
        // Entered or left too close to the moment to say on which side of it: fine if it is the same script.
        let deeper = on_thread
            .into_iter()
            .filter(|other| other.start.time > innermost.start.time && other.touches(moment.from, moment.to));
        for other in deeper {
            let (_, other) = self.script_of(other)?.unwrap_or((caller, block));
            if !is_same(other, block) {
                return None;
            }
        }
        let mut evidence = vec![says(&caller.start.record, format!("entered on thread {}", moment.thread))];
        evidence.extend(caller.stop.map(|stop| says(&stop.record, "left again".to_owned())));
        evidence.extend(self.text_of(block));
        let mut stack: Vec<Script> = Vec::new();
        for outer in covering.iter().filter_map(|invocation| self.script_of(invocation)?) {
            if stack.last() != Some(&outer.1.script()) {
                stack.push(outer.1.script());
            }
        }
        let named = self.index.runs.iter().find(|run| {
            run.runspace == Some(&**runspace)
                && run.threads.contains(&moment.thread)
                && run.first <= caller.start.time
                && run.last >= moment.to
        });
        Some(Proof {
            script: block.script(),
            stack,
            runspace: Some(runspace.to_string()),
            run: named.map(|run| run.id.clone()),
            evidence,
        })
    }

    /// The innermost block that is a script: modules act for it. `None` as soon as a block isn't known.
    fn caller<'b>(&'b self, covering: &[&'b Invocation<'b>]) -> Option<(&'b Invocation<'b>, &'b Block)> {
        for invocation in covering.iter().rev() {
            if let Some(found) = self.script_of(invocation)? {
                return Some(found);
            }
        }
        None
    }

    /// The block's script: `Some(None)` for code that acts for its caller, `None` when its text is not known.
    #[allow(clippy::option_option)]
    fn script_of<'b>(&'b self, invocation: &'b Invocation<'b>) -> Option<Option<(&'b Invocation<'b>, &'b Block)>> {
        let block = self.index.blocks.get(&invocation.span.block)?;
        match block.role() {
            Role::Library | Role::Engine => Some(None),
            Role::Script if block.path.is_some() || block.is_complete() => Some(Some((invocation, block))),
            // What a starter itself does, before its script has begun, is not the script's doing.
            Role::Script | Role::Starter(_) => None,
        }
    }

    /// 4103 on both sides of the moment, in one run on this thread, when the run can have had one script only.
    fn by_run(&self, moment: Moment, run: Option<&Run<'_>>) -> Proven {
        let thread = moment.thread;
        let run = run.ok_or_else(|| match self.index.threads.binary_search(&thread) {
            Ok(_) => format!("no run has records on thread {thread} on both sides of it"),
            Err(_) => format!("thread {thread} is not a thread of a PowerShell pipeline"),
        })?;
        let (before, after) = run.around(moment).expect("run_of asked the same");
        let last = run.commands.last().copied().unwrap_or(after);
        let (script, text) = self.only_script(Place::of(run)?, last)?;
        let pipeline = run.pipeline.unwrap_or_default();
        let says_run = |fact: &Fact| says(&fact.record, format!("pipeline {pipeline} on thread {thread}"));
        let mut evidence = vec![says_run(before), says_run(after)];
        evidence.extend(text);
        Ok(Proof {
            stack: vec![script.clone()],
            script,
            runspace: run.runspace.map(str::to_owned),
            run: Some(run.id.clone()),
            evidence,
        })
    }

    /// The only script that can have acted, if all of the process's scripts are known up to this record. Asked once
    /// for each run: comparing texts is slow.
    fn only_script(&self, place: Place, last: &Fact) -> OnlyScript {
        let key = (place.to_string(), last.record.clone());
        if let Some(known) = self.only_scripts.borrow().get(&key) {
            return known.clone();
        }
        let found = self.find_only_script(place, last);
        self.only_scripts.borrow_mut().insert(key, found.clone());
        found
    }

    fn find_only_script(&self, place: Place, last: &Fact) -> OnlyScript {
        self.knows_all_scripts(last)?;
        let compiled = self.index.compiled.iter().filter(|(fact, _)| fact.time <= last.time);
        let scripts: Vec<&Block> =
            compiled.map(|(_, block)| *block).filter(|block| *block.role() == Role::Script).collect();
        if scripts.len() > SCRIPTS_COMPARED_MAX {
            return Err("too many scripts have run to compare them".to_owned());
        }
        let fits = |block: &&&Block| match place {
            Place::Unknown => true,
            Place::NoFile => block.path.is_none(),
            Place::File(path) => block.path.as_deref().is_some_and(|other| other.eq_ignore_ascii_case(path)),
        };
        let chosen = *scripts.iter().find(fits).ok_or("the text of the script was not logged")?;
        for other in scripts.iter().filter(|other| !is_same(other, chosen)) {
            if !matches!(place, Place::File(_)) {
                return Err("the process has run several scripts".to_owned());
            }
            if other.could_call(chosen) || chosen.could_call(other) {
                return Err(format!("{} may have called it, or been called", other.script().name()));
            }
        }
        let mut versions = scripts.iter().filter(|other| is_same(other, chosen));
        let mut script = chosen.script();
        if !versions.all(|other| other.script().sha256 == script.sha256) {
            script.sha256 = None;
        }
        Ok((script, self.text_of(chosen)))
    }

    /// Whether every text that the process has run was logged, and no record of it is missing.
    fn knows_all_scripts(&self, last: &Fact) -> Result<(), String> {
        let start = self.index.start.ok_or("the start of the process is not in the logs")?;
        if self.is_cut {
            return Err("the process has too many records to keep all".to_owned());
        }
        let since = self.records.complete_since(&last.record);
        if since.is_none_or(|since| since > start.time) || self.index.log != Some(&last.record.log) {
            return Err("PowerShell's log is not complete since the process started".to_owned());
        }
        if self.records.in_doubt(start.time, last.time) {
            return Err("the clock was set back since the process started".to_owned());
        }
        match (self.index.first_text, self.index.first_act) {
            (Some(text), Some(act)) if text <= act => Ok(()),
            (Some(_), None) => Ok(()),
            (Some(_) | None, _) => Err("scripts were not logged (4104) since the process started".to_owned()),
        }
    }

    /// A console that ran one script and nothing else.
    pub fn by_process(&self, action: &Fact) -> Proven {
        let Some(Kind::ProcessStarted { image, command_line }) = self.index.start.map(|start| &start.kind) else {
            return Err("the start of the process is not in the logs".to_owned());
        };
        // The ISE and PowerShell 7 make connections of their own: updates, telemetry.
        if text::stem(image) != "powershell.exe" {
            return Err("this program also acts by itself".to_owned());
        }
        let file = text::single_run(command_line).ok_or("the process is interactive")?;
        if self.index.is_injected {
            return Err("another process started a thread in it".to_owned());
        }
        let to = action.time + CLOCKS_DIFFER;
        let after = self.index.facts.partition_point(|fact| fact.time < to);
        // A record after the action shows that none before it is still to come.
        let mut later = self.index.facts[after..].iter();
        let known_to = later.find(|fact| fact.is_of_powershell()).ok_or("no later record of PowerShell's log yet")?;
        let (script, text) = self.only_script(Place::Unknown, known_to)?;
        let mut compiled = self.index.compiled.iter();
        let block_start = compiled.find(|(_, block)| *block.role() == Role::Script);
        let (started, block) = block_start.ok_or("the text of the script was not logged")?;
        if started.time + CLOCKS_DIFFER > action.time {
            return Err("the script had only just begun".to_owned());
        }
        if !block.logged_by_policy {
            return Err("only suspicious scripts were logged (4104 is not switched on)".to_owned());
        }
        let is_other = |file: &String| script.path.as_deref().is_none_or(|path| text::stem(path) != text::stem(file));
        if file.as_ref().is_some_and(is_other) {
            return Err("the script is not the one that the command line names".to_owned());
        }
        let start = self.index.start.ok_or("the start of the process is not in the logs")?;
        let mut evidence = vec![says(&start.record, "the process was started for one script".to_owned())];
        evidence.extend(text);
        evidence.push(says(&known_to.record, "no other script has run up to here".to_owned()));
        Ok(Proof { stack: vec![script.clone()], script, runspace: None, run: None, evidence })
    }

    /// A new process: its creator held its handle at once, from the thread that created it.
    pub fn by_child(&self, action: &Fact, child: &str) -> Proven {
        const ALL_RIGHTS: u32 = 0x1f_ffff;
        let mut proof: Option<Proof> = None;
        let opened = &self.index.opened;
        let first = opened.partition_point(|fact| fact.time < action.time - CHILD_OPENED_WITHIN);
        for fact in opened[first..].iter().take_while(|fact| fact.time <= action.time + CHILD_OPENED_WITHIN) {
            let Kind::Action(act) = &fact.kind else { continue };
            let opened = act.opened.as_ref().filter(|(target, _)| &**target == child);
            let is_creation = opened.is_some_and(|(_, rights)| *rights == ALL_RIGHTS);
            let Some(thread) = fact.thread.filter(|_| is_creation) else { continue };
            let mut found = self.by_thread(thread, fact.time)?;
            if proof.as_ref().is_some_and(|proof| proof.script != found.script || proof.run != found.run) {
                return Err("two threads opened the new process".to_owned());
            }
            found.evidence.insert(0, says(&fact.record, format!("thread {thread} created the process")));
            proof.get_or_insert(found);
        }
        proof.ok_or_else(|| "no record says which thread created the process".to_owned())
    }

    /// Something with the activity id of a command: it was done in the command's run.
    pub fn by_activity(&self, activity: &str) -> Proven {
        let has_it = |fact: &&&Fact| fact.activity.as_deref() == Some(activity);
        let mut runs = self.index.runs.iter().filter(|run| run.commands.iter().any(|fact| has_it(&fact)));
        let (Some(run), None) = (runs.next(), runs.next()) else {
            return Err("no run has a command with its activity id, or several have".to_owned());
        };
        let (Some(command), Some(last)) = (run.commands.iter().find(has_it), run.commands.last()) else {
            return Err("no command has its activity id".to_owned());
        };
        let (script, text) = self.only_script(Place::of(run)?, last)?;
        let mut evidence = vec![says(&command.record, "the command has the action's activity id".to_owned())];
        evidence.extend(text);
        Ok(Proof {
            stack: vec![script.clone()],
            script,
            runspace: run.runspace.map(str::to_owned),
            run: Some(run.id.clone()),
            evidence,
        })
    }

    /// Hash of a file's text, if there is only one version of it.
    pub fn only_hash(&self, path: &str) -> Option<String> {
        let of_path = |block: &&Block| block.path.as_deref().is_some_and(|other| other.eq_ignore_ascii_case(path));
        let mut hashes = self.index.compiled.iter().map(|(_, block)| *block).filter(of_path);
        let first = hashes.next()?.script().sha256?;
        hashes.all(|block| block.script().sha256.as_ref() == Some(&first)).then_some(first)
    }

    /// Where the block's text was logged.
    fn text_of(&self, block: &Block) -> Option<Evidence> {
        let (fact, _) = self.index.compiled.iter().find(|(_, other)| std::ptr::eq(*other, block))?;
        Some(says(&fact.record, format!("text of {}", block.script().name())))
    }
}

impl Run<'_> {
    /// Commands of the run on the thread, before and after.
    fn around(&self, moment: Moment) -> Option<(&Fact, &Fact)> {
        if !self.threads.contains(&moment.thread) || self.first > moment.from || self.last < moment.to {
            return None;
        }
        let on_thread = |fact: &&&Fact| fact.thread == Some(moment.thread);
        let first_after = self.commands.partition_point(|fact| fact.time <= moment.from);
        let before = self.commands[..first_after].iter().rev().find(on_thread)?;
        let first_after = self.commands.partition_point(|fact| fact.time < moment.to);
        let after = self.commands[first_after..].iter().find(on_thread)?;
        Some((*before, *after))
    }
}

/// Whether two blocks are of one script: one file, or one text.
pub fn is_same(one: &Block, other: &Block) -> bool {
    match (&one.path, &other.path) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        (None, None) => one.script().sha256.is_some() && one.script() == other.script() || std::ptr::eq(one, other),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// A piece of evidence.
pub fn says(record: &Record, what: String) -> Evidence {
    Evidence { record: record.clone(), says: what }
}
