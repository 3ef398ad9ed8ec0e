//! Jitter, so that clients do not reconnect at the same time.

use core::time::Duration;

/// The generator of Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014),
/// with the constants of its usual form: every seed is as good as any other.
#[derive(Clone, Debug)]
pub(super) struct SplitMix64(pub(super) u64);

impl SplitMix64 {
    /// Rounds up to whole milliseconds and adds at most this percentage.
    pub(super) fn lengthen(&mut self, wait: Duration, percent: u8) -> Duration {
        let wait = wait.saturating_add(Duration::from_nanos(999_999)).as_millis();
        let wait = wait.min(u64::MAX.into());
        let most = wait * u128::from(percent) / 100;
        // At most 2^64 · 2.55 · 2^61.
        let jitter = ((most + 1) * u128::from(self.next() >> 3)) >> 61;
        Duration::from_millis(u64::try_from(wait + jitter).unwrap_or(u64::MAX))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::SplitMix64;

    #[test]
    fn the_generator_returns_the_published_numbers() {
        // The first ones of the reference implementation for this seed.
        let mut random = SplitMix64(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn jitter_is_between_zero_and_its_bound() {
        let mut random = SplitMix64(7);
        let mut seen = [false; 31];
        for _ in 0..2000 {
            let wait = random.lengthen(Duration::from_millis(100), 30).as_millis();
            seen[usize::try_from(wait - 100).unwrap()] = true;
        }
        assert_eq!(seen, [true; 31]);
    }

    #[test]
    fn waits_saturate() {
        let mut random = SplitMix64(u64::MAX);
        for percent in [0, 1, u8::MAX] {
            let wait = random.lengthen(Duration::MAX, percent);
            assert_eq!(wait, Duration::from_millis(u64::MAX));
        }
    }
}
