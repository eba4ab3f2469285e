//! A scripted run that stops at every single change to the file system, by a kill and by power loss.

use super::*;

/// Appends, sends, acknowledges and evicts until it is done or the disk stops; notes what was reported as durable.
fn script(dir: &Path, faults: &Faults, durable: &Reported, acked: &Reported) -> Result<(), crate::spool::Error> {
    let spool = open_small(dir, 12_000, faults)?;
    let mut after = 0;
    for number in 1..=150 {
        spool.append(&[row(number)])?;
        if number % 10 != 0 {
            continue;
        }
        if spool.flush(TIMEOUT)? {
            durable.set(spool.stats().durable_seq);
        }
        // Every third time the server is away, so that the spool fills up.
        if number % 30 != 0
            && let Some(batch) = spool.next_batch(after, 1 << 20, 5)?
        {
            after = batch.last_seq();
            acked.set(after);
            spool.ack(after)?;
        }
    }
    Ok(())
}

fn check_after_stop(dir: &Path, durable: u64, acked: u64, step: u64) {
    let spool = open_small(dir, 1 << 20, &Faults::default()).expect("open after the crash");
    flush(&spool);
    let kept_from = spool.stats().acked_seq;
    assert!(kept_from <= acked, "step {step}: acknowledged what was not");
    let rows = drain_all(&spool, 0);
    check_complete(&rows, kept_from);
    let last = rows.last().map_or(kept_from, |(seq, _)| *seq);
    assert!(last >= durable, "step {step}: {durable} was durable, {last} is the last");
    for (reason, count, range) in losses(&rows) {
        assert_eq!(reason, "spool_evicted", "step {step}: {range:?} {count:?}");
    }
}

#[test]
fn killed_at_every_step() {
    for_every_step(|_| {});
}

#[test]
fn power_lost_at_every_step() {
    for_every_step(|faults| {
        for (path, left) in faults.after_power_loss() {
            match (left, path.exists()) {
                (Some(len), true) => {
                    let file = std::fs::OpenOptions::new().write(true).open(&path).expect("open");
                    file.set_len(len).expect("cut");
                }
                (None, true) => std::fs::remove_file(&path).expect("remove"),
                // Renamed or removed meanwhile.
                (Some(_) | None, false) => {}
            }
        }
    });
}

/// Runs the script once to count its steps, then stops it at each of them.
fn for_every_step(lose: impl Fn(&Faults)) {
    let faults = Faults::default();
    let dir = memory_dir();
    script(dir.path(), &faults, &Reported::default(), &Reported::default()).expect("undisturbed run");
    let n_steps = faults.n_steps();
    assert!(n_steps > 100, "{n_steps}");
    for step in 1..=n_steps {
        let dir = memory_dir();
        let faults = Faults::default();
        faults.stop_at(step);
        let (durable, acked) = (Reported::default(), Reported::default());
        // How far it gets depends on the flusher's timing; that it ends with an error does not matter here.
        let _ = script(dir.path(), &faults, &durable, &acked);
        lose(&faults);
        check_after_stop(dir.path(), durable.get(), acked.get(), step);
    }
}
