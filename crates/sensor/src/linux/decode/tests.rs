//! Recorded ring bytes must decode to the same events for ever, and no bytes may panic.

use super::*;

const RECORDED: &[&[u8]] = &[
    include_bytes!("../../../testdata/kernel/exec-script.bin"),
    include_bytes!("../../../testdata/kernel/file-created.bin"),
    include_bytes!("../../../testdata/kernel/file-renamed.bin"),
    include_bytes!("../../../testdata/kernel/connect-refused.bin"),
    include_bytes!("../../../testdata/kernel/dns-answer.bin"),
];

#[test]
fn no_cut_or_changed_record_panics() {
    for bytes in RECORDED {
        for len in 0..bytes.len() {
            let _ = decode(&bytes[..len]);
        }
        for at in 0..bytes.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut bytes = bytes.to_vec();
                bytes[at] = value;
                let _ = decode(&bytes);
            }
        }
    }
}

#[test]
fn a_short_record_and_long_sections_are_errors() {
    assert_eq!(decode(&[0; 10]), Err(Error::Short(10)));
    let mut bytes = vec![0; HEAD_BYTES];
    bytes[0] = kind::SHELL as u8;
    bytes[SECTIONS_AT] = 1;
    assert_eq!(decode(&bytes), Err(Error::Sections));
    bytes[SECTIONS_AT] = 0;
    bytes[0] = 200;
    assert_eq!(decode(&bytes), Err(Error::Kind(200)));
}
