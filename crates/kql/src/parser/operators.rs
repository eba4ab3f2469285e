//! Operators with few parts.

use super::Parser;
use crate::code;
use crate::complete::Expected;
use crate::lexer::TokenKind;
use crate::syntax::{
    Evaluate, Expr, NamedExpr, OperatorKind, Parse, ParseKind, ParsePart, Property, Render, Reorder, ReorderOrder,
};

impl Parser<'_> {
    pub(super) fn where_operator(&mut self, hints: &mut Vec<Property>) -> OperatorKind {
        *hints = self.parameters(&[]);
        OperatorKind::Where { predicate: self.predicate() }
    }

    /// A condition; `a = b` is a common slip.
    pub(super) fn predicate(&mut self) -> Expr {
        let predicate = self.expr();
        if self.at(TokenKind::Assign) {
            let span = self.bump().span;
            self.error(code::ASSIGNMENT, span, "`=` gives a name to something.", "Compare with `==` or `=~`.");
            self.expr();
        }
        predicate
    }

    pub(super) fn project_reorder(&mut self) -> OperatorKind {
        self.may(Expected::Column);
        let columns = if self.at_boundary() { Vec::new() } else { self.list(Self::reorder) };
        OperatorKind::ProjectReorder { columns }
    }

    fn reorder(&mut self) -> Reorder {
        let pattern = self.pattern();
        for (word, order) in [("asc", ReorderOrder::Ascending), ("desc", ReorderOrder::Descending)] {
            if self.eat_word(word) {
                return Reorder { pattern, order: Some(order) };
            }
        }
        let (keyword, n_tokens) = self.keyword();
        let order = match keyword {
            "granny-asc" => Some(ReorderOrder::GrannyAscending),
            "granny-desc" => Some(ReorderOrder::GrannyDescending),
            _ => None,
        };
        if order.is_some() {
            for _ in 0..n_tokens {
                self.bump();
            }
        }
        Reorder { pattern, order }
    }

    pub(super) fn summarize(&mut self, hints: &mut Vec<Property>) -> OperatorKind {
        *hints = self.parameters(&[]);
        self.may(Expected::Aggregate);
        let span = self.here();
        let has_aggregates = !self.at_word("by") && !self.at_boundary();
        let aggregates = if has_aggregates { self.list(Self::aggregate) } else { Vec::new() };
        let by = self.by();
        if aggregates.is_empty() && by.is_empty() {
            let hint = "For example: summarize count() by DeviceName.";
            self.error(code::EXPRESSION, span, "`summarize` needs an aggregate, or `by` and columns.", hint);
        }
        OperatorKind::Summarize { aggregates, by }
    }

    pub(super) fn aggregate(&mut self) -> NamedExpr {
        self.may(Expected::Aggregate);
        self.named_expr()
    }

    /// `by a, b`, or nothing.
    pub(super) fn by(&mut self) -> Vec<NamedExpr> {
        if self.eat_word("by") { self.list(Self::named_expr) } else { Vec::new() }
    }

    pub(super) fn distinct(&mut self, hints: &mut Vec<Property>) -> OperatorKind {
        *hints = self.parameters(&[]);
        let columns = self.list(|parser| {
            let is_star = parser.at(TokenKind::Star)
                && matches!(
                    parser.kind(1),
                    TokenKind::Comma
                        | TokenKind::Pipe
                        | TokenKind::End
                        | TokenKind::Semicolon
                        | TokenKind::RightParen
                        | TokenKind::RightBrace
                );
            if !is_star {
                return parser.named_expr();
            }
            let span = parser.bump().span;
            NamedExpr { target: None, expr: Expr::Star { span }, span }
        });
        OperatorKind::Distinct { columns }
    }

    pub(super) fn count_of(&mut self, hints: &mut Vec<Property>) -> Expr {
        *hints = self.parameters(&["kind"]);
        self.expr()
    }

    pub(super) fn sample_distinct(&mut self, hints: &mut Vec<Property>) -> OperatorKind {
        let count = self.count_of(hints);
        self.expect_word("of");
        OperatorKind::SampleDistinct { count, of: self.named_expr() }
    }

    pub(super) fn sort(&mut self, hints: &mut Vec<Property>) -> OperatorKind {
        *hints = self.parameters(&[]);
        self.expect_word("by");
        OperatorKind::Sort { by: self.list(Self::ordered) }
    }

    pub(super) fn top(&mut self, hints: &mut Vec<Property>) -> OperatorKind {
        let count = self.count_of(hints);
        self.expect_word("by");
        OperatorKind::Top { count, by: vec![self.ordered()] }
    }

    pub(super) fn top_hitters(&mut self, hints: &mut Vec<Property>) -> OperatorKind {
        let count = self.count_of(hints);
        self.expect_word("of");
        let of = self.named_expr();
        let by = self.eat_word("by").then(|| self.named_expr());
        OperatorKind::TopHitters { count, of, by }
    }

    pub(super) fn parse_operator(&mut self, hints: &mut Vec<Property>) -> Parse {
        *hints = self.parameters(&["kind", "flags"]);
        let kinds = [("simple", ParseKind::Simple), ("regex", ParseKind::Regex), ("relaxed", ParseKind::Relaxed)];
        let kind = Self::take_word_property(hints, &["kind"]);
        let kind = self.choice("kind of parse", kind, &kinds);
        let flags = Self::take_word_property(hints, &["flags"]).map(|flags| flags.text);
        let expr = self.expr();
        let mut pattern = Vec::new();
        if self.expect_word("with") {
            while let Some(part) = self.parse_part() {
                pattern.push(part);
            }
        }
        Parse { kind, flags, expr, pattern }
    }

    fn parse_part(&mut self) -> Option<ParsePart> {
        match self.kind(0) {
            TokenKind::Star => Some(ParsePart::Star { span: self.bump().span }),
            TokenKind::String => {
                // Not joined with a following string here: each is a piece of its own.
                let span = self.bump().span;
                let (value, is_hidden) = crate::lexer::decode_string(self.slice(span));
                let literal = crate::syntax::Literal::String { value, is_hidden };
                Some(ParsePart::Text(Expr::Literal { literal, span }))
            }
            _ => {
                let name = self.try_name()?;
                let data_type = self.eat(TokenKind::Colon).then(|| self.data_type());
                Some(ParsePart::Column { name, data_type })
            }
        }
    }

    pub(super) fn parse_kv(&mut self) -> OperatorKind {
        let expr = self.expr();
        let columns = if self.expect_word("as") { self.columns() } else { Vec::new() };
        let properties = if self.eat_word("with") { self.properties_in_parens() } else { Vec::new() };
        OperatorKind::ParseKv { expr, columns, properties }
    }

    pub(super) fn evaluate(&mut self, hints: &mut Vec<Property>) -> Evaluate {
        *hints = self.parameters(&[]);
        self.may(Expected::Plugin);
        let name = self.name("a plugin's name");
        let call = if self.at(TokenKind::LeftParen) {
            self.call(name)
        } else {
            self.missing(code::EXPECTED, "`(` and the plugin's arguments");
            crate::syntax::Call { span: name.span, name, arguments: Vec::new() }
        };
        let schema = self.eat(TokenKind::Colon).then(|| self.plugin_schema());
        Evaluate { call, schema }
    }

    pub(super) fn invoke(&mut self) -> OperatorKind {
        self.may(Expected::Function);
        let function = self.postfix();
        if !matches!(function, Expr::Call(_) | Expr::Method { .. } | Expr::Error { .. }) {
            let hint = "For example: invoke FileProfile(SHA1).";
            self.error(code::EXPECTED, self.here(), "Expected `(` after the function's name.", hint);
        }
        OperatorKind::Invoke { function }
    }

    pub(super) fn render(&mut self) -> Render {
        self.may(Expected::Chart);
        let chart = self.name("a kind of chart");
        let mut properties = Vec::new();
        while self.kind(0) == TokenKind::Word && self.kind(1) == TokenKind::Assign {
            properties.push(self.property(true));
            self.eat(TokenKind::Comma);
        }
        if self.eat_word("with") {
            properties.append(&mut self.properties_in_parens());
        }
        Render { chart, properties }
    }

    pub(super) fn range(&mut self) -> OperatorKind {
        let name = self.name("a column's name");
        self.expect_word("from");
        let from = self.expr();
        self.expect_word("to");
        let to = self.expr();
        let step = self.expect_word("step").then(|| self.expr());
        OperatorKind::Range { name, from, to, step }
    }

    pub(super) fn reduce(&mut self, hints: &mut Vec<Property>) -> OperatorKind {
        *hints = self.parameters(&["kind"]);
        self.expect_word("by");
        let by = self.named_expr();
        let properties = if self.eat_word("with") { self.list(|parser| parser.property(false)) } else { Vec::new() };
        OperatorKind::Reduce { by, properties }
    }
}
