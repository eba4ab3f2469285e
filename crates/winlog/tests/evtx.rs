//! Event log files: damage is reported with its place, and real logs are read whole when `NENRIN_EVTX_SAMPLES` names
//! a folder of them.

use std::io::Cursor;
use std::path::PathBuf;

use winlog::evtx::{MAGIC, Reader, Writer};
use winlog::{Damage, Event, Source};

fn items(bytes: Vec<u8>) -> Vec<Result<Event, Damage>> {
    let mut reader = match Reader::open(Cursor::new(bytes)) {
        Ok(reader) => reader,
        Err(damage) => return vec![Err(damage)],
    };
    let mut items = Vec::new();
    while let Some(some) = reader.next_some() {
        items.extend(some);
    }
    items
}

/// Log files in the folder that `NENRIN_EVTX_SAMPLES` names, sorted; empty when it is not set.
fn samples() -> Vec<PathBuf> {
    let Some(folder) = std::env::var_os("NENRIN_EVTX_SAMPLES") else { return Vec::new() };
    let entries = std::fs::read_dir(folder).expect("NENRIN_EVTX_SAMPLES names a folder");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "evtx"));
    paths.sort();
    assert!(!paths.is_empty(), "no .evtx file in NENRIN_EVTX_SAMPLES");
    paths
}

/// A file header, and `chunks` of whatever bytes.
fn file_of(chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut file = vec![0; 4_096];
    file[..8].copy_from_slice(MAGIC);
    file[24..32].copy_from_slice(&1u64.to_le_bytes());
    file[32..36].copy_from_slice(&128u32.to_le_bytes());
    file[36..38].copy_from_slice(&1u16.to_le_bytes());
    file[38..40].copy_from_slice(&3u16.to_le_bytes());
    file[40..42].copy_from_slice(&4_096u16.to_le_bytes());
    file[42..44].copy_from_slice(&u16::try_from(chunks.len()).expect("few chunks").to_le_bytes());
    for chunk in chunks {
        file.extend(chunk);
    }
    file
}

#[test]
fn a_foreign_file_is_one_damage() {
    for bytes in [Vec::new(), b"ElfFile\0".to_vec(), b"PK\x03\x04 not a log".to_vec(), vec![0; 100_000]] {
        let items = items(bytes);
        assert!(matches!(items.as_slice(), [Err(Damage::File(_))]), "{items:?}");
    }
}

#[test]
fn damaged_chunks_are_named_by_offset_and_empty_ones_are_nothing() {
    let garbage = vec![0xa5; 65_536];
    let items = items(file_of(&[vec![0; 65_536], garbage.clone(), vec![0; 65_536], garbage]));
    let offsets: Vec<Option<u64>> = items
        .iter()
        .map(|item| match item {
            Err(Damage::Chunk { offset, .. }) => Some(*offset),
            Ok(_) | Err(_) => None,
        })
        .collect();
    assert_eq!(offsets, [Some(4_096 + 65_536), Some(4_096 + 3 * 65_536)], "{items:?}");
}

#[test]
fn real_logs_are_read_whole() {
    for path in samples() {
        let items = items(std::fs::read(&path).expect("a readable sample"));
        assert!(!items.is_empty(), "{}", path.display());
        for item in items {
            let event = item.unwrap_or_else(|damage| panic!("{}: {damage}", path.display()));
            assert!(!event.provider.is_empty() && !event.computer.is_empty(), "{}: {event:?}", path.display());
            assert!(event.time_ns > 0 && event.record_id > 0, "{}: {event:?}", path.display());
        }
    }
}

