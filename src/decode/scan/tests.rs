//! Each kernel that this machine can run against a naive look, and [`Scan`] over chunks of all
//! lengths.

use std::vec::Vec;

use super::kernels::{self, look, swar};
use super::*;

type Fill = fn(&mut Scan, &[u8]) -> bool;

/// [`kernels::fill`] with each kernel that this machine can run.
fn kernels() -> Vec<(&'static str, Fill)> {
    #[allow(unused_mut)] // Not every build has one more.
    let mut kernels: Vec<(_, Fill)> = std::vec![
        ("SWAR", |scan: &mut Scan, chunk: &[u8]| scan.fill_with(chunk, swar::look)),
        ("the one of this build", |scan, chunk| scan.fill_with(chunk, look)),
        ("the one that is chosen", kernels::fill),
    ];
    #[cfg(all(target_arch = "x86_64", feature = "std"))]
    if std::arch::is_x86_feature_detected!("avx2") {
        kernels.push(("AVX2", kernels::avx2::fill));
    }
    kernels
}

/// What a kernel sees in a block.
fn look_with(fill: Fill, block: &[u8; BLOCK]) -> Look {
    let mut scan = Scan::new();
    let found = fill(&mut scan, block);
    assert_eq!((found, scan.pending), (scan.window[0] != 0, u32::from(found)));
    Look { ends: scan.window[0], ascii: scan.is_ascii(0) }
}

fn naive_look(block: &[u8; BLOCK]) -> Look {
    let ends = (0..BLOCK).filter(|&i| is_line_end(block[i])).fold(0, |ends, i| ends | 1 << i);
    Look { ends, ascii: block.iter().all(|byte| *byte < 0x80) }
}

/// The line ends from `start` on, by `fill` alone.
fn filled(fill: Fill, chunk: &[u8], start: usize) -> Vec<usize> {
    let mut scan = Scan { scanned: start, ascii_from: start, ..Scan::new() };
    let mut ends = Vec::new();
    while scan.scanned < chunk.len() && fill(&mut scan, chunk) {
        for block in (0..WINDOW).filter(|block| scan.pending >> block & 1 == 1) {
            let bits = (0..BLOCK).filter(|bit| scan.window[block] >> bit & 1 == 1);
            ends.extend(bits.map(|bit| scan.window_start + block * BLOCK + bit));
        }
    }
    ends
}

/// Returns the line ends from `start` on, each peeked twice, and checks that the text before each is ASCII if the scan
/// reports it, which it does unless one of the bytes around it is not.
fn scanned<const MASKS: usize>(chunk: &[u8], start: usize) -> Vec<usize> {
    let (mut scan, mut ends, mut line_start) = (Scan::<MASKS>::new(), Vec::new(), start);
    scan.begin(chunk, start);
    loop {
        let end = scan.peek(chunk);
        assert_eq!(scan.peek(chunk), end, "a second peek changes nothing");
        let line = &chunk[line_start..end.unwrap_or(chunk.len())];
        let around = line_start.saturating_sub(BLOCK)..scan.scanned;
        let is_ascii = scan.is_ascii(line_start);
        assert!(!is_ascii || line.is_ascii(), "{}", line.escape_ascii());
        assert!(is_ascii || !chunk[around].is_ascii(), "{}", line.escape_ascii());
        let Some(end) = end else { return ends };
        ends.push(end);
        scan.pass();
        line_start = end + 1;
    }
}

fn naive(chunk: &[u8], start: usize) -> Vec<usize> {
    (start..chunk.len()).filter(|&i| is_line_end(chunk[i])).collect()
}

fn check(chunk: &[u8], start: usize) {
    let expected = naive(chunk, start);
    assert_eq!(scanned::<WINDOW>(chunk, start), expected, "{}", chunk.escape_ascii());
    assert_eq!(scanned::<LONG_WINDOW>(chunk, start), expected, "{}", chunk.escape_ascii());
    for (name, fill) in kernels() {
        assert_eq!(filled(fill, chunk, start), expected, "{name}: {}", chunk.escape_ascii());
    }
}

