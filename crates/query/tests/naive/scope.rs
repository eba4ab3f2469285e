//! What names mean while a query is evaluated.

use std::collections::HashMap;
use std::rc::Rc;

use kql::syntax::Function;

use super::value::{Column, Table, Value};

/// Why the evaluator can't answer; a query that the generator makes never leads here.
pub type Result<T> = std::result::Result<T, String>;

/// What a name outside of rows stands for.
#[derive(Clone, Debug)]
pub enum Binding {
    Scalar(Value),
    Table(Rc<Table>),
    /// A function sees what was known where it was defined.
    Function(Rc<Function>, Env),
}

/// The names of `let` and the tables of the store.
#[derive(Clone, Debug, Default)]
pub struct Env {
    bindings: HashMap<String, Binding>,
    /// `now()`.
    pub now: i64,
}

impl Env {
    pub fn bind(&mut self, name: &str, binding: Binding) {
        self.bindings.insert(name.to_owned(), binding);
    }

    pub fn get(&self, name: &str) -> Option<&Binding> {
        self.bindings.get(name)
    }
}

/// Steps of `scan`: the name, and the values of the columns.
pub type Steps = Vec<(String, Vec<Value>)>;

/// The row in which an expression is evaluated; for a join's conditions the right one too.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    pub columns: &'a [Column],
    pub values: &'a [Value],
    pub right: Option<(&'a [Column], &'a [Value])>,
    /// The last row of each step, in `scan`.
    pub steps: Option<&'a Steps>,
    /// All rows and the place of this one, for `prev` and its like.
    pub window: Option<(&'a [Vec<Value>], usize)>,
}

impl<'a> Row<'a> {
    /// No row: constants only.
    pub const NONE: Row<'static> = Row { columns: &[], values: &[], right: None, steps: None, window: None };

    pub fn new(columns: &'a [Column], values: &'a [Value]) -> Self {
        Self { columns, values, right: None, steps: None, window: None }
    }

    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.columns.iter().position(|column| column.name == name).map(|index| &self.values[index])
    }

    /// `step.name`; `None` when there is no such step.
    pub fn step(&self, step: &str, name: &str) -> Option<&'a Value> {
        let values = &self.steps?.iter().find(|other| other.0 == step)?.1;
        self.columns.iter().position(|column| column.name == name).map(|index| &values[index])
    }

    /// `$left.name`, `$right.name`.
    pub fn side(&self, side: &str, name: &str) -> Option<&'a Value> {
        let (columns, values) = if side == "$left" { (self.columns, self.values) } else { self.right? };
        columns.iter().position(|column| column.name == name).map(|index| &values[index])
    }
}