/// Bytes of real logs changed at many places: nothing panics, and what is not hit is still read.
#[test]
fn damaged_real_logs_are_read_around_the_damage() {
    for path in samples() {
        let file = std::fs::read(&path).expect("a readable sample");
        let whole = items(file.clone()).len();
        for step in 1..24 {
            let mut damaged = file.clone();
            let offset = 4_096 + 512 + step * 331;
            if offset + 8 < damaged.len() {
                damaged[offset..offset + 8].fill(0xff);
            }
            let read = items(damaged).into_iter().filter(Result::is_ok).count();
            assert!(read <= whole, "{}: more events than before at {offset}", path.display());
        }
    }
}

/// Every sample of a mapping, as a file of several chunks.
fn written() -> (Vec<Event>, Vec<u8>) {
    let mut events = Vec::new();
    let mut writer = Writer::new(Cursor::new(Vec::new())).expect("a writer");
    while events.len() < 2_000 {
        for mut event in crate::map::samples() {
            // The format has neither a name for its unnamed data nor keywords that are no number.
            event.record_id = events.len() as u64 + 1;
            event.keywords = "0x8000000000000000".to_owned();
            event.time_ns = event.time_ns / 100 * 100;
            writer.push(&event).expect("room in a chunk");
            events.push(event);
        }
    }
    (events, writer.finish().expect("a file").into_inner())
}

#[test]
fn what_was_written_is_read() {
    let (events, file) = written();
    let read = items(file);
    assert_eq!(read.len(), events.len());
    for (read, event) in read.into_iter().zip(events) {
        assert_eq!(read, Ok(event));
    }
}

type Items = Vec<Result<Event, Damage>>;

/// Both ways through a file, and for how many of its chunks the direct one was taken.
fn both_ways(file: &[u8]) -> (Items, Items, u64) {
    let all = |mut reader: Reader<Cursor<&[u8]>>| {
        let mut items = Vec::new();
        while let Some(some) = reader.next_some() {
            items.extend(some);
        }
        (items, reader.n_direct())
    };
    let (direct, n_direct) = all(Reader::open(Cursor::new(file)).expect("a log"));
    let (through_xml, none) = all(Reader::open(Cursor::new(file)).expect("a log").through_xml());
    assert_eq!(none, 0);
    (direct, through_xml, n_direct)
}

#[test]
fn both_ways_give_the_same_events() {
    let (_, file) = written();
    let (direct, through_xml, n_direct) = both_ways(&file);
    assert_eq!(n_direct, (file.len() as u64 - 4_096) / 65_536, "every chunk is read directly");
    assert_eq!(direct, through_xml);
    let (mut n_chunks, mut n_direct_chunks) = (0, 0);
    for path in samples() {
        let file = std::fs::read(&path).expect("a readable sample");
        let (direct, through_xml, n_direct) = both_ways(&file);
        for (direct, through_xml) in direct.iter().zip(&through_xml) {
            assert_eq!(direct, through_xml, "{}", path.display());
        }
        assert_eq!(direct.len(), through_xml.len(), "{}", path.display());
        n_direct_chunks += n_direct;
        n_chunks += file.chunks(65_536).filter(|chunk| chunk[4_096.min(chunk.len())..].starts_with(b"ElfChnk")).count();
    }
    println!("{n_direct_chunks} chunks of real logs read directly, of about {n_chunks}");
}

/// Bytes of a file changed at many places: what both ways read is the same, the direct one reads no less (it needs no
/// table of names), and nothing panics.
#[test]
fn both_ways_agree_about_damage() {
    let (_, file) = written();
    let mut seed = 7_u64;
    for _ in 0..400 {
        let mut damaged = file.clone();
        for _ in 0..3 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Of the first chunks: the test is quick then.
            let at = 4_096 + (seed >> 33) as usize % 120_000;
            damaged[at] = (seed >> 20) as u8;
        }
        damaged.truncate(4_096 + 2 * 65_536);
        let (direct, through_xml, _) = both_ways(&damaged);
        let mut rest = direct.iter().flatten();
        for event in through_xml.iter().flatten() {
            let same = rest.find(|direct| direct.record_id == event.record_id);
            assert_eq!(same, Some(event));
        }
    }
}
