//! The answer for one action: the first proof that holds, else what is likely, else the candidates, else the reason
//! why there is none.

use super::fact::{Action, Fact, Kind};
use super::likely::{Choice, is_same_script};
use super::limits::{CANDIDATES_MAX, EVIDENCE_MAX, REASONS_MAX, SECOND};
use super::prove::{Proof, View, says};
use super::text;
use super::verdict::{Candidate, Level, Script, Verdict};

/// Programs that run PowerShell scripts.
const HOSTS: [&str; 4] = ["powershell.exe", "powershell_ise.exe", "pwsh.exe", "wsmprovhost.exe"];

/// Answers for one action.
pub fn judge(view: &View<'_>, fact: &Fact, action: &Action) -> Verdict {
    if !is_host(&action.image) && !view.index.is_logged() {
        return Verdict::new(fact, Level::None);
    }
    let mut verdict = answer(view, fact, action);
    let mut names: Vec<String> = view.resolved(fact, action).into_iter().map(|(name, _)| name).collect();
    names.dedup();
    if let [name] = names.as_mut_slice() {
        verdict.resolved = Some(std::mem::take(name));
    }
    verdict.reasons.truncate(REASONS_MAX);
    verdict.candidates.truncate(CANDIDATES_MAX);
    verdict.evidence.truncate(EVIDENCE_MAX);
    verdict
}

fn answer(view: &View<'_>, fact: &Fact, action: &Action) -> Verdict {
    if view.index.is_mixed {
        let why = "several processes had this process id, and where one ended is not in the logs";
        return likely(view, fact, action, vec![why.to_owned()]);
    }
    match proof(view, fact, action) {
        Ok((level, proof)) => proven(fact, level, proof),
        Err(why) => likely(view, fact, action, why),
    }
}

/// Whether the program runs PowerShell scripts.
pub fn is_host(image: &str) -> bool {
    let name = image.rsplit(['\\', '/']).next().unwrap_or(image);
    HOSTS.iter().any(|host| name.eq_ignore_ascii_case(host))
}

/// The first proof that holds, or why none does.
fn proof(view: &View<'_>, fact: &Fact, action: &Action) -> Result<(Level, Proof), Vec<String>> {
    let mut reasons = Vec::new();
    if let Some(thread) = fact.thread {
        match view.by_thread(thread, fact.time) {
            Ok(proof) => return Ok((Level::ExactThread, proof)),
            Err(why) => reasons.push(why),
        }
    }
    if let Some(child) = &action.child {
        match view.by_child(fact, child) {
            Ok(proof) => return Ok((Level::ExactLinked, proof)),
            Err(why) => reasons.push(why),
        }
    }
    if let Some(Ok(proof)) = fact.activity.as_deref().map(|activity| view.by_activity(activity)) {
        return Ok((Level::ExactLinked, proof));
    }
    // An action with a thread that is not the script's is not the script's.
    if fact.thread.is_none() {
        match view.by_process(fact) {
            Ok(proof) => return Ok((Level::ExactSingle, proof)),
            Err(why) => reasons.push(why),
        }
    }
    Err(reasons)
}

fn proven(fact: &Fact, level: Level, proof: Proof) -> Verdict {
    Verdict {
        script: Some(proof.script),
        stack: proof.stack,
        runspace: proof.runspace,
        run: proof.run,
        evidence: proof.evidence,
        ..Verdict::new(fact, level)
    }
}

