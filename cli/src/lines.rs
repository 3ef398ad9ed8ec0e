//! Lines of input with a limit on their length.

use std::io::{self, BufRead, BufReader, Read};

/// The size to which the buffer shrinks between two lines.
const ROOM: usize = 64 * 1024;

/// The limit for a request, or a block as JSON.
pub(crate) const LONGEST: usize = 64 << 20;

/// The lines of a reader. A line over the limit is rejected, and never kept as a whole.
pub(crate) struct Lines<R> {
    reader: R,
    bound: usize,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(crate) const fn new(reader: R, bound: usize) -> Self {
        Lines { reader, bound, line: Vec::new() }
    }

    /// Returns the next line without its LF, or why it is rejected; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Result<&[u8], String>>> {
        self.line.clear();
        self.line.shrink_to(ROOM);
        let mut len = 0;
        loop {
            let bytes = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                bytes => bytes?,
            };
            let end = bytes.iter().position(|&byte| byte == b'\n');
            let part = &bytes[..end.unwrap_or(bytes.len())];
            if bytes.is_empty() && len == 0 {
                return Ok(None);
            }
            len += part.len();
            if len <= self.bound {
                self.line.extend_from_slice(part);
            } else {
                self.line = Vec::new();
            }
            let ended = end.is_some() || bytes.is_empty();
            let taken = part.len() + usize::from(end.is_some());
            self.reader.consume(taken);
            if ended {
                break;
            }
        }
        if len > self.bound {
            let bound = self.bound;
            return Ok(Some(Err(format!("the line has {len} bytes; at most {bound} are allowed"))));
        }
        Ok(Some(Ok(&self.line)))
    }
}

impl<R: Read> Lines<BufReader<R>> {
    /// Returns whether reading the next line may block, so that buffered output is due.
    pub(crate) fn are_dry(&self) -> bool {
        !self.reader.buffer().contains(&b'\n')
    }
}

/// Returns a line as text. The error is for users.
pub(crate) fn text(line: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(line).map_err(|error| format!("not UTF-8 at byte {}", error.valid_up_to()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_the_input_in_any_buffering_and_long_ones_are_refused_alone() {
        let input = b"one\n\nlonger than ten\nexactly 10\n\r\nlast one is too long";
        for capacity in 1..input.len() {
            let mut lines = Lines::new(BufReader::with_capacity(capacity, &input[..]), 10);
            let mut all = Vec::new();
            while let Some(line) = lines.next().unwrap() {
                all.push(line.map(|line| String::from_utf8(line.to_vec()).unwrap()).is_ok());
            }
            assert_eq!(all, [true, true, false, true, true, false], "{capacity}");
        }
        let mut lines = Lines::new(&b"a\nb"[..], 10);
        assert_eq!(lines.next().unwrap(), Some(Ok(&b"a"[..])));
        assert_eq!(lines.next().unwrap(), Some(Ok(&b"b"[..])));
        assert_eq!(lines.next().unwrap(), None);
    }

    #[test]
    fn memory_of_a_long_line_is_given_back() {
        let mut input = vec![b'x'; 10 * ROOM];
        input.extend(b"\nshort\n");
        input.extend(vec![b'x'; 20 * ROOM]);
        let mut lines = Lines::new(&input[..], 10 * ROOM);
        assert!(lines.next().unwrap().unwrap().is_ok());
        assert!(lines.next().unwrap().unwrap().is_ok());
        assert!(lines.line.capacity() <= ROOM);
        let refused = lines.next().unwrap().unwrap().unwrap_err();
        assert!(refused.contains(&(20 * ROOM).to_string()), "{refused}");
        assert_eq!(lines.line.capacity(), 0);
    }
}
