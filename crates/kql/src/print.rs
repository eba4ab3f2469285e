//! Tree → text. What comes out parses to the same tree, spans apart; trees with error nodes lose those parts.
//! Names that could be taken for keywords are put into brackets.

mod details;
mod expr;
mod literal;
mod operator;

use crate::lexer::{TokenKind, lex};
use crate::parser::{OPERATORS, RESERVED};
use crate::syntax::{
    Body, Column, Expr, Function, LetValue, Name, NamePattern, NamedExpr, Ordered, Parameter, ParameterType, Pipeline,
    Property, Query, SortOrder, Statement, Target,
};

impl Query {
    /// The query as text, one operator a line.
    pub fn to_kql(&self) -> String {
        let mut printer = Printer::default();
        for (at, statement) in self.statements.iter().enumerate() {
            if at > 0 {
                printer.text(";\n");
            }
            printer.statement(statement);
        }
        printer.out
    }
}

impl Pipeline {
    /// The pipeline as text, on one line.
    pub fn to_kql(&self) -> String {
        let mut printer = Printer::default();
        printer.pipeline(self, " ");
        printer.out
    }
}

impl Expr {
    /// The expression as text, on one line.
    pub fn to_kql(&self) -> String {
        let mut printer = Printer::default();
        printer.expr(self);
        printer.out
    }
}

/// Words that mean something where a name could stand, besides the reserved ones and the tabular operators.
const KEYWORDS: &[&str] = &[
    "alias",
    "bagexpansion",
    "datascope",
    "datatable",
    "declare",
    "decodeblocks",
    "default",
    "dynamic",
    "external_data",
    "externaldata",
    "false",
    "False",
    "FALSE",
    "flags",
    "from",
    "hint",
    "id",
    "isfuzzy",
    "kind",
    "let",
    "matches",
    "materialize",
    "on",
    "with",
    "nulls",
    "optional",
    "output",
    "pack",
    "restrict",
    "set",
    "step",
    "toscalar",
    "totable",
    "true",
    "True",
    "TRUE",
    "typeof",
    "view",
    "with_itemindex",
    "with_match_id",
    "with_source",
    "with_step_name",
    "withsource",
];

#[derive(Default)]
struct Printer {
    out: String,
}

