"""Clients written for Defender, unchanged, with Microsoft's host names led to our server by a hosts file. Run by
`cargo xtask scenario clients` after `clients.py`.

Arguments: the same JSON file; `device`, `host` and `apps` (client: {app, secret}) are used here. Prints
`client: calls ok/all` for each. A call that our server refuses because it does not have what MDE has there must get
MDE's own answer for that, 403 DisabledFeature, and nothing else.
"""

import json
import logging
import os
import sys
import tempfile
import urllib.parse
import urllib.request
import warnings
from datetime import datetime, timedelta, timezone

config = json.load(open(sys.argv[1]))
for name in ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"]:
    os.environ[name] = config["ca"]
os.environ["AZURE_IDENTITY_DISABLE_MULTITENANTAUTH"] = "true"
os.environ["HOME"] = tempfile.mkdtemp()
warnings.simplefilter("ignore")
logging.disable(logging.ERROR)

TENANT, DEVICE, HOST = config["tenant"], config["device"], config["host"]
NOW = datetime.now(timezone.utc)
results, notes = {}, {}


def check(client, name, call):
    """Runs a call; one that raises has failed, and why is printed."""
    ok, n_calls = results.setdefault(client, [0, 0])
    try:
        answer = call()
        ok += 1
    except Exception as error:
        answer = None
        print(f"{client}, {name}: {type(error).__name__}: {error}", file=sys.stderr)
    results[client] = [ok, n_calls + 1]
    return answer


def secret_of(client):
    return config["apps"][client]["app"], config["apps"][client]["secret"]


# Values for the parameters of msticpy's built-in queries that have no default.
VALUES = {
    "host_name": HOST, "hostname": HOST, "file_hash": "a" * 40, "file_name": "sh", "filename": "sh", "path": "/usr/bin",
    "ip_address": "127.0.0.1", "ip_addr": "127.0.0.1", "url": "example.com", "domain": "example.com",
    "account_name": "root", "user_name": "root", "process_identifier": "sh", "process_name": "sh",
    "command_line": "sh", "commandline": "sh", "protocol": "Tcp", "alert_id": "da1_1", "ip_address_list": "127.0.0.1",
}


def test_msticpy():
    import msticpy

    for provider, client in [("MDE", "msticpy-mde"), ("M365DGraph", "msticpy-graph")]:
        app, secret = secret_of(client)
        driver = check(client, "provider", lambda: msticpy.QueryProvider(provider))
        connection = {"tenant_id": TENANT, "client_id": app, "client_secret": secret}
        check(client, "connect", lambda: driver.connect(**connection))
        n_rows, n_answered = 0, 0

        def frame(answer):
            assert type(answer).__name__ == "DataFrame", answer
            return len(answer)

        own = "DeviceProcessEvents | where DeviceName == '{}' | take 5 | project Timestamp, FileName, ProcessId"
        answer = check(client, "exec_query", lambda: driver.exec_query(own.format(HOST)))
        assert str(answer["Timestamp"].dtype).startswith("datetime64"), answer.dtypes
        names = sorted(set(driver.list_queries()))
        for name in names:
            family, _, query = name.rpartition(".")
            source = driver.query_store.get_query(name, query_path="")
            values = {key: VALUES.get(key, "x") for key in source.required_params if key not in ("start", "end")}
            run = lambda: frame(driver.exec_query(source.create_query(
                formatters=driver._query_provider.formatters, start=NOW - timedelta(days=1), end=NOW, **values)))
            # FIXME: counted only. Not answered are queries about tables of mail and cloud, those beyond our limit of
            # calls a minute, and some that get 400, of which nobody has looked into the cause yet.
            try:
                n_rows, n_answered = n_rows + run(), n_answered + 1
            except Exception as error:
                print(f"{client}, {name}: not answered: {type(error).__name__}", file=sys.stderr)
        assert n_answered > 0, "no built-in query was answered"
        notes[client] = f"built-in queries answered: {n_answered}/{len(names)}, {n_rows} rows"


