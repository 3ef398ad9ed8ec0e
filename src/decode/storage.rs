//! The memory for what outlives a chunk: growing buffers on the heap, or arrays of a fixed size.

use crate::field::Field;
#[cfg(feature = "alloc")]
use alloc::vec::Vec;
use core::ops::Range;

/// A place for a value: data, event type, and three for IDs, see `ids`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Data,
    EventType,
    Id1,
    Id2,
    Id3,
}

impl Place {
    pub(super) const ALL: [Place; 5] =
        [Place::Data, Place::EventType, Place::Id1, Place::Id2, Place::Id3];

    /// Returns the one for this place.
    fn of<T>(self, data: T, event_type: T, ids: T) -> T {
        match self {
            Place::Data => data,
            Place::EventType => event_type,
            _ => ids,
        }
    }

    /// Returns the field whose values are kept here.
    pub(super) fn field(self) -> Field {
        self.of(Field::Data, Field::Event, Field::Id)
    }

    /// Returns the part of an array of this length that is for this place.
    const fn part(self, len: usize) -> Range<usize> {
        match self {
            Place::Data | Place::EventType => 0..len,
            Place::Id1 => 0..len / 3,
            Place::Id2 => len / 3..2 * (len / 3),
            Place::Id3 => 2 * (len / 3)..3 * (len / 3),
        }
    }
}

/// The memory of a [`Parser`](crate::Parser) for what outlives a chunk: [`Growable`] or [`Arrays`].
///
/// The trait is sealed. It is a bound for code that takes either kind of parser:
///
/// ```
/// use sse_wire::{ParseError, Parser, Storage};
///
/// fn count<S: Storage>(parser: &mut Parser<S>, chunk: &[u8]) -> Result<usize, ParseError> {
///     let (mut events, mut count) = (parser.push(chunk), 0);
///     while events.next()?.is_some() {
///         count += 1;
///     }
///     Ok(count)
/// }
/// assert_eq!(count(&mut Parser::new(), b"data: 1\n\ndata: 2\n\n"), Ok(2));
/// ```
pub trait Storage: sealed::Storage {}

/// Memory of a fixed size: `[u8; N]`, `&mut [u8]` or, with the feature `alloc`, `Vec<u8>`.
///
/// The trait is sealed, so that only this crate changes what it has written there.
///
/// ```
/// use sse_wire::{Arrays, Memory, Parser};
///
/// // A large array in static memory, borrowed; small ones in the parser.
/// fn parser<D: Memory>(data: D) -> Parser<Arrays<D, [u8; 32], [u8; 96]>> {
///     Parser::with_arrays(Arrays { data, event_type: [0; 32], ids: [0; 96] })
/// }
/// let (_owned, mut memory) = (parser([0; 256]), [0; 4096]);
/// let _borrowed = parser(&mut memory[..]);
/// ```
pub trait Memory: sealed::Memory {}

/// Three arrays, for use without an allocator: see [`Parser::with_arrays`](crate::Parser::with_arrays).
///
/// ```
/// use sse_wire::{Arrays, Parser};
///
/// // Data of up to 256 bytes, types of up to 32, IDs of up to 32.
/// const ARRAYS: Arrays<[u8; 256], [u8; 32], [u8; 96]> =
///     Arrays { data: [0; 256], event_type: [0; 32], ids: [0; 3 * 32] };
///
/// static PARSER: std::sync::Mutex<Parser<Arrays<[u8; 256], [u8; 32], [u8; 96]>>> =
///     std::sync::Mutex::new(Parser::with_arrays(ARRAYS));
/// ```
///
/// The sizes for the longest data (several lines count with an LF between them), type, and ID in bytes, and the RAM of
/// the parser with its arrays on a Cortex-M3, where the code takes 7.9 KiB of flash:
///
/// | longest data, type, ID | `data` | `event_type` | `ids` | RAM |
/// | --- | ---: | ---: | ---: | ---: |
/// | 256, 32, 32 | 256 | 32 | 96 | 688 |
/// | 1024, 32, 64 | 1024 | 32 | 192 | 1,552 |
/// | 4096, 64, 64 | 4096 | 64 | 192 | 4,656 |
///
/// An event counts against the arrays even if it lies in one chunk, so chunk borders change nothing.
#[derive(Clone, Debug)]
pub struct Arrays<D, E, I> {
    /// For the data of an event.
    pub data: D,
    /// For the type of an event.
    pub event_type: E,
    /// For last event IDs, each of which can have a third of it: one is in force, one was set by the
    /// block, one is being read. A comment that is returned can have a third, too.
    pub ids: I,
}

