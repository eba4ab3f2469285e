//! What names mean beside columns: `let`, parameters, `as`. A chain, innermost first, so that a function keeps the
//! names of the place where it was written.

use std::rc::Rc;

use ::kql::syntax::{Expr, Function};

use crate::kql::frame::Frame;
use crate::kql::types::Typed;

/// The meaning of a name.
#[derive(Clone, Debug)]
pub(crate) enum Meaning<'t> {
    /// A value.
    Scalar(Typed),
    /// A table, bound anew each time it is used.
    Table { expr: &'t Expr, env: Env<'t> },
    /// A function of the query's own.
    Function { function: &'t Function, env: Env<'t> },
    /// A table that is bound already: a parameter, or `as`.
    Frame(Box<Frame>),
    /// It has an error that was reported already.
    Broken,
}

#[derive(Debug)]
struct Entry<'t> {
    name: String,
    meaning: Meaning<'t>,
    outer: Env<'t>,
}

/// Names and what they mean.
#[derive(Clone, Debug, Default)]
pub(crate) struct Env<'t>(Option<Rc<Entry<'t>>>);

impl<'t> Env<'t> {
    /// The same with one more name, which hides an earlier one.
    pub(crate) fn with(&self, name: impl Into<String>, meaning: Meaning<'t>) -> Self {
        Env(Some(Rc::new(Entry { name: name.into(), meaning, outer: self.clone() })))
    }

    /// The meaning of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&Meaning<'t>> {
        let mut entry = self.0.as_deref();
        while let Some(here) = entry {
            if here.name == name {
                return Some(&here.meaning);
            }
            entry = here.outer.0.as_deref();
        }
        None
    }

    /// Whether a name means a table.
    pub(crate) fn is_table(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Meaning::Table { .. } | Meaning::Frame(_)))
    }

    /// All names, for "did you mean".
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        let mut entry = self.0.as_deref();
        while let Some(here) = entry {
            names.push(here.name.as_str());
            entry = here.outer.0.as_deref();
        }
        names
    }
}

/// A chain of a thousand `let`s must not be dropped by recursion.
impl Drop for Entry<'_> {
    fn drop(&mut self) {
        let mut outer = self.outer.0.take();
        while let Some(entry) = outer {
            outer = match Rc::try_unwrap(entry) {
                Ok(mut entry) => entry.outer.0.take(),
                Err(_) => None,
            };
        }
    }
}
