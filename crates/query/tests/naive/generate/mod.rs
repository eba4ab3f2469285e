//! Random queries on random small tables, as text. Types are right, and the answer is determined: `take` follows a total
//! order, `arg_max` has a key without equals, the left side of `innerunique` is unique already.

mod expressions;
mod joins;
pub mod literals;
mod operators;
mod pipeline;
mod rare;
mod rng;
mod shrink;

pub use rng::Rng;

use kql::syntax::DataType;

use literals::literal;

/// A query in pieces, so that pieces can be left out.
#[derive(Clone, Debug, Default)]
pub struct Generated {
    pub tables: Vec<Literal>,
    /// `let` statements behind the tables.
    pub lets: Vec<String>,
    pub source: String,
    pub operators: Vec<Piece>,
    /// The answer's rows are in a total order.
    pub is_ordered: bool,
    /// Elements of arrays may come in any order.
    pub has_bags: bool,
}

/// A `datatable`.
#[derive(Clone, Debug)]
pub struct Literal {
    pub name: String,
    pub columns: Vec<(String, DataType)>,
    pub rows: Vec<Vec<String>>,
}

/// An operator: its words, what it lists, and what follows the list.
#[derive(Clone, Debug)]
pub struct Piece {
    pub head: String,
    pub items: Vec<String>,
    pub tail: String,
}

impl Piece {
    pub fn new(head: &str, items: Vec<String>, tail: impl Into<String>) -> Self {
        Self { head: head.to_owned(), items, tail: tail.into() }
    }

    /// An operator that lists nothing.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { head: text.into(), items: Vec::new(), tail: String::new() }
    }

    fn text(&self) -> String {
        format!("{} {}{}", self.head, self.items.join(", "), self.tail)
    }
}

impl Literal {
    fn text(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|(name, of)| format!("{name}:{}", of.name())).collect();
        let rows: Vec<String> = self.rows.iter().map(|row| row.join(", ")).collect();
        format!("let {} = datatable({}) [\n  {}];\n", self.name, columns.join(", "), rows.join(",\n  "))
    }
}

impl Generated {
    pub fn text(&self) -> String {
        let mut text: String = self.tables.iter().map(Literal::text).collect();
        for definition in &self.lets {
            text.push_str(definition);
            text.push_str(";\n");
        }
        text.push_str(&self.source);
        for operator in &self.operators {
            text.push_str("\n| ");
            text.push_str(&operator.text());
        }
        text
    }
}

/// What is known of a table while a query is written.
#[derive(Clone, Debug)]
pub struct Shape {
    pub columns: Vec<(String, DataType)>,
    /// A column without equals and nulls.
    pub unique: Option<String>,
}

impl Shape {
    pub fn names(&self, data_type: DataType) -> Vec<String> {
        self.columns.iter().filter(|column| column.1 == data_type).map(|column| column.0.clone()).collect()
    }

    pub fn set(&mut self, name: &str, data_type: DataType) {
        match self.columns.iter_mut().find(|column| column.0 == name) {
            Some(column) => column.1 = data_type,
            None => self.columns.push((name.to_owned(), data_type)),
        }
    }
}

/// Types of columns, the usual ones more often. The first letter of a name says the type.
const TYPES: &[DataType] = &[
    DataType::String,
    DataType::String,
    DataType::Long,
    DataType::Int,
    DataType::Real,
    DataType::Datetime,
    DataType::Timespan,
    DataType::Bool,
    DataType::Dynamic,
];

/// A name for a column of a type; three for each type, so that tables share some.
pub fn name_for(rng: &mut Rng, data_type: DataType) -> String {
    let letter = match data_type {
        DataType::Bool => 'b',
        DataType::Datetime => 'd',
        DataType::Dynamic => 'y',
        DataType::Guid => 'g',
        DataType::Int => 'i',
        DataType::Long => 'l',
        DataType::Real | DataType::Decimal => 'r',
        DataType::String => 's',
        DataType::Timespan => 't',
    };
    format!("{letter}_{}", rng.pick(&["x", "y", "z"]))
}

/// A random table; `id` numbers its rows.
pub fn table(rng: &mut Rng, name: &str) -> (Literal, Shape) {
    let mut shape = Shape { columns: vec![("id".to_owned(), DataType::Long)], unique: Some("id".to_owned()) };
    for _ in 0..3 + rng.below(5) {
        let data_type = *rng.pick(TYPES);
        let column = name_for(rng, data_type);
        shape.set(&column, data_type);
    }
    let n_rows = *rng.pick(&[0, 1, 2, 4, 7, 10, 12]);
    let mut rows = Vec::new();
    for index in 0..n_rows {
        let mut row = vec![index.to_string()];
        row.extend(shape.columns[1..].iter().map(|column| literal(rng, column.1, true)));
        rows.push(row);
    }
    (Literal { name: name.to_owned(), columns: shape.columns.clone(), rows }, shape)
}

/// A random query. `stored` are the tables of the store with some of their columns.
pub fn query(rng: &mut Rng, stored: &[(String, Shape)]) -> Generated {
    pipeline::query(rng, stored)
}
