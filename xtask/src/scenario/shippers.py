"""Real shippers' clients, from PyPI, each delivering the same sample: argument 1 says what to do, the rest where."""

import collections
import json
import os
import sys
from pathlib import Path


def evtx_files(folder):
    return sorted(path for path in Path(folder).rglob("*.evtx") if path.is_file())


def sample(folder, xml_file, lines_file):
    """One event per line, as XML in a JSON object; and the same events as a file that can be imported."""
    if folder.endswith(".xml"):
        text = Path(folder).read_text(encoding="utf-8")
        events = [part[part.index("<Event") :] + "</Event>" for part in text.split("</Event>") if "<Event " in part]
        events = [event[event.index("<Event ") :] for event in events]
    else:
        from evtx import PyEvtxParser

        events = []
        for path in evtx_files(folder):
            for record in PyEvtxParser(str(path)).records():
                xml = record["data"]
                events.append(xml[xml.index("<Event ") :])
    with open(xml_file, "w", encoding="utf-8", newline="") as out:
        out.write("\n".join(events))
    with open(lines_file, "w", encoding="utf-8") as out:
        for event in events:
            out.write(json.dumps({"message": event}) + "\n")
    print(len(events))


def trust(ca):
    """What the environment names would win over what the client is told."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        os.environ[name] = ca


def messages(lines_file):
    with open(lines_file, encoding="utf-8") as lines:
        return [json.loads(line)["message"] for line in lines]


def evtx2es(folder, port, token):
    import warnings

    warnings.filterwarnings("ignore")
    from evtx2es.presenters.Evtx2esPresenter import Evtx2esPresenter

    for path in evtx_files(folder):
        Evtx2esPresenter(
            path, host="127.0.0.1", port=int(port), scheme="https", login="evtx2es", pwd=token, is_quiet=True
        ).bulk_import()


def otel(lines_file, port, token, ca):
    trust(ca)
    from opentelemetry._logs import LogRecord
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

    exporter = OTLPLogExporter(
        endpoint=f"https://127.0.0.1:{port}/v1/logs",
        headers={"authorization": f"Bearer {token}"},
        certificate_file=ca,
        compression=Compression.Gzip,
    )
    texts = messages(lines_file)
    provider = LoggerProvider()
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter, max_queue_size=max(len(texts), 2048)))
    logger = provider.get_logger("shippers")
    for text in texts:
        logger.emit(LogRecord(body=text))
    provider.force_flush()
    provider.shutdown()


def splunk(lines_file, port, token, ca):
    trust(ca)
    import logging

    from splunk_hec_handler import SplunkHecHandler

    logger = logging.getLogger("shippers")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(SplunkHecHandler("127.0.0.1", token, port=int(port), proto="https", ssl_verify=ca, source="shippers"))
    for text in messages(lines_file):
        logger.info(text)


def rows_of(file):
    answer = json.loads(Path(file).read_text(encoding="utf-8"))
    names = [column["name"] for column in answer["columns"]]
    rows = [dict(zip(names, row)) for row in answer["rows"]]
    return [{name: value for name, value in row.items() if value not in (None, "")} for row in rows]


def compare(client, imported_file, shipped_file):
    """Rows of the import that the client gave too, and what differs first."""
    imported, shipped = rows_of(imported_file), rows_of(shipped_file)
    key = lambda row: json.dumps(row, sort_keys=True)
    left, right = collections.Counter(map(key, imported)), collections.Counter(map(key, shipped))
    same = sum((left & right).values())
    print(f"{client}: rows {same}/{len(imported)}" + ("" if len(shipped) == len(imported) else f", sent {len(shipped)}"))
    columns = collections.Counter()
    others = {(row.get("Timestamp"), row.get("ActionType"), row.get("SourceRecords", "")[:120]): row for row in map(json.loads, (right - left))}
    for row in map(json.loads, (left - right)):
        other = others.get((row.get("Timestamp"), row.get("ActionType"), row.get("SourceRecords", "")[:120]))
        if other is None:
            columns["(no row)"] += 1
            continue
        columns.update(name for name in row.keys() | other.keys() if row.get(name) != other.get(name))
    if columns:
        print("   differ in: " + ", ".join(f"{name} {count}" for name, count in columns.most_common(8)))


globals()[sys.argv[1]](*sys.argv[2:])
