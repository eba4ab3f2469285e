//! The rules in force: our own and those in the user's folder, read again when a file changes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use detect::{Fingerprint, RuleSet, fingerprint, read_folder, starter_rules};

/// The folder below the data directory; SigmaHQ's collection may be put into it as it is.
const FOLDER: &str = "rules";

/// The rules, for whoever asks them.
pub struct Rules {
    folder: PathBuf,
    current: RwLock<Arc<RuleSet>>,
    read_as: RwLock<Fingerprint>,
}

impl Rules {
    /// Reads the rules. Blocks.
    pub fn open(data_dir: &Path) -> Self {
        let folder = data_dir.join(FOLDER);
        let read_as = fingerprint(&folder);
        let current = load(&folder);
        Self { folder, current: RwLock::new(Arc::new(current)), read_as: RwLock::new(read_as) }
    }

    /// The rules as of now.
    pub fn current(&self) -> Arc<RuleSet> {
        Arc::clone(&self.current.read().expect("no panic under the lock"))
    }

    /// Where users put theirs.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Reads the folder again when it has changed; true when it had. Blocks.
    pub fn reload(&self) -> bool {
        let now = fingerprint(&self.folder);
        if *self.read_as.read().expect("no panic under the lock") == now {
            return false;
        }
        let rules = load(&self.folder);
        tracing::info!(n_rules = rules.rules().len(), n_problems = rules.problems().len(), "rules read again");
        *self.current.write().expect("no panic under the lock") = Arc::new(rules);
        *self.read_as.write().expect("no panic under the lock") = now;
        true
    }
}

/// Our rules, and the folder's. A user's rule with the id of one of ours takes its place.
fn load(folder: &Path) -> RuleSet {
    let (mut texts, problems) = read_folder(folder);
    for mut ours in starter_rules() {
        let id = ours.text.lines().find_map(|line| line.strip_prefix("id: ")).unwrap_or_default();
        let replaced = texts.iter().any(|text| text.text.lines().any(|line| line.strip_prefix("id: ") == Some(id)));
        if !replaced {
            ours.file = format!("nenrin/{}", ours.file);
            texts.push(ours);
        }
    }
    RuleSet::load(&texts).with_problems(problems)
}
