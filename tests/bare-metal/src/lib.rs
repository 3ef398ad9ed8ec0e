//! Shared by the images: output to the host, and the depth of the stack.
#![no_std]

use core::ptr;
use core::time::Duration;

use cortex_m_rt::{STACK_PAINT_VALUE, heap_start};
use cortex_m_semihosting::{debug, hio};

/// Prints bytes on the host.
pub fn print(bytes: &[u8]) {
    let written = hio::hstdout().and_then(|mut host| host.write_all(bytes));
    if written.is_err() {
        fail();
    }
}

/// Prints a number with its name, without `core::fmt`, which the measured images don't contain.
pub fn print_number(name: &str, mut number: usize) {
    let mut digits = [0; 10];
    let mut start = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        start -= 1;
        if number == 0 {
            break;
        }
    }
    print(name.as_bytes());
    print(b" ");
    print(digits.get(start..).unwrap_or_default());
    print(b"\n");
}

/// Ends the run: qemu exits with 0.
pub fn succeed() -> ! {
    debug::exit(debug::EXIT_SUCCESS);
    unreachable()
}

/// Ends the run: qemu exits with 1.
pub fn fail() -> ! {
    debug::exit(debug::EXIT_FAILURE);
    unreachable()
}

/// Stops if qemu does not exit.
fn unreachable() -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// Returns how many bytes of the stack have been used since the reset.
pub fn deepest_stack() -> usize {
    unsafe extern "C" {
        /// Of cortex-m-rt's linker script: where the stack begins, downwards.
        static _stack_start: u32;
    }
    let top = &raw const _stack_start;
    let mut word: *const u32 = heap_start();
    // SAFETY: everything between the two is RAM that cortex-m-rt has painted before `main`, without references to it. It
    // is read word by word, up to the first word that the stack has changed.
    unsafe {
        while word < top && ptr::read_volatile(word) == STACK_PAINT_VALUE {
            word = word.add(1);
        }
    }
    top.addr() - word.addr()
}

/// Does with an event what the measured images do.
#[inline(never)]
pub fn show(event_type: &[u8], data: &[u8], last_event_id: &[u8]) {
    for text in [event_type, data, last_event_id] {
        print(text);
        print(b"\n");
    }
}

/// Prints the results at the end: the bytes of a parser without its arrays, of the arrays, and of the stack.
#[inline(never)]
pub fn report(ended: bool, reconnection_time: Duration, state: usize, arrays: usize) {
    if !ended {
        print(b"incomplete\n");
    }
    print_number("reconnection time", reconnection_time.as_secs() as usize);
    print_number("state", state);
    print_number("arrays", arrays);
    print_number("stack", deepest_stack());
}

/// The arrays of an event: for its data, its type, and the last event IDs.
pub type Arrays = ([u8; 256], [u8; 32], [u8; 96]);

/// The stream of the measured images: an event of each kind, cut in the middle.
pub static CHUNKS: [&[u8]; 4] = [
    b"\xEF\xBB\xBF: hello\r\nretry: 3000\r\nevent: tick\r\nid: 1\r\ndata: o",
    b"ne\r\ndata: two\r\n\r\nunknown: field\ndata: \xE2\x82",
    b"\xAC, \xFF and on\n\n",
    b"id: 2\ndata: whole\n\ndata: unfinished",
];
