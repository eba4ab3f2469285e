//! Operators with a pipeline of their own: `mv-apply`, `partition`, `fork`, `facet`; and `mv-expand`, which looks alike.

use super::Parser;
use crate::code;
use crate::lexer::TokenKind;
use crate::syntax::{
    Expr, Fork, ForkBranch, MvApply, MvExpand, MvExpandItem, MvExpandKind, NamedExpr, OperatorKind, Partition,
    Pipeline, Property,
};

const EXPANSIONS: &[(&str, MvExpandKind)] = &[("bag", MvExpandKind::Bag), ("array", MvExpandKind::Array)];

impl Parser<'_> {
    pub(super) fn mv_expand(&mut self, hints: &mut Vec<Property>) -> MvExpand {
        *hints = self.parameters(&["kind", "bagexpansion", "with_itemindex"]);
        let kind = Self::take_word_property(hints, &["kind", "bagexpansion"]);
        let kind = self.choice("expansion", kind, EXPANSIONS);
        let item_index = Self::take_word_property(hints, &["with_itemindex"]);
        let items = self.list(Self::mv_expand_item);
        let limit = self.eat_word("limit").then(|| self.expr());
        MvExpand { kind, item_index, items, limit }
    }

    fn mv_expand_item(&mut self) -> MvExpandItem {
        let value = self.named_expr();
        let mut to_type = None;
        if self.eat_word("to") && self.expect_word("typeof") {
            if self.at(TokenKind::LeftParen) {
                to_type = Some(self.within(TokenKind::RightParen, ")", Self::data_type));
            } else {
                self.missing(code::EXPECTED, "`(` and a type");
            }
        }
        MvExpandItem { value, to_type }
    }

    pub(super) fn mv_apply(&mut self, hints: &mut Vec<Property>) -> MvApply {
        *hints = self.parameters(&["with_itemindex"]);
        let item_index = Self::take_word_property(hints, &["with_itemindex"]);
        let items = self.list(Self::mv_expand_item);
        let limit = self.eat_word("limit").then(|| self.expr());
        if self.word(0) == "id" {
            // `id name` only matters to Kusto's distributed plans.
            self.bump();
            self.name("a name");
        }
        self.expect_word("on");
        MvApply { item_index, items, limit, on: self.sub_pipeline_in_parens() }
    }

    fn empty_pipeline(&self) -> Pipeline {
        Pipeline { source: None, operators: Vec::new(), span: self.here() }
    }

    /// `(where x | take 1)`.
    fn sub_pipeline_in_parens(&mut self) -> Pipeline {
        if !self.at(TokenKind::LeftParen) {
            self.missing(code::EXPECTED, "`(` and operators");
            return self.empty_pipeline();
        }
        let fallback = |span| Pipeline { source: None, operators: Vec::new(), span };
        self.nest(fallback, |parser| parser.within(TokenKind::RightParen, ")", Self::sub_pipeline))
    }

    /// `partition by x (…)`, and the older `{…}` with a source.
    pub(super) fn partition(&mut self, hints: &mut Vec<Property>) -> Partition {
        *hints = self.parameters(&[]);
        self.expect_word("by");
        let by = self.partition_key();
        if !self.at(TokenKind::LeftBrace) {
            return Partition { by, body: self.sub_pipeline_in_parens(), is_braced: false };
        }
        let fallback = |span| Pipeline { source: None, operators: Vec::new(), span };
        let body = self.nest(fallback, |parser| {
            parser.within(TokenKind::RightBrace, "}", |parser| {
                if parser.at_operator() { parser.sub_pipeline() } else { parser.pipeline() }
            })
        });
        Partition { by, body, is_braced: true }
    }

    /// A column or a path. Not any expression: the parenthesis behind it opens the pipeline, not a call.
    fn partition_key(&mut self) -> NamedExpr {
        let mut expr = Expr::Name(self.name("a column's name"));
        while self.at(TokenKind::Dot) && self.name_length(1) > 0 && self.grow() {
            self.bump();
            let name = self.name("a name");
            let span = expr.span().to(name.span);
            expr = Expr::Member { base: Box::new(expr), name, span };
        }
        NamedExpr { target: None, span: expr.span(), expr }
    }

    pub(super) fn fork(&mut self) -> Fork {
        let mut branches = Vec::new();
        while branches.is_empty() || self.at(TokenKind::LeftParen) || self.at_named_branch() {
            let name = self.at_named_branch().then(|| self.name("a name"));
            if name.is_some() {
                self.bump();
            }
            branches.push(ForkBranch { name, pipeline: self.branch() });
            if self.gave_up {
                break;
            }
        }
        Fork { branches }
    }

    fn at_named_branch(&self) -> bool {
        let length = self.name_length(0);
        length > 0 && self.kind(length) == TokenKind::Assign
    }

    fn branch(&mut self) -> Pipeline {
        if !self.at(TokenKind::LeftParen) {
            self.missing(code::EXPECTED, "`(` and operators");
            return self.empty_pipeline();
        }
        let fallback = |span| Pipeline { source: None, operators: Vec::new(), span };
        self.nest(fallback, |parser| {
            parser.within(TokenKind::RightParen, ")", |parser| {
                if parser.at_operator() { parser.sub_pipeline() } else { parser.pipeline() }
            })
        })
    }

    pub(super) fn facet(&mut self) -> OperatorKind {
        self.expect_word("by");
        let by = self.list(Self::named_expr);
        let with = self.eat_word("with").then(|| {
            if self.at(TokenKind::LeftParen) {
                return self.sub_pipeline_in_parens();
            }
            let fallback = |span| Pipeline { source: None, operators: Vec::new(), span };
            self.nest(fallback, |parser| {
                let operator = parser.operator();
                Pipeline { source: None, span: operator.span, operators: vec![operator] }
            })
        });
        OperatorKind::Facet { by, with: with.map(Box::new) }
    }
}
