//! The language as data, beside the functions: tabular operators, statements, plugins, and what is not as in Kusto.
//! `docs/kql` is generated from it, and each example is run by a test, so that no page says what is not so.

mod differences;
mod missing;
mod operators;
mod plugins;

pub use differences::{DIFFERENCES, Difference};
pub use missing::{MISSING, Missing};
pub use operators::{SOURCES, STATEMENTS, TABULAR};
pub use plugins::{INVOKED, PLUGINS};

/// An operator, statement or plugin.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// As written, the first word or words.
    pub name: &'static str,
    /// Other spellings.
    pub aliases: &'static [&'static str],
    /// How it is written; `T |` stands for the rows before it.
    pub syntax: &'static str,
    /// What it does, in one to three sentences; of what is not supported, what to write instead.
    pub prose: &'static str,
    /// A query that is a test.
    pub example: &'static str,
    /// What the query gives: `, ` between cells, `; ` between rows; a diagnostic's code when it is not supported.
    pub result: &'static str,
    /// Whether it is supported.
    pub is_supported: bool,
}

/// Something supported; `doc` is its prose, an example and what that gives.
const fn supported(name: &'static str, syntax: &'static str, doc: [&'static str; 3]) -> Entry {
    let [prose, example, result] = doc;
    Entry { name, aliases: &[], syntax, prose, example, result, is_supported: true }
}

/// Something that Kusto has and we refuse; `doc` is what to write instead, an example and the code of the refusal.
const fn refused(name: &'static str, syntax: &'static str, doc: [&'static str; 3]) -> Entry {
    let [prose, example, result] = doc;
    Entry { name, aliases: &[], syntax, prose, example, result, is_supported: false }
}

impl Entry {
    const fn also(self, aliases: &'static [&'static str]) -> Entry {
        Entry { aliases, ..self }
    }
}
