//! Every column once: name, type, wire number, prose. Append only; numbers are never reused.
//!
//! The wire numbers run over all families without a hole: a new column gets the next free one, and 1 to 15,
//! which cost one byte instead of two, belong to the columns that most rows set.

use std::sync::LazyLock;

use crate::column::Column;

/// Declares columns. The doc comment becomes `Column::prose`, `as OTHER` makes an alias.
macro_rules! columns {
    ($($(#[doc = $prose:literal])+ $ident:ident: $ty:ident = $name:literal @ $wire:literal $(as $alias:ident)?;)+) => {
        $(
            $(#[doc = $prose])+
            pub static $ident: Column = Column {
                name: $name,
                ty: Type::$ty,
                wire: $wire,
                prose: concat!($($prose),+).trim_ascii(),
                alias_of: columns!(@alias $($alias)?),
            };
        )+
        /// The columns of this family.
        pub(super) static FAMILY: &[&Column] = &[$(&$ident),+];
    };
    (@alias) => { None };
    (@alias $alias:ident) => { Some(&$alias) };
}

mod alert;
mod device;
mod own;
mod process;
mod subject;

pub use alert::*;
pub use device::*;
pub use own::*;
pub use process::*;
pub use subject::*;

/// Every declared column, aliases too, in wire order.
pub static ALL: LazyLock<Vec<&'static Column>> = LazyLock::new(|| {
    let families = [subject::FAMILY, process::FAMILY, device::FAMILY, alert::FAMILY, own::FAMILY];
    let mut columns = families.concat();
    columns.sort_by_key(|column| column.wire);
    columns
});
