//! `make-series` and `top-nested`.

use super::Parser;
use crate::code;
use crate::lexer::TokenKind;
use crate::syntax::{Expr, MakeSeries, MakeSeriesItem, Property, TopNested};

impl Parser<'_> {
    pub(super) fn make_series(&mut self, hints: &mut Vec<Property>) -> MakeSeries {
        *hints = self.parameters(&["kind"]);
        let kind = Self::take_word_property(hints, &["kind"]);
        let is_nonempty = self.choice("kind of make-series", kind, &[("nonempty", true)]).unwrap_or(false);
        let series = self.list(Self::make_series_item);
        self.expect_word("on");
        let on = self.named_expr();
        let mut result = MakeSeries {
            is_nonempty,
            series,
            on,
            from: None,
            to: None,
            step: None,
            is_in_range: false,
            by: Vec::new(),
        };
        if self.at_word("in") {
            self.in_range(&mut result);
        } else {
            result.from = self.eat_word("from").then(|| self.expr());
            result.to = self.eat_word("to").then(|| self.expr());
            result.step = self.expect_word("step").then(|| self.expr());
        }
        result.by = self.by();
        result
    }

    fn make_series_item(&mut self) -> MakeSeriesItem {
        let aggregate = self.aggregate();
        let has_default = self.at_word("default") && self.kind(1) == TokenKind::Assign;
        let default = has_default.then(|| {
            self.bump();
            self.bump();
            self.expr()
        });
        MakeSeriesItem { aggregate, default }
    }

    /// `in range(from, to, step)`, the older form.
    fn in_range(&mut self, series: &mut MakeSeries) {
        self.bump();
        series.is_in_range = true;
        if !(self.expect_word("range") && self.at(TokenKind::LeftParen)) {
            self.missing(code::EXPECTED, "`range(from, to, step)`");
            return;
        }
        let mut bounds = self.within(TokenKind::RightParen, ")", |parser| parser.list(Self::expr)).into_iter();
        series.from = bounds.next();
        series.to = bounds.next();
        series.step = bounds.next();
        if series.step.is_none() || bounds.next().is_some() {
            let span = self.last_span();
            self.error(code::EXPECTED, span, "`range` has three values here: from, to and step.", "");
        }
    }

    /// The levels, outermost first; the first keyword is taken already.
    pub(super) fn top_nested(&mut self) -> Vec<TopNested> {
        let mut levels = Vec::new();
        loop {
            levels.push(self.top_nested_level());
            if !self.eat(TokenKind::Comma) {
                return levels;
            }
            let (keyword, n_tokens) = self.keyword();
            if keyword != "top-nested" {
                self.missing(code::EXPECTED, "`top-nested`");
                return levels;
            }
            for _ in 0..n_tokens {
                self.bump();
            }
        }
    }

    fn top_nested_level(&mut self) -> TopNested {
        let start = self.span();
        let count: Option<Expr> = if self.at_word("of") { None } else { Some(self.expr()) };
        self.expect_word("of");
        let of = self.named_expr();
        let mut others = None;
        if self.eat_word("with") && self.expect_word("others") && self.expect(TokenKind::Assign, "=") {
            others = Some(self.expr());
        }
        self.expect_word("by");
        let by = self.ordered();
        TopNested { count, of, others, by, span: start.to(self.last_span()) }
    }
}
