//! `scan`.

use super::Parser;
use crate::code;
use crate::lexer::TokenKind;
use crate::syntax::{Property, Scan, ScanOutput, ScanStep};

impl Parser<'_> {
    pub(super) fn scan(&mut self, hints: &mut Vec<Property>) -> Scan {
        *hints = self.parameters(&["with_match_id", "with_step_name"]);
        let match_id = Self::take_word_property(hints, &["with_match_id"]);
        let mut order_by = Vec::new();
        if self.eat_word("order") {
            self.expect_word("by");
            order_by = self.list(Self::ordered);
        }
        let mut partition_by = Vec::new();
        if self.eat_word("partition") {
            self.expect_word("by");
            partition_by = self.list(Self::named_expr);
        }
        let declare = if self.eat_word("declare") { self.columns() } else { Vec::new() };
        let mut steps = Vec::new();
        if self.expect_word("with") {
            if self.at(TokenKind::LeftParen) {
                steps = self.within(TokenKind::RightParen, ")", Self::scan_steps);
            } else {
                self.missing(code::EXPECTED, "`(` and the steps");
            }
        }
        Scan { match_id, partition_by, order_by, declare, steps }
    }

    fn scan_steps(&mut self) -> Vec<ScanStep> {
        let mut steps = Vec::new();
        while self.eat_word("step") {
            steps.push(self.scan_step());
            self.expect(TokenKind::Semicolon, ";");
        }
        steps
    }

    fn scan_step(&mut self) -> ScanStep {
        let start = self.last_span();
        let name = self.name("a step's name");
        let is_optional = self.eat_word("optional");
        let mut properties = self.parameters(&["output"]);
        let outputs = [("all", ScanOutput::All), ("last", ScanOutput::Last), ("none", ScanOutput::None)];
        let output = Self::take_word_property(&mut properties, &["output"]);
        let output = self.choice("output", output, &outputs);
        self.expect(TokenKind::Colon, ":");
        let condition = self.predicate();
        let assignments = if self.eat(TokenKind::Arrow) { self.list(Self::named_expr) } else { Vec::new() };
        ScanStep { name, is_optional, output, condition, assignments, span: start.to(self.last_span()) }
    }
}
