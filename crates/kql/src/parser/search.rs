//! `search` and `find`: predicates over all columns of many tables.

use super::Parser;
use crate::code;
use crate::complete::Expected;
use crate::lexer::TokenKind;
use crate::syntax::{DataType, Expr, Find, FindColumns, Name, Property, Search};

impl Parser<'_> {
    pub(super) fn search(&mut self, hints: &mut Vec<Property>) -> Search {
        *hints = self.parameters(&["kind"]);
        let kinds = [("default", false), ("case_insensitive", false), ("case_sensitive", true)];
        let kind = Self::take_word_property(hints, &["kind"]);
        let is_case_sensitive = self.choice("kind of search", kind, &kinds).unwrap_or(false);
        let tables = self.tables_in();
        Search { is_case_sensitive, tables, predicate: self.search_predicate() }
    }

    /// `in (A, B*)`, or nothing.
    fn tables_in(&mut self) -> Vec<Expr> {
        if !self.eat_word("in") {
            return Vec::new();
        }
        if !self.at(TokenKind::LeftParen) {
            self.missing(code::EXPECTED, "`(` and the tables");
            return Vec::new();
        }
        self.within(TokenKind::RightParen, ")", |parser| parser.list(Self::table_or_pattern))
    }

    /// A predicate in which `column: "text"` and a lone `*` are allowed.
    fn search_predicate(&mut self) -> Expr {
        let before = std::mem::replace(&mut self.in_search, true);
        let is_star = self.at(TokenKind::Star)
            && matches!(self.kind(1), TokenKind::Pipe | TokenKind::End | TokenKind::Semicolon | TokenKind::RightParen);
        let predicate = if is_star { Expr::Star { span: self.bump().span } } else { self.predicate() };
        self.in_search = before;
        predicate
    }

    pub(super) fn find(&mut self, hints: &mut Vec<Property>) -> Find {
        *hints = self.parameters(&["withsource", "with_source", "datascope"]);
        let with_source = Self::take_word_property(hints, &["withsource", "with_source"]);
        let has_tables = self.word(0) == "in";
        let tables = self.tables_in();
        if has_tables {
            self.expect_word("where");
        } else {
            self.eat_word("where");
        }
        let predicate = self.search_predicate();
        let columns = match self.keyword() {
            ("project", _) => {
                self.bump();
                Some(self.find_columns())
            }
            ("project-smart", n_tokens) => {
                for _ in 0..n_tokens {
                    self.bump();
                }
                Some(FindColumns::Smart)
            }
            _ => None,
        };
        Find { with_source, tables, predicate, columns, project_away: self.find_away() }
    }

    fn find_away(&mut self) -> Vec<crate::syntax::NamePattern> {
        let ("project-away", n_tokens) = self.keyword() else { return Vec::new() };
        for _ in 0..n_tokens {
            self.bump();
        }
        self.patterns()
    }

    fn find_columns(&mut self) -> FindColumns {
        let mut columns: Vec<(Name, Option<DataType>)> = Vec::new();
        let mut packs_rest = false;
        loop {
            self.may(Expected::Column);
            if self.word(0) == "pack" && self.kind(1) == TokenKind::LeftParen {
                self.bump();
                self.within(TokenKind::RightParen, ")", |parser| parser.expect(TokenKind::Star, "*"));
                packs_rest = true;
            } else {
                let name = self.name("a column's name");
                let data_type = self.eat(TokenKind::Colon).then(|| self.data_type());
                columns.push((name, data_type));
            }
            if !self.eat(TokenKind::Comma) {
                return FindColumns::Project { columns, packs_rest };
            }
        }
    }
}
