//! The fork storm: every process is one row of its start and one of its end, or a counted loss.

use std::collections::HashSet;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::rig::{Programs, Rig, Scratch, encoded, now_text, wait};
use super::truth::text;

pub(super) fn run(count: u32, release: bool) -> Result<()> {
    let programs = Programs::build(release, "")?;
    let scratch = Scratch::new("storm")?;
    let rig = Rig::up(&programs, &scratch.path)?;
    rig.sign_in()?;
    let device = rig.device(&scratch.path)?;
    let marker = format!("storm{}", std::process::id());
    let from = encoded(&now_text()?);
    let started = Instant::now();
    let mut child = Command::new(scratch.acts()?)
        .args(["act", "storm", &marker, &count.to_string()])
        .spawn()
        .context("start the storm")?;
    let parent_pid = child.id();
    if !child.wait()?.success() {
        bail!("the storm failed");
    }
    let seconds = started.elapsed().as_secs_f64();
    // With the blank in it the text is in no URL, so that our own requests are not counted.
    let filters = |action: &str| format!("from={from}&actions={action}&q=cmd:%22/bin/true%20{marker}-%22");
    // The storm's own end is recorded after all of it.
    wait("the storm's end", || {
        let ends = rig.rows(&device, &format!("from={from}&actions=ProcessTerminated&q=cmd:%22storm%20{marker}%22"))?;
        Ok((!ends.is_empty()).then_some(()))
    })?;
    let starts = rig.rows(&device, &filters("ProcessCreated"))?;
    let ends = rig.rows(&device, &filters("ProcessTerminated"))?;
    let lost = counted_losses(&rig, &device, &from)?;
    let arguments: HashSet<&str> = starts.iter().filter_map(|item| item["objectDetail"].as_str()).collect();
    let n_right =
        (0..count).filter(|number| arguments.contains(format!("/bin/true {marker}-{number}").as_str())).count();
    let n_parents = starts.iter().filter(|item| item["processId"] == parent_pid).count();
    rig.stop()?;
    println!(
        "storm: {count} processes in {seconds:.1} s; {} starts ({n_right} with their own argv, {n_parents} with the right parent), {} ends, {lost} counted as lost",
        starts.len(),
        ends.len()
    );
    let wanted = u64::from(count);
    let exact = starts.len() as u64 + ends.len() as u64 + lost == 2 * wanted;
    if !exact || n_right != starts.len() || n_parents != starts.len() {
        bail!("not exact");
    }
    if lost > 0 {
        bail!("counted, but lost");
    }
    Ok(())
}

/// Process events that the sensor itself says it lost.
fn counted_losses(rig: &Rig, device: &str, from: &str) -> Result<u64> {
    let mut n_lost = 0;
    for item in rig.rows(device, &format!("from={from}&actions=EventsLost"))? {
        let fields = rig.fields(item["eventId"].as_str().context("eventId")?)?;
        n_lost += text(&fields, "LostCount").parse::<u64>().unwrap_or(0);
    }
    Ok(n_lost)
}
