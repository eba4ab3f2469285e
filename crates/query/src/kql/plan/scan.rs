//! `scan`.

use ::kql::Span;
use ::kql::syntax::Scan;

use crate::kql::bind::{Bind, Binder, Env};
use crate::kql::frame::Frame;

impl<'t> Binder<'t> {
    pub(super) fn scan(&mut self, _scan: &'t Scan, _input: Frame, span: Span, _env: &Env<'t>) -> Bind<Frame> {
        self.refuse("KQL139", span, "`scan` is not supported yet.", "")
    }
}
