//! Functions that are about rows, columns or tables: entries for names and documentation, evaluated by the binder.

use super::entry::{Function, Parameter, Returns, Special};
use crate::kql::types::KqlType;

const VALUE: &[Parameter] = &[Parameter::any("value")];
const NEIGHBOUR: &[Parameter] =
    &[Parameter::any("value"), Parameter::long("distance").opt(), Parameter::any("default").opt()];
const RANKED: &[Parameter] = &[Parameter::any("value"), Parameter::any("restart").opt()];

/// The functions of this family. Their examples are in the documents of `tests/kql`, where they have rows.
pub const FUNCTIONS: &[Function] = &[
    Function::special(
        "toscalar",
        VALUE,
        KqlType::Dynamic,
        ["The first column of the first row of a table as a constant.", "", ""],
        Special::ToScalar,
    ),
    Function::special(
        "materialize",
        VALUE,
        KqlType::Dynamic,
        ["A table worked out once however often it is used.", "", ""],
        Special::Materialize,
    ),
    Function::special(
        "column_ifexists",
        &[Parameter::text("name"), Parameter::any("default")],
        KqlType::Dynamic,
        ["A column when the table has it, else the default.", "", ""],
        Special::ColumnIfExists,
    )
    .also(&["columnifexists"]),
    Function::special(
        "ingestion_time",
        &[],
        KqlType::DateTime,
        ["When the row was received.", "", ""],
        Special::IngestionTime,
    ),
    Function::special(
        "prev",
        NEIGHBOUR,
        KqlType::Dynamic,
        ["A value of a row before, in serialized rows.", "", ""],
        Special::Prev,
    )
    .returning(Returns::Argument(0)),
    Function::special(
        "next",
        NEIGHBOUR,
        KqlType::Dynamic,
        ["A value of a row behind, in serialized rows.", "", ""],
        Special::Next,
    )
    .returning(Returns::Argument(0)),
    Function::special(
        "row_number",
        &[Parameter::long("start").opt(), Parameter::any("restart").opt()],
        KqlType::Long,
        ["The number of the row, in serialized rows.", "", ""],
        Special::RowNumber,
    ),
    Function::special(
        "row_cumsum",
        RANKED,
        KqlType::Real,
        ["The sum up to the row, in serialized rows.", "", ""],
        Special::RowCumSum,
    )
    .returning(Returns::Argument(0)),
    Function::special(
        "row_rank_dense",
        RANKED,
        KqlType::Long,
        ["The rank of the value, in serialized rows.", "", ""],
        Special::RowRankDense,
    ),
    Function::special(
        "row_rank_min",
        RANKED,
        KqlType::Long,
        ["The rank of the value with gaps, in serialized rows.", "", ""],
        Special::RowRankMin,
    ),
    Function::special(
        "row_window_session",
        &[
            Parameter::datetime("time"),
            Parameter::timespan("longest"),
            Parameter::timespan("gap"),
            Parameter::any("restart").opt(),
        ],
        KqlType::DateTime,
        ["The begin of the session that the row belongs to, in serialized rows.", "", ""],
        Special::RowWindowSession,
    ),
    Function::special(
        "pack_all",
        &[Parameter::any("ignore_null_empty").opt()],
        KqlType::Dynamic,
        ["All columns of the row as a bag.", "", ""],
        Special::PackAll,
    ),
    Function::special(
        "bag_pack_columns",
        &[Parameter::any("column").many()],
        KqlType::Dynamic,
        ["Columns of the row as a bag of their names.", "", ""],
        Special::BagPackColumns,
    ),
];
