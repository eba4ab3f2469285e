//! Functions that need to know columns or rows: `column_ifexists`, `pack_all`, `ingestion_time`.

use ::kql::syntax::{Call, Expr as Tree};

use super::{At, Bind, Binder, Bound};
use crate::kql::functions::Special;
use crate::kql::types::{KqlType, Typed};
use crate::kql::value::Value;

impl<'t> Binder<'t> {
    pub(super) fn special(&mut self, special: Special, call: &'t Call, at: At<'_, 't>) -> Bind<Bound> {
        match special {
            Special::ColumnIfExists => self.column_if_exists(call, at),
            Special::IngestionTime => self.ingestion_time(call, at),
            Special::PackAll => self.pack_all(call, at),
            Special::BagPackColumns => self.bag_pack_columns(call, at),
            Special::ToScalar | Special::Materialize => {
                self.refuse("KQL134", call.span, "A table is expected in the parentheses.", "")
            }
            Special::Prev
            | Special::Next
            | Special::RowNumber
            | Special::RowCumSum
            | Special::RowRankDense
            | Special::RowRankMin
            | Special::RowWindowSession => self.window(special, call, at),
        }
    }

    fn column_if_exists(&mut self, call: &'t Call, at: At<'_, 't>) -> Bind<Bound> {
        let [name, default] = call.arguments.as_slice() else {
            return self.refuse("KQL120", call.span, "`column_ifexists` takes a column's name and a default.", "");
        };
        let name = match &name.value {
            Tree::Name(name) if at.env.get(&name.text).is_none() => name.text.clone(),
            tree => self.constant(tree, at)?.0.as_str().to_owned(),
        };
        match at.rows.and_then(|rows| rows.column(&name)) {
            Some(column) => Ok(column.bound()),
            None => self.expr(&default.value, at),
        }
    }

    fn ingestion_time(&mut self, call: &'t Call, at: At<'_, 't>) -> Bind<Bound> {
        let Some(rows) = at.rows else {
            return self.refuse("KQL135", call.span, "`ingestion_time()` is about a row of a table.", "");
        };
        match rows.columns.iter().find(|column| column.name == "IngestionTime" && column.ty == KqlType::DateTime) {
            Some(column) => Ok(column.bound()),
            None => Ok(Self::null(KqlType::DateTime)),
        }
    }

    fn pack_all(&mut self, call: &'t Call, at: At<'_, 't>) -> Bind<Bound> {
        let Some(rows) = at.rows else {
            return self.refuse("KQL135", call.span, "`pack_all()` is about a row of a table.", "");
        };
        let skips_empty = match call.arguments.first() {
            Some(argument) => self.constant(&argument.value, at)?.0.as_bool() == Some(true),
            None => false,
        };
        let mut arguments = Vec::new();
        for column in rows.columns.iter().filter(|column| !column.is_alias) {
            arguments.push(Typed::constant(Value::text(column.name.clone()), KqlType::String));
            arguments.push(column.bound().typed);
        }
        let bag = self.apply("bag_pack", arguments, call.span)?;
        if !skips_empty {
            return Ok(Bound::of(bag));
        }
        Ok(Bound::of(self.apply("bag_without_empty", vec![bag], call.span)?))
    }

    fn bag_pack_columns(&mut self, call: &'t Call, at: At<'_, 't>) -> Bind<Bound> {
        let mut arguments = Vec::new();
        for argument in &call.arguments {
            let Tree::Name(name) = &argument.value else {
                return self.refuse("KQL120", argument.value.span(), "`bag_pack_columns` takes names of columns.", "");
            };
            arguments.push(Typed::constant(Value::text(name.text.clone()), KqlType::String));
            arguments.push(self.typed(&argument.value, at)?);
        }
        Ok(Bound::of(self.apply("bag_pack", arguments, call.span)?))
    }
}
