//! Script blocks of one process: text joined from the parts of 4104, which come in any order and may never all come.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::fact::Part;
use super::limits::{PARTS_MAX, PARTS_WAITING_BYTES_MAX, SCRIPT_TEXT_BYTES_MAX};
use super::text;
use super::verdict::Script;

/// What a block is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// A script: a file, or text that does something of its own.
    Script,
    /// Starts this script and does nothing else.
    Starter(String),
    /// Text of PowerShell itself.
    Engine,
    /// A module.
    Library,
}

/// A block as far as its parts have come.
#[derive(Debug)]
pub struct Block {
    /// `Path`.
    pub path: Option<Arc<str>>,
    /// Whether it was logged because every text is.
    pub logged_by_policy: bool,
    /// Its text as it stands, cut to `SCRIPT_TEXT_BYTES_MAX`; as far as it has come without a hole.
    text: String,
    /// The same in lower case. Made when the text is complete.
    lower: String,
    /// Comments removed, lower case. Made when the text is complete.
    plain: String,
    /// Names of its functions.
    functions: Vec<String>,
    dynamic: bool,
    total: u32,
    next: u32,
    bytes: usize,
    hasher: Sha256,
    waiting: BTreeMap<u32, String>,
    waiting_bytes: usize,
    sha256: Option<String>,
    role: Role,
}

impl Block {
    /// A block of which no part has come.
    pub fn new(part: &Part) -> Block {
        let role = match &part.path {
            Some(path) if text::is_library(path) => Role::Library,
            Some(_) | None => Role::Script,
        };
        Block {
            path: part.path.clone(),
            logged_by_policy: false,
            text: String::new(),
            lower: String::new(),
            plain: String::new(),
            functions: Vec::new(),
            dynamic: true,
            total: part.total.clamp(1, PARTS_MAX),
            next: 1,
            bytes: 0,
            hasher: Sha256::new(),
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            sha256: None,
            role,
        }
    }

    /// Adds a part; one that has come already changes nothing. `keep` says whether there is room for text.
    pub fn add(&mut self, part: Part, keep: bool) {
        self.logged_by_policy |= part.logged_by_policy;
        if part.number < self.next || part.number > self.total || self.waiting.contains_key(&part.number) {
            return;
        }
        if part.number > self.next {
            if self.waiting_bytes + part.text.len() <= PARTS_WAITING_BYTES_MAX {
                self.waiting_bytes += part.text.len();
                self.waiting.insert(part.number, part.text);
            }
            return;
        }
        self.take(&part.text, keep);
        while let Some(text) = self.waiting.remove(&self.next) {
            self.waiting_bytes -= text.len();
            self.take(&text, keep);
        }
        if self.is_complete() {
            self.finish();
        }
    }

    fn take(&mut self, text: &str, keep: bool) {
        self.hasher.update(text.as_bytes());
        self.bytes += text.len();
        self.next += 1;
        if keep {
            let mut end = text.len().min(SCRIPT_TEXT_BYTES_MAX - self.text.len());
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            self.text.push_str(&text[..end]);
        }
    }

    fn finish(&mut self) {
        self.sha256 = Some(hex::encode(self.hasher.finalize_reset()));
        self.lower = self.text.to_lowercase();
        self.plain = text::plain(&self.text);
        self.functions = text::functions(&self.text);
        self.dynamic = !self.is_whole() || text::is_dynamic(&self.text);
        if self.role == Role::Script && self.path.is_none() && self.is_whole() {
            self.role = match text::started_script(&self.text) {
                Some(path) => Role::Starter(path),
                None if text::is_of_engine(&self.text) => Role::Engine,
                None => Role::Script,
            };
        }
    }

    /// Whether every part has come.
    pub fn is_complete(&self) -> bool {
        self.next > self.total
    }

    /// Whether the whole text is here to be searched.
    fn is_whole(&self) -> bool {
        self.is_complete() && self.text.len() == self.bytes
    }

    /// Bytes of text that it holds.
    pub fn held(&self) -> usize {
        self.text.len() + self.lower.len() + self.plain.len() + self.waiting_bytes
    }

    /// What it is.
    pub fn role(&self) -> &Role {
        &self.role
    }

    /// The script: path and hash.
    pub fn script(&self) -> Script {
        Script { path: self.path.as_deref().map(str::to_owned), sha256: self.sha256.clone() }
    }

    /// Whether its text, comments left out, names this destination (in lower case).
    pub fn names(&self, name: &str) -> bool {
        text::names(&self.plain, name)
    }

    /// Whether it could run code of the other block; yes, unless its whole text says no.
    pub fn could_call(&self, other: &Block) -> bool {
        if self.dynamic {
            return true;
        }
        // What could be called has to be known too.
        if !other.is_whole() {
            return true;
        }
        let stem = other.path.as_deref().map(text::stem);
        stem.is_some_and(|stem| self.lower.contains(&stem))
            || other.functions.iter().any(|name| self.lower.contains(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(number: u32, total: u32, text: &str, path: Option<&str>) -> Part {
        Part {
            block: "b".into(),
            number,
            total,
            text: text.to_owned(),
            path: path.map(Into::into),
            logged_by_policy: true,
        }
    }

    fn block(text: &str, path: Option<&str>) -> Block {
        let part = part(1, 1, text, path);
        let mut block = Block::new(&part);
        block.add(part, true);
        block
    }

    #[test]
    fn parts_in_any_order_give_the_hash_of_the_whole() {
        let whole = block("abc", None).script();
        for order in [[1, 2, 3], [3, 2, 1], [2, 3, 1], [2, 1, 3]] {
            let mut joined = Block::new(&part(order[0], 3, "", None));
            for number in order {
                assert!(!joined.is_complete());
                assert_eq!(joined.script().sha256, None);
                joined.add(part(number, 3, &"abc"[number as usize - 1..number as usize], None), true);
                joined.add(part(number, 3, "again", None), true);
            }
            assert_eq!(joined.script(), whole);
            assert_eq!(joined.plain, "abc");
        }
        let mut hostile = Block::new(&part(0, 0, "x", None));
        hostile.add(part(0, 0, "x", None), true);
        hostile.add(part(u32::MAX, u32::MAX, "x", None), true);
        assert!(!hostile.is_complete());
    }

    #[test]
    fn incomplete_or_cut_text_could_call_anything() {
        let script = block("irm https://a.example", Some("C:\\Get-Token.ps1"));
        assert!(!block("irm https://b.example", Some("C:\\b.ps1")).could_call(&script));
        assert!(block("get-token", None).could_call(&script));
        assert!(block("& $x", None).could_call(&script));
        let first = part(1, 2, "irm", Some("C:\\c.ps1"));
        let mut half = Block::new(&first);
        half.add(first, true);
        assert!(half.could_call(&script) && script.could_call(&half));
        assert!(block(&"é".repeat(SCRIPT_TEXT_BYTES_MAX), None).could_call(&script));
        assert!(!block("function Send-It { }", Some("C:\\l.ps1")).could_call(&script));
        assert!(block("Send-It", None).could_call(&block("function Send-It { irm x }", Some("C:\\l.ps1"))));
        assert_eq!(block("C:\\x\\a.ps1", None).role(), &Role::Starter("C:\\x\\a.ps1".to_owned()));
        assert_eq!(block("C:\\x\\a.ps1", Some("C:\\t.ps1")).role(), &Role::Script);
    }
}
