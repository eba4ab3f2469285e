//! A small file that says when the sensor last lived, so that the next start can tell how long nobody looked.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::clock;
use crate::rows::Gap;

const FILE_NAME: &str = "alive.json";

#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    wall_ns: i64,
    clean: bool,
}

/// The file of one data directory.
#[derive(Clone, Debug)]
pub struct Alive {
    path: PathBuf,
}

impl Alive {
    /// Names the file; reads and writes nothing.
    pub fn new(data_dir: &Path) -> Alive {
        Alive { path: data_dir.join(FILE_NAME) }
    }

    /// The time since the last sign of life, when the last stop was not a clean one.
    pub fn gap(&self) -> Option<Gap> {
        let mark: Mark = serde_json::from_slice(&fs::read(&self.path).ok()?).ok()?;
        let to_ns = clock::wall_ns();
        (!mark.clean).then_some(Gap {
            reason: "sensor_down",
            count: None,
            from_ns: mark.wall_ns.min(to_ns),
            to_ns,
            kind: None,
        })
    }

    /// Seconds since the last mark, and whether it said "stopped on purpose".
    pub fn age_s(&self) -> Option<(f64, bool)> {
        let mark: Mark = serde_json::from_slice(&fs::read(&self.path).ok()?).ok()?;
        Some((clock::wall_ns().saturating_sub(mark.wall_ns) as f64 / 1e9, mark.clean))
    }

    /// Says "still alive", or, with `clean`, "stopped on purpose". Not synced: after a power cut an older mark only
    /// makes the reported gap longer.
    pub fn mark(&self, clean: bool) -> anyhow::Result<()> {
        let text = serde_json::to_vec(&Mark { wall_ns: clock::wall_ns(), clean }).context("write a mark")?;
        let new = self.path.with_extension("new");
        fs::write(&new, text).with_context(|| format!("write {}", new.display()))?;
        fs::rename(&new, &self.path).with_context(|| format!("replace {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_unclean_stop_is_a_gap() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let alive = Alive::new(directory.path());
        assert_eq!(alive.gap(), None);
        alive.mark(false).expect("mark");
        let gap = alive.gap().expect("a gap");
        assert!(gap.reason == "sensor_down" && gap.from_ns <= gap.to_ns);
        alive.mark(true).expect("mark");
        assert_eq!(alive.gap(), None);
    }
}
