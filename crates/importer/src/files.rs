//! Which files, of what kind, and what identifies them.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use winlog::mde::{CsvReader, JsonAnswer, RowSource, is_header};
use winlog::{Damage, JsonLines, Source, XmlReader};

use crate::limits::{FILES_MAX, FOLDER_DEPTH_MAX};
use crate::{Input, Summary};

/// Names of files in a folder that are looked at. A file that is named itself is always looked at.
const EXTENSIONS: [&str; 6] = ["evtx", "xml", "json", "jsonl", "ndjson", "csv"];

/// There is nothing to import.
pub const NO_FILES: &str = "no event logs there: .evtx, .xml, .json, .jsonl, .ndjson or .csv";

/// How much of a file says what it is.
const HEAD_BYTES: u64 = 8 << 10;

/// The files behind the arguments, folders with all that is below them, in the order of their names.
///
/// # Errors
/// When an argument is not there, or there are too many files.
pub fn collect(paths: &[std::path::PathBuf], summary: &mut Summary) -> Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for path in paths {
        let metadata = std::fs::metadata(path).with_context(|| format!("open {}", path.display()))?;
        if metadata.is_dir() {
            walk(path, 0, &mut inputs, summary)?;
        } else {
            inputs.push(input(path));
        }
    }
    if inputs.is_empty() && !paths.is_empty() {
        bail!("{NO_FILES}");
    }
    Ok(inputs)
}

fn input(path: &Path) -> Input {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Input { path: path.to_owned(), name }
}

fn walk(folder: &Path, depth: usize, inputs: &mut Vec<Input>, summary: &mut Summary) -> Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.with_context(|| format!("list {}", folder.display()))?.path());
    }
    paths.sort();
    for path in paths {
        // Links are not followed: they can lead in circles and out of the folder.
        let metadata = std::fs::symlink_metadata(&path).with_context(|| format!("open {}", path.display()))?;
        if metadata.is_dir() {
            if depth >= FOLDER_DEPTH_MAX {
                bail!("{} is nested too deep", path.display());
            }
            walk(&path, depth + 1, inputs, summary)?;
            continue;
        }
        let extension = path.extension().map(|it| it.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        if !metadata.is_file() || !EXTENSIONS.contains(&extension.as_str()) {
            summary.n_ignored += 1;
            continue;
        }
        if inputs.len() >= FILES_MAX {
            bail!("more than {FILES_MAX} files: import the folders below one by one");
        }
        inputs.push(input(&path));
    }
    Ok(())
}

/// SHA-256 of a file's content, and its length.
pub(super) fn digest(path: &Path) -> Result<([u8; 32], u64)> {
    let mut file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    let mut len = 0;
    loop {
        let n_read = file.read(&mut buffer).with_context(|| format!("read {}", path.display()))?;
        if n_read == 0 {
            return Ok((digest.finalize().into(), len));
        }
        digest.update(&buffer[..n_read]);
        len += n_read as u64;
    }
}

/// A file that is open.
pub(super) enum Opened {
    /// Events, which become rows.
    Events(Box<dyn Source + Send>),
    /// Rows of Defender.
    Rows(Box<dyn RowSource>),
}

/// Opens a file by what is in it.
pub(super) fn open(path: &Path) -> Result<Opened, Damage> {
    let damage = |error: std::io::Error| Damage::File(error.to_string());
    let mut file = File::open(path).map_err(damage)?;
    let mut head = Vec::new();
    (&mut file).take(HEAD_BYTES).read_to_end(&mut head).map_err(damage)?;
    file.seek(SeekFrom::Start(0)).map_err(damage)?;
    if head.starts_with(winlog::evtx::MAGIC) {
        return Ok(Opened::Events(Box::new(winlog::evtx::Reader::open(file)?)));
    }
    // Whatever the encoding: marks and the zeros of UTF-16 are no text.
    head.retain(|byte| !matches!(byte, 0xef | 0xbb | 0xbf | 0xff | 0xfe | 0));
    let text = head.trim_ascii_start();
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    match text.first() {
        None => Err(Damage::File("the file is empty".to_owned())),
        Some(b'<') => Ok(Opened::Events(Box::new(XmlReader::new(file)))),
        Some(b'[') => Ok(Opened::Rows(Box::new(JsonAnswer::open(file)?))),
        Some(b'{') if is_answer(text, line) => Ok(Opened::Rows(Box::new(JsonAnswer::open(file)?))),
        Some(b'{') => Ok(Opened::Events(Box::new(JsonLines::new(file)))),
        Some(_) if is_header(&String::from_utf8_lossy(line)) => Ok(Opened::Rows(Box::new(CsvReader::open(file)?))),
        Some(_) => Err(Damage::File("no event log: neither EVTX, XML, JSON nor CSV of Defender".to_owned())),
    }
}

/// True for one document of the hunting API, false for one object per line.
fn is_answer(text: &[u8], line: &[u8]) -> bool {
    let has = |name: &str| text.windows(name.len()).any(|part| part.eq_ignore_ascii_case(name.as_bytes()));
    let is_line = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(line)
        .is_ok_and(|object| !object.contains_key("Results") && !object.contains_key("results"));
    !is_line && (has("\"Schema\"") || has("\"Results\"") || has("\"Stats\""))
}

/// The device of a file's first event, to read the logs of one device together.
pub(super) fn first_computer(path: &Path) -> String {
    let Ok(Opened::Events(mut source)) = open(path) else { return String::new() };
    while let Some(items) = source.next_some() {
        if let Some(event) = items.into_iter().flatten().next() {
            return event.computer.to_lowercase();
        }
    }
    String::new()
}
