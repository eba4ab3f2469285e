//! `sensor.toml` in the data directory. Every key is optional; what the command line says wins.

use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

/// The file's name.
pub const FILE_NAME: &str = "sensor.toml";

/// What the file may say. An unknown key is an error: a misspelt one must not be ignored silently.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Address of the server's ingest port, for example `https://nenrin.example:8444`. Default: none, rows are only spooled.
    pub server: Option<String>,
    /// Programs (full paths) whose file and network activity is not recorded. Default: none. Their starts and ends are
    /// always recorded, and what is left out is counted.
    pub exclude_exe: Vec<String>,
    /// Limit of the spool in bytes; the oldest rows go first, and their loss is reported. Default: 1 GiB.
    pub spool_bytes_max: Option<u64>,
    /// Rows for processes and sockets that already exist at the start. Default: true.
    pub snapshot: Option<bool>,
}

impl Config {
    /// Reads the file of a data directory; none is the same as an empty one.
    pub fn load(data_dir: &Path) -> anyhow::Result<Config> {
        let path = data_dir.join(FILE_NAME);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Config::default()),
            Err(error) => return Err(error).with_context(|| format!("read {}", path.display())),
        };
        toml::from_str(&text).with_context(|| format!("understand {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_unknown_keys_and_takes_an_absent_file() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        assert_eq!(Config::load(directory.path()).expect("no file"), Config::default());
        let path = directory.path().join(FILE_NAME);
        std::fs::write(&path, "exclude_exe = [\"/usr/bin/nenrin\"]\n").expect("write it");
        assert_eq!(Config::load(directory.path()).expect("a file").exclude_exe, ["/usr/bin/nenrin"]);
        std::fs::write(&path, "exclude_exes = []\n").expect("write it");
        assert!(Config::load(directory.path()).is_err());
    }
}
