//! Sigma's fields on our columns.

use detect::Platform;
use serde_json::json;

use crate::support::{fields, hits};

#[test]
fn a_created_process_and_its_parent() {
    let fields = fields(
        Platform::Windows,
        &json!({"ActionType": "ProcessCreated", "FolderPath": "C:\\a\\b.exe", "FileName": "b.exe",
            "ProcessCommandLine": "b.exe /x", "AccountDomain": "CORP", "AccountName": "ann", "SHA1": "aa", "MD5": "bb",
            "InitiatingProcessFileName": "cmd.exe", "InitiatingProcessParentFileName": "explorer.exe", "ProcessId": 42}),
    );
    for (name, value) in [
        ("Image", "C:\\a\\b.exe"),
        ("CommandLine", "b.exe /x"),
        ("User", "CORP\\ann"),
        ("Hashes", "SHA1=aa,MD5=bb"),
        ("ParentImage", "\\cmd.exe"),
        ("GrandParentImage", "\\explorer.exe"),
        ("ProcessId", "42"),
    ] {
        assert_eq!(fields.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert_eq!(fields.get("OriginalFileName"), None);
}

#[test]
fn registry_as_sysmon_writes_it() {
    let set = |ty: &str, data: &str| {
        let row = json!({"ActionType": "RegistryValueSet", "RegistryKey": "HKEY_LOCAL_MACHINE\\Software\\X",
            "RegistryValueName": "V", "RegistryValueType": ty, "RegistryValueData": data});
        let fields = fields(Platform::Windows, &row);
        assert_eq!(fields["TargetObject"], "HKLM\\Software\\X\\V");
        assert_eq!(fields["EventType"], "SetValue");
        fields["Details"].clone()
    };
    assert_eq!(set("Dword", "1"), "DWORD (0x00000001)");
    assert_eq!(set("Qword", "4294967298"), "QWORD (0x00000001-0x00000002)");
    assert_eq!(set("Binary", "0a0b"), "Binary Data");
    assert_eq!(set("String", "text"), "text");
}

#[test]
fn connections_and_names() {
    let out = json!({"ActionType": "ConnectionSuccess", "RemoteIP": "10.1.2.3", "RemotePort": 443, "LocalIP": "::1"});
    let network = "category: network_connection";
    let check = |selection, json, expected| {
        assert_eq!(hits(Platform::Linux, network, selection, json), expected, "{selection}");
    };
    check("DestinationIp|cidr: 10.0.0.0/8", &out, true);
    check("DestinationIp|cidr: 192.168.0.0/16", &out, false);
    check("DestinationPort: 443", &out, true);
    check("DestinationPort: 44", &out, false);
    check("Initiated: 'true'", &out, true);
    check("Initiated: true", &out, true);
    check("SourceIsIpv6: 'true'", &out, true);
    let incoming = json!({"ActionType": "InboundConnectionAccepted", "RemoteIP": "10.1.2.3"});
    check("Initiated: 'false'", &incoming, true);
    let dns =
        json!({"ActionType": "DnsQueryResponse", "RemoteUrl": "a.b.test", "DnsAnswers": "[\"10.0.0.1\",\"::1\"]"});
    assert!(hits(Platform::Linux, "category: dns", "query|endswith: .test", &dns));
    assert!(hits(Platform::Windows, "category: dns_query, product: windows", "QueryResults: 10.0.0.1;::1;", &dns));
}

#[test]
fn a_rule_meets_only_rows_of_its_source_and_platform() {
    let process = json!({"ActionType": "ProcessCreated", "FolderPath": "/usr/bin/id"});
    let file =
        json!({"ActionType": "FileCreated", "FolderPath": "/usr/bin/id", "InitiatingProcessFolderPath": "/usr/bin/id"});
    let selection = "Image: /usr/bin/id";
    let source = "product: linux, category: process_creation";
    assert!(hits(Platform::Linux, source, selection, &process));
    assert!(!hits(Platform::Macos, source, selection, &process));
    assert!(!hits(Platform::Linux, source, selection, &file));
    assert!(hits(Platform::Linux, "category: file_event", selection, &file));
    assert!(!hits(Platform::Linux, source, selection, &json!({"FolderPath": "/usr/bin/id"})));
}

#[test]
fn modifiers() {
    let row = json!({"ActionType": "ProcessCreated", "FolderPath": "C:\\x\\Tool.EXE",
        "ProcessCommandLine": "tool –enc cABpAG4AZwA= Straße /flag", "ProcessId": 7});
    let check = |selection, expected| {
        let source = "product: windows, category: process_creation";
        assert_eq!(hits(Platform::Windows, source, selection, &row), expected, "{selection}");
    };
    check("Image|endswith: \\tool.exe", true);
    check("Image|endswith|cased: \\tool.exe", false);
    check("CommandLine|contains|windash: ' -enc '", true);
    check("CommandLine|contains|all: [enc, flag]", true);
    check("CommandLine|contains|all: [enc, missing]", false);
    check("CommandLine|wide|base64offset|contains: ping", true);
    check("CommandLine|re: 'fl[a-c]g$'", true);
    check("CommandLine|contains: STRASSE", false);
    check("CommandLine|contains: STRAßE", true);
    check("ProcessId|gte: 7", true);
    check("ProcessId|lt: 7", false);
    check("OriginalFileName: null", true);
    check("Image: null", false);
    check("image|endswith: TOOL.exe", true);
    check("CommandLine: 'tool*flag'", true);
    check("CommandLine: 'tool?flag'", false);
}
