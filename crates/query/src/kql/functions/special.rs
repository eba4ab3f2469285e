//! Functions that are about rows, columns or tables: entries for names and documentation, evaluated by the binder.

use super::entry::{Function, Parameter, Returns, Special};
use crate::kql::types::KqlType;

const VALUE: &[Parameter] = &[Parameter::any("value")];
const NEIGHBOUR: &[Parameter] =
    &[Parameter::any("value"), Parameter::long("distance").opt(), Parameter::any("default").opt()];
const RANKED: &[Parameter] = &[Parameter::any("value"), Parameter::any("restart").opt()];

/// The functions of this family. Their examples are whole queries.
pub const FUNCTIONS: &[Function] = &[
    Function::special(
        "toscalar",
        VALUE,
        KqlType::Dynamic,
        [
            "The first column of the first row of a table as a constant.",
            "print result = toscalar(range n from 1 to 3 step 1 | summarize sum(n)) + 1",
            "7",
        ],
        Special::ToScalar,
    ),
    Function::special(
        "materialize",
        VALUE,
        KqlType::Dynamic,
        [
            "A table worked out once however often it is used.",
            "let T = materialize(range n from 1 to 3 step 1); T | where n == toscalar(T | summarize max(n))",
            "3",
        ],
        Special::Materialize,
    ),
    Function::special(
        "column_ifexists",
        &[Parameter::text("name"), Parameter::any("default")],
        KqlType::Dynamic,
        [
            "A column when the table has it, else the default.",
            "print a = 1 | project column_ifexists('a', 0), column_ifexists('b', 'none')",
            "1, none",
        ],
        Special::ColumnIfExists,
    )
    .also(&["columnifexists"]),
    Function::special(
        "ingestion_time",
        &[],
        KqlType::DateTime,
        ["When the row was received.", "print a = 1 | project isnull(ingestion_time())", "True"],
        Special::IngestionTime,
    ),
    Function::special(
        "prev",
        NEIGHBOUR,
        KqlType::Dynamic,
        [
            "A value of a row before, in serialized rows.",
            "range n from 1 to 3 step 1 | extend before = prev(n, 1, 0)",
            "1, 0; 2, 1; 3, 2",
        ],
        Special::Prev,
    )
    .returning(Returns::Argument(0)),
    Function::special(
        "next",
        NEIGHBOUR,
        KqlType::Dynamic,
        [
            "A value of a row behind, in serialized rows.",
            "range n from 1 to 3 step 1 | extend behind = next(n, 1, 0)",
            "1, 2; 2, 3; 3, 0",
        ],
        Special::Next,
    )
    .returning(Returns::Argument(0)),
    Function::special(
        "row_number",
        &[Parameter::long("start").opt(), Parameter::any("restart").opt()],
        KqlType::Long,
        [
            "The number of the row, in serialized rows.",
            "range n from 5 to 7 step 1 | extend number = row_number()",
            "5, 1; 6, 2; 7, 3",
        ],
        Special::RowNumber,
    ),
    Function::special(
        "row_cumsum",
        RANKED,
        KqlType::Real,
        [
            "The sum up to the row, in serialized rows.",
            "range n from 1 to 3 step 1 | extend total = row_cumsum(n)",
            "1, 1; 2, 3; 3, 6",
        ],
        Special::RowCumSum,
    )
    .returning(Returns::Argument(0)),
    Function::special(
        "row_rank_dense",
        RANKED,
        KqlType::Long,
        [
            "The rank of the value, in serialized rows.",
            "datatable(n: long)[7, 7, 9] | sort by n asc | extend rank = row_rank_dense(n)",
            "7, 1; 7, 1; 9, 2",
        ],
        Special::RowRankDense,
    ),
    Function::special(
        "row_rank_min",
        RANKED,
        KqlType::Long,
        [
            "The rank of the value with gaps, in serialized rows.",
            "datatable(n: long)[7, 7, 9] | sort by n asc | extend rank = row_rank_min(n)",
            "7, 1; 7, 1; 9, 3",
        ],
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
        [
            "The begin of the session that the row belongs to, in serialized rows.",
            "datatable(t: datetime)[datetime(2024-01-01), datetime(2024-01-01 00:04), datetime(2024-01-01 01:00)] | sort by t asc | project format_datetime(row_window_session(t, 1h, 5m), 'HH:mm')",
            "00:00; 00:00; 01:00",
        ],
        Special::RowWindowSession,
    ),
    Function::special(
        "pack_all",
        &[Parameter::any("ignore_null_empty").opt()],
        KqlType::Dynamic,
        ["All columns of the row as a bag.", "print a = 1, b = 'x' | project pack_all()", "{\"a\":1,\"b\":\"x\"}"],
        Special::PackAll,
    ),
    Function::special(
        "bag_pack_columns",
        &[Parameter::any("column").many()],
        KqlType::Dynamic,
        [
            "Columns of the row as a bag of their names.",
            "print a = 1, b = 'x' | project bag_pack_columns(b)",
            "{\"b\":\"x\"}",
        ],
        Special::BagPackColumns,
    ),
];
