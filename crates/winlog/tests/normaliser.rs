//! What holds for any events: the sum is exact, memory is bounded, hostile texts are kept as they are.

use winlog::{Event, Field, Normaliser};

fn event(provider: &str, event_id: u32, data: &[(&str, &str)]) -> Event {
    let data = data.iter().map(|(name, value)| Field { name: (*name).into(), value: (*value).to_owned() }).collect();
    Event {
        provider: provider.to_owned(),
        event_id,
        computer: "WS5".to_owned(),
        time_ns: 1_772_442_904_000_000_000,
        record_id: 1,
        data,
        ..Event::default()
    }
}

fn script_part(number: usize, total: usize, text: &str) -> Event {
    let (number, total) = (number.to_string(), total.to_string());
    event(
        "Microsoft-Windows-PowerShell",
        4104,
        &[
            ("MessageNumber", number.as_str()),
            ("MessageTotal", total.as_str()),
            ("ScriptBlockText", text),
            ("ScriptBlockId", "a1"),
            ("Path", ""),
        ],
    )
}

fn extras(row: &schema::Row) -> serde_json::Value {
    serde_json::from_str(row.text(&schema::col::ADDITIONAL_FIELDS).expect("AdditionalFields")).expect("JSON")
}

/// Every sample of a mapping with hostile values, or with values of another type, in all of its fields: a row, never a
/// panic.
#[test]
fn any_values_of_any_mapped_event() {
    let hostile =
        ["", "-", "0x", "0xffffffffffffffff", "99999999999999999999999", "\u{202e}", "\\", ":", "%%1", "{", "é\\", "="];
    let mut normaliser = Normaliser::new();
    let (mut n_events, mut n_rows) = (0, 0);
    for sample in crate::map::samples() {
        for value in hostile {
            let mut event = sample.clone();
            for field in &mut event.data {
                value.clone_into(&mut field.value);
            }
            normaliser.push(event, 0);
            n_rows += normaliser.take().len();
            n_events += 1;
        }
    }
    n_rows += normaliser.finish().len();
    let tally = normaliser.tally();
    assert_eq!((tally.events, tally.rows), (n_events, n_rows as u64));
    assert_eq!(tally.events, tally.rows + tally.merged + tally.n_rejected());
}

#[test]
fn a_script_longer_than_a_row_is_several_rows_with_all_of_its_text() {
    let part = "0123456789".repeat(2_000);
    let mut normaliser = Normaliser::new();
    for number in 1..=100 {
        normaliser.push(script_part(number, 100, &part), 0);
    }
    let rows = normaliser.finish();
    let text: String = rows.iter().map(|row| extras(&row.row)["Content"].as_str().expect("text").to_owned()).collect();
    assert_eq!(text, part.repeat(100));
    assert_eq!(rows.len(), text.len().div_ceil(winlog::limits::TEXT_BYTES_MAX));
    let digests: Vec<_> = rows.iter().map(|row| row.row.text(&schema::col::SHA256)).collect();
    assert!(digests.iter().all(|digest| digest.is_some() && *digest == digests[0]), "{digests:?}");
    assert_eq!((normaliser.tally().rows, normaliser.tally().merged), (rows.len() as u64, 100 - rows.len() as u64));
}

/// 100 MB of one script whose first part is missing: what is held stays under its limit, the sum is exact.
#[test]
fn a_huge_script_with_a_missing_part_is_cut_into_bounded_pieces() {
    let part = "x".repeat(100_000);
    let mut normaliser = Normaliser::new();
    let mut n_rows = 0;
    for number in 2..=1_000 {
        normaliser.push(script_part(number, 1_000, &part), 0);
        n_rows += normaliser.take().len();
    }
    n_rows += normaliser.finish().len();
    let tally = normaliser.tally();
    assert_eq!((tally.events, tally.rows), (999, n_rows as u64));
    assert_eq!(tally.events, tally.rows + tally.merged);
    assert!(tally.merged > 0);
}

/// A clock that jumps back leaves nothing waiting for ever.
#[test]
fn rows_that_wait_are_bounded_when_the_clock_is_set_back() {
    let mut normaliser = Normaliser::new();
    let mut n_out = 0;
    let n_events = winlog::limits::HELD_ROWS_MAX * 2;
    for idx in 0..n_events {
        let mut event = event("P", 1, &[]);
        event.time_ns -= idx as i64 * 1_000_000_000;
        normaliser.push(event, 0);
        n_out += normaliser.take().len();
    }
    assert!(n_out >= n_events - winlog::limits::HELD_ROWS_MAX - 1, "{n_out}");
    assert_eq!(n_out + normaliser.finish().len(), n_events);
}

/// An endless source is settled now and then: all that waits comes out, what was learnt of processes stays, and what
/// comes late afterwards still meets its other source.
#[test]
fn settling_keeps_what_was_learnt() {
    let start = |time_ns: i64| Event {
        time_ns,
        ..event("Microsoft-Windows-Sysmon", 1, &[("ProcessId", "7"), ("Image", "C:\\a.exe"), ("CommandLine", "a --b")])
    };
    let connection = |provider, id, data: &[(&str, &str)], time_ns| Event { time_ns, ..event(provider, id, data) };
    let second = 1_000_000_000;
    let begin = 1_772_442_904 * second;
    let mut normaliser = Normaliser::new();
    normaliser.push(start(begin), 0);
    normaliser.push(start(begin + 3_600 * second), 0);
    normaliser.settle();
    assert_eq!(normaliser.take().len(), 2);

    let sysmon = [
        ("ProcessId", "7"),
        ("Image", "C:\\a.exe"),
        ("Protocol", "tcp"),
        ("SourceIp", "10.0.0.1"),
        ("SourcePort", "5000"),
        ("DestinationIp", "10.0.0.2"),
        ("DestinationPort", "443"),
    ];
    let security = [
        ("ProcessID", "7"),
        ("Protocol", "6"),
        ("Direction", "%%14593"),
        ("SourceAddress", "10.0.0.1"),
        ("SourcePort", "5000"),
        ("DestAddress", "10.0.0.2"),
        ("DestPort", "443"),
    ];
    normaliser.push(connection("Microsoft-Windows-Security-Auditing", 5156, &security, begin + 7 * second), 0);
    normaliser.push(connection("Microsoft-Windows-Sysmon", 3, &sysmon, begin + 8 * second), 0);
    normaliser.settle();
    let rows = normaliser.take();
    assert_eq!((rows.len(), normaliser.tally().merged), (1, 1));
    normaliser.push(connection("Microsoft-Windows-Sysmon", 3, &sysmon, begin + 3_700 * second), 0);
    let rows = normaliser.finish();
    assert_eq!(rows[0].row.text(&schema::col::INITIATING_PROCESS_COMMAND_LINE), Some("a --b"));
    let tally = normaliser.tally();
    assert_eq!((tally.events, tally.rows, tally.merged), (5, 4, 1));
}
