//! Tests of the declarations, the row bytes and the files derived from them; one binary.

mod declarations;
mod frozen;
mod generated;
mod markdown;
mod rows;
mod typescript;
