//! Completion: the names that fit a word that is being written. Which kinds of name the place allows is the parser's to
//! say, which columns there are the binder's.

use ::kql::syntax::{Query, Statement};
use ::kql::{Completion, Expected};

use super::functions;
use super::functions::aggregates::AGGREGATES;
use super::plan::PLUGINS;

/// Candidates at most.
const CANDIDATES_MAX: usize = 200;

/// What `invoke` may call besides the query's own functions.
const ENRICHING: [&str; 2] = ["FileProfile", "SeenBy"];

/// Where the word at a byte begins, and the names that may stand there and begin with it, in any case. `columns` binds a
/// text and says which columns it answers with, if that is known.
pub(crate) fn candidates(
    text: &str,
    at: usize,
    columns: impl FnOnce(&str) -> Option<Vec<String>>,
) -> (usize, Vec<String>) {
    let completion = ::kql::complete(text, at);
    let span = completion.replace;
    let word = text[span.start as usize..span.end as usize].to_lowercase();
    let before = Before::new(text, &completion);
    let needs_columns = completion.expected.iter().any(|kind| matches!(kind, Expected::Expr | Expected::Column));
    let columns = if needs_columns { before.columns(text, &completion, columns) } else { Vec::new() };
    let mut names: Vec<&str> = Vec::new();
    for kind in &completion.expected {
        add(&mut names, *kind, &before.lets, &columns);
    }
    names.retain(|name| name.to_lowercase().starts_with(&word));
    names.sort_by_key(|name| (name.to_lowercase(), *name));
    names.dedup();
    names.truncate(CANDIDATES_MAX);
    (span.start as usize, names.into_iter().map(str::to_owned).collect())
}

/// The names of one kind.
fn add<'a>(names: &mut Vec<&'a str>, kind: Expected, lets: &'a [String], columns: &'a [String]) {
    let lets = lets.iter().map(String::as_str);
    match kind {
        Expected::Keyword(word) => names.push(word),
        Expected::Statement => names.extend(["let", "set", "declare query_parameters"]),
        Expected::Source => {
            names.extend(schema::TABLES.iter().map(|table| table.name));
            names.extend(::kql::SOURCES);
            names.extend(lets);
        }
        Expected::Operator => names.extend(::kql::operators()),
        Expected::Expr => {
            names.extend(columns.iter().map(String::as_str));
            names.extend(functions::names().into_iter().filter(|name| is_function(name)));
            names.extend(lets);
        }
        Expected::Infix => names.extend(::kql::infix_operators().map(|name| -> &str { name })),
        Expected::Aggregate => names.extend(AGGREGATES.iter().map(|aggregate| aggregate.name)),
        Expected::Column => names.extend(columns.iter().map(String::as_str)),
        Expected::Function => {
            names.extend(ENRICHING);
            names.extend(lets);
        }
        Expected::Plugin => names.extend(PLUGINS),
        Expected::Type => names.extend(::kql::types().map(|name| -> &str { name })),
        Expected::Chart => names.extend(::kql::CHARTS),
        // The properties of a dynamic value are in the data.
        Expected::Member => {}
    }
}

/// The table of functions has the operators too.
fn is_function(name: &str) -> bool {
    name.starts_with(|char: char| char.is_ascii_alphabetic()) && !::kql::infix_operators().any(|word| word == name)
}

/// The statements before the one with the cursor.
struct Before {
    /// Names that they give.
    lets: Vec<String>,
    /// Where the last of them ends, in bytes.
    end: usize,
}

impl Before {
    fn new(text: &str, completion: &Completion) -> Self {
        let start = completion.input.map_or(completion.replace.start, |input| input.start);
        let (Query { statements, .. }, _) = ::kql::parse(&text[..start as usize]);
        let mut before = Self { lets: Vec::new(), end: 0 };
        for statement in &statements {
            let end = statement.span().end as usize;
            // The last one has no semicolon behind it when the cursor is in it, as in `let t = Table | where …`.
            if !text[end..].trim_start().starts_with(';') {
                break;
            }
            before.end = end;
            if let Statement::Let(statement) = statement {
                before.lets.push(statement.name.text.clone());
            }
        }
        before
    }

    /// The columns of the rows at the cursor; every column that there is where they can't be told.
    fn columns(
        &self,
        text: &str,
        completion: &Completion,
        columns: impl FnOnce(&str) -> Option<Vec<String>>,
    ) -> Vec<String> {
        let known = completion.input.and_then(|input| {
            let rows = &text[input.start as usize..input.end as usize];
            // Nothing is before the first semicolon of a text without `let`s.
            let semicolon = if self.end == 0 { "" } else { ";" };
            columns(&format!("{}{semicolon}\n{rows}", &text[..self.end]))
        });
        known.unwrap_or_else(|| schema::columns::ALL.iter().map(|column| column.name.to_owned()).collect())
    }
}

/// Whether a text ends in a statement that answers something, so that a line behind it starts another query. After
/// `let x = 1;` more must come.
#[must_use]
pub fn is_whole(text: &str) -> bool {
    let (query, _) = ::kql::parse(text);
    !matches!(
        query.statements.last(),
        None | Some(Statement::Let(_) | Statement::Set { .. } | Statement::QueryParameters { .. })
    )
}
