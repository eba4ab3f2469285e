//! Events in text files: XML exports and JSON lines; several sources in the order of time.

use winlog::{Damage, Event, Field, InOrder, JsonLines, Source, XmlReader, parse_json};

fn all(mut source: impl Source) -> Vec<Result<Event, Damage>> {
    let mut items = Vec::new();
    while let Some(some) = source.next_some() {
        items.extend(some);
    }
    items
}

fn xml(id: u32, second: u32) -> String {
    format!(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='P'/><EventID>{id}</EventID>\
         <TimeCreated SystemTime='2026-03-02T09:15:{second:02}Z'/></System><EventData><Data Name='a'>é 𝄞 &gt;</Data></EventData></Event>"
    )
}

fn ids(items: &[Result<Event, Damage>]) -> Vec<Option<u32>> {
    items.iter().map(|item| item.as_ref().ok().map(|event| event.event_id)).collect()
}

#[test]
fn exports_in_every_encoding() {
    let document = format!("<?xml version=\"1.0\"?>\r\n<Events>{}\r\n{}</Events>\r\n", xml(1, 1), xml(2, 2));
    let utf16 = |units: Vec<u8>, mark: [u8; 2]| [mark.to_vec(), units].concat();
    let le = utf16(document.encode_utf16().flat_map(u16::to_le_bytes).collect(), [0xff, 0xfe]);
    let be = utf16(document.encode_utf16().flat_map(u16::to_be_bytes).collect(), [0xfe, 0xff]);
    let marked = [b"\xef\xbb\xbf".to_vec(), document.clone().into_bytes()].concat();
    for bytes in [document.into_bytes(), le, be, marked] {
        let items = all(XmlReader::new(bytes.as_slice()));
        assert_eq!(ids(&items), [Some(1), Some(2)]);
        assert_eq!(items[1].as_ref().expect("an event").get("a"), Some("é 𝄞 >"));
    }
}

#[test]
fn what_is_no_event_is_counted_and_the_rest_is_read() {
    let huge = format!("<Event><System/><EventData><Data>{}</Data></EventData></Event>", "x>".repeat(3 << 20));
    let document = format!("{}<Event><b></Event>{huge}<Other/>{}<Event><System>", xml(1, 1), xml(2, 2));
    let items = all(XmlReader::new(document.as_bytes()));
    assert_eq!(ids(&items), [Some(1), None, None, Some(2), None]);
    let names: Vec<_> = items.iter().filter_map(|item| item.as_ref().err().map(Damage::name)).collect();
    assert_eq!(names, ["bad_xml", "too_large", "bad_xml"]);
    assert!(all(XmlReader::new(&b""[..])).is_empty());
}

#[test]
fn json_lines() {
    let winlogbeat = r#"{"@timestamp":"2026-03-02T09:15:04.123Z","process":{"pid":2796},"log":{"level":"warning"},"winlog":{"provider_name":"Microsoft-Windows-Sysmon","event_id":"3","version":5,"channel":"C","computer_name":"WS5","record_id":7,"process":{"pid":2796,"thread":{"id":3920}},"activity_id":"{AB}","user":{"identifier":"S-1-5-18"},"event_data":{"ProcessId":"3912","SourcePort":"1"}}}"#;
    let nxlog = r#"{"EventTime":"2026-03-02 09:15:04","Hostname":"WS5","EventID":13,"SourceName":"Microsoft-Windows-Sysmon","Channel":"C","RecordNumber":8,"ProcessID":2796,"ThreadID":3920,"Severity":"INFO","EventType":"SetValue","UtcTime":"2026-03-02 09:15:03.5","ProcessId":"3912","UserID":"S-1-5-18","Details":null}"#;
    let wrapped = serde_json::json!({ "event": { "original": xml(5, 5) } }).to_string();
    let lines = format!("{winlogbeat}\n\n{nxlog}\r\nno json\n[1]\n{{\"a\":1}}\n{wrapped}\n{}", "x".repeat(5 << 20));
    let items = all(JsonLines::new(lines.as_bytes()));
    assert_eq!(ids(&items), [Some(3), Some(13), None, None, None, Some(5), None]);
    let beat = items[0].as_ref().expect("an event");
    assert_eq!((beat.process_id, beat.thread_id, beat.level, beat.record_id), (2796, 3920, 3, 7));
    assert_eq!((beat.get("ProcessId"), beat.activity_id.as_deref()), (Some("3912"), Some("ab")));
    let flat = items[1].as_ref().expect("an event");
    assert_eq!(
        (flat.get("EventType"), flat.get("ProcessId"), flat.get("Details")),
        (Some("SetValue"), Some("3912"), None)
    );
    assert_eq!(flat.time_ns, winlog::parse_time_ns("2026-03-02T09:15:03.5Z").expect("a time"));
    assert!(parse_json(b"\"text\"").is_err());
}

