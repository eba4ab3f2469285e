//! KQL over the store: values, types and functions of the language. The syntax tree is `kql`'s, the tables are not
//! known to anything in `value`, `types` and `functions`.

pub mod functions;
pub mod types;
pub mod value;