def test_check_msdefender():
    import azure.identity
    from check_msdefender.core.defender import DefenderClient
    from check_msdefender.core.exceptions import DefenderAPIError
    from check_msdefender.core.graph import GraphClient
    from check_msdefender.services.incident_detail_service import IncidentDetailService

    client = "check-msdefender"
    app, secret = secret_of(client)
    credential = azure.identity.ClientSecretCredential(TENANT, app, secret)
    defender, graph = DefenderClient(credential), GraphClient(credential)

    def filled(answer):
        assert answer["value"], answer
        return answer

    def disabled(call):
        try:
            call()
        except DefenderAPIError as error:
            assert " 403 " in str(error), error
        else:
            raise AssertionError("nothing was refused")

    machines = check(client, "by name", lambda: filled(defender.get_machine_by_dns_name(HOST)))
    assert machines["value"] == [{"id": DEVICE}], machines
    check(client, "by id", lambda: defender.get_machine_by_id(DEVICE)["healthStatus"])
    check(client, "machines", lambda: filled(defender.list_machines()))
    alerts = check(client, "alerts", lambda: filled(defender.get_alerts()))["value"]
    machine_alerts = check(client, "alerts of a machine", lambda: filled(defender.get_machine_alerts(DEVICE)))["value"]
    incident, alert = alerts[0]["incidentId"], machine_alerts[0]["id"]
    assert {it["incidentId"] for it in machine_alerts} == {it["incidentId"] for it in alerts}
    check(client, "alerts of an incident", lambda: filled(defender.get_incident_alerts(incident)))
    check(client, "alert", lambda: defender.get_alert(alert)["evidence"][0]["entityType"])
    for entity in ["files", "user", "ips", "domains", "machine"]:
        check(client, entity, lambda: defender.get_alert_related(alert, entity))
    check(client, "incident of Graph", lambda: graph.get_security_incident(incident)["alerts"][0]["evidence"][0]["mdeDeviceId"])
    rows = check(client, "hunting of Graph", lambda: graph.run_hunting_query("DeviceProcessEvents | take 3"))
    assert len(rows) == 3, rows
    service = IncidentDetailService(defender, graph_client=graph)
    report = check(client, "incident report", lambda: service.render(service.collect(incident)))
    assert "TIMELINE" in report and "unavailable" not in report, report
    check(client, "vulnerabilities", lambda: disabled(lambda: defender.get_machine_vulnerabilities(DEVICE)))
    check(client, "products", lambda: disabled(lambda: defender.get_products()))
    notes[client] = "2 of them refused with DisabledFeature; incident report of %d lines" % len(report.splitlines())


def test_libre_devops():
    from libre_devops_helpers.core.errors import ApiError
    from libre_devops_helpers.core.timewindow import Window
    from libre_devops_helpers.microsoft.auth.entra import ClientSecretCredential
    from libre_devops_helpers.microsoft.graph.client import GraphClient
    from libre_devops_helpers.microsoft.incidents.client import IncidentsClient
    from libre_devops_helpers.microsoft.xdr.client import XdrClient
    from libre_devops_helpers.microsoft.xdr.timeline import parse_kinds, read_timeline, timeline_query

    client = "libre-devops-helpers"
    tokens = ClientSecretCredential(*secret_of(client), verify=config["ca"])
    xdr = XdrClient.create(tokens, TENANT, verify=config["ca"])
    graph = GraphClient.create(tokens, TENANT, verify=config["ca"])
    incidents = IncidentsClient.create(tokens, TENANT, verify=config["ca"])

    def some(answer):
        assert answer, answer
        return answer

    def disabled(call):
        try:
            call()
        except ApiError as error:
            assert error.status == 403, error
        else:
            raise AssertionError("nothing was refused")

    check(client, "find_machine", lambda: some(xdr.find_machine(HOST).records))
    check(client, "find_machine by FQDN", lambda: some(xdr.find_machine(HOST + ".example.test").records))
    check(client, "machines_starting", lambda: some(xdr.machines_starting(HOST[:3])))
    check(client, "get_machine", lambda: some(xdr.get_machine(DEVICE).computer_dns_name == HOST))
    check(client, "stale_machines", lambda: xdr.stale_machines(timedelta(days=7)))
    check(client, "alerts", lambda: some(xdr.alerts(since=NOW - timedelta(days=1))))
    check(client, "alerts of a machine", lambda: some(xdr.alerts(machine_id=DEVICE)))
    check(client, "indicators", lambda: xdr.indicators())
    check(client, "vulnerabilities", lambda: disabled(lambda: xdr.vulnerabilities(DEVICE)))
    check(client, "hunt", lambda: some(xdr.hunt("DeviceProcessEvents | count").rows))
    window = Window(NOW - timedelta(hours=2), NOW + timedelta(hours=1), "now")
    endpoint = timeline_query(HOST, window, parse_kinds([], device_tables_only=True), 500)
    timeline = check(client, "timeline by Defender", lambda: read_timeline(HOST, xdr.hunt(endpoint), 500))
    assert timeline.events and all(event.time for event in timeline.events)
    whole = timeline_query(HOST, window, [], 5_000)
    timeline = check(client, "timeline by Graph", lambda: read_timeline(HOST, graph.hunt(whole), 5_000))
    kinds = {event.kind for event in timeline.events}
    assert {"process", "file", "alert"} <= kinds, kinds
    check(client, "hunt with a span", lambda: some(graph.hunt("DeviceProcessEvents | count", timespan=timedelta(days=1)).rows))
    found = check(client, "incidents", lambda: some(incidents.incidents(start=NOW - timedelta(days=1), statuses=["active"]).incidents))
    check(client, "incident", lambda: incidents.incident(found[0].id))
    notes[client] = f"1 of them refused with DisabledFeature; timeline of {len(timeline.events)} events, {', '.join(sorted(kinds))}"


