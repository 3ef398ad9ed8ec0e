//! The parser over fixed arrays, and nothing else: each event goes to the host.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use bare_metal::{CHUNKS, deepest_stack, fail, print, print_number, succeed};
use sse_wire::{End, Fixed, Parser};

const ARRAYS: [usize; 3] = [256, 32, 64];

type Arrays = Fixed<[u8; ARRAYS[0]], [u8; ARRAYS[1]], [u8; ARRAYS[2]]>;

#[cortex_m_rt::entry]
fn main() -> ! {
    let mut parser: Parser<Arrays> =
        Parser::with_arrays([0; ARRAYS[0]], [0; ARRAYS[1]], [0; ARRAYS[2]]);
    for chunk in black_box(CHUNKS) {
        let mut events = parser.push(chunk);
        loop {
            match events.next() {
                Ok(Some(event)) => {
                    for text in [event.event_type, event.data, event.last_event_id] {
                        print(text.as_bytes());
                        print(b"\n");
                    }
                }
                Ok(None) => break,
                Err(_) => print(b"refused\n"),
            }
        }
    }
    if let End::Incomplete(_) = parser.finish() {
        print(b"incomplete\n");
    }
    print_number("reconnection time", parser.reconnection_time().map_or(0, |time| time as usize));
    print_number("state", size_of::<Parser<Arrays>>() - ARRAYS.iter().sum::<usize>());
    print_number("arrays", ARRAYS.iter().sum());
    print_number("stack", deepest_stack());
    succeed()
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    fail()
}
