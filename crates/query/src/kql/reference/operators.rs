//! Tabular operators, what makes rows, and statements.

use super::{Entry, refused, supported};

/// What may follow a pipe.
pub const TABULAR: &[Entry] = &[
    supported("where", "T | where Predicate", [
        "Keeps the rows that fulfil a condition.",
        "range x from 1 to 5 step 1 | where x > 3",
        "4; 5",
    ])
    .also(&["filter"]),
    supported("extend", "T | extend [Name =] Expression, …", [
        "Adds columns, or replaces those of the same name.",
        "print x = 2 | extend y = x * 10",
        "2, 20",
    ]),
    supported("project", "T | project [Name =] Expression, …", [
        "The named columns and no others, in that order.",
        "print x = 2, y = 3 | project z = x + y, x",
        "5, 2",
    ]),
    supported("project-away", "T | project-away Column, Prefix*, …", [
        "Leaves out columns.",
        "print a1 = 1, a2 = 2, b = 3 | project-away a*",
        "3",
    ]),
    supported("project-keep", "T | project-keep Column, Prefix*, …", [
        "Keeps columns in the order that they have.",
        "print a = 1, b = 2, c = 3 | project-keep c, a",
        "1, 3",
    ]),
    supported("project-rename", "T | project-rename New = Old, …", [
        "Renames columns.",
        "print a = 1 | project-rename b = a | project b",
        "1",
    ]),
    supported("project-reorder", "T | project-reorder Column, Prefix* [asc | desc | granny-asc | granny-desc], …", [
        "Puts columns first; the others follow.",
        "print a = 1, b = 2, c = 3 | project-reorder c, b",
        "3, 2, 1",
    ]),
    supported("summarize", "T | summarize [Name =] Aggregate, … [by [Name =] Expression, …]", [
        "One row for each group, with aggregates. Without groups one row in any case.",
        "range x from 1 to 5 step 1 | summarize n = count(), total = sum(x) by is_odd = x % 2 == 1 | sort by n asc",
        "False, 2, 6; True, 3, 9",
    ]),
    supported("distinct", "T | distinct Column, … | *", [
        "The different combinations of columns.",
        "range x from 1 to 6 step 1 | distinct y = x % 2 | sort by y asc",
        "0; 1",
    ]),
    supported("count", "T | count [as Name]", [
        "The number of rows.",
        "range x from 1 to 6 step 1 | count",
        "6",
    ]),
    supported("take", "T | take N", [
        "N rows: which ones is not said, but the same data gives the same rows.",
        "range x from 1 to 6 step 1 | take 4 | count",
        "4",
    ])
    .also(&["limit"]),
    supported("sample", "T | sample N", [
        "N rows, chosen by a seed that is always the same.",
        "range x from 1 to 6 step 1 | sample 3 | count",
        "3",
    ]),
    supported("sample-distinct", "T | sample-distinct N of Column", [
        "N different values of a column.",
        "range x from 1 to 6 step 1 | extend y = x % 3 | sample-distinct 5 of y | count",
        "3",
    ]),
    supported("sort", "T | sort by Expression [asc | desc] [nulls first | nulls last], …", [
        "Sorts; largest first unless `asc` is written. The order holds for the operators behind it.",
        "range x from 1 to 3 step 1 | sort by x",
        "3; 2; 1",
    ])
    .also(&["order"]),
    supported("top", "T | top N by Expression [asc | desc] [nulls first | nulls last]", [
        "The first N rows of a sort.",
        "range x from 1 to 9 step 1 | top 2 by x",
        "9; 8",
    ]),
    supported("top-hitters", "T | top-hitters N of Expression [by Weight]", [
        "The N most frequent values; here counted exactly.",
        "range x from 1 to 7 step 1 | extend y = x % 3 | top-hitters 1 of y",
        "1, 3",
    ]),
    supported("top-nested", "T | top-nested [N] of Expression [with others = Value] by Aggregate, top-nested …", [
        "The largest groups, in each the largest groups within, and so on.",
        "datatable(a: string, b: string)['p', 'x', 'p', 'x', 'p', 'y', 'q', 'z'] | top-nested 1 of a by count(), top-nested 1 of b by count()",
        "p, 3, x, 2",
    ]),
    supported("join", "T | join [kind = Kind] (Table) on Column, $left.A == $right.B, …", [
        "Rows of two tables that agree in columns. Kinds: innerunique (the default: one left row for each key), inner, leftouter, rightouter, fullouter, leftsemi, rightsemi, leftanti, rightanti and their other spellings.",
        "datatable(k: long, a: string)[1, 'x', 2, 'y'] | join kind=inner (datatable(k: long, b: string)[2, 'z']) on k | project k, a, b",
        "2, y, z",
    ]),
    supported("lookup", "T | lookup [kind = leftouter | inner] (Table) on Column, …", [
        "Adds the columns of a table with facts; the key is not repeated.",
        "datatable(k: long)[1, 2] | lookup (datatable(k: long, b: string)[2, 'z']) on k | sort by k asc",
        "1, ; 2, z",
    ]),
    supported("union", "[T |] union [kind = inner | outer] [withsource = Name] [isfuzzy = true] Table, Prefix*, …", [
        "The rows of several tables under each other.",
        "union (print a = 1), (print b = 2) | summarize sum(a), sum(b)",
        "1, 2",
    ]),
    supported("mv-expand", "T | mv-expand [bagexpansion = bag | array] [with_itemindex = Name] [Name =] Expression [to typeof(Type)], … [limit N]", [
        "One row for each member of an array or bag.",
        "print a = dynamic([5, 6]) | mv-expand with_itemindex = i a to typeof(long)",
        "5, 0; 6, 1",
    ])
    .also(&["mvexpand"]),
    supported("mv-apply", "T | mv-apply [Name =] Expression [to typeof(Type)] [limit N] on (Pipeline)", [
        "A pipeline over the members of an array, for each row.",
        "print a = dynamic([5, 9, 7]) | mv-apply x = a to typeof(long) on (top 1 by x) | project x",
        "9",
    ])
    .also(&["mvapply"]),
    supported("parse", "T | parse [kind = simple | regex | relaxed] Expression with \"text\" Name[: Type] …", [
        "Columns out of a text by a pattern; rows that don't fit get nulls.",
        "print s = 'user=ann port=22' | parse s with 'user=' user ' port=' port: int | project user, port",
        "ann, 22",
    ]),
    supported("parse-where", "T | parse-where [kind = …] Expression with …", [
        "The same, but rows that don't fit go.",
        "datatable(s: string)['a=1', 'b'] | parse-where s with 'a=' n: long | project n",
        "1",
    ]),
    supported("parse-kv", "T | parse-kv Expression as (Key: Type, …) [with (pair_delimiter = …, kv_delimiter = …, quote = …)]", [
        "Columns out of a text of keys and values.",
        "print s = 'user:ann,port:22' | parse-kv s as (user: string, port: int) with (pair_delimiter = ',', kv_delimiter = ':') | project user, port",
        "ann, 22",
    ]),
    supported("make-series", "T | make-series [Name =] Aggregate [default = Value], … on Time [from A to B] step S [by Key, …]", [
        "Arrays of an aggregate over equal steps of time, steps without rows too.",
        "datatable(t: datetime)[datetime(2024-01-01), datetime(2024-01-03)] | make-series n = count() on t from datetime(2024-01-01) to datetime(2024-01-04) step 1d | project n",
        "[1,0,1]",
    ]),
    supported("serialize", "T | serialize [Name = Expression, …]", [
        "Fixes the order of rows, so that `prev`, `next` and `row_number` may be used.",
        "range x from 1 to 3 step 1 | serialize n = row_number() | where x == 3 | project n",
        "3",
    ]),
    supported("scan", "T | scan [declare (Name: Type = Value, …)] with (step Name [output = all | last | none]: Condition => Name = Value, …; …)", [
        "Goes through sorted rows and matches sequences of steps.",
        "range x from 1 to 4 step 1 | scan declare (total: long = 0) with (step s: true => total = x + s.total;) | project total",
        "1; 3; 6; 10",
    ]),
    supported("partition", "T | partition [hint.strategy = …] by Column (Pipeline)", [
        "A pipeline over the rows of each value of a column.",
        "range x from 1 to 6 step 1 | extend k = x % 2 | partition by k (top 1 by x) | project x | sort by x asc",
        "5; 6",
    ]),
    supported("search", "[T |] search [kind = case_sensitive] [in (Table, …)] Condition", [
        "Rows in which any column has a term, or that fulfil a condition; `$table` says where they are from.",
        "datatable(a: string, b: string)['red fox', 'x', 'dog', 'fox'] | search 'fox' and a: 'dog' | project a",
        "dog",
    ]),
    supported("find", "find [in (Table, …)] where Condition [project Column, …]", [
        "Rows of several tables that fulfil a condition, with the columns that it names.",
        "let A = datatable(a: long)[1, 2]; find in (A) where a == 2 project a",
        "A, 2",
    ]),
    supported("evaluate", "[T |] evaluate Plugin(Arguments) [: (Name: Type, …)]", [
        "A plugin: see below.",
        "print b = dynamic({'x': 1}) | evaluate bag_unpack(b)",
        "1",
    ]),
    supported("invoke", "T | invoke Function(Arguments)", [
        "A function of the query whose first parameter is a table.",
        "let odd = (T: (x: long)) { T | where x % 2 == 1 }; range x from 1 to 3 step 1 | invoke odd()",
        "1; 3",
    ]),
    supported("as", "T | as Name", [
        "A name for the rows up to here, for the operators behind it.",
        "range x from 1 to 3 step 1 | as T | where x == toscalar(T | summarize max(x))",
        "3",
    ]),
    supported("render", "T | render Chart [with (Property = Value, …)]", [
        "How the answer wants to be shown. The rows stay as they are; the answer names the chart.",
        "print x = 1 | render piechart",
        "1",
    ]),
    supported("getschema", "T | getschema", [
        "The columns: name, place and types.",
        "print a = 1 | getschema | project ColumnName, ColumnType",
        "a, long",
    ]),
    supported("assert-schema", "T | assert-schema (Name: Type, …)", [
        "Refuses the query when the columns are others.",
        "print a = 1 | assert-schema (a: long)",
        "1",
    ]),
    supported("consume", "T | consume", [
        "Runs everything before it and gives no rows.",
        "range x from 1 to 3 step 1 | consume",
        "",
    ]),
    refused("fork", "T | fork [Name =] (Pipeline) …", [
        "Several answers out of one input: write a query for each.",
        "print a = 1 | fork (project a) (count)",
        "KQL139",
    ]),
    refused("facet", "T | facet by Column, … [with (Pipeline)]", [
        "Several answers, one for each column: write a `summarize count() by` for each.",
        "print a = 1 | facet by a",
        "KQL139",
    ]),
    refused("reduce", "T | reduce by Column", [
        "Patterns of texts found by a heuristic: cut the text with `replace_regex` and count.",
        "print a = 'x' | reduce by a",
        "KQL139",
    ]),
    refused("make-graph", "T | make-graph Source --> Target with …", [
        "Graphs: join the tables; a process tree is in `nenrin` itself.",
        "print a = 1, b = 2 | make-graph a --> b",
        "KQL013",
    ]),
    refused("graph-match", "G | graph-match (a)-[e]->(b) …", [
        "Graphs: join the tables.",
        "print a = 1 | graph-match (a)-[e]->(b) project a",
        "KQL013",
    ])
    .also(&[
        "graph-mark-components",
        "graph-shortest-paths",
        "graph-to-table",
        "graph-where-edges",
        "graph-where-nodes",
    ]),
    refused("macro-expand", "macro-expand Group as Name (Pipeline)", [
        "A pipeline for several clusters: there is one database here.",
        "macro-expand entity_group [cluster('a').database('b')] as X (X.T | count)",
        "KQL013",
    ]),
    refused("project-by-names", "T | project-by-names Names", [
        "Columns by names that are values: write `project`.",
        "print a = 1 | project-by-names 'a'",
        "KQL013",
    ]),
];

