//! Packing and unpacking, whatever the bytes.

use proptest::{collection::vec, prelude::*};
use streamgauge_tokio::{Deflate, Inflate, InflateError};

/// Bytes that hardly become shorter.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let byte = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state.to_le_bytes()[7]
    };
    (0..len).map(byte).collect()
}

#[test]
fn frames_of_any_length_come_back() {
    // Among these a compressor's blocks end in many places of a frame.
    let (mut deflate, mut reader) = (Deflate::new(), Inflate::new(1 << 20));
    let noise = noise(1 << 20);
    for len in (0..300)
        .chain((31_000..33_000).step_by(17))
        .chain([200_000])
    {
        let frame = &noise[len * 3..len * 4];
        let packed = deflate.frame(frame).unwrap();
        assert_eq!(reader.frame(&packed), Ok(frame), "{len} bytes");
    }
}

#[test]
fn a_frame_that_is_held_is_not_written_over() {
    let mut deflate = Deflate::new();
    let noise = noise(100_000);
    let frames: Vec<_> = noise.chunks(777).collect();
    let packed: Vec<_> = frames
        .iter()
        .map(|frame| deflate.frame(frame).unwrap())
        .collect();
    let mut reader = Inflate::new(1 << 10);
    for (frame, packed) in frames.iter().zip(&packed) {
        assert_eq!(reader.frame(packed), Ok(*frame));
    }
}

#[test]
fn a_group_is_read_without_the_one_before() {
    let mut deflate = Deflate::new();
    deflate.frame(b"the quick brown fox").unwrap();
    deflate.begin_group();
    let packed = deflate.frame(b"the quick brown fox jumps").unwrap();
    assert_eq!(
        Inflate::new(100).frame(&packed),
        Ok(b"the quick brown fox jumps".as_slice())
    );
}

#[test]
fn a_frame_has_no_tail() {
    let packed = Deflate::new().frame(b"{}").unwrap();
    assert!(!packed.ends_with(&[0, 0, 0xff, 0xff]));
    let mut whole = packed.to_vec();
    whole.extend([0, 0, 0xff, 0xff]);
    let mut plain = Vec::with_capacity(9);
    let mut stream = flate2::Decompress::new(false);
    let flush = flate2::FlushDecompress::Sync;
    stream.decompress_vec(&whole, &mut plain, flush).unwrap();
    assert_eq!(plain, b"{}");
}

#[test]
fn a_frame_may_be_as_long_as_the_limit_and_no_longer() {
    let frame = vec![b'0'; 100_000];
    let packed = Deflate::new().frame(&frame).unwrap();
    assert!(packed.len() < 1_000);
    assert_eq!(Inflate::new(100_000).frame(&packed), Ok(frame.as_slice()));
    let mut reader = Inflate::new(99_999);
    assert_eq!(
        reader.frame(&packed),
        Err(InflateError::TooLong { limit: 99_999 })
    );
    assert_eq!(reader.frame(&packed), Err(InflateError::Broken));
    reader.begin_group();
    assert_eq!(
        Inflate::new(0).frame(&packed),
        Err(InflateError::TooLong { limit: 0 })
    );
}

#[test]
fn a_stream_that_ends_is_no_group() {
    // A block that says it is the last, empty.
    assert_eq!(Inflate::new(9).frame(&[3, 0]), Err(InflateError::Corrupt));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_an_answer_or_an_error_within_the_limit(
        frames in vec(vec(any::<u8>(), 0..300), 1..8),
        limit in 0..5_000usize,
    ) {
        let mut reader = Inflate::new(limit);
        let mut failed = false;
        for frame in &frames {
            match reader.frame(frame) {
                Ok(plain) => prop_assert!(plain.len() <= limit && !failed),
                Err(error) => {
                    prop_assert!(!failed || error == InflateError::Broken);
                    failed = true;
                }
            }
        }
    }

    #[test]
    fn a_frame_that_was_damaged_is_an_answer_or_an_error(
        plain in vec(vec(any::<u8>(), 1..2_000), 1..6),
        place in any::<prop::sample::Index>(),
        bit in 0..8u8,
    ) {
        let mut deflate = Deflate::new();
        let mut reader = Inflate::new(2_000);
        for frame in &plain {
            let mut packed = deflate.frame(frame).expect("packed").to_vec();
            let at = place.index(packed.len());
            packed[at] ^= 1 << bit;
            if let Ok(read) = reader.frame(&packed) {
                prop_assert!(read.len() <= 2_000);
            }
        }
    }
}
