//! What a frame carries.

/// The payload of a frame, such as `heapless::Vec<u8, 64>`, `&'static [u8]`, or an index into a pool of
/// buffers.
///
/// It lies in the cache by value, is cloned there for readers, and dropped there when its group is
/// evicted: all of it in critical sections, in which it must not use the track.
/// All that is bytes is a payload; anything else says how many it stands for:
///
/// ```
/// use streamgauge_embassy::track::Payload;
///
/// /// A buffer of a pool, and how much of it is used.
/// #[derive(Clone, Copy)]
/// struct Buffer {
///     index: u8,
///     len: u8,
/// }
///
/// impl Payload for Buffer {
///     fn payload_len(&self) -> usize {
///         self.len.into()
///     }
/// }
/// ```
pub trait Payload: Send + 'static {
    /// Its length in bytes, to be held against [`Policy::with_max_bytes`](super::Policy::with_max_bytes).
    fn payload_len(&self) -> usize;
}

impl<P: AsRef<[u8]> + Send + 'static> Payload for P {
    fn payload_len(&self) -> usize {
        self.as_ref().len()
    }
}
