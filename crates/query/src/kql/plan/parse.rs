//! `parse`, `parse-where`, `parse-kv`.

use ::kql::Span;
use ::kql::syntax::{Column, Expr, Parse, Property};

use crate::kql::bind::{Bind, Binder, Env};
use crate::kql::frame::Frame;

impl<'t> Binder<'t> {
    pub(super) fn parse(
        &mut self,
        _parse: &'t Parse,
        _drops: bool,
        _input: Frame,
        span: Span,
        _env: &Env<'t>,
    ) -> Bind<Frame> {
        self.refuse("KQL139", span, "`parse` is not supported yet.", "")
    }

    pub(super) fn parse_kv(
        &mut self,
        expr: &'t Expr,
        _columns: &'t [Column],
        _properties: &'t [Property],
        _input: Frame,
        _env: &Env<'t>,
    ) -> Bind<Frame> {
        self.refuse("KQL139", expr.span(), "`parse-kv` is not supported yet.", "")
    }
}
