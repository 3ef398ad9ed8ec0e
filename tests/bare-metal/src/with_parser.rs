//! Only the parser over fixed arrays: each event is passed to the host.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use bare_metal::{CHUNKS, fail, report, show, succeed};
use sse_wire::{Arrays, End, Parser};

/// A parser that owns its arrays.
type Small = Parser<Arrays<[u8; 256], [u8; 32], [u8; 96]>>;

#[cortex_m_rt::entry]
fn main() -> ! {
    let mut parser: Small =
        Parser::with_arrays(Arrays { data: [0; 256], event_type: [0; 32], ids: [0; 96] });
    for chunk in black_box(CHUNKS) {
        let mut events = parser.push(chunk);
        loop {
            match events.next() {
                Ok(Some(event)) => show(
                    event.event_type.as_bytes(),
                    event.data.as_bytes(),
                    event.last_event_id.as_bytes(),
                ),
                Ok(None) => break,
                Err(_) => show(b"refused", b"", b""),
            }
        }
    }
    let ended = matches!(parser.finish(), Ok(End::Clean));
    let reconnection_time = parser.reconnection_time().unwrap_or_default();
    let arrays = size_of::<bare_metal::Arrays>();
    report(ended, reconnection_time, size_of::<Small>() - arrays, arrays);
    succeed()
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    fail()
}
