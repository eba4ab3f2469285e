"""The engines that Nenrin is compared with: `peers.py duckdb|clickhouse DIR`, JSON lines in, JSON lines out.

xtask writes the questions and compares the answers; this file only loads the data and runs what it is told.
A question is {"sql": TEXT}, or {"tree": EVENT_ID} which takes several statements as it does in Nenrin.
Rows are turned into text after the clock has stopped.
"""

import json
import os
import shutil
import sys
import time

import pyarrow as pa

THREADS = 2
MEMORY = "10GB"

# Columns of few different values: what someone who knows ClickHouse would declare.
LOW_CARDINALITY = {
    "DeviceId", "DeviceName", "ActionType", "EventTable", "EventGroup", "Outcome", "ErrorName", "TenantId", "Protocol",
    "RemoteIPType", "LocalIPType", "LocalIP", "AccountName", "AccountDomain", "AccountSid", "LogonType",
    "FailureReason", "InitiatingProcessFileName", "InitiatingProcessFolderPath", "InitiatingProcessAccountName",
    "InitiatingProcessAccountDomain", "InitiatingProcessAccountSid", "InitiatingProcessIntegrityLevel",
    "InitiatingProcessTokenElevation", "InitiatingProcessParentFileName", "ProcessIntegrityLevel",
    "ProcessTokenElevation", "ProcessVersionInfoCompanyName", "ProcessVersionInfoOriginalFileName",
    "InitiatingProcessVersionInfoCompanyName", "InitiatingProcessVersionInfoOriginalFileName", "AttributionLevel",
    "AttributionEvidence", "DnsQueryType", "RegistryValueType", "Terminal", "BootId", "StreamEpoch",
    "ProcessWorkingDirectory", "InitiatingProcessSHA256", "InitiatingProcessSHA1", "InitiatingProcessMD5",
}
BLOOM = ["SHA256", "SHA1", "MD5", "RemoteIP", "RemoteUrl", "ProcessUniqueId", "InitiatingProcessUniqueId", "EventId"]


def peak_kib():
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


def size_of(path):
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(os.path.getsize(os.path.join(top, name)) for top, _, names in os.walk(path) for name in names)


def texts(table):
    """Rows of an Arrow table as lists of text, nulls as empty text."""
    columns = []
    for column in table.columns:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        values = []
        for value in column.to_pylist():
            if isinstance(value, bytes):
                value = value.decode()
            values.append("" if value is None else str(value))
        columns.append(values)
    return [list(row) for row in zip(*columns)]


class DuckDb:
    def __init__(self, directory):
        import duckdb

        self.path = os.path.join(directory, "events.duckdb")
        self.connection = duckdb.connect(self.path)
        self.connection.execute(f"SET threads={THREADS}; SET memory_limit='{MEMORY}'; SET preserve_insertion_order=true")
        self.version = duckdb.__version__

    def load(self, files, columns):
        names = ", ".join(f'"{name}"' for name, _ in columns)
        source = f"read_parquet({files!r}, union_by_name=true, hive_partitioning=false)"
        # DuckDB's own min/max per row group need the order; one statement, so that nothing is left behind.
        self.connection.execute(
            f"CREATE TABLE events AS SELECT {names} FROM {source} ORDER BY DeviceId, Timestamp, StreamSeq"
        )
        self.connection.execute("CHECKPOINT")
        self.connection.close()
        import duckdb

        self.connection = duckdb.connect(self.path)
        self.connection.execute(f"SET threads={THREADS}; SET memory_limit='{MEMORY}'")
        return {"bytes": size_of(self.path), "rows": self.run("SELECT count(*) FROM events").column(0)[0].as_py()}

    def run(self, sql):
        if sql.startswith("CREATE"):
            return self.connection.execute(sql) and []
        return self.connection.sql(sql).to_arrow_table()


class ClickHouse:
    def __init__(self, directory):
        from chdb import session

        self.path = os.path.join(directory, "clickhouse")
        self.session = session.Session(self.path)
        self.version = self.session.query("SELECT version()", "TabSeparated").bytes().decode().strip()
        self.run(f"SET max_threads={THREADS}")
        self.run(f"SET max_memory_usage=10000000000")

    def types(self, columns, low):
        parts = []
        for name, kind in columns:
            kind = {"string": "String", "int": "Int32", "long": "Int64", "bool": "Bool", "time": "DateTime64(6, 'UTC')"}[kind]
            key = name in ("DeviceId", "Timestamp", "StreamSeq")
            if kind == "String":
                kind = "LowCardinality(String)" if low and name in LOW_CARDINALITY else "String"
            elif not key:
                kind = f"Nullable({kind})"
            parts.append(f"`{name}` {kind}")
        return parts

    def create(self, table, columns, settings=""):
        names = {name for name, _ in columns}
        parts = self.types(columns, True)
        parts += [f"INDEX b_{name} {name} TYPE bloom_filter(0.01) GRANULARITY 4" for name in BLOOM if name in names]
        self.run(
            f"CREATE TABLE {table} ({', '.join(parts)}) ENGINE = MergeTree ORDER BY (DeviceId, Timestamp, StreamSeq) {settings}"
        )

    def load(self, files, columns):
        self.run("CREATE DATABASE IF NOT EXISTS bench")
        self.create("bench.events", columns)
        plain = ", ".join(self.types(columns, False)).replace("'", "\\'")
        names = ", ".join(f"`{name}`" for name, _ in columns)
        pattern = os.path.join(os.path.dirname(os.path.dirname(files[0])), "*", "*.parquet")
        self.run(f"INSERT INTO bench.events SELECT {names} FROM file('{pattern}', Parquet, '{plain}')")
        self.run("OPTIMIZE TABLE bench.events FINAL")
        sql = "SELECT sum(bytes_on_disk), sum(rows), count() FROM system.parts WHERE active AND database = 'bench'"
        table = self.run(sql)
        # The same table with zstd: only its size is asked, the questions go to the one that is faster to read.
        self.create("bench.small", columns, "SETTINGS default_compression_codec = 'ZSTD(3)'")
        self.run("INSERT INTO bench.small SELECT * FROM bench.events")
        self.run("OPTIMIZE TABLE bench.small FINAL")
        small = self.run("SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'small'")
        self.run("DROP TABLE bench.small SYNC")
        return {
            "bytes": table.column(0)[0].as_py(), "rows": table.column(1)[0].as_py(),
            "parts": table.column(2)[0].as_py(), "bytes_zstd": small.column(0)[0].as_py(),
        }

    def run(self, sql):
        answer = self.session.query(sql, "ArrowStream").bytes()
        return answer if not answer else pa.ipc.open_stream(answer).read_all()