/// What a pipeline begins with, besides the tables.
pub const SOURCES: &[Entry] = &[
    supported("print", "print [Name =] Expression, …", ["One row of values.", "print a = 1, b = 'x'", "1, x"]),
    supported(
        "range",
        "range Name from Start to Stop step Step",
        ["Rows of equally distant values.", "range x from 10 to 20 step 5", "10; 15; 20"],
    ),
    supported(
        "datatable",
        "datatable (Name: Type, …) [Value, …]",
        ["A table written into the query.", "datatable (a: long, b: string) [1, 'x', 2, 'y']", "1, x; 2, y"],
    ),
    supported(
        "materialize",
        "materialize(Pipeline)",
        [
            "A table under a name. Here it is worked out anew at each use; the rows are the same.",
            "let T = materialize(range x from 1 to 3 step 1); T | join kind=inner T on x | count",
            "3",
        ],
    ),
    supported(
        "toscalar",
        "toscalar(Pipeline)",
        ["The first column of the first row as a constant.", "print x = toscalar(range x from 7 to 9 step 1)", "7"],
    ),
    supported("totable", "totable(Pipeline)", ["A table as a table.", "totable(print a = 1)", "1"]),
    supported("table", "table('Name')", ["A table by its name.", "table('DeviceProcessEvents') | count", "0"]),
    supported(
        "externaldata",
        "externaldata (Name: Type, …) [Address] [with (…)]",
        [
            "A table from a web address. Off: an empty table of these columns, and a warning.",
            "externaldata (a: string) ['https://example.com/list.txt'] | count",
            "0",
        ],
    ),
];

