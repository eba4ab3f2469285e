//! Expressions → text, with parentheses where precedence asks for them.

use super::Printer;
use crate::parser::{AND, EQUALITY, OR, PRODUCT, SUM, TEXT};
use crate::syntax::{Argument, BinaryOp, Call, Expr, Literal, UnaryOp};

/// Above all operators: a sign and its operand.
const SIGN: u8 = TEXT + 1;
/// Above that: what can stand before `.name` and `[index]`.
const OPERAND: u8 = SIGN + 1;

/// How tightly an expression holds together.
fn level(expr: &Expr) -> u8 {
    match expr {
        Expr::Or { .. } => OR,
        Expr::And { .. } => AND,
        Expr::List { .. } | Expr::Between { .. } => EQUALITY,
        Expr::Binary { op, .. } => op.level(),
        Expr::Unary { .. } => SIGN,
        Expr::Literal { literal, .. } if is_signed(literal) => SIGN,
        // `1.a` and `1d.a` would be read as other tokens.
        Expr::Literal {
            literal: Literal::Long(Some(_)) | Literal::Real(Some(_)) | Literal::Timespan(Some(_)), ..
        } => SIGN,
        Expr::Literal { .. }
        | Expr::Name(_)
        | Expr::Pattern(_)
        | Expr::Star { .. }
        | Expr::Call(_)
        | Expr::Member { .. }
        | Expr::Method { .. }
        | Expr::Index { .. }
        | Expr::SchemaOf { .. }
        | Expr::TypeOf { .. }
        | Expr::Pipeline(_)
        | Expr::Materialize { .. }
        | Expr::ToScalar { .. }
        | Expr::ToTable { .. }
        | Expr::DataTable { .. }
        | Expr::ExternalData(_)
        | Expr::Error { .. } => OPERAND,
    }
}

/// Printed with a minus in front.
fn is_signed(literal: &Literal) -> bool {
    match literal {
        Literal::Long(Some(value)) | Literal::Timespan(Some(value)) => *value < 0,
        Literal::Real(Some(value)) => value.is_finite() && value.is_sign_negative(),
        _ => false,
    }
}

impl Printer {
    pub(super) fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Literal { literal, .. } => self.literal(literal),
            Expr::Name(name) => self.name(name),
            Expr::Pattern(pattern) => self.pattern(pattern),
            Expr::Star { .. } => self.text("*"),
            Expr::Call(call) => self.call(call),
            Expr::Member { base, name, .. } => {
                self.expr_at(base, OPERAND);
                self.text(".");
                self.name(name);
            }
            Expr::Method { base, call, .. } => {
                self.expr_at(base, OPERAND);
                self.text(".");
                self.call(call);
            }
            Expr::Index { base, index, .. } => {
                self.expr_at(base, OPERAND);
                self.text("[");
                self.expr(index);
                self.text("]");
            }
            Expr::Unary { op, operand, .. } => self.unary(*op, operand),
            Expr::Binary { op, left, right, .. } => self.binary(*op, left, right),
            Expr::And { operands, .. } => self.chain(operands, " and ", AND),
            Expr::Or { operands, .. } => self.chain(operands, " or ", OR),
            Expr::List { op, left, items, .. } => {
                self.expr_at(left, EQUALITY + 1);
                self.text(" ");
                self.text(op.text());
                self.text(" (");
                self.list(items, Self::expr);
                self.text(")");
            }
            Expr::Between { is_negated, value, low, high, .. } => {
                self.expr_at(value, EQUALITY + 1);
                self.text(if *is_negated { " !between (" } else { " between (" });
                self.expr(low);
                self.text(" .. ");
                self.expr(high);
                self.text(")");
            }
            Expr::TypeOf { .. }
            | Expr::SchemaOf { .. }
            | Expr::Pipeline(_)
            | Expr::Materialize { .. }
            | Expr::ToScalar { .. }
            | Expr::ToTable { .. }
            | Expr::DataTable { .. }
            | Expr::ExternalData(_)
            | Expr::Error { .. } => self.special(expr),
        }
    }

    /// In parentheses when it holds together less than `level_min`.
    pub(super) fn expr_at(&mut self, expr: &Expr, level_min: u8) {
        if level(expr) < level_min {
            self.in_parens(expr);
        } else {
            self.expr(expr);
        }
    }

    fn in_parens(&mut self, expr: &Expr) {
        self.text("(");
        self.expr(expr);
        self.text(")");
    }

    /// What can stand where only an operand may: the right side of a join.
    pub(super) fn operand(&mut self, expr: &Expr) {
        self.expr_at(expr, OPERAND);
    }

    fn unary(&mut self, op: UnaryOp, operand: &Expr) {
        self.text(match op {
            UnaryOp::Minus => "-",
            UnaryOp::Plus => "+",
        });
        // A minus right before a number would be read as part of it, so numbers get parentheses too.
        self.expr_at(operand, OPERAND);
    }

    fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr) {
        let level = op.level();
        let chains = matches!(level, SUM | PRODUCT);
        self.expr_at(left, if chains { level } else { level + 1 });
        if op == BinaryOp::Search {
            self.text(":");
        } else {
            self.text(" ");
            self.text(op.text());
            self.text(" ");
        }
        self.expr_at(right, level + 1);
    }

    fn chain(&mut self, operands: &[Expr], separator: &str, level: u8) {
        for (at, operand) in operands.iter().enumerate() {
            if at > 0 {
                self.text(separator);
            }
            self.expr_at(operand, level + 1);
        }
    }

    pub(super) fn call(&mut self, call: &Call) {
        self.function_name(&call.name.text);
        self.text("(");
        self.list(&call.arguments, Self::argument);
        self.text(")");
    }

    fn argument(&mut self, argument: &Argument) {
        if let Some(name) = &argument.name {
            self.name(name);
            self.text("=");
        }
        self.expr(&argument.value);
    }

    /// What looks like a call, or stands in parentheses.
    fn special(&mut self, expr: &Expr) {
        match expr {
            Expr::TypeOf { data_type, .. } => {
                self.text("typeof(");
                self.text(data_type.name());
                self.text(")");
            }
            Expr::SchemaOf { schema, .. } => {
                self.text("typeof");
                self.plugin_schema(schema);
            }
            Expr::Pipeline(pipeline) => {
                self.text("(");
                self.pipeline(pipeline, " ");
                self.text(")");
            }
            Expr::Materialize { pipeline, .. } => self.of_pipeline("materialize(", pipeline),
            Expr::ToScalar { pipeline, .. } => self.of_pipeline("toscalar(", pipeline),
            Expr::ToTable { pipeline, .. } => self.of_pipeline("totable(", pipeline),
            Expr::DataTable { columns, values, .. } => {
                self.text("datatable");
                self.columns(columns);
                self.text(" [");
                self.list(values, Self::expr);
                self.text("]");
            }
            Expr::ExternalData(data) => {
                self.text("externaldata");
                self.columns(&data.columns);
                self.text(" [");
                self.list(&data.locations, Self::expr);
                self.text("]");
                self.properties(&data.properties);
            }
            _ => {}
        }
    }

    fn of_pipeline(&mut self, function: &str, pipeline: &crate::syntax::Pipeline) {
        self.text(function);
        self.pipeline(pipeline, " ");
        self.text(")");
    }
}
