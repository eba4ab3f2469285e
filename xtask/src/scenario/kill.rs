//! `kill -9` of server and sensor at random under load: what was acknowledged is stored, once.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value as Json;

use super::rig::{Programs, Rig, Scratch, signal, wait};

/// Processes that each storm starts; every kill happens during one. Enough to be killed under load, few enough that
/// fifty rounds do not pile up hours of rows for a debug build to store.
const STORM_COUNT: &str = "1000";
/// Rows of a storm in the spool by which it is known that the sensor sees it and that the kill will interrupt work.
const SEEN_ROWS_MIN: u64 = 50;

pub(super) fn run(rounds: u32, release: bool, negative: bool) -> Result<()> {
    let programs = Programs::build(release, if negative { "server/ack-before-write" } else { "" })?;
    let scratch = Scratch::new("kill")?;
    let dir = scratch.path.as_path();
    let mut rig = Rig::start(&programs, dir, "127.0.0.1:0", "127.0.0.1:0", &["server"])?;
    rig.sign_in()?;
    enrol(&programs, dir, &rig)?;
    let (listen, ingest_listen) = (host(&rig.url), host(&rig.ingest_url));
    let mut sensor = start_sensor(&programs, dir, &rig)?;
    let device = rig.device(dir)?;
    let mut random = seed()?;
    for round in 0..rounds {
        let storm = start_storm(&programs, &scratch)?;
        pause(&mut random);
        signal(rig.child.id(), "KILL")?;
        rig.child.wait()?;
        rig = Rig::start(&programs, dir, &listen, &ingest_listen, &["server"])?;
        finish(storm)?;
        let storm = start_storm(&programs, &scratch)?;
        pause(&mut random);
        sensor.kill()?;
        sensor.wait()?;
        sensor = start_sensor(&programs, dir, &rig)?;
        finish(storm)?;
        eprint!("\rround {} of {rounds}", round + 1);
    }
    eprintln!();
    let written = spool(&programs, dir)?["written"].as_u64().context("written")?;
    wait("the sensor to catch up", || {
        let acked = spool(&programs, dir)?["acked"].as_u64();
        Ok(acked.is_some_and(|acked| acked >= written).then_some(()))
    })?;
    signal(sensor.id(), "TERM")?;
    sensor.wait()?;
    let outcome = compare(&rig, &device, acknowledged(&programs, dir)?)?;
    rig.stop()?;
    println!(
        "kill: {rounds} kills of the server and {rounds} of the sensor under load (seed {:#x}): {} rows stored, acknowledged minus stored {}, duplicates {}",
        random.first, outcome.n_stored, outcome.n_missing, outcome.n_duplicates
    );
    let good = outcome.n_missing == 0 && outcome.n_duplicates == 0 && outcome.n_stored > u64::from(rounds);
    match (good, negative) {
        (true, false) => Ok(()),
        (false, false) => bail!("rows were lost or stored twice"),
        (false, true) => {
            println!("kill: the build that acknowledges before it writes fails the same test, as it must");
            Ok(())
        }
        (true, true) => bail!("the build that acknowledges before it writes passed: the test can't see"),
    }
}

/// Starts a storm and waits until the sensor, which may just have been started, writes its rows.
fn start_storm(programs: &Programs, scratch: &Scratch) -> Result<Child> {
    let dir = scratch.path.as_path();
    let written = |status: Json| status["written"].as_u64().context("written");
    let before = written(spool(programs, dir)?)?;
    let exe = scratch.acts()?;
    let mut storm =
        Command::new(&exe).args(["act", "storm", "load", STORM_COUNT]).spawn().context("start the storm")?;
    wait("the sensor to see the storm", || {
        if storm.try_wait()?.is_some_and(|status| status.success()) {
            // It was over before the sensor was up.
            storm = Command::new(&exe).args(["act", "storm", "load", STORM_COUNT]).spawn()?;
        }
        Ok((written(spool(programs, dir)?)? >= before + SEEN_ROWS_MIN).then_some(()))
    })?;
    Ok(storm)
}