/// Neighbours of LF and CR, their twins with the high bit, and both extremes.
const HOSTILE: [u8; 12] = [0, 9, 11, 12, 14, 0x7F, 0x80, 0x8A, 0x8D, 0x89, 0xFF, b'a'];

/// Bytes of which about every seventh ends a line, and as many as given are hostile.
fn noise(seed: u32, hostile: u8) -> impl Iterator<Item = u8> {
    let mut seed = seed;
    core::iter::from_fn(move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let pick = (seed >> 24) as u8;
        let byte = if pick % 14 < 2 { [LF, CR][usize::from(pick % 14)] } else { b'a' };
        let other = HOSTILE[usize::from(pick) % HOSTILE.len()];
        Some(if (seed >> 16) as u8 % 100 < hostile { other } else { byte })
    })
}

#[test]
fn each_kernel_sees_every_byte_at_every_place_of_a_block() {
    for (name, fill) in kernels() {
        for (at, other) in (0..BLOCK).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
            let mut block = [b'x'; BLOCK];
            block[at] = other;
            assert_eq!(look_with(fill, &block), naive_look(&block), "{name}: {other} at {at}");
        }
        for byte in 0..=u8::MAX {
            let block = [byte; BLOCK];
            assert_eq!(look_with(fill, &block), naive_look(&block), "{name}: all {byte}");
        }
    }
}

#[test]
fn each_kernel_sees_in_any_block_what_a_naive_look_sees() {
    for (name, fill) in kernels() {
        for seed in 0..10_000 {
            let mut block = [0; BLOCK];
            let noise = noise(seed, (seed % 101) as u8);
            block.iter_mut().zip(noise).for_each(|(byte, noise)| *byte = noise);
            assert_eq!(look_with(fill, &block), naive_look(&block), "{name}, seed {seed}");
        }
    }
}

#[test]
fn every_line_end_is_found_at_every_place_of_every_length() {
    for filler in HOSTILE {
        for len in 0..200 {
            let mut chunk = [filler; 200];
            for at in 0..len {
                for end in [LF, CR] {
                    chunk[at] = end;
                    assert_eq!(scanned::<WINDOW>(&chunk[..len], 0), [at], "{filler} {len} {at}");
                    chunk[at] = filler;
                }
            }
            assert!(scanned::<WINDOW>(&chunk[..len], 0).is_empty(), "{filler} {len}");
        }
    }
}

#[test]
fn every_byte_that_is_not_ascii_is_seen_at_every_place_of_every_length() {
    for len in 0..400 {
        let mut chunk = [b'x'; 400];
        (0..400).step_by(50).for_each(|i| chunk[i] = LF);
        for at in (0..len).step_by(3) {
            let before = core::mem::replace(&mut chunk[at], 0x80);
            scanned::<WINDOW>(&chunk[..len], 0);
            chunk[at] = before;
        }
    }
}

#[test]
fn chunks_of_all_lengths_are_scanned_from_any_start_as_a_naive_look_does() {
    for len in 0..400 {
        let chunk: Vec<u8> = noise(len as u32, (len * 7 % 101) as u8).take(len).collect();
        for start in [0, 1, 63, 64, 65, 200, 256, len].into_iter().filter(|&start| start <= len) {
            check(&chunk, start);
        }
    }
}

#[test]
fn a_long_line_is_left_at_its_end_and_short_lines_after_it_are_all_found() {
    for long in [255, 256, 257, 511, 512, 513, 575, 576, 577, 3000] {
        let mut chunk = [b'x'; 3200];
        for (i, byte) in chunk[long..].iter_mut().enumerate() {
            if i % 3 == 0 {
                *byte = if i % 2 == 0 { LF } else { CR };
            }
        }
        check(&chunk, 0);
    }
}
