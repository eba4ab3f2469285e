"""Opens a Nenrin store's table with other people's engines and compares with what its rows were."""

import json
import sys

import deltalake
import duckdb
import pyarrow

stage, path = sys.argv[1:]
expected = json.load(open(path))
table = deltalake.DeltaTable(expected["table"])
files = sorted(table.file_uris())
problems = []


def check(what, found, wanted):
    if found != wanted:
        problems.append(f"{what}: found {found!r}, not {wanted!r}")


def numbers(engine, query):
    """The same questions to any engine that speaks SQL over a relation `events`."""
    total = query('select count(*) as n, count(distinct "DeviceId") as devices from events')[0]
    check(f"{engine}: rows", total["n"], expected["rows"])
    check(f"{engine}: devices", total["devices"], expected["devices"])
    days = query('select cast("day" as varchar) as day, count(*) as n from events group by 1')
    check(f"{engine}: rows by day", {row["day"]: row["n"] for row in days}, expected["rowsByDay"])
    device = "0" * 39 + "1"
    found = query(
        f"""select sum("ProcessId") as n from events where "DeviceId" = '{device}' and "ActionType" = 'ProcessCreated'
        and "ProcessId" > 50 and "ProcessCommandLine" like '%\u5e74\u8f2a'"""
    )
    check(f"{engine}: sum of process ids of device 1", int(found[0]["n"]), expected["processIdSum"])
    wrong = query("""select count(*) as n from events where "EventId" is null or "Timestamp" is null""")
    check(f"{engine}: rows without id or time", wrong[0]["n"], 0)


def by_deltalake(sql):
    return pyarrow.table(builder.execute(sql)).to_pylist()


def by_duckdb(sql):
    relation = connection.sql(sql)
    return [dict(zip(relation.columns, row)) for row in relation.fetchall()]


check("files", sorted(uri.split("/events/")[-1] for uri in files), sorted(expected["files"]))
check("columns", [field.name for field in table.schema().fields], expected["columns"])
# deltalake's own engine, over log and checkpoint.
builder = deltalake.QueryBuilder().register("events", table)
numbers("deltalake", by_deltalake)
# DuckDB's own reader over the files that the table's log names. (Its Delta extension is a download of its own.)
connection = duckdb.connect()
connection.execute("set timezone = 'UTC'")
listed = ", ".join(f"'{uri.removeprefix('file://')}'" for uri in files)
connection.execute(
    f"create view events as select * from read_parquet([{listed}], union_by_name = true, hive_partitioning = true)"
)
numbers("duckdb", by_duckdb)
unknown = {column[0] for column in connection.sql("describe events").fetchall()} - set(expected["columns"])
check("columns of the files that the table has not", unknown, set())

# Prevalence: files may repeat each other, so each question takes minimum, maximum or union.
runs = f"read_parquet('{expected['prevalence']}/*.parquet')"
found = connection.sql(f"select count(distinct Key) from {runs} where Kind = 'sha256'").fetchall()[0]
check("hashes", found[0], expected["hashes"])
found = connection.sql(
    f"select count(distinct device) from (select unnest(Devices) as device from {runs} where Key = '{7:064x}')"
).fetchall()[0]
check("devices of a hash", found[0], expected["devicesOfHash7"])

for problem in problems:
    print(f"PROBLEM {problem}")
print(
    f"open-formats, {stage}: deltalake {deltalake.__version__} and duckdb {duckdb.__version__} read version "
    f"{table.version()}, {len(files)} files, {expected['rows']} rows: "
    f"{'as they were written' if not problems else 'not as they were written'}"
)
sys.exit(1 if problems else 0)
