//! A file as clean lines: whatever ends its lines becomes `\n`, so that line numbers are right.

use std::io::{self, Read};

use greenroom_model::Digest;
use sha2::{Digest as _, Sha256};

/// How much is looked at to learn the shape of a file.
const SAMPLE_BYTES: usize = 64 << 10;

/// The start of a file, and all of it again as clean lines.
pub(crate) struct Source<R> {
    /// Clean lines of the first bytes; the last is whole.
    pub(crate) sample: Vec<u8>,
    lines: Lines<R>,
}

impl<R: Read> Source<R> {
    pub(crate) fn new(file: R) -> io::Result<Self> {
        let mut lines = Lines::new(file);
        let mut sample = Vec::with_capacity(SAMPLE_BYTES);
        while sample.len() < SAMPLE_BYTES && lines.fill()? {
            sample.extend_from_slice(lines.clean());
            lines.start = lines.clean.len();
        }
        lines.clean = sample.clone();
        lines.start = 0;
        if !lines.ended
            && let Some(end) = sample.iter().rposition(|byte| *byte == b'\n')
        {
            sample.truncate(end + 1);
        }
        Ok(Self { sample, lines })
    }

    /// All of the file.
    pub(crate) fn lines(&mut self) -> impl Read {
        &mut self.lines
    }

    /// The digest of the file's bytes; call it after reading.
    pub(crate) fn digest(self) -> Digest {
        Digest::from(<[u8; 32]>::from(self.lines.hash.finalize()))
    }
}

/// Reads bytes as clean lines: without a byte order mark, each line ended by `\n` alone, the last one too.
struct Lines<R> {
    inner: R,
    hash: Sha256,
    raw: Vec<u8>,
    clean: Vec<u8>,
    start: usize,
    first: bool,
    after_return: bool,
    last: u8,
    ended: bool,
}

impl<R: Read> Lines<R> {
    const BUFFER_BYTES: usize = 32 << 10;

    fn new(inner: R) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
            raw: vec![0; Self::BUFFER_BYTES],
            clean: Vec::new(),
            start: 0,
            first: true,
            after_return: false,
            last: b'\n',
            ended: false,
        }
    }

    fn clean(&self) -> &[u8] {
        self.clean.get(self.start..).unwrap_or_default()
    }

    /// Reads more; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        self.clean.clear();
        self.start = 0;
        while self.clean.is_empty() && !self.ended {
            let mut length = read_some(&mut self.inner, &mut self.raw)?;
            // The mark is three bytes, which a first short read must not split.
            while self.first && length > 0 && length < 3 {
                let more = read_some(&mut self.inner, self.raw.get_mut(length..).unwrap_or_default())?;
                if more == 0 {
                    break;
                }
                length += more;
            }
            let raw = self.raw.get(..length).unwrap_or_default();
            self.hash.update(raw);
            if raw.is_empty() {
                self.ended = true;
                if self.last != b'\n' {
                    self.clean.push(b'\n');
                }
                break;
            }
            let raw = if self.first { raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw) } else { raw };
            self.first = false;
            for byte in raw {
                match byte {
                    b'\n' if self.after_return => {}
                    b'\r' => self.clean.push(b'\n'),
                    byte => self.clean.push(*byte),
                }
                self.after_return = *byte == b'\r';
            }
            self.last = self.clean.last().copied().unwrap_or(self.last);
        }
        Ok(!self.clean.is_empty())
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.clean().is_empty() && !self.fill()? {
            return Ok(0);
        }
        let mut clean = self.clean();
        let length = clean.read(out)?;
        self.start += length;
        Ok(length)
    }
}

fn read_some(inner: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match inner.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &[u8], clean: &str) {
        // However the bytes arrive, the lines are the same.
        for size in [1, 2, 3, 1 << 10] {
            let mut text = String::new();
            Lines::new(Trickle(raw, size)).read_to_string(&mut text).unwrap();
            assert_eq!(text, clean, "in pieces of {size}");
        }
    }

    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(out.len());
            self.0.read(&mut out[..length])
        }
    }

    #[test]
    fn whatever_ends_lines_becomes_one_newline() {
        check(b"", "");
        check(b"a", "a\n");
        check(b"a\n", "a\n");
        check(b"a\r\nb\r\n", "a\nb\n");
        check(b"a\rb", "a\nb\n");
        check(b"a\r\r\nb", "a\n\nb\n");
        check(b"\r\n\r\n", "\n\n");
    }

    #[test]
    fn a_byte_order_mark_goes_from_the_start_alone() {
        check("\u{feff}a\n\u{feff}b".as_bytes(), "a\n\u{feff}b\n");
        check("\u{feff}".as_bytes(), "");
    }
}
