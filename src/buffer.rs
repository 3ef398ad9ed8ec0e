//! Where a parser keeps what it must: on the heap, where it grows, or in arrays of a fixed size.
//!
//! An event type and IDs are kept as text. Data is kept as it came and made text once, when an
//! event is handed out: most of it comes in pieces too short to check one by one.

mod array;
#[cfg(feature = "alloc")]
mod heap;

#[cfg(feature = "alloc")]
use alloc::string::String;
use core::fmt::{self, Debug, Formatter};

use array::ArrayBuffer;
#[cfg(feature = "alloc")]
use heap::HeapData;

/// Where a [`Parser`](crate::Parser) keeps what outlives a chunk: [`Growable`] or [`Fixed`].
///
/// The trait is sealed: how text is kept may change.
pub trait Buffers: sealed::Buffers {}

/// Buffers on the heap, which grow as needed and give memory back after a large event.
///
/// # Memory
///
/// Nothing is allocated before something must be kept. A buffer's allocation stays below twice
/// what it holds or held; at the end of the first block that uses less than a quarter of it, all
/// but twice what that block used is given back (4 KiB are always kept). Ill-formed data is
/// there twice, as it came and as text, until the next block ends. The end of a stream gives
/// nothing back: what was pending can still be read then.
#[derive(Clone)]
pub struct Growable {
    #[cfg(feature = "alloc")]
    data: HeapData,
    #[cfg(feature = "alloc")]
    event_type: String,
    #[cfg(feature = "alloc")]
    ids: String,
}

impl Growable {
    #[cfg(feature = "alloc")]
    pub(crate) const fn new() -> Self {
        Growable { data: HeapData::new(), event_type: String::new(), ids: String::new() }
    }
}

impl Debug for Growable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Growable").finish_non_exhaustive()
    }
}

/// Buffers of a fixed size, for use without an allocator: see
/// [`Parser::with_arrays`](crate::Parser::with_arrays).
#[derive(Clone)]
pub struct Fixed<D, E = D, I = D> {
    data: ArrayBuffer<D>,
    event_type: ArrayBuffer<E>,
    ids: ArrayBuffer<I>,
}

impl<D, E, I> Fixed<D, E, I> {
    pub(crate) const fn new(data: D, event_type: E, ids: I) -> Self {
        Fixed {
            data: ArrayBuffer::new(data),
            event_type: ArrayBuffer::new(event_type),
            ids: ArrayBuffer::new(ids),
        }
    }
}

impl<D, E, I> Debug for Fixed<D, E, I> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixed").finish_non_exhaustive()
    }
}

/// What the traits can do, out of reach for other crates.
pub(crate) mod sealed {
    use core::ops::Range;

    /// What is built up and cut back.
    pub trait Buffer {
        fn len(&self) -> usize;
        /// The most bytes that it can ever hold.
        fn max_len(&self) -> usize;
        /// Appends `text`, which the caller knows to fit into `max_len`.
        fn push_str(&mut self, text: &str);
        /// Keeps the first `len` bytes, a character border.
        fn truncate(&mut self, len: usize);
        /// Whether [`release`](Self::release) might have something to give back.
        fn is_large(&self) -> bool;
        /// Gives memory back that the first `used` bytes, all that is still needed, don't justify.
        fn release(&mut self, used: usize);
    }

    /// Text: always valid UTF-8.
    pub trait TextBuffer: Buffer {
        /// The text between two character borders.
        fn get(&self, range: Range<usize>) -> &str;
        /// Takes the bytes between two character borders out of the middle.
        fn remove(&mut self, start: usize, end: usize);
    }

    /// Bytes that may become text: what is ill-formed is U+FFFD then.
    pub trait DataBuffer: Buffer {
        /// Appends a byte that the caller knows to fit, also as text.
        fn push_byte(&mut self, byte: u8);
        /// Appends bytes that the caller knows to fit, also as text.
        fn push_bytes(&mut self, bytes: &[u8]);
        /// What came from `start` on.
        fn bytes(&self, start: usize) -> &[u8];
        /// Makes text of what came from `start` on, a character border.
        fn decode(&mut self, start: usize);
        /// All of it as text. A buffer may keep that beside the bytes.
        fn decode_text(&mut self) -> &str;
        /// The text from `start` on, a character border, once it is text.
        fn text(&self, start: usize) -> &str;
    }

    pub trait Buffers {
        /// For data, and for a comment that a chunk border cuts.
        type Data: DataBuffer;
        /// For the event type buffer.
        type EventType: TextBuffer;
        /// For the last event ID string, the last event ID buffer, and the id line being read.
        type Ids: TextBuffer;

        fn data(&self) -> &Self::Data;
        fn data_mut(&mut self) -> &mut Self::Data;
        fn event_type(&self) -> &Self::EventType;
        fn event_type_mut(&mut self) -> &mut Self::EventType;
        fn ids(&self) -> &Self::Ids;
        fn ids_mut(&mut self) -> &mut Self::Ids;
        /// All three, the data to be made text.
        fn all(&mut self) -> (&mut Self::Data, &Self::EventType, &Self::Ids);
    }
}

/// The accessors of a struct with the three fields.
macro_rules! buffers {
    ($data:ty, $event_type:ty, $ids:ty) => {
        type Data = $data;
        type EventType = $event_type;
        type Ids = $ids;

        #[inline(always)]
        fn data(&self) -> &$data {
            &self.data
        }
        #[inline(always)]
        fn data_mut(&mut self) -> &mut $data {
            &mut self.data
        }
        #[inline(always)]
        fn event_type(&self) -> &$event_type {
            &self.event_type
        }
        #[inline(always)]
        fn event_type_mut(&mut self) -> &mut $event_type {
            &mut self.event_type
        }
        #[inline(always)]
        fn ids(&self) -> &$ids {
            &self.ids
        }
        #[inline(always)]
        fn ids_mut(&mut self) -> &mut $ids {
            &mut self.ids
        }
        #[inline(always)]
        fn all(&mut self) -> (&mut $data, &$event_type, &$ids) {
            (&mut self.data, &self.event_type, &self.ids)
        }
    };
}

#[cfg(feature = "alloc")]
impl Buffers for Growable {}

#[cfg(feature = "alloc")]
impl sealed::Buffers for Growable {
    buffers!(HeapData, String, String);
}

impl<D, E, I> Buffers for Fixed<D, E, I>
where
    D: AsRef<[u8]> + AsMut<[u8]>,
    E: AsRef<[u8]> + AsMut<[u8]>,
    I: AsRef<[u8]> + AsMut<[u8]>,
{
}

impl<D, E, I> sealed::Buffers for Fixed<D, E, I>
where
    D: AsRef<[u8]> + AsMut<[u8]>,
    E: AsRef<[u8]> + AsMut<[u8]>,
    I: AsRef<[u8]> + AsMut<[u8]>,
{
    buffers!(ArrayBuffer<D>, ArrayBuffer<E>, ArrayBuffer<I>);
}
