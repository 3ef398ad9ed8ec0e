//! Where a parser keeps what it must: on the heap, where it grows, or in arrays of a fixed size.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

use super::text::Array;

/// Where a [`Parser`](crate::Parser) keeps what outlives a chunk: [`Growable`] or [`Arrays`].
///
/// The trait is sealed.
pub trait Storage: sealed::Storage {}

/// Memory of a fixed size: `[u8; N]`, `&mut [u8]` or, with the feature `alloc`, `Vec<u8>`.
///
/// The trait is sealed: nobody but this crate changes what it has written there.
pub trait Memory: sealed::Memory {}

/// Buffers on the heap, which grow as needed and give memory back after a large event.
///
/// # Memory
///
/// Nothing is allocated before something must be kept. The allocation of a buffer stays below twice
/// what it holds or held, and is at most 4 times that while ill-formed text is decoded. At the end
/// of the first block that uses less than a quarter of it, all but twice what that block used is
/// given back; 4 KiB are always kept.
pub type Growable = Arrays<Heap, Heap, Heap>;

/// Three arrays, for use without an allocator: see [`Parser::with_arrays`](crate::Parser::with_arrays).
#[derive(Clone, Debug)]
pub struct Arrays<D, E, I> {
    /// For the data of an event.
    pub data: Array<D>,
    /// For the type of an event.
    pub event_type: Array<E>,
    /// For last event IDs, of which the longest can have a third of it: one is in force, one was
    /// set by the block, one is being read. For a comment that is observed, too.
    pub ids: Array<I>,
}

/// Memory on the heap that grows.
#[derive(Clone, Debug, Default)]
pub struct Heap(#[cfg(feature = "alloc")] Vec<u8>);

#[cfg(feature = "alloc")]
impl Heap {
    pub(super) const fn new() -> Self {
        Heap(Vec::new())
    }
}

pub(crate) mod sealed {
    use super::Arrays;

    pub trait Storage {
        type Data: Buffer;
        type EventType: Buffer;
        type Ids: Buffer;
        fn arrays(&self) -> &Arrays<Self::Data, Self::EventType, Self::Ids>;
        fn arrays_mut(&mut self) -> &mut Arrays<Self::Data, Self::EventType, Self::Ids>;
    }

    pub trait Memory: AsRef<[u8]> + AsMut<[u8]> {}

    /// Bytes whose number is kept elsewhere.
    pub trait Buffer {
        fn max_len(&self) -> usize;
        fn bytes(&self, len: usize) -> &[u8];
        /// Puts bytes behind the `len` that there are. The caller knows that they fit.
        fn push(&mut self, len: usize, bytes: &[u8]);
        /// Takes all but the first `len` bytes away.
        fn truncate(&mut self, len: usize);
        /// Makes it `len` bytes long, if it can be longer.
        fn room(&mut self, len: usize) -> &mut [u8];
        /// Gives memory back that the first `used` bytes don't justify; returns whether what is left
        /// may be worth another look at the end of a later block.
        fn release(&mut self, used: usize) -> bool;
        /// Takes the bytes out with their memory, if that is not much larger than they are.
        #[cfg(feature = "alloc")]
        fn take(&mut self, len: usize) -> Option<alloc::vec::Vec<u8>>;
    }
}

use sealed::Buffer;

impl<D: Buffer, E: Buffer, I: Buffer> Storage for Arrays<D, E, I> {}

impl<D: Buffer, E: Buffer, I: Buffer> sealed::Storage for Arrays<D, E, I> {
    type Data = D;
    type EventType = E;
    type Ids = I;

    #[inline]
    fn arrays(&self) -> &Self {
        self
    }

    #[inline]
    fn arrays_mut(&mut self) -> &mut Self {
        self
    }
}

impl<const N: usize> Memory for [u8; N] {}
impl<const N: usize> sealed::Memory for [u8; N] {}
impl Memory for &mut [u8] {}
impl sealed::Memory for &mut [u8] {}
#[cfg(feature = "alloc")]
impl Memory for Vec<u8> {}
#[cfg(feature = "alloc")]
impl sealed::Memory for Vec<u8> {}

impl<M: Memory> Buffer for M {
    fn max_len(&self) -> usize {
        self.as_ref().len()
    }

    fn bytes(&self, len: usize) -> &[u8] {
        &self.as_ref()[..len]
    }

    fn push(&mut self, len: usize, bytes: &[u8]) {
        self.as_mut()[len..][..bytes.len()].copy_from_slice(bytes);
    }

    fn truncate(&mut self, _len: usize) {}

    fn room(&mut self, len: usize) -> &mut [u8] {
        &mut self.as_mut()[..len]
    }

    fn release(&mut self, _used: usize) -> bool {
        false
    }

    #[cfg(feature = "alloc")]
    fn take(&mut self, _len: usize) -> Option<Vec<u8>> {
        None
    }
}

/// Allocations up to this size stay.
#[cfg(feature = "alloc")]
const ALWAYS_KEPT: usize = 4096;

#[cfg(feature = "alloc")]
impl Buffer for Heap {
    #[inline]
    fn max_len(&self) -> usize {
        usize::MAX
    }

    #[inline]
    fn bytes(&self, len: usize) -> &[u8] {
        &self.0[..len]
    }

    #[inline]
    fn push(&mut self, _len: usize, bytes: &[u8]) {
        match bytes {
            &[byte] => self.0.push(byte),
            _ => self.0.extend_from_slice(bytes),
        }
    }

    #[inline]
    fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    fn room(&mut self, len: usize) -> &mut [u8] {
        if len > self.0.capacity() {
            // So that no more than 4 times what it holds is allocated while it is moved.
            self.0.shrink_to_fit();
            self.0.reserve_exact(len - self.0.len());
        }
        self.0.resize(len, 0);
        &mut self.0
    }

    #[inline]
    fn release(&mut self, used: usize) -> bool {
        if self.0.capacity() > ALWAYS_KEPT && self.0.capacity() / 4 > used {
            crate::work::count_bytes(used);
            self.0.shrink_to(ALWAYS_KEPT.max(2 * used));
        }
        self.0.capacity() > ALWAYS_KEPT
    }

    fn take(&mut self, len: usize) -> Option<Vec<u8>> {
        (self.0.capacity() / 2 <= len).then(|| core::mem::take(&mut self.0))
    }
}