fn finish(mut storm: Child) -> Result<()> {
    if !storm.wait()?.success() {
        bail!("the storm failed");
    }
    Ok(())
}

fn host(url: &str) -> String {
    url.trim_start_matches("https://").to_owned()
}

fn enrol(programs: &Programs, dir: &Path, rig: &Rig) -> Result<()> {
    let token = Command::new(&programs.nenrin)
        .args(["device", "token", "--json", "--data-dir"])
        .arg(dir.join("server"))
        .output()
        .context("make a token")?;
    let token: Json = serde_json::from_slice(&token.stdout).context("understand the token")?;
    let status = Command::new(&programs.sensor)
        .args(["enrol", "--server", &rig.ingest_url, "--data-dir"])
        .arg(dir.join("sensor"))
        .env("NENRIN_ENROL_TOKEN", token["token"].as_str().context("token")?)
        .stdout(Stdio::null())
        .status()?;
    if !status.success() {
        bail!("enrolment failed");
    }
    Ok(())
}

fn start_sensor(programs: &Programs, dir: &Path, rig: &Rig) -> Result<Child> {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(dir.join("sensor.log"))?;
    let child = Command::new(&programs.sensor)
        .args(["run", "--server", &rig.ingest_url, "--data-dir"])
        .arg(dir.join("sensor"))
        .arg("--exclude-exe")
        .arg(&programs.nenrin)
        .stdin(Stdio::null())
        .stderr(log)
        .spawn();
    child.with_context(|| format!("start {}", programs.sensor.display()))
}

/// What `nenrin-sensor status` says about the spool.
fn spool(programs: &Programs, dir: &Path) -> Result<Json> {
    let output =
        Command::new(&programs.sensor).args(["status", "--json", "--data-dir"]).arg(dir.join("sensor")).output()?;
    let status: Json = serde_json::from_slice(&output.stdout).context("understand the sensor's status")?;
    Ok(status["spool"].clone())
}

struct Random {
    first: u64,
    state: u64,
}

fn seed() -> Result<Random> {
    let mut bytes = [0; 8];
    std::io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, &mut bytes)?;
    let first =
        std::env::var("NENRIN_SEED").ok().and_then(|text| u64::from_str_radix(text.trim_start_matches("0x"), 16).ok());
    let first = first.unwrap_or(u64::from_le_bytes(bytes)) | 1;
    Ok(Random { first, state: first })
}

/// 0 to 0.5 s, which is within a storm.
fn pause(random: &mut Random) {
    random.state ^= random.state << 13;
    random.state ^= random.state >> 7;
    random.state ^= random.state << 17;
    std::thread::sleep(Duration::from_millis(random.state % 500));
}

struct Outcome {
    n_stored: u64,
    n_missing: u64,
    n_duplicates: u64,
}

/// Compares what the spool says was acknowledged with what the API shows.
fn compare(rig: &Rig, device: &str, (epoch, through): (String, u64)) -> Result<Outcome> {
    let mut stored: BTreeMap<String, HashSet<u64>> = BTreeMap::new();
    let mut n_stored = 0;
    let mut n_duplicates = 0;
    for item in rig.rows(device, "")? {
        let id = item["eventId"].as_str().context("eventId")?;
        let (stream, seq) = id.rsplit_once(':').context("event id")?;
        let epoch = stream.rsplit(':').next().unwrap_or_default().to_owned();
        n_stored += 1;
        if !stored.entry(epoch).or_default().insert(seq.parse()?) {
            n_duplicates += 1;
        }
    }
    let of_epoch = stored.get(&epoch);
    let n_missing = (1..=through).filter(|seq| of_epoch.is_none_or(|seqs| !seqs.contains(seq))).count() as u64;
    Ok(Outcome { n_stored, n_missing, n_duplicates })
}

/// The stream and the number up to which the sensor's spool was acknowledged.
fn acknowledged(programs: &Programs, dir: &Path) -> Result<(String, u64)> {
    let spool = spool(programs, dir)?;
    let epoch = spool["epoch"].as_str().context("epoch")?.to_owned();
    Ok((epoch, spool["acked"].as_u64().context("acked")?))
}
