//! What could be written at a place in the text: the kinds of names and the keywords. The names themselves (tables,
//! columns, functions) are known to the caller.

use crate::Span;
use crate::limits::TEXT_BYTES_MAX;
use crate::parser::{OPERATORS, Parser, operator_words};
use crate::syntax::DataType;

/// Something that could stand at the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Expected {
    /// A keyword, whole.
    Keyword(&'static str),
    /// `let`, `set`, `declare query_parameters`.
    Statement,
    /// A table, a `let` of one, or an operator that makes rows ([`SOURCES`]).
    Source,
    /// A tabular operator ([`operators`]).
    Operator,
    /// A column, a `let`, a scalar function.
    Expr,
    /// An operator between two expressions ([`infix_operators`]).
    Infix,
    /// An aggregate function.
    Aggregate,
    /// A column's name, nothing else.
    Column,
    /// A property of the dynamic value before the point.
    Member,
    /// A function that takes a table.
    Function,
    /// A plugin of `evaluate`.
    Plugin,
    /// A type ([`types`]).
    Type,
    /// A kind of chart ([`CHARTS`]).
    Chart,
}

/// Operators that begin a pipeline.
pub const SOURCES: &[&str] = &["datatable", "externaldata", "find", "materialize", "print", "range", "search", "union"];

/// The charts of `render`.
pub const CHARTS: &[&str] = &[
    "anomalychart",
    "areachart",
    "barchart",
    "card",
    "columnchart",
    "linechart",
    "piechart",
    "pivotchart",
    "scatterchart",
    "stackedareachart",
    "table",
    "timechart",
    "timeline",
    "timepivot",
    "treemap",
];

/// The tabular operators.
pub fn operators() -> &'static [&'static str] {
    OPERATORS
}

/// The operators between expressions that are words.
pub fn infix_operators() -> impl Iterator<Item = &'static str> {
    operator_words()
}

/// The scalar types.
pub fn types() -> impl Iterator<Item = &'static str> {
    DataType::ALL.iter().map(|data_type| data_type.name())
}

/// What could stand at a cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What a chosen word replaces: the part of a word before the cursor, often empty.
    pub replace: Span,
    /// What could stand here, sorted, without duplicates. Empty inside strings and comments.
    pub expected: Vec<Expected>,
    /// The text that makes the rows the cursor's operator works on: from the start of the innermost pipeline to its last
    /// pipe. `None` where no pipe is before the cursor, at a source for example.
    pub input: Option<Span>,
}

/// Collects expectations while a text that ends at the cursor is parsed.
pub(crate) struct Recorder {
    expected: Vec<Expected>,
    /// Starts of the pipelines that are being read, and their last pipes.
    pipelines: Vec<(u32, Option<u32>)>,
    input: Option<Option<Span>>,
}

impl Recorder {
    fn new() -> Self {
        Self { expected: Vec::new(), pipelines: Vec::new(), input: None }
    }

    /// The parser is at the cursor, and this could stand there.
    pub(crate) fn add(&mut self, expected: Expected) {
        if self.input.is_none() {
            let innermost = self.pipelines.last();
            self.input = Some(innermost.and_then(|(start, pipe)| pipe.map(|end| Span { start: *start, end })));
        }
        self.expected.push(expected);
    }

    /// A pipeline begins.
    pub(crate) fn begin(&mut self, at: Span) {
        self.pipelines.push((at.start, None));
    }

    /// The innermost pipeline goes on behind this pipe.
    pub(crate) fn pipe(&mut self, at: Span) {
        if let Some((_, pipe)) = self.pipelines.last_mut() {
            *pipe = Some(at.start);
        }
    }

    /// The innermost pipeline ends.
    pub(crate) fn end(&mut self) {
        self.pipelines.pop();
    }
}

/// What could stand at `cursor`, a byte of the text (moved back to a character's border).
pub fn complete(text: &str, cursor: usize) -> Completion {
    let mut cursor = cursor.min(text.len());
    if text.len() > TEXT_BYTES_MAX {
        return Completion { replace: Span::new(0, 0), expected: Vec::new(), input: None };
    }
    while !text.is_char_boundary(cursor) {
        cursor -= 1;
    }
    let before = &text[..cursor];
    let word = word_before(before);
    let replace = Span::new(word, cursor);
    let mut parser = Parser::new(&before[..word]);
    if !parser.ends_between_tokens() || in_comment(before) {
        return Completion { replace: Span::new(cursor, cursor), expected: Vec::new(), input: None };
    }
    parser.recorder = Some(Recorder::new());
    parser.query();
    let Some(mut recorder) = parser.recorder else {
        return Completion { replace, expected: Vec::new(), input: None };
    };
    recorder.expected.sort_unstable();
    recorder.expected.dedup();
    Completion { replace, expected: recorder.expected, input: recorder.input.flatten() }
}

/// Where the word before the cursor begins. Operators have dashes: `project-aw`.
fn word_before(before: &str) -> usize {
    let is_part = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '$');
    let word = before.len() - before.chars().rev().take_while(|character| is_part(*character)).count();
    let dashed =
        before.len() - before.chars().rev().take_while(|character| is_part(*character) || *character == '-').count();
    let stem = &before[dashed..];
    let is_operator = stem.contains('-') && OPERATORS.iter().any(|operator| operator.starts_with(stem));
    if is_operator { dashed } else { word }
}

fn in_comment(before: &str) -> bool {
    let line = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
    // A `//` inside a string was seen as a string by the lexer; only the tail behind the last token matters.
    let (tokens, _) = crate::lexer::lex(before);
    let tail = tokens.len().checked_sub(2).map_or(0, |at| tokens[at].span.end as usize);
    before[tail.max(line).min(before.len())..].contains("//")
}
