//! The sources of streams.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::messages::log;

/// The smallest number of bytes that are read at once.
const BUFFER: usize = 64 * 1024;

/// The input for an argument.
pub(crate) struct Source {
    /// Its name in messages.
    pub(crate) name: String,
    /// The source of its bytes.
    pub(crate) reader: Box<dyn Read>,
}

impl Source {
    /// Opens a file, or stdin if the argument is `-` or absent. An error is logged on stderr.
    pub(crate) fn open(path: Option<&PathBuf>) -> Option<Self> {
        let path = match path {
            Some(path) if path != Path::new("-") => path,
            _ => {
                return Some(Source { name: "stdin".into(), reader: Box::new(io::stdin().lock()) });
            }
        };
        match File::open(path) {
            Ok(file) => Some(Source { name: path.display().to_string(), reader: Box::new(file) }),
            Err(error) => {
                let hint = match path.to_str() {
                    Some(url) if url.starts_with("http://") || url.starts_with("https://") => {
                        match cfg!(feature = "http") {
                            true => format!(
                                "; did you mean `sse-wire listen {url}`? With --raw, its output can be piped into other commands"
                            ),
                            false => format!("; pipe the output of `curl -sN {url}` into this"),
                        }
                    }
                    _ => String::new(),
                };
                log(format_args!("cannot open {}: {error}{hint}", path.display()));
                None
            }
        }
    }
}

/// A part of a stream that [`feed`] passes on.
pub(crate) enum Input<'a> {
    /// Bytes of the stream.
    Chunk(&'a [u8]),
    /// All available bytes were passed on, and the next read may block: buffered output is due.
    Dry,
}

/// Passes on all bytes of `reader` as soon as they are available, at most `size` at a time. The outer error is that of
/// `take`, the inner one that of `reader`.
pub(crate) fn feed(
    reader: &mut impl Read,
    size: Option<usize>,
    mut take: impl FnMut(Input<'_>) -> io::Result<()>,
) -> io::Result<io::Result<()>> {
    let size = size.unwrap_or(BUFFER);
    // A multiple of the size, so that the end of the buffer cuts no piece.
    let mut buffer = vec![0; BUFFER.next_multiple_of(size)];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(Ok(())),
            Ok(len) => {
                buffer[..len].chunks(size).try_for_each(|chunk| take(Input::Chunk(chunk)))?;
                take(Input::Dry)?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Ok(Err(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The chunks; `None` means that no more input was available.
    fn chunks(mut reader: impl Read, size: usize) -> (Vec<Option<Vec<u8>>>, io::Result<()>) {
        let mut chunks = Vec::new();
        let read = feed(&mut reader, Some(size), |input| {
            chunks.push(match input {
                Input::Chunk(chunk) => Some(chunk.to_vec()),
                Input::Dry => None,
            });
            Ok(())
        });
        (chunks, read.expect("nothing fails in taking"))
    }

    #[test]
    fn all_chunks_but_the_last_have_the_size() {
        let stream: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
        for size in [1, 2, 3, 1000, 65_535, 65_536, 65_537, 150_000, 300_000] {
            let (chunks, read) = chunks(&stream[..], size);
            assert!(read.is_ok());
            let chunks: Vec<_> = chunks.into_iter().flatten().collect();
            assert_eq!(chunks.concat(), stream);
            assert!(chunks[..chunks.len() - 1].iter().all(|chunk| chunk.len() == size), "{size}");
        }
    }

    /// A reader that has its input in pieces, is interrupted before each, and fails at the end.
    struct Dribble<'a>(&'a [&'a [u8]], bool);

    impl Read for Dribble<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            match *self.0 {
                _ if self.1 => Err(io::ErrorKind::Interrupted.into()),
                [piece, ref rest @ ..] => {
                    self.0 = rest;
                    (&mut &*piece).read(buffer)
                }
                [] => Err(io::ErrorKind::ConnectionReset.into()),
            }
        }
    }

    #[test]
    fn what_is_there_is_taken_at_once_and_then_the_input_is_dry_and_an_error_is_reported() {
        let (chunks, read) = chunks(Dribble(&[b"abc", b"d", b"efgh"], false), 3);
        let chunks: Vec<_> = chunks.iter().map(Option::as_deref).collect();
        let expected: [Option<&[u8]>; 7] =
            [Some(b"abc"), None, Some(b"d"), None, Some(b"efg"), Some(b"h"), None];
        assert_eq!(chunks, expected);
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    }
}