struct Fixed(Vec<Vec<Result<Event, Damage>>>);

impl Source for Fixed {
    fn next_some(&mut self) -> Option<Vec<Result<Event, Damage>>> {
        if self.0.is_empty() { None } else { Some(self.0.remove(0)) }
    }
}

#[test]
fn several_sources_are_one_in_the_order_of_time() {
    let at = |time_ns| {
        Ok(Event { time_ns, data: vec![Field { name: "t".into(), value: String::new() }], ..Event::default() })
    };
    let mut order = InOrder::default();
    order.add(0, Box::new(Fixed(vec![vec![at(1), at(5)], vec![], vec![at(0), at(7)]])));
    order.add(1, Box::new(Fixed(vec![vec![at(2), Err(Damage::File("x".into())), at(6)]])));
    order.add(2, Box::new(Fixed(vec![])));
    let found: Vec<(u32, i64)> = order.map(|(origin, item)| (origin, item.map_or(-1, |event| event.time_ns))).collect();
    assert_eq!(found, [(0, 1), (1, 2), (1, -1), (0, 5), (0, 0), (1, 6), (0, 7)]);
}

/// A file that breaks off with an error of the disk.
struct Broken<'a>(&'a [u8]);

impl std::io::Read for Broken<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(std::io::Error::other("disk on fire")),
            n_read => Ok(n_read),
        }
    }
}

#[test]
fn a_disk_that_fails_is_said_once() {
    let xml = "<Event><System><Provider Name='P'/></System></Event>\n";
    let sources: [Box<dyn Source>; 2] =
        [Box::new(XmlReader::new(Broken(xml.as_bytes()))), Box::new(JsonLines::new(Broken(b"\n\n")))];
    for mut source in sources {
        let mut items = Vec::new();
        while let Some(some) = source.next_some() {
            items.extend(some);
            assert!(items.len() < 10, "it never ends");
        }
        let failed = Err(Damage::File("disk on fire".to_owned()));
        assert_eq!(items.iter().filter(|item| **item == failed).count(), 1, "{items:?}");
    }
}

#[test]
fn bodies_of_opentelemetry() {
    let body = |data: serde_json::Value| {
        serde_json::json!({
            "event_id": { "id": 3, "qualifiers": 0 }, "provider": { "name": "Microsoft-Windows-Sysmon", "guid": "{5}" },
            "system_time": "2026-03-02T09:15:04.123Z", "computer": "WS5", "channel": "C", "record_id": 7, "level": "Warning",
            "execution": { "process_id": 2796, "thread_id": 3920 }, "security": { "user_id": "S-1-5-18" }, "event_data": data,
        })
    };
    let mapped = body(serde_json::json!({ "ProcessId": "3912" }));
    let listed = body(serde_json::json!({ "data": [{ "ProcessId": "3912" }, { "": "kept" }] }));
    let events = [mapped, listed].map(|it| parse_json(it.to_string().as_bytes()).expect("an event"));
    for event in &events {
        assert_eq!((event.event_id, event.record_id, event.level, event.get("ProcessId")), (3, 7, 3, Some("3912")));
        assert_eq!((event.process_id, event.thread_id, event.computer.as_str()), (2796, 3920, "WS5"));
        assert_eq!(event.time_ns % 1_000_000_000, 123_000_000);
    }
    assert_eq!(events[1].get("Data"), Some("kept"));
}

#[test]
fn records_of_evtx2es() {
    let record = serde_json::json!({
        "@timestamp": "2026-03-02T09:15:04.123Z", "process": { "pid": 2796, "thread": { "id": 3920 } },
        "winlog": {
            "provider": { "name": "PowerShell", "guid": null }, "event_id": 400, "record_id": 7, "channel": "C",
            "computer_name": "WS5", "version": null,
            "event_data": { "Status": null, "ProcessId": 3912, "Data": { "#text": ["a", "b"] }, "#attributes": { "Name": "x" } },
        },
        "userdata": { "Inner": { "#attributes": { "xmlns": "y" }, "Operation": "o" } },
    });
    let event = parse_json(record.to_string().as_bytes()).expect("an event");
    assert_eq!((event.provider.as_str(), event.process_id, event.thread_id), ("PowerShell", 2796, 3920));
    assert_eq!(event.texts("Data").collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!((event.get("ProcessId"), event.get("Operation")), (Some("3912"), Some("o")));
    assert_eq!((event.get("Status"), event.get("x"), event.get("xmlns")), (None, None, None));
}
