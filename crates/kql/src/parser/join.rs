//! Operators over several tables: `join`, `lookup`, `union`.

use super::Parser;
use crate::code;
use crate::complete::Expected;
use crate::lexer::TokenKind;
use crate::syntax::{Expr, Join, JoinCondition, JoinKind, NamePattern, Property, Union, UnionKind};

const JOIN_KINDS: &[(&str, JoinKind)] = &[
    ("innerunique", JoinKind::InnerUnique),
    ("inner", JoinKind::Inner),
    ("leftouter", JoinKind::LeftOuter),
    ("rightouter", JoinKind::RightOuter),
    ("fullouter", JoinKind::FullOuter),
    ("leftsemi", JoinKind::LeftSemi),
    ("rightsemi", JoinKind::RightSemi),
    ("leftanti", JoinKind::LeftAnti),
    ("anti", JoinKind::LeftAnti),
    ("leftantisemi", JoinKind::LeftAnti),
    ("rightanti", JoinKind::RightAnti),
    ("rightantisemi", JoinKind::RightAnti),
];

impl JoinKind {
    /// The name KQL prints.
    pub fn name(self) -> &'static str {
        JOIN_KINDS.iter().find(|(_, kind)| *kind == self).map_or("inner", |(name, _)| name)
    }
}

impl Parser<'_> {
    pub(super) fn join(&mut self, hints: &mut Vec<Property>) -> Join {
        *hints = self.parameters(&["kind", "withsource"]);
        let kind = Self::take_word_property(hints, &["kind"]);
        let kind = self.choice("kind of join", kind, JOIN_KINDS);
        let right = self.table();
        let on = if self.eat_word("on") { self.join_conditions() } else { Vec::new() };
        Join { kind, right, on }
    }

    pub(super) fn lookup(&mut self, hints: &mut Vec<Property>) -> Join {
        *hints = self.parameters(&["kind"]);
        let kinds = [("leftouter", JoinKind::LeftOuter), ("inner", JoinKind::Inner)];
        let kind = Self::take_word_property(hints, &["kind"]);
        let kind = self.choice("kind of lookup", kind, &kinds);
        let right = self.table();
        let on = if self.expect_word("on") { self.join_conditions() } else { Vec::new() };
        Join { kind, right, on }
    }

    fn join_conditions(&mut self) -> Vec<JoinCondition> {
        self.list(|parser| {
            parser.may(Expected::Column);
            match parser.predicate() {
                Expr::Name(name) => JoinCondition::Column(name),
                condition => JoinCondition::Expr(condition),
            }
        })
    }

    /// The right side: a name, a call, or a pipeline in parentheses.
    fn table(&mut self) -> Expr {
        self.may(Expected::Source);
        self.isolate(Self::postfix)
    }

    pub(super) fn union(&mut self, hints: &mut Vec<Property>) -> Union {
        *hints = self.parameters(&["kind", "withsource", "with_source", "isfuzzy"]);
        let kinds = [("inner", UnionKind::Inner), ("outer", UnionKind::Outer)];
        let kind = Self::take_word_property(hints, &["kind"]);
        let kind = self.choice("kind of union", kind, &kinds);
        let with_source = Self::take_word_property(hints, &["withsource", "with_source"]);
        let is_fuzzy = Self::take_word_property(hints, &["isfuzzy"]);
        let fuzzy = [("true", true), ("True", true), ("false", false), ("False", false)];
        let is_fuzzy = self.choice("value for isfuzzy", is_fuzzy, &fuzzy).unwrap_or(false);
        Union { kind, with_source, is_fuzzy, tables: self.list(Self::table_or_pattern) }
    }

    /// A table among several: with wildcards, also behind `database("x").`.
    pub(super) fn table_or_pattern(&mut self) -> Expr {
        self.may(Expected::Source);
        let length = self.pattern_length(0);
        if length > 0 {
            return Expr::Pattern(self.pattern());
        }
        let base = self.isolate(Self::postfix_of_table);
        if !self.at(TokenKind::Dot) {
            return base;
        }
        // `database("x").T*`: the database is the only one there is, the pattern says which tables.
        self.bump();
        let NamePattern { span, text, is_pattern } = self.pattern();
        let pattern = NamePattern { span: base.span().to(span), text, is_pattern };
        if !matches!(base, Expr::Call(_) | Expr::Method { .. }) {
            self.error(code::UNEXPECTED, base.span(), "Only `database(…)` can stand before a pattern.", "");
        }
        Expr::Pattern(pattern)
    }

    /// An operand and what hangs on it, up to a pattern.
    fn postfix_of_table(&mut self) -> Expr {
        let is_qualified = matches!(self.word(0), "database" | "cluster") && self.kind(1) == TokenKind::LeftParen;
        if !is_qualified {
            return self.postfix();
        }
        let name = self.name("a name");
        let mut base = Expr::Call(self.call(name));
        while self.at(TokenKind::Dot) && self.pattern_length(1) == 0 && !self.gave_up {
            base = self.member(base);
            if !self.grow() {
                break;
            }
        }
        base
    }
}
