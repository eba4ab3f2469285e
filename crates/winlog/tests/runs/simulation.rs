//! Thousands of actions with known truth: what is called exact is never wrong.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use winlog::runs::{Engine, Fact, Level, Script, Verdict};

use super::world::{Random, Settings, Truth, World, simulate};

const WORLDS: u64 = 320;

fn settings(random: &mut Random) -> Settings {
    Settings {
        commands: random.chance(85),
        texts: random.chance(85),
        invocations: random.chance(50),
        function_texts: random.chance(50),
        starts: random.chance(75),
        lost: [0, 0, 1, 5, 25][random.below(5) as usize],
        begins_late: random.chance(20),
        clock_set_back: random.chance(15),
        single: random.chance(15),
    }
}

fn well_logged_settings(random: &mut Random) -> Settings {
    Settings {
        commands: true,
        texts: true,
        invocations: true,
        starts: true,
        lost: 0,
        begins_late: false,
        clock_set_back: false,
        ..settings(random)
    }
}

fn is(script: &Script, truth: &(Option<String>, String)) -> bool {
    match (&script.path, &truth.0) {
        (Some(path), Some(true_path)) => path.eq_ignore_ascii_case(true_path),
        (None, None) => script.sha256.as_deref() == Some(&hex::encode(Sha256::digest(truth.1.as_bytes()))),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn is_right(verdict: &Verdict, truth: &Truth) -> bool {
    let script = match (&verdict.script, &truth.innermost) {
        (Some(script), Some(innermost)) => is(script, innermost),
        (Some(_), None) | (None, _) => false,
    };
    let stack = verdict.stack.iter().all(|script| truth.stack.iter().any(|truth| is(script, truth)));
    script && (stack || !verdict.level.is_exact())
}

/// Feeds the facts in some order, settling on the way, and answers with the last verdict of each action.
fn attribute(facts: &[Fact], settle_every: usize) -> BTreeMap<String, Verdict> {
    let mut engine = Engine::default();
    let mut verdicts = BTreeMap::new();
    for (idx, fact) in facts.iter().enumerate() {
        engine.add(fact.clone());
        if idx % settle_every == settle_every - 1 {
            verdicts.extend(engine.settle().into_iter().map(|verdict| (verdict.record.to_string(), verdict)));
        }
    }
    verdicts.extend(engine.settle().into_iter().map(|verdict| (verdict.record.to_string(), verdict)));
    verdicts
}

fn shuffle<T>(items: &mut [T], random: &mut Random) {
    for idx in (1..items.len()).rev() {
        items.swap(idx, random.below(idx as u64 + 1) as usize);
    }
}

#[test]
fn exact_is_never_wrong() {
    let mut random = Random(20_261_124);
    let mut all = Tallies::default();
    let mut well_logged = Tallies::default();
    let mut errors = Vec::new();
    for seed in 0..WORLDS {
        let settings = if seed % 4 == 0 { well_logged_settings(&mut random) } else { settings(&mut random) };
        let World { mut facts, truths, .. } = simulate(seed, settings.clone());
        if seed % 2 == 1 {
            shuffle(&mut facts, &mut random);
        }
        let verdicts = attribute(&facts, usize::MAX);
        assert_eq!(verdicts.len(), truths.len(), "every action has an answer");
        let tallies = if seed % 4 == 0 { &mut well_logged } else { &mut all };
        for (record, truth) in &truths {
            let verdict = &verdicts[&record.to_string()];
            let is_right = is_right(verdict, truth);
            tallies.count(verdict, is_right);
            if verdict.level.is_exact() && !is_right {
                errors.push(format!("{} in world {seed} {settings:?}\n{truth:#?}\n{verdict:#?}", truth.what));
            }
        }
    }
    well_logged.print("everything logged, nothing lost");
    all.print("anything switched off, lost, late, reused or set back");
    assert!(errors.is_empty(), "{} exact links are wrong, the first:\n{}", errors.len(), errors[0]);
    for level in [Level::ExactThread, Level::ExactSingle, Level::ExactLinked, Level::LikelyContent, Level::Ambiguous] {
        assert!(all.all_of(level) > 50, "{} was hardly tried: {}", level.name(), all.all_of(level));
    }
}

/// Actions by level: those with the right script, with a wrong one, with none.
#[derive(Default)]
struct Tallies(BTreeMap<Level, [u64; 3]>);

impl Tallies {
    fn count(&mut self, verdict: &Verdict, is_right: bool) {
        let column = match (&verdict.script, is_right) {
            (Some(_), true) => 0,
            (Some(_), false) => 1,
            (None, _) => 2,
        };
        self.0.entry(verdict.level).or_default()[column] += 1;
        assert!(verdict.script.is_none() || verdict.level != Level::Ambiguous, "ambiguous names none");
    }

    fn all_of(&self, level: Level) -> u64 {
        self.0.get(&level).map_or(0, |counts| counts.iter().sum())
    }

    fn print(&self, what: &str) {
        let all: u64 = self.0.values().flatten().sum();
        println!("{what}: {all} actions\n{:14} {:>7} {:>7} {:>7} {:>7}", "level", "share", "right", "wrong", "unnamed");
        for (level, [right, wrong, unnamed]) in &self.0 {
            let share = 100.0 * self.all_of(*level) as f64 / all as f64;
            println!("{:14} {share:6.1}% {right:7} {wrong:7} {unnamed:7}", level.name());
        }
    }
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    let mut random = Random(7);
    for seed in 1_000..1_012 {
        let World { mut facts, .. } = simulate(seed, settings(&mut random));
        let expect = attribute(&facts, usize::MAX);
        shuffle(&mut facts, &mut random);
        assert_eq!(attribute(&facts, 50), expect, "world {seed}");
        // The same records again, as a file imported twice: nothing changes.
        let twice: Vec<Fact> = facts.iter().chain(&facts).cloned().collect();
        assert_eq!(attribute(&twice, usize::MAX), expect, "world {seed} twice");
    }
}
