//! Where a parser keeps what it must: text that grows on the heap, or in arrays of a fixed size.

#[cfg(feature = "alloc")]
use alloc::string::String;
use core::fmt::{self, Debug, Formatter};
use core::ops::Range;

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
/// but twice what that block used is given back (4 KiB are always kept). The end of a stream
/// gives nothing back: what was pending can still be read then.
#[derive(Clone)]
pub struct Growable {
    #[cfg(feature = "alloc")]
    data: String,
    #[cfg(feature = "alloc")]
    event_type: String,
    #[cfg(feature = "alloc")]
    ids: String,
}

impl Growable {
    #[cfg(feature = "alloc")]
    pub(crate) const fn new() -> Self {
        Growable { data: String::new(), event_type: String::new(), ids: String::new() }
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
    data: ArrayText<D>,
    event_type: ArrayText<E>,
    ids: ArrayText<I>,
}

impl<D, E, I> Fixed<D, E, I> {
    pub(crate) const fn new(data: D, event_type: E, ids: I) -> Self {
        Fixed {
            data: ArrayText { array: data, len: 0 },
            event_type: ArrayText { array: event_type, len: 0 },
            ids: ArrayText { array: ids, len: 0 },
        }
    }
}

impl<D, E, I> Debug for Fixed<D, E, I> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixed").finish_non_exhaustive()
    }
}

/// An array and how much of it is text.
#[derive(Clone)]
pub struct ArrayText<A> {
    array: A,
    len: usize,
}

/// What the traits can do, out of reach for other crates.
pub(crate) mod sealed {
    use core::ops::Range;

    /// Text that is built up and cut back. Always valid UTF-8.
    pub trait Buffer {
        /// The text between two character borders.
        fn get(&self, range: Range<usize>) -> &str;
        fn len(&self) -> usize;
        /// The most bytes that it can ever hold.
        fn max_len(&self) -> usize;
        /// Appends `text`, which the caller knows to fit into `max_len`.
        fn push_str(&mut self, text: &str);
        /// Appends an ASCII byte, which the caller knows to fit.
        fn push_ascii(&mut self, byte: u8);
        /// Appends LF and `text`, which the caller knows to fit.
        fn push_line(&mut self, text: &str);
        /// Keeps the first `len` bytes, a character border.
        fn truncate(&mut self, len: usize);
        /// Takes the bytes between two character borders out of the middle.
        fn remove(&mut self, start: usize, end: usize);
        /// Whether [`release`](Self::release) might have something to give back.
        fn is_large(&self) -> bool;
        /// Gives memory back that the first `used` bytes, all that is still needed, don't justify.
        fn release(&mut self, used: usize);
    }

    pub trait Buffers {
        /// For data, and for a comment that a chunk border cuts.
        type Data: Buffer;
        /// For the event type buffer.
        type EventType: Buffer;
        /// For the last event ID string, the last event ID buffer, and the id line being read.
        type Ids: Buffer;

        fn data(&self) -> &Self::Data;
        fn data_mut(&mut self) -> &mut Self::Data;
        fn event_type(&self) -> &Self::EventType;
        fn event_type_mut(&mut self) -> &mut Self::EventType;
        fn ids(&self) -> &Self::Ids;
        fn ids_mut(&mut self) -> &mut Self::Ids;
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
    };
}

#[cfg(feature = "alloc")]
impl Buffers for Growable {}

#[cfg(feature = "alloc")]
impl sealed::Buffers for Growable {
    buffers!(String, String, String);
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
    buffers!(ArrayText<D>, ArrayText<E>, ArrayText<I>);
}

/// A buffer gives nothing back of so many bytes.
#[cfg(feature = "alloc")]
const ALWAYS_KEPT: usize = 4096;

#[cfg(feature = "alloc")]
impl sealed::Buffer for String {
    #[inline(always)]
    fn get(&self, range: Range<usize>) -> &str {
        str::get(self, range).unwrap_or_default()
    }

    #[inline(always)]
    fn len(&self) -> usize {
        self.len()
    }

    #[inline(always)]
    fn max_len(&self) -> usize {
        usize::MAX
    }

    #[inline(always)]
    fn push_str(&mut self, text: &str) {
        self.push_str(text);
    }

    #[inline(always)]
    fn push_ascii(&mut self, byte: u8) {
        self.push(char::from(byte & 0x7F));
    }

    #[inline(always)]
    fn push_line(&mut self, text: &str) {
        self.push('\n');
        self.push_str(text);
    }

    #[inline(always)]
    fn truncate(&mut self, len: usize) {
        self.truncate(len);
    }

    #[inline(always)]
    fn remove(&mut self, start: usize, end: usize) {
        crate::work::count(self.len() - end);
        self.drain(start..end);
    }

    #[inline(always)]
    fn is_large(&self) -> bool {
        self.capacity() > ALWAYS_KEPT
    }

    #[inline(always)]
    fn release(&mut self, used: usize) {
        if self.is_large() && self.capacity() / 4 > used {
            crate::work::count(used);
            self.truncate(used);
            self.shrink_to((2 * used).max(ALWAYS_KEPT));
        }
    }
}

impl<A: AsRef<[u8]> + AsMut<[u8]>> sealed::Buffer for ArrayText<A> {
    fn get(&self, range: Range<usize>) -> &str {
        crate::work::count(range.len());
        let text = self.array.as_ref().get(range).unwrap_or_default();
        // Only whole `&str`s have been put there.
        core::str::from_utf8(text).unwrap_or_default()
    }

    fn len(&self) -> usize {
        self.len
    }

    fn max_len(&self) -> usize {
        self.array.as_ref().len()
    }

    fn push_str(&mut self, text: &str) {
        let free = self.array.as_mut().get_mut(self.len..).unwrap_or_default();
        if let Some(place) = free.get_mut(..text.len()) {
            place.copy_from_slice(text.as_bytes());
            self.len += text.len();
        }
    }

    fn push_ascii(&mut self, byte: u8) {
        self.push_str(char::from(byte & 0x7F).encode_utf8(&mut [0; 4]));
    }

    fn push_line(&mut self, text: &str) {
        self.push_str("\n");
        self.push_str(text);
    }

    fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    fn remove(&mut self, start: usize, end: usize) {
        if let Some(text) = self.array.as_mut().get_mut(..self.len) {
            if start <= end && end <= text.len() {
                crate::work::count(text.len() - end);
                text.copy_within(end.., start);
                self.len -= end - start;
            }
        }
    }

    fn is_large(&self) -> bool {
        false
    }

    fn release(&mut self, _used: usize) {}
}
