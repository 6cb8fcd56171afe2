//! Under which names the tracks of a broadcast are published.

use std::sync::Arc;

use crate::Deltas;

/// The names of one track, as places among those of its broadcast.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Forms {
    /// That of its whole frames.
    pub(crate) whole: Option<usize>,
    /// That of its keyframes and patches.
    pub(crate) packed: Option<usize>,
}

/// The names under which tracks are published, first those of whole frames, and the forms of each track. The
/// track at `kept` has whole frames whatever the others have.
pub(crate) fn published_names(
    deltas: Option<Deltas>,
    tracks: &[String],
    kept: Option<usize>,
) -> (Vec<Arc<str>>, Vec<Forms>) {
    let is_whole = |place| deltas != Some(Deltas::Instead) || Some(place) == kept;
    let mut names = Vec::new();
    let mut forms = Vec::new();
    for (place, name) in tracks.iter().enumerate() {
        let whole = is_whole(place).then_some(names.len());
        names.extend(whole.map(|_| Arc::from(name.as_str())));
        forms.push(Forms {
            whole,
            packed: None,
        });
    }
    if deltas.is_some() {
        for (name, forms) in tracks.iter().zip(&mut forms) {
            forms.packed = Some(names.len());
            names.push(Arc::from(format!("{name}{}", Deltas::SUFFIX)));
        }
    }
    (names, forms)
}