fn likely(view: &View<'_>, fact: &Fact, action: &Action, mut reasons: Vec<String>) -> Verdict {
    if !view.index.is_logged() {
        return unlogged(view, fact);
    }
    let found = view.choices(fact, action);
    reasons.extend(found.reasons);
    let mut choices = found.choices;
    choices.sort_by(|one, other| (&one.run, &one.script).cmp(&(&other.run, &other.script)));
    let named: Vec<&Choice> = choices.iter().filter(|choice| choice.is_named).collect();
    let asked: Vec<&Choice> = choices.iter().filter(|choice| choice.has_asked).collect();
    let is_foreign = fact.thread.is_some_and(|thread| view.index.threads.binary_search(&thread).is_err());
    let chosen = match (only(&named).or(only(&asked)), only(&choices.iter().collect::<Vec<_>>())) {
        (Some(choice), _) => Some((Level::LikelyContent, choice)),
        // Such a thread may be the script's own, or injected: the time alone names nobody.
        (None, Some(_)) if is_foreign => None,
        (None, Some(choice)) => Some((Level::LikelyTime, choice)),
        (None, None) => None,
    };
    if let Some((level, choice)) = chosen {
        let mut verdict = Verdict::new(fact, level);
        verdict.evidence.clone_from(&choice.evidence);
        verdict.script.clone_from(&choice.script);
        verdict.stack.extend(choice.script.clone());
        verdict.runspace.clone_from(&choice.runspace);
        verdict.run = Some(choice.run.clone());
        reasons.splice(0..0, choice.reasons.clone());
        if level == Level::LikelyTime && action.network {
            reasons.push("nothing that it runs names the destination".to_owned());
        }
        if choices.len() > 1 {
            verdict.candidates = choices.iter().map(candidate).collect();
        }
        verdict.reasons = reasons;
        return verdict;
    }
    let level = if choices.len() > 1 { Level::Ambiguous } else { Level::Unattributed };
    let mut verdict = Verdict::new(fact, level);
    if choices.is_empty() {
        reasons.insert(0, nearest(view, fact));
    } else if level == Level::Unattributed && !is_foreign {
        reasons.insert(0, "a run was active, but its text was not logged (4104)".to_owned());
    }
    verdict.evidence = choices.iter().flat_map(|choice| choice.evidence.clone()).collect();
    verdict.candidates = choices.iter().map(candidate).collect();
    verdict.reasons = reasons;
    verdict
}

/// The choice that all agree on: the same known script.
fn only<'a>(choices: &[&'a Choice]) -> Option<&'a Choice> {
    let first = *choices.first()?;
    (first.script.is_some() && choices.iter().all(|other| is_same_script(first, other))).then_some(first)
}

fn candidate(choice: &Choice) -> Candidate {
    Candidate {
        script: choice.script.clone(),
        runspace: choice.runspace.clone(),
        run: choice.run.clone(),
        reasons: choice.reasons.clone(),
    }
}

/// PowerShell's log is off or was not collected: the command line may still name a script.
fn unlogged(view: &View<'_>, fact: &Fact) -> Verdict {
    let reasons = vec!["no record of PowerShell's own log: 4103 and 4104 are off, or not collected".to_owned()];
    let start = view.index.start.and_then(|start| match &start.kind {
        Kind::ProcessStarted { command_line, .. } => Some((start, text::single_run(command_line)??)),
        _ => None,
    });
    let Some((start, path)) = start else {
        return Verdict { reasons, ..Verdict::new(fact, Level::Unattributed) };
    };
    let script = Script { path: Some(path), sha256: None };
    Verdict {
        evidence: vec![says(&start.record, "the command line names the script".to_owned())],
        stack: vec![script.clone()],
        script: Some(script),
        reasons,
        ..Verdict::new(fact, Level::LikelyTime)
    }
}

/// Why no run is a candidate.
fn nearest(view: &View<'_>, fact: &Fact) -> String {
    let distance = |first: i64, last: i64| (first - fact.time).max(fact.time - last).max(0);
    let nearest = view.index.runs.iter().min_by_key(|run| distance(run.first, run.last));
    match nearest {
        Some(run) => {
            let seconds = distance(run.first, run.last) as f64 / SECOND as f64;
            format!("no script was running; the nearest run, {}, is {seconds:.1} s away", run.id)
        }
        None => "no script was running".to_owned(),
    }
}
