//! Bytes in pieces.

/// Cuts bytes into pieces of several sizes; which, the seed says.
pub(crate) fn pieces(bytes: &[u8], seed: u8) -> impl Iterator<Item = &[u8]> + Clone {
    let mut rest = bytes;
    let mut state = seed;
    std::iter::from_fn(move || {
        state = state.wrapping_mul(61).wrapping_add(17);
        let len = usize::from(state >> 3).min(rest.len());
        let more = !rest.is_empty();
        let (piece, after) = rest.split_at(len);
        rest = after;
        more.then_some(piece)
    })
}
