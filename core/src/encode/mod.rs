//! Plain rows as bytes, into whatever buffer there is.
//!
//! An encoder writes each row whole if the buffer surely holds it, and otherwise writes the part of it
//! that fits and the rest into the next buffer, by encoding it again and skipping what has gone out.
//! So a small buffer costs time but no memory.

pub(crate) mod json;
pub(crate) mod number;
pub(crate) mod patch;
pub(crate) mod text;

/// Where an encoder writes.
pub(crate) trait Out {
    /// Whether any part of what is written may be left out. Who writes without need not reckon with what
    /// has no known length.
    const IS_PART: bool;

    /// Appends bytes.
    fn put(&mut self, bytes: &[u8]);

    /// Appends the first `len` bytes of `padded`. Copies of a fixed size are faster.
    #[inline]
    fn put_padded<const N: usize>(&mut self, padded: &[u8; N], len: usize) {
        self.put(padded.get(..len).unwrap_or(padded));
    }

    /// Appends `text` with some of its bytes replaced, given by place, in order.
    fn put_filled(&mut self, text: &[u8], filled: impl Iterator<Item = (usize, u8)>) {
        let mut done = 0;
        for (place, byte) in filled {
            self.put(text.get(done..place).unwrap_or_default());
            self.put(&[byte]);
            done = place + 1;
        }
        self.put(text.get(done..).unwrap_or_default());
    }
}

/// A buffer that surely holds what is written.
#[derive(Debug)]
pub(crate) struct Whole<'a> {
    /// What is left of the buffer.
    room: &'a mut [u8],
    /// The length of the buffer.
    len: usize,
}

impl<'a> Whole<'a> {
    #[inline]
    pub(crate) fn new(room: &'a mut [u8]) -> Self {
        let len = room.len();
        Self { room, len }
    }

    #[inline]
    pub(crate) fn written(&self) -> usize {
        self.len - self.room.len()
    }

    /// The next `len` bytes, which now count as written.
    #[inline]
    fn take(&mut self, len: usize) -> &'a mut [u8] {
        let room = core::mem::take(&mut self.room);
        let Some((taken, rest)) = room.split_at_mut_checked(len) else {
            return &mut [];
        };
        self.room = rest;
        taken
    }
}

impl Out for Whole<'_> {
    const IS_PART: bool = false;

    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        let to = self.take(bytes.len());
        if to.len() == bytes.len() {
            to.copy_from_slice(bytes);
        }
    }

    #[inline]
    fn put_padded<const N: usize>(&mut self, padded: &[u8; N], len: usize) {
        if let Some(to) = self.room.first_chunk_mut::<N>() {
            *to = *padded;
            self.take(len);
        }
    }

    #[inline]
    fn put_filled(&mut self, text: &[u8], filled: impl Iterator<Item = (usize, u8)>) {
        let to = self.take(text.len());
        if to.len() != text.len() {
            return;
        }
        to.copy_from_slice(text);
        for (place, byte) in filled {
            if let Some(slot) = to.get_mut(place) {
                *slot = byte;
            }
        }
    }
}

/// A buffer that takes the part of what is written that starts after `skip` bytes and fits.
pub(crate) struct Window<'a> {
    buf: &'a mut [u8],
    at: usize,
    skip: usize,
    /// All that was written, seen or not.
    total: usize,
}

impl<'a> Window<'a> {
    pub(crate) fn new(buf: &'a mut [u8], skip: usize) -> Self {
        Self {
            buf,
            at: 0,
            skip,
            total: 0,
        }
    }

    pub(crate) fn written(&self) -> usize {
        self.at
    }

    /// The length of all that was written, seen or not.
    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// Whether all that was written has gone out, now or before.
    pub(crate) fn is_complete(&self) -> bool {
        self.skip + self.at >= self.total
    }
}

impl Out for Window<'_> {
    const IS_PART: bool = true;

    fn put(&mut self, bytes: &[u8]) {
        let before = self.skip.saturating_sub(self.total);
        self.total += bytes.len();
        let rest = bytes.get(before..).unwrap_or_default();
        let room = self.buf.get_mut(self.at..).unwrap_or_default();
        let n = rest.len().min(room.len());
        if let Some((to, from)) = room.get_mut(..n).zip(rest.get(..n)) {
            copy(to, from);
        }
        self.at += n;
    }
}

/// Copies a piece. Most are short: a small processor has copied them before it has called anybody to.
fn copy(to: &mut [u8], from: &[u8]) {
    if cfg!(target_pointer_width = "64") && to.len() == from.len() {
        return to.copy_from_slice(from);
    }
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
