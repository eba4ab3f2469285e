//! `evaluate`, `FileProfile` and `SeenBy`.

use ::kql::Span;
use ::kql::syntax::{Call, Evaluate};

use crate::kql::bind::{Bind, Binder, Env};
use crate::kql::frame::Frame;

impl<'t> Binder<'t> {
    pub(super) fn evaluate(
        &mut self,
        _evaluate: &'t Evaluate,
        _input: Option<Frame>,
        span: Span,
        _env: &Env<'t>,
    ) -> Bind<Frame> {
        self.refuse("KQL139", span, "`evaluate` is not supported yet.", "")
    }

    pub(super) fn enrich(&mut self, call: &'t Call, _input: Frame, _env: &Env<'t>) -> Bind<Frame> {
        self.refuse("KQL139", call.span, "`invoke` is not supported yet.", "")
    }
}

/// Whether an address is not one of a private network.
pub(crate) fn is_public(_address: &str) -> bool {
    false
}
