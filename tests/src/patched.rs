//! A reader of merge patches that knows nothing of streamgauge: JSON values, and RFC 7396.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// By track, the frame as keyframes and patches have made it.
#[derive(Debug, Default)]
pub struct Patched(BTreeMap<String, Value>);

impl Patched {
    /// Whether there was a keyframe.
    #[must_use]
    pub fn knows(&self, track: &str) -> bool {
        self.0.contains_key(track)
    }

    /// The frame of a track, once there was a keyframe.
    #[must_use]
    pub fn frame(&self, track: &str) -> Option<&Value> {
        self.0.get(track)
    }

    /// Takes a whole frame.
    ///
    /// # Panics
    /// When it is no JSON.
    pub fn keyframe(&mut self, track: &str, frame: &[u8]) {
        self.0.insert(track.into(), parsed(frame));
    }

    /// Takes a patch, which must make the frame what it is now, and have no member that changes nothing.
    ///
    /// # Panics
    /// When it does not.
    pub fn patch(&mut self, track: &str, patch: &[u8], frame: &[u8]) {
        let patch = parsed(patch);
        let ours = self.0.get_mut(track).expect("a keyframe comes first");
        check_changes(ours, &patch);
        merge(ours, &patch);
        assert_eq!(*ours, parsed(frame), "{track}, after {patch}");
    }
}

fn parsed(bytes: &[u8]) -> Value {
    let text = String::from_utf8_lossy(bytes);
    serde_json::from_slice(bytes).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// Makes a patch's changes, as RFC 7396 says.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(target) = target.as_object_mut() else {
        return;
    };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            merge(target.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

/// Every member of a patch changes something.
fn check_changes(before: &Value, patch: &Value) {
    for (name, value) in patch.as_object().expect("a patch is an object") {
        match before.get(name) {
            Some(before) if value.is_object() && before.is_object() => {
                assert_ne!(value, &Value::Object(Map::new()), "{name} is empty");
                check_changes(before, value);
            }
            Some(before) => assert_ne!(before, value, "{name} did not change"),
            None => assert!(!value.is_null(), "{name} was not there"),
        }
    }
}
