//! Hashes of programs and scripts, on a thread of its own: reading a file must not stop the reading of the rings.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Instant;

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::script::Script;

/// Larger files are not hashed: reading them would cost more than the hash is worth.
pub const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Files whose hashes are kept.
const CACHE_ENTRIES_MAX: usize = 4096;
/// Requests that may wait. A full queue means "no hash", never a blocked reader.
const QUEUE_MAX: usize = 65_536;
const BLOCK_BYTES: usize = 128 * 1024;

/// The three hashes of MDE's tables, in hex.
#[derive(Debug, PartialEq, Eq)]
pub struct Hashes {
    /// SHA-256.
    pub sha256: String,
    /// SHA-1.
    pub sha1: String,
    /// MD5.
    pub md5: String,
}

/// A program image as some process runs it.
#[derive(Debug, Default)]
pub struct Image {
    /// Full path, empty when not known.
    pub path: String,
    /// Last part of the path, or the task's name.
    pub file_name: String,
    /// Arguments as one line.
    pub command_line: String,
    /// Inode, 0 when not known.
    pub inode: u64,
    /// Size in bytes, when known.
    pub size: Option<u64>,
    /// The file has no name any more.
    pub unlinked: bool,
    /// Until when rows of this image wait for its hashes. `None`: they do not.
    pub wait_until: Option<Instant>,
    /// Hashes, or why there are none. Filled in by the worker.
    pub hashes: OnceLock<Result<Arc<Hashes>, &'static str>>,
}

impl Image {
    /// A row of this image should wait a little longer.
    pub fn is_pending(&self, now: Instant) -> bool {
        self.hashes.get().is_none() && self.wait_until.is_some_and(|until| now < until)
    }
}

enum Request {
    Image { pid: u32, image: Arc<Image> },
    Script { pid: u32, script: Arc<Script> },
}

/// Handle of the worker. It ends when the handle is dropped.
pub struct Hasher {
    queue: SyncSender<Request>,
}

impl Hasher {
    /// Starts the worker.
    pub fn start() -> std::io::Result<Hasher> {
        let (queue, requests) = sync_channel(QUEUE_MAX);
        thread::Builder::new().name("hash".to_owned()).spawn(move || work(&requests))?;
        Ok(Hasher { queue })
    }

    /// Asks for the hashes of an image that `pid` runs.
    pub fn request_image(&self, pid: u32, image: &Arc<Image>) {
        if let Err(TrySendError::Full(_)) = self.queue.try_send(Request::Image { pid, image: Arc::clone(image) }) {
            let _ = image.hashes.set(Err("busy"));
        }
    }

    /// Asks for the hash of a script that `pid` runs.
    pub fn request_script(&self, pid: u32, script: &Arc<Script>) {
        if let Err(TrySendError::Full(_)) = self.queue.try_send(Request::Script { pid, script: Arc::clone(script) }) {
            let _ = script.sha256.set(Err("busy"));
        }
    }
}

fn work(requests: &Receiver<Request>) {
    let mut cache = Cache::default();
    while let Ok(request) = requests.recv() {
        // A value that is already set stays: it is the same file's.
        match request {
            Request::Image { pid, image } => {
                let _ = image.hashes.set(hash_image(&mut cache, pid, &image));
            }
            Request::Script { pid, script } => {
                let hashes = open_script(pid, &script.path).and_then(|file| cache.hash(file));
                let _ = script.sha256.set(hashes.map(|hashes| hashes.sha256.clone()));
            }
        }
    }
}

fn hash_image(cache: &mut Cache, pid: u32, image: &Image) -> Result<Arc<Hashes>, &'static str> {
    // /proc/PID/exe is the file itself, also when it was unlinked or lies in another mount namespace, but the process
    // may have ended or become another program. The path is next best. Either must be the very inode.
    let mut reason = "gone";
    for place in [format!("/proc/{pid}/exe"), image.path.clone()] {
        let Ok(file) = File::open(&place) else { continue };
        match file.metadata() {
            Ok(metadata) if image.inode == 0 || metadata.ino() == image.inode => return cache.hash(file),
            _ => reason = "replaced",
        }
    }
    Err(reason)
}

fn open_script(pid: u32, path: &str) -> Result<File, &'static str> {
    // Through the process's root first: in a container the path means another file.
    File::open(format!("/proc/{pid}/root{path}")).or_else(|_| File::open(path)).map_err(|_| "gone")
}

/// The identity under which contents are taken to be the same.
type Identity = (u64, u64, i64, i64, u64);

fn identity(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino(), metadata.mtime(), metadata.mtime_nsec(), metadata.size())
}

/// Two generations: when the young one is full it becomes the old one. Whatever was used since survives.
#[derive(Default)]
struct Cache {
    young: HashMap<Identity, Arc<Hashes>>,
    old: HashMap<Identity, Arc<Hashes>>,
}

impl Cache {
    fn hash(&mut self, file: File) -> Result<Arc<Hashes>, &'static str> {
        let metadata = file.metadata().map_err(|_| "unreadable")?;
        if !metadata.is_file() {
            return Err("not a file");
        }
        if metadata.size() > FILE_BYTES_MAX {
            return Err("too large");
        }
        let identity = identity(&metadata);
        if let Some(hashes) = self.young.get(&identity).or_else(|| self.old.get(&identity)) {
            let hashes = Arc::clone(hashes);
            self.keep(identity, Arc::clone(&hashes));
            return Ok(hashes);
        }
        let hashes = Arc::new(read_hashes(file)?);
        self.keep(identity, Arc::clone(&hashes));
        Ok(hashes)
    }

    fn keep(&mut self, identity: Identity, hashes: Arc<Hashes>) {
        if self.young.len() >= CACHE_ENTRIES_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(identity, hashes);
    }
}

fn read_hashes(mut file: File) -> Result<Hashes, &'static str> {
    let (mut sha256, mut sha1, mut md5) = (Sha256::new(), Sha1::new(), Md5::new());
    let mut block = vec![0; BLOCK_BYTES];
    let mut left = FILE_BYTES_MAX;
    loop {
        let n = file.read(&mut block).map_err(|_| "unreadable")?;
        if n == 0 {
            break;
        }
        // A file that grows while it is read must not be read for ever.
        left = left.checked_sub(n as u64).ok_or("too large")?;
        sha256.update(&block[..n]);
        sha1.update(&block[..n]);
        md5.update(&block[..n]);
    }
    Ok(Hashes {
        sha256: hex::encode(sha256.finalize()),
        sha1: hex::encode(sha1.finalize()),
        md5: hex::encode(md5.finalize()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_once_and_again_after_a_change() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("f");
        let mut cache = Cache::default();
        let mut hash = |text: &str| {
            std::fs::write(&path, text).expect("write the file");
            cache.hash(File::open(&path).expect("open it")).expect("hash it")
        };
        let first = hash("abc");
        assert_eq!(first.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(first.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(first.md5, "900150983cd24fb0d6963f7d28e17f72");
        assert_ne!(hash("abcd").sha256, first.sha256);
    }
}
