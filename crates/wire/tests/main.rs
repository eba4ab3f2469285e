//! Tests of the batch format: what an honest sensor sends, golden bytes, and what anybody else might send.

mod golden;
mod hostile;
mod mutate;
mod round_trip;

use wire::Header;

/// A small header; tests change what they look at.
fn header() -> Header {
    Header {
        epoch: 0x0123_4567_89ab_cdef,
        first_seq: 41,
        boot_id: "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0".to_owned(),
        sent_at_ns: 1_795_000_000_123_456_789,
    }
}

/// Three records: text, nothing, and bytes that are not text.
fn records() -> Vec<Vec<u8>> {
    vec![b"one record of a row".repeat(20), Vec::new(), vec![0xff, 0x00, 0x80, 0x7f]]
}

/// xorshift64*: the tests need the same numbers on every run, not good ones.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn bytes(&mut self, n_bytes: usize) -> Vec<u8> {
        (0..n_bytes).map(|_| self.next() as u8).collect()
    }
}
