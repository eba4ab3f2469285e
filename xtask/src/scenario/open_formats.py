"""Opens a Nenrin store's table with other people's engines and compares with what the store says is in it."""

import json
import sys

import deltalake
import duckdb
import pyarrow

expected = json.load(open(sys.argv[1]))
table = deltalake.DeltaTable(expected["table"])
files = sorted(table.file_uris())
problems = []


def check(what, found, wanted):
    if found != wanted:
        problems.append(f"{what}: found {found!r}, not {wanted!r}")


check("files", sorted(uri.split("/events/")[-1] for uri in files), sorted(expected["files"]))

# deltalake's own engine, over log and checkpoint.
builder = deltalake.QueryBuilder().register("events", table)


def numbers(query):
    """The same questions to any engine that speaks SQL over a relation `events`."""
    total = query('select count(*) as n, count(distinct "DeviceId") as devices from events')[0]
    check("rows", total["n"], expected["rows"])
    check("devices", total["devices"], expected["devices"])
    days = query('select cast("day" as varchar) as day, count(*) as n from events group by 1')
    check("rows by day", {row["day"]: row["n"] for row in days}, expected["rowsByDay"])
    device = "0" * 39 + "1"
    found = query(
        f"""select count(*) as n from events where "DeviceId" = '{device}' and "ProcessCommandLine" like 'run %'"""
    )
    check("command lines of device 1", found[0]["n"], expected["commandLinesOfDevice1"])
    wrong = query("""select count(*) as n from events where "EventId" is null or "Timestamp" is null""")
    check("rows without id or time", wrong[0]["n"], 0)


def by_deltalake(sql):
    return pyarrow.table(builder.execute(sql)).to_pylist()


def by_duckdb(sql):
    relation = connection.sql(sql)
    return [dict(zip(relation.columns, row)) for row in relation.fetchall()]


numbers(by_deltalake)
# DuckDB's own reader over the files that the table's log names. (Its Delta extension is a download of its own.)
connection = duckdb.connect()
connection.execute("set timezone = 'UTC'")
listed = ", ".join(f"'{uri.removeprefix('file://')}'" for uri in files)
connection.execute(
    f"create view events as select * from read_parquet([{listed}], union_by_name = true, hive_partitioning = true)"
)
numbers(by_duckdb)

# An older state of the table is there as far as its log and files are.
history = table.history(3)
check("history", len(history), 3)

for problem in problems:
    print(f"PROBLEM {problem}")
print(
    f"open-formats: deltalake {deltalake.__version__} and duckdb {duckdb.__version__} read version {table.version()}, "
    f"{len(files)} files, {expected['rows']} rows: {'as the store says' if not problems else 'not what the store says'}"
)
sys.exit(1 if problems else 0)
