//! What a function keeps from row to row: compiled expressions and parsed constants. One per running batch, reused by
//! the next batch; its contents never change a result.

use std::any::Any;
use std::collections::HashMap;

use regex::{Regex, RegexBuilder};

/// Compiled expressions kept; patterns that come from a column would otherwise fill the memory.
const REGEXES_MAX: usize = 64;
/// Bytes of one compiled expression; beyond it is treated as invalid.
const REGEX_BYTES_MAX: usize = 4 << 20;

/// Memory of one function call site.
#[derive(Default)]
pub struct Scratch {
    regexes: HashMap<String, Option<Regex>>,
    prepared: Option<(String, Box<dyn Any + Send>)>,
}

impl Scratch {
    /// The compiled pattern; none when it is not a regular expression or too large.
    pub fn regex(&mut self, pattern: &str) -> Option<&Regex> {
        if !self.regexes.contains_key(pattern) {
            if self.regexes.len() >= REGEXES_MAX {
                self.regexes.clear();
            }
            self.regexes.insert(pattern.to_owned(), compile(pattern).ok());
        }
        self.regexes.get(pattern).and_then(Option::as_ref)
    }

    /// Something made from `key` once and kept while the key stays the same.
    pub fn prepare<T: Send + 'static>(&mut self, key: &str, make: impl FnOnce(&str) -> T) -> Option<&T> {
        let same = self.prepared.as_ref().is_some_and(|(old, made)| old == key && made.is::<T>());
        if !same {
            self.prepared = Some((key.to_owned(), Box::new(make(key))));
        }
        self.prepared.as_ref().and_then(|(_, made)| made.downcast_ref::<T>())
    }
}

/// Compiles a pattern of KQL (RE2 syntax) within the size limit.
pub fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(REGEX_BYTES_MAX).build()
}
