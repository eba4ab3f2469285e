//! What an honest sensor sends arrives unchanged, up to each limit.

use crate::{Random, header, records};
use wire::{BATCH_RAW_BYTES_MAX, BATCH_ROWS_MAX, Error, Header, RECORD_BYTES_MAX, decode, encode};

fn check(header: &Header, records: &[Vec<u8>]) {
    let bytes = encode(header, records).expect("encode");
    let batch = decode(&bytes).expect("decode");
    assert_eq!(&batch.header, header);
    assert!(batch.records == records, "records differ");
    assert_eq!(batch.last_seq(), header.first_seq + records.len() as u64 - 1);
}

fn too_large(result: Result<Vec<u8>, Error>) -> &'static str {
    match result {
        Err(Error::TooLarge { what, .. }) => what,
        other => panic!("not too large: {other:?}"),
    }
}

#[test]
fn small_batches() {
    check(&header(), &records());
    check(&header(), &[Vec::new()]);
    check(&Header { boot_id: String::new(), sent_at_ns: i64::MIN, ..header() }, &records());
    check(&Header { epoch: u64::MAX, first_seq: u64::MAX - 3, ..header() }, &records());
}

#[test]
fn records_of_every_length_class() {
    let mut random = Random(7);
    for n_bytes in [1, 127, 128, 16_383, 16_384, RECORD_BYTES_MAX] {
        check(&header(), &[random.bytes(n_bytes)]);
    }
}

#[test]
fn largest_record_of_one_byte_value_fits_alone() {
    check(&header(), &[vec![b'a'; RECORD_BYTES_MAX]]);
}

#[test]
fn most_rows() {
    check(&header(), &vec![b"row".to_vec(); BATCH_ROWS_MAX]);
    assert_eq!(too_large(encode(&header(), &vec![b"row".to_vec(); BATCH_ROWS_MAX + 1])), "rows");
}

#[test]
fn over_a_limit_is_refused_by_name() {
    assert_eq!(too_large(encode(&header(), &[vec![0; RECORD_BYTES_MAX + 1]])), "record bytes");
    let n_records = BATCH_RAW_BYTES_MAX / RECORD_BYTES_MAX;
    assert_eq!(too_large(encode(&header(), &vec![vec![0; RECORD_BYTES_MAX]; n_records])), "raw bytes");
    assert_eq!(too_large(encode(&header(), &vec![vec![0; RECORD_BYTES_MAX]; n_records - 1])), "compression ratio");
    let mut random = Random(9);
    let noise: Vec<_> = (0..5).map(|_| random.bytes(RECORD_BYTES_MAX)).collect();
    assert_eq!(too_large(encode(&header(), &noise)), "bytes");
    assert_eq!(too_large(encode(&Header { boot_id: "b".repeat(65), ..header() }, &records())), "boot id");
}

#[test]
fn sequence_numbers_must_exist() {
    for (first_seq, records) in [(1, Vec::new()), (0, records()), (u64::MAX - 1, records())] {
        let result = encode(&Header { first_seq, ..header() }, &records);
        assert!(matches!(result, Err(Error::Corrupt(_))), "{first_seq}: {result:?}");
    }
}
