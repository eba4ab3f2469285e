//! Random numbers for the sample: small and fast, the same everywhere. Not for anything secret.

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014).
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        finish(self.0)
    }

    /// A number below `n`, which is not 0.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// From 0 up to but not including 1.
    pub(super) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }

    /// An index below `n` of which the first ones come far more often: a tenth of them gets about half of all.
    pub(super) fn skewed(&mut self, n: usize) -> usize {
        ((self.fraction().powi(3)) * n as f64) as usize
    }

    pub(super) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize]
    }

    pub(super) fn pick_skewed<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.skewed(items.len())]
    }

    /// The index of one of the weights, each as often as it says.
    pub(super) fn weighted(&mut self, weights: &[u64]) -> usize {
        let mut rest = self.below(weights.iter().sum());
        for (idx, weight) in weights.iter().enumerate() {
            if rest < *weight {
                return idx;
            }
            rest -= weight;
        }
        0
    }
}

fn finish(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A number that depends on both and looks like neither.
pub(super) fn mix(a: u64, b: u64) -> u64 {
    finish(a.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(finish(b.wrapping_add(0x2545_f491_4f6c_dd1d))))
}

/// `len` hexadecimal digits that depend on the seed only: what stands for a hash.
pub(super) fn hex(seed: u64, len: usize) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut random = Random::new(seed);
    let mut text = String::with_capacity(len);
    while text.len() < len {
        let mut bits = random.next();
        for _ in 0..16.min(len - text.len()) {
            text.push(char::from(DIGITS[(bits & 15) as usize]));
            bits >>= 4;
        }
    }
    text
}
