use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Random numbers from a seed. With a seed from the system they are unpredictable (transaction ids
/// must be, RFC 8489 §5); with a fixed one a run can be repeated.
#[derive(Clone)]
pub struct Chance(ChaCha12Rng);

impl Chance {
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Chance {
        Chance(ChaCha12Rng::from_seed(seed))
    }

    /// A generator of its own for a part, so that parts do not disturb each other's sequence.
    #[must_use]
    pub fn split(&mut self) -> Chance {
        Chance::from_seed(self.bytes())
    }

    #[must_use]
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// A number from 0 to `end - 1`; 0 when `end` is 0.
    #[must_use]
    pub fn below(&mut self, end: u64) -> u64 {
        // The bias of a 64-bit remainder is far below anything that matters here.
        if end == 0 { 0 } else { self.0.next_u64() % end }
    }
}

impl std::fmt::Debug for Chance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Chance")
    }
}
