//! What a function keeps from row to row: compiled expressions and parsed constants. One per running batch, reused by
//! the next batch; its contents never change a result.

use std::any::Any;
use std::collections::HashMap;

use regex::{Regex, RegexBuilder};

use super::udf::CELL_BYTES_MAX;
use crate::kql::value::Value;

/// Compiled expressions kept; patterns that come from a column would otherwise fill the memory.
const REGEXES_MAX: usize = 64;
/// Bytes of an expression's text: compiling takes a multiple of its length.
const PATTERN_BYTES_MAX: usize = 64 << 10;
/// Bytes of one compiled expression; beyond it is treated as invalid.
const REGEX_BYTES_MAX: usize = 4 << 20;

/// Memory of one function call site.
#[derive(Default)]
pub struct Scratch {
    regexes: HashMap<String, Option<Regex>>,
    prepared: Option<(String, Box<dyn Any + Send>)>,
    /// The arguments after the first are the same in every row of this batch.
    is_stable: bool,
    listed: Option<Box<dyn Any + Send>>,
    random_state: u64,
    /// A text was too long and is "" instead.
    is_cut: bool,
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

    /// A text as a value; "" when it is longer than a cell may be, which the answer says.
    pub fn fits(&mut self, text: String) -> Value {
        if text.len() > CELL_BYTES_MAX { self.too_long() } else { Value::Text(text) }
    }

    /// Texts with a delimiter between them, made no longer than a cell may be.
    pub fn joined(&mut self, texts: impl Iterator<Item = String>, delimiter: &str) -> Value {
        let mut joined = String::new();
        for (idx, text) in texts.enumerate() {
            if idx > 0 {
                joined.push_str(delimiter);
            }
            joined.push_str(&text);
            if joined.len() > CELL_BYTES_MAX {
                return self.too_long();
            }
        }
        Value::Text(joined)
    }

    /// What stands for a text that is longer than a cell may be, which the answer says.
    pub fn too_long(&mut self) -> Value {
        self.is_cut = true;
        Value::text("")
    }

    /// Whether a text was too long since this was asked.
    pub fn take_cut(&mut self) -> bool {
        std::mem::take(&mut self.is_cut)
    }

    /// A random real from 0 to 1 (xorshift64*, Vigna 2014), seeded from the process's own hash keys.
    pub fn random(&mut self) -> f64 {
        if self.random_state == 0 {
            use std::hash::{BuildHasher, RandomState};
            self.random_state = RandomState::new().hash_one(1_u8) | 1;
        }
        self.random_state ^= self.random_state >> 12;
        self.random_state ^= self.random_state << 25;
        self.random_state ^= self.random_state >> 27;
        // 53 bits are what a real can tell apart.
        (self.random_state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A batch begins; `is_stable` when all arguments but the first are constants in it.
    pub fn begin(&mut self, is_stable: bool) {
        self.is_stable = is_stable;
        self.listed = None;
    }

    /// Something made from the arguments after the first: once per batch when they are constants.
    pub fn prepare_list<T: Send + 'static>(
        &mut self,
        values: &[Value],
        make: impl FnOnce(&[Value]) -> T,
    ) -> Option<&T> {
        if !self.is_stable || self.listed.is_none() {
            self.listed = Some(Box::new(make(values)));
        }
        self.listed.as_ref().and_then(|made| made.downcast_ref::<T>())
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

/// Compiles a pattern of KQL (RE2 syntax) within the size limits.
///
/// # Errors
/// When it is no regular expression, or too large.
pub fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    if pattern.len() > PATTERN_BYTES_MAX {
        return Err(regex::Error::CompiledTooBig(PATTERN_BYTES_MAX));
    }
    RegexBuilder::new(&super::re2::translated(pattern)).size_limit(REGEX_BYTES_MAX).build()
}
