//! The sibling in patches of a track that is known by its frames alone: a patch is what two of them differ in.

use bytes::Bytes;

use crate::{Deflate, Form, deltas::Course, difference};

/// The last bytes of a group that the next frame is packed after, at the most. More make little smaller what
/// is mostly new digits.
const WINDOW: usize = 1 << 10;

/// The keyframes and patches of one track.
///
/// There may be very many such tracks, so that they have no compressor each, but what one has to know: what
/// readers have at the end of their window. Takes that, some 200 bytes more, and the frame before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sibling {
    course: Course,
    /// What readers were told last.
    told: Bytes,
    /// What they unpacked last.
    window: Vec<u8>,
    /// A sink has yet to accept what was told.
    owed: bool,
}

impl Sibling {
    /// Packs what there is to say of a frame, which changed or did not. Nothing if readers were told of it;
    /// no bytes if the packer failed.
    pub(crate) fn pack(
        &mut self,
        deflate: &mut Deflate,
        frame: &Bytes,
        changed: bool,
    ) -> Option<(Form, Option<Bytes>)> {
        if !changed && !self.owed {
            return None;
        }
        let form = self.course.next();
        let plain = match form {
            Form::Patch => difference::patch(&self.told, frame).into(),
            Form::Whole | Form::Keyframe => {
                self.window.clear();
                frame.clone()
            }
        };
        let packed = deflate.frame_after(&self.window, &plain);
        self.remember(&plain);
        Some((form, packed))
    }

    /// Notes that every sink has the frame, which is of so many bytes when it is packed.
    pub(crate) fn accepted(&mut self, frame: &Bytes, form: Form, bytes: usize) {
        self.course.accepted(form, bytes);
        self.told = frame.clone();
        self.owed = false;
    }

    /// Notes that a sink has not, or that there was nothing to offer: the next begins a group.
    pub(crate) fn refused(&mut self) {
        self.course.refused();
        self.owed = true;
    }

    fn remember(&mut self, plain: &[u8]) {
        let new = plain.get(plain.len().saturating_sub(WINDOW)..);
        self.window.extend_from_slice(new.unwrap_or_default());
        let old = self.window.len().saturating_sub(WINDOW);
        self.window.drain(..old);
    }
}