def test_thehive():
    """What the responder MSDefenderEndpoints of Cortex-Analyzers sends, which is in no registry: its requests in our words."""
    import requests

    client = "thehive-responder"
    app, secret = secret_of(client)
    form = {
        "resource": "https://api.securitycenter.windows.com", "client_id": app, "client_secret": secret,
        "grant_type": "client_credentials",
    }
    url = f"https://login.windows.net/{TENANT}/oauth2/token"
    answer = check(client, "token", lambda: json.load(urllib.request.urlopen(url, urllib.parse.urlencode(form).encode())))
    session = requests.Session()
    session.headers.update({"Accept": "application/json", "Content-Type": "application/json"})
    session.headers["Authorization"] = "Bearer " + answer["access_token"]
    base = "https://api.securitycenter.windows.com/api"

    def machine(path):
        answer = session.get(base + path, timeout=30)
        assert answer.status_code == 200 and len(answer.content) > 100, answer.text
        first = answer.json()["value"][0]
        return first["id"] if first["aadDeviceId"] is None else first["aadDeviceId"]

    found = check(client, "by name", lambda: machine(f"/machines?$filter=computerDnsName+eq+'{HOST}'"))
    assert found == DEVICE, found
    check(client, "by name, v1.0", lambda: machine(f"/v1.0/machines?$filter=computerDnsName+eq+'{HOST}'"))
    if config["address"]:
        an_hour_ago = (NOW - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        by_ip = f"/machines/findbyip(ip='{config['address']}',timestamp={an_hour_ago})"
        assert check(client, "by address", lambda: machine(by_ip)) == DEVICE

    def disabled(path, body):
        answer = session.post(base + path, json=body, timeout=30)
        assert answer.status_code == 403 and answer.json()["error"]["code"] == "DisabledFeature", answer.text

    n_before = results[client][1]
    for action, more in [
        ("isolate", {"IsolationType": "Full"}), ("unisolate", {}), ("runAntiVirusScan", {"ScanType": "Full"}),
        ("restrictCodeExecution", {}), ("unrestrictCodeExecution", {}), ("startInvestigation", {}),
    ]:
        check(client, action, lambda: disabled(f"/machines/{found}/{action}", {"Comment": "case 1", **more}))
    for action in ["Alert", "AlertAndBlock"]:
        body = {
            "indicatorValue": "203.0.113.9", "indicatorType": "IpAddress", "action": action, "title": "t",
            "severity": "High", "description": "d", "recommendedActions": "N/A",
        }
        check(client, action, lambda: disabled("/indicators", body))
    notes[client] = f"{results[client][1] - n_before} of them refused with DisabledFeature"


for test in [test_thehive, test_check_msdefender, test_libre_devops, test_msticpy]:
    check(test.__name__[5:] + " (whole)", "test", test)
for client, (ok, n_calls) in results.items():
    if "(whole)" not in client or ok < n_calls:
        print(f"{client} (fixed): {ok}/{n_calls}" + (f" ({notes[client]})" if client in notes else ""))
sys.exit(0 if all(ok == n_calls for ok, n_calls in results.values()) else 1)
