//! Longer waits while reconnecting brings nothing, and different ones for different clients: the
//! "optionally, wait some more" of
//! [9.2.3](https://html.spec.whatwg.org/multipage/server-sent-events.html#reestablish-the-connection).

use core::time::Duration;

/// Exponential backoff for [`EventSource::with_backoff`](crate::EventSource::with_backoff).
///
/// The wait before a reconnection is, in whole milliseconds,
///
/// ```text
/// d    = max(t, min(max(t, 1) · 2ⁿ, cap))
/// wait = d + random(0 ..= d · percent / 100)
/// ```
///
/// with the reconnection time `t` in force and the number `n` of reconnections since the last event
/// (or since the beginning): the first wait is `t`, or 1 ms where that is zero. So a wait is never
/// shorter than the reconnection time, also where the server asks for more than the cap; and
/// without jitter, or with 0 percent, it is exactly `d`. Jitter comes on top of the cap: cut
/// there, all clients that have reached the cap would come back at once.
///
/// `n` goes back to zero at the first *event* of a connection. An open connection does not
/// suffice: a proxy before a server that is down, or a server that breaks down under its clients,
/// opens many of them and brings nothing.
///
/// ```
/// use std::time::Duration;
/// use sse_wire::{Backoff, EventSource};
///
/// // Any 64 bits will do, as long as clients have different ones.
/// let seed = 0x5eed;
/// let backoff = Backoff::new(Duration::from_secs(60)).with_jitter(20, seed);
/// let source = EventSource::new().with_backoff(backoff);
/// ```
#[must_use = "an event source takes it"]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// In milliseconds.
    cap: u64,
    percent: u8,
    random: SplitMix64,
}

impl Backoff {
    /// Doubles waits up to `cap`, without jitter.
    pub const fn new(cap: Duration) -> Self {
        let cap = cap.as_millis();
        let cap = if cap > u64::MAX as u128 { u64::MAX } else { cap as u64 };
        Backoff { cap, percent: 0, random: SplitMix64(0) }
    }

    /// Makes waits longer by up to `percent` of them, each by another part. All randomness comes
    /// from `seed`, so take one that other clients don't have: from the operating system, a
    /// hardware generator, or a hash of the device's number and the time.
    pub const fn with_jitter(mut self, percent: u8, seed: u64) -> Self {
        self.percent = percent;
        self.random = SplitMix64(seed);
        self
    }

    /// The wait in milliseconds, `reconnections` after the last event.
    pub(crate) fn wait(&mut self, reconnection_time: u64, reconnections: u32) -> u64 {
        let factor = 1_u64.checked_shl(reconnections).unwrap_or(u64::MAX);
        let wait = reconnection_time.max(1).saturating_mul(factor);
        let wait = wait.min(self.cap).max(reconnection_time);
        let most = u128::from(wait) * u128::from(self.percent) / 100;
        // At most 2^64 · 2.55 · 2^61.
        let jitter = ((most + 1) * u128::from(self.random.next() >> 3)) >> 61;
        wait.saturating_add(u64::try_from(jitter).unwrap_or(u64::MAX))
    }
}

/// The generator of Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014),
/// with the constants of its usual form: every seed is as good as any other.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SplitMix64(u64);

impl SplitMix64 {
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

    use super::{Backoff, SplitMix64};

    #[test]
    fn the_generator_gives_the_published_numbers() {
        // The first ones of the reference implementation for this seed.
        let mut random = SplitMix64(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn waits_double_up_to_the_cap() {
        let mut backoff = Backoff::new(Duration::from_secs(20));
        let waits = [0, 1, 2, 3, 63, 64, u32::MAX].map(|n| backoff.wait(3000, n));
        assert_eq!(waits, [3000, 6000, 12_000, 20_000, 20_000, 20_000, 20_000]);
    }

    #[test]
    fn a_cap_never_makes_a_wait_shorter_than_the_reconnection_time() {
        let mut backoff = Backoff::new(Duration::ZERO);
        assert_eq!([0, 1, 9].map(|n| backoff.wait(3000, n)), [3000; 3]);
    }

    #[test]
    fn a_reconnection_time_of_zero_grows_too() {
        let mut backoff = Backoff::new(Duration::from_millis(5));
        assert_eq!([0, 1, 2, 3].map(|n| backoff.wait(0, n)), [1, 2, 4, 5]);
    }

    #[test]
    fn waits_end_at_the_range_of_the_integer() {
        let mut backoff = Backoff::new(Duration::MAX);
        assert_eq!(backoff.wait(u64::MAX, 0), u64::MAX);
        assert_eq!(backoff.wait(3000, 62), u64::MAX);
        let mut backoff = backoff.with_jitter(u8::MAX, u64::MAX);
        assert!((0..99).all(|n| backoff.wait(u64::MAX, n) == u64::MAX));
    }

    #[test]
    fn jitter_reaches_from_nothing_to_its_bound() {
        let mut backoff = Backoff::new(Duration::ZERO).with_jitter(30, 7);
        let mut seen = [false; 31];
        for _ in 0..2000 {
            let wait = backoff.wait(100, 0);
            seen[usize::try_from(wait - 100).unwrap()] = true;
        }
        assert_eq!(seen, [true; 31]);
    }
}