impl Printer {
    fn text(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Entries with commas between.
    fn list<T>(&mut self, entries: &[T], mut each: impl FnMut(&mut Self, &T)) {
        for (at, entry) in entries.iter().enumerate() {
            if at > 0 {
                self.text(", ");
            }
            each(self, entry);
        }
    }

    fn name(&mut self, name: &Name) {
        self.name_text(&name.text);
    }

    fn name_text(&mut self, name: &str) {
        let is_keyword = RESERVED.contains(&name) || OPERATORS.contains(&name) || KEYWORDS.contains(&name);
        if is_plain_word(name) && !is_keyword {
            self.text(name);
        } else {
            self.bracketed(name);
        }
    }

    /// The name of a function: operators' names are fine here, `count()` and `range(…)` for example.
    fn function_name(&mut self, name: &str) {
        let is_special = KEYWORDS.contains(&name) || RESERVED.contains(&name);
        let begins_call = lex(&format!("{name}()")).0.first().is_some_and(|token| token.kind == TokenKind::Word);
        if is_plain_word(name) && begins_call && !is_special && !matches!(name, "find" | "evaluate") {
            self.text(name);
        } else {
            self.bracketed(name);
        }
    }

    fn bracketed(&mut self, name: &str) {
        self.text("[");
        self.string(name, false);
        self.text("]");
    }

    fn pattern(&mut self, pattern: &NamePattern) {
        if pattern.is_pattern {
            self.text(&pattern.text);
        } else {
            self.name_text(&pattern.text);
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Let(statement) => {
                self.text("let ");
                self.name(&statement.name);
                self.text(" = ");
                match &statement.value {
                    LetValue::Expr(Expr::Pipeline(pipeline)) => self.pipeline(pipeline, "\n"),
                    LetValue::Expr(expr) => self.expr(expr),
                    LetValue::Function(function) => self.function(function),
                }
            }
            Statement::QueryParameters { parameters, .. } => {
                self.text("declare query_parameters(");
                self.list(parameters, Self::parameter);
                self.text(")");
            }
            Statement::Set { name, value, .. } => {
                self.text("set ");
                // A plain word by syntax, keyword or not.
                self.text(&name.text);
                if let Some(value) = value {
                    self.text(" = ");
                    self.expr(value);
                }
            }
            Statement::Pipeline(pipeline) => self.pipeline(pipeline, "\n"),
            Statement::Error { .. } => {}
        }
    }

    fn function(&mut self, function: &Function) {
        self.text(if function.is_view { "view (" } else { "(" });
        self.list(&function.parameters, Self::parameter);
        self.text(") ");
        self.body(&function.body);
    }

    fn body(&mut self, body: &Body) {
        self.text("{ ");
        for statement in &body.statements {
            self.statement(statement);
            self.text("; ");
        }
        match &body.result {
            Some(Expr::Pipeline(pipeline)) => self.pipeline(pipeline, " "),
            Some(result) => self.expr(result),
            None => {}
        }
        self.text(" }");
    }

    fn parameter(&mut self, parameter: &Parameter) {
        self.name(&parameter.name);
        self.text(":");
        match &parameter.parameter_type {
            ParameterType::Scalar(data_type) => self.text(data_type.name()),
            ParameterType::Table { columns, is_open } => {
                self.text("(");
                self.list(columns, Self::column);
                if *is_open {
                    self.text(if columns.is_empty() { "*" } else { ", *" });
                }
                self.text(")");
            }
        }
        if let Some(default) = &parameter.default {
            self.text(" = ");
            self.expr(default);
        }
    }

    fn column(&mut self, column: &Column) {
        self.name(&column.name);
        self.text(":");
        self.text(column.data_type.name());
        if let Some(default) = &column.default {
            self.text(" = ");
            self.expr(default);
        }
    }

    fn columns(&mut self, columns: &[Column]) {
        self.text("(");
        self.list(columns, Self::column);
        self.text(")");
    }

    fn pipeline(&mut self, pipeline: &Pipeline, separator: &str) {
        let mut is_first = true;
        if let Some(source) = &pipeline.source {
            self.expr(source);
            is_first = false;
        }
        for operator in &pipeline.operators {
            if !is_first {
                self.text(separator);
                self.text("| ");
            }
            is_first = false;
            self.operator(operator);
        }
    }

    fn named(&mut self, named: &NamedExpr) {
        match &named.target {
            Some(Target::Name(name)) => {
                self.name(name);
                self.text(" = ");
            }
            Some(Target::Tuple(names)) => {
                self.text("(");
                self.list(names, Self::name);
                self.text(") = ");
            }
            None => {}
        }
        self.expr(&named.expr);
    }

    fn named_list(&mut self, list: &[NamedExpr]) {
        self.list(list, Self::named);
    }

    fn ordered(&mut self, ordered: &Ordered) {
        self.named(&ordered.expr);
        match ordered.order {
            Some(SortOrder::Ascending) => self.text(" asc"),
            Some(SortOrder::Descending) => self.text(" desc"),
            None => {}
        }
        match ordered.nulls {
            Some(crate::syntax::Nulls::First) => self.text(" nulls first"),
            Some(crate::syntax::Nulls::Last) => self.text(" nulls last"),
            None => {}
        }
    }

    fn property(&mut self, property: &Property) {
        match property.name.text.strip_prefix("hint.") {
            Some(hint) => {
                self.text("hint.");
                self.text(hint);
            }
            // The known ones are keywords here, and must not be bracketed.
            None if is_plain_word(&property.name.text) => self.text(&property.name.text),
            None => self.bracketed(&property.name.text),
        }
        self.text("=");
        self.list(&property.values, Self::expr);
    }

    fn properties(&mut self, properties: &[Property]) {
        if properties.is_empty() {
            return;
        }
        self.text(" with (");
        self.list(properties, Self::property);
        self.text(")");
    }
}

/// Whether a name can be written without brackets, keywords apart.
fn is_plain_word(name: &str) -> bool {
    let (tokens, _) = lex(name);
    tokens.first().is_some_and(|token| token.kind == TokenKind::Word && token.span.range() == (0..name.len()))
}