/// Buffers on the heap, which grow as needed and shrink after a large event. This is the default memory of a
/// [`Parser`](crate::Parser).
///
/// ```
/// use sse_wire::{Growable, Parser};
///
/// struct Feed {
///     parser: Parser<Growable>, // the same as `Parser`
/// }
/// let feed = Feed { parser: Parser::new() };
/// ```
///
/// # Memory
///
/// Nothing is allocated until something has to be kept. The allocation of a buffer is at most twice what it has or had,
/// and at most 4 times that while it grows or ill-formed text is decoded. At the end of the first block that uses less
/// than a quarter of it, the buffer shrinks to twice what that block used, but not below 4 KiB.
#[derive(Clone, Debug, Default)]
pub struct Growable(#[cfg(feature = "alloc")] [Vec<u8>; Place::ALL.len()]);

pub(crate) mod sealed {
    use super::Place;

    pub trait Memory: AsRef<[u8]> + AsMut<[u8]> {}

    /// Memory for each place. How much of it is in use is known elsewhere.
    pub trait Storage {
        fn memory(&self, place: Place) -> &[u8];
        fn memory_mut(&mut self, place: Place) -> &mut [u8];
        fn max_len(&self, place: Place) -> usize {
            self.memory(place).len()
        }
        /// Makes memory of which `used` bytes are in use at least `len` bytes long, if it can grow, with `bytes` after
        /// those in use; or much smaller if it is much larger. Returns whether it may have to be made smaller later.
        fn resize(&mut self, _place: Place, _used: usize, _len: usize, _bytes: &[u8]) -> bool {
            false
        }
        /// Takes the first `len` bytes out with their memory, if a copy costs more and the memory is not much larger.
        #[cfg(feature = "alloc")]
        fn take(&mut self, _place: Place, _len: usize) -> Option<alloc::vec::Vec<u8>> {
            None
        }
    }
}

impl<M: sealed::Memory> Memory for M {}
impl<const N: usize> sealed::Memory for [u8; N] {}
impl sealed::Memory for &mut [u8] {}
#[cfg(feature = "alloc")]
impl sealed::Memory for Vec<u8> {}

impl<S: sealed::Storage> Storage for S {}
impl<D: Memory, E: Memory, I: Memory> sealed::Storage for Arrays<D, E, I> {
    fn memory(&self, place: Place) -> &[u8] {
        let array = place.of(self.data.as_ref(), self.event_type.as_ref(), self.ids.as_ref());
        &array[place.part(array.len())]
    }

    fn memory_mut(&mut self, place: Place) -> &mut [u8] {
        let array = place.of(self.data.as_mut(), self.event_type.as_mut(), self.ids.as_mut());
        let part = place.part(array.len());
        &mut array[part]
    }
}

#[cfg(feature = "alloc")]
impl Growable {
    /// An allocation up to this size stays.
    const ALWAYS_KEPT: usize = 4096;
    /// So much more is zeroed, so that the next short pieces need no call.
    const AHEAD: usize = 256;
    /// Copying so many bytes costs less than growing a new buffer.
    const CHEAP_TO_COPY: usize = 16_384;

    /// Creates empty buffers.
    pub const fn new() -> Self {
        Growable([const { Vec::new() }; Place::ALL.len()])
    }
}

#[cfg(feature = "alloc")]
impl sealed::Storage for Growable {
    fn memory(&self, place: Place) -> &[u8] {
        &self.0[place as usize]
    }

    fn memory_mut(&mut self, place: Place) -> &mut [u8] {
        &mut self.0[place as usize]
    }

    fn max_len(&self, _place: Place) -> usize {
        usize::MAX
    }

    #[cold]
    fn resize(&mut self, place: Place, used: usize, len: usize, bytes: &[u8]) -> bool {
        let memory = &mut self.0[place as usize];
        if len > memory.len() {
            memory.truncate(used);
            if len > memory.capacity() {
                if len > 2 * used {
                    // So that no more than 4 times what is in use is allocated while it is moved.
                    memory.shrink_to_fit();
                }
                memory.reserve_exact(len.max(2 * used) - used);
            }
            memory.extend_from_slice(bytes);
            memory.resize(memory.capacity().min(len + Self::AHEAD), 0);
        } else if memory.capacity() > Self::ALWAYS_KEPT && memory.capacity() / 4 > len {
            crate::work::count_bytes(len);
            memory.truncate(Self::ALWAYS_KEPT.max(2 * len));
            memory.shrink_to(Self::ALWAYS_KEPT);
        }
        memory.capacity() > Self::ALWAYS_KEPT
    }

    fn take(&mut self, place: Place, len: usize) -> Option<Vec<u8>> {
        let memory = &mut self.0[place as usize];
        (len > Self::CHEAP_TO_COPY && memory.capacity() / 2 <= len).then(|| {
            memory.truncate(len);
            core::mem::take(memory)
        })
    }
}