/// Statements; `;` stands between them.
pub const STATEMENTS: &[Entry] = &[
    supported(
        "let",
        "let Name = Expression; let Name = (Parameter: Type = Default, …) { Body };",
        [
            "A name for a value, a table, or a function with parameters.",
            "let twice = (x: long) { x * 2 }; print twice(21)",
            "42",
        ],
    ),
    supported(
        "declare query_parameters",
        "declare query_parameters (Name: Type = Default, …);",
        [
            "Values that the request gives; each needs a default or one from the request.",
            "declare query_parameters (n: long = 3); print n",
            "3",
        ],
    ),
    supported(
        "set",
        "set Option [= Value];",
        ["Options of Kusto's engine: accepted, without effect, with a warning.", "set notruncation; print 1", "1"],
    ),
    refused(
        "alias",
        "alias database Name = …;",
        ["There is one database here.", "alias database A = cluster('x').database('y'); print 1", "KQL013"],
    ),
    refused(
        "restrict",
        "restrict access to (Table, …);",
        [
            "What someone may see is set by the server, not in the text.",
            "restrict access to (DeviceInfo); print 1",
            "KQL013",
        ],
    ),
    refused(
        "declare pattern",
        "declare pattern Name = (…) […] { … };",
        ["Write a `let` function.", "declare pattern p = (a: string) { ('x') = { print 1 }; }; print 1", "KQL013"],
    ),
];
