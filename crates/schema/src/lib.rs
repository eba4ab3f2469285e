//! Every table, column, type and ActionType of Nenrin, declared once. Everything else is derived:
//! Arrow schema, KQL names, wire field numbers, TypeScript types, `docs/schema/`. No I/O, no serde, no arrow.

pub mod action;
pub mod column;
pub mod columns;
pub mod dns;
pub mod record;
pub mod row;
pub mod sample;
pub mod table;
pub mod tables;

pub use action::{ACTIONS, Action, EventGroup};
pub use column::{Column, Type};
pub use columns as col;
pub use row::{Row, Value};
pub use table::Table;
pub use tables::{EVENT_COLUMNS, TABLES};