STARTS = "ActionType IN ('ProcessCreated', 'ProcessFound')"
TREE = (
    "Timestamp, StreamSeq, ActionType, FileName, FolderPath, ProcessId, ProcessUniqueId, ProcessCommandLine,"
    " ProcessCreationTime, AccountName, ErrorName, Outcome, InitiatingProcessId, InitiatingProcessUniqueId,"
    " InitiatingProcessFileName, InitiatingProcessFolderPath, InitiatingProcessCommandLine,"
    " InitiatingProcessCreationTime, InitiatingProcessAccountName, InitiatingProcessParentUniqueId,"
    " InitiatingProcessParentId, InitiatingProcessParentFileName, InitiatingProcessParentCreationTime"
)


def quoted(keys):
    return ", ".join("'" + key.replace("'", "''") + "'" for key in keys)


def tree(engine, table, event_id):
    """The process tree around an event, step by step as Nenrin takes it."""
    device, _, seq = event_id.split(":")

    def rows(where):
        sql = f"SELECT {TREE} FROM {table} WHERE DeviceId = '{device}' AND {where} ORDER BY Timestamp, StreamSeq"
        return engine.run(sql).to_pylist()

    def starts(column, keys):
        return rows(f"{column} IN ({quoted(keys)}) AND {STARTS}")

    # The device and the number in its stream are the identity; the text id alone would defeat the sort key.
    sql = f"SELECT * FROM {table} WHERE DeviceId = '{device}' AND StreamSeq = {seq} AND EventId = '{event_id}'"
    event = engine.run(sql).to_pylist()[0]
    own = event["ProcessUniqueId"] if event["EventTable"] == "DeviceProcessEvents" else None
    focus = own or event["InitiatingProcessUniqueId"]
    found = starts("ProcessUniqueId", [focus])
    above = found[-1] if found else None
    parent = (above or {}).get("InitiatingProcessUniqueId") if found else event["InitiatingProcessParentUniqueId"]
    hint = above["InitiatingProcessParentUniqueId"] if above else None
    ancestors, seen = [], {focus}
    while parent and parent not in seen and len(ancestors) < 64:
        seen.add(parent)
        ancestors.append(parent)
        up = starts("ProcessUniqueId", [parent])
        if up:
            parent, hint = up[-1]["InitiatingProcessUniqueId"], up[-1]["InitiatingProcessParentUniqueId"]
        else:
            parent, hint = hint, None
    levels, level = [], [focus]
    for _ in range(2):
        children = {}
        for row in starts("InitiatingProcessUniqueId", level) if level else []:
            if row["ProcessUniqueId"] and row["ProcessUniqueId"] != row["InitiatingProcessUniqueId"]:
                children.setdefault(row["InitiatingProcessUniqueId"], {})[row["ProcessUniqueId"]] = True
        level = [key for of_parent in children.values() for key in list(of_parent)[-200:]]
        levels.append(level)
    keys = ancestors + [focus] + levels[0] + levels[1]
    ended = {row["ProcessUniqueId"] for row in rows(f"ProcessUniqueId IN ({quoted(keys)}) AND ActionType = 'ProcessTerminated'")}
    places = [("ancestor", ancestors), ("focus", [focus]), ("child", levels[0]), ("grandchild", levels[1])]
    return sorted([place, key, "ended" if key in ended else "runs"] for place, keys in places for key in keys)


def answer(engine, table, question):
    if "load" in question:
        started = time.perf_counter()
        facts = engine.load(question["load"], question["columns"])
        return {"seconds": time.perf_counter() - started, "version": engine.version, **facts}
    if "facts" in question:
        return {"peak_kib": peak_kib(), "version": engine.version}
    started = time.perf_counter()
    if "tree" in question:
        rows = tree(engine, table, question["tree"])
        return {"ms": (time.perf_counter() - started) * 1000, "rows": rows}
    result = engine.run(question["sql"])
    ms = (time.perf_counter() - started) * 1000
    return {"ms": ms, "rows": texts(result) if result else []}


def main():
    name, directory = sys.argv[1:3]
    os.makedirs(directory, exist_ok=True)
    if "--fresh" in sys.argv:
        shutil.rmtree(directory)
        os.makedirs(directory)
    engine = DuckDb(directory) if name == "duckdb" else ClickHouse(directory)
    table = "events" if name == "duckdb" else "bench.events"
    for line in sys.stdin:
        try:
            reply = answer(engine, table, json.loads(line))
        except Exception as error:  # The other side decides what an error means.
            reply = {"error": f"{type(error).__name__}: {error}"[:2000]}
        print(json.dumps(reply), flush=True)


main()
