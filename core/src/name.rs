//! What a series is looked up by: a key, or a name that could be one, where the caller has it.

use crate::{
    key::{Hasher, Key, KeyWords, WORD, is_reserved, last_word},
    sync::{AtomicUsize, AtomicWords, Ordering},
};

/// Names a series in tables whose keys have the room `K`.
pub(crate) trait Name<K: KeyWords> {
    /// The name's length in bytes.
    fn len(&self) -> usize;

    /// What [`Key::hash`] is of the key of this name.
    fn hash(&self, seed: usize, lane: usize) -> u32;

    /// Whether a shared table holds this name's words.
    fn equals(&self, shared: &K::Atomic) -> bool;

    /// The key of this name, for a series that is new.
    fn key(&self) -> Option<Key<K>>;
}

impl<K: KeyWords> Name<K> for Key<K> {
    #[inline]
    fn len(&self) -> usize {
        Key::len(self)
    }

    #[inline]
    fn hash(&self, seed: usize, lane: usize) -> u32 {
        Key::hash(self, seed, lane)
    }

    #[inline]
    fn equals(&self, shared: &K::Atomic) -> bool {
        Key::equals(self, shared)
    }

    #[inline]
    fn key(&self) -> Option<Key<K>> {
        Some(*self)
    }
}

/// A name that is its own key, read where it lies: no key is made of it as long as its series is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain<'a> {
    name: &'a str,
    /// All words but the last, if that is not whole.
    whole: &'a [[u8; WORD]],
    /// The last word, if it is not whole.
    last: Option<usize>,
}

impl<'a> Plain<'a> {
    /// The name, if it is as its key is: neither longer than a key nor reserved.
    #[inline]
    pub(crate) fn of<K: KeyWords>(name: &'a str) -> Option<Self> {
        let bytes = name.as_bytes();
        if bytes.len() > size_of::<K>() || is_reserved(bytes) {
            return None;
        }
        let (whole, rest) = bytes.as_chunks();
        let last = (!rest.is_empty()).then(|| last_word(bytes, rest));
        Some(Self { name, whole, last })
    }
}

impl<K: KeyWords> Name<K> for Plain<'_> {
    #[inline]
    fn len(&self) -> usize {
        self.name.len()
    }

    #[inline]
    fn hash(&self, seed: usize, lane: usize) -> u32 {
        let mut hasher = Hasher::new(self.name.len(), seed, lane);
        let (pairs, odd) = self.whole.as_chunks();
        for [a, b] in pairs {
            hasher.pair(usize::from_le_bytes(*a), usize::from_le_bytes(*b));
        }
        let odd = odd.first().map(|word| usize::from_le_bytes(*word));
        if let Some(first) = odd.or(self.last) {
            hasher.pair(first, odd.and(self.last).unwrap_or(0));
        }
        hasher.finish()
    }

    #[inline]
    fn equals(&self, shared: &K::Atomic) -> bool {
        let shared = shared.words();
        let is = |shared: &AtomicUsize, word| shared.load(Ordering::Relaxed) == word;
        let mut whole = self.whole.iter().zip(shared);
        whole.all(|(word, shared)| is(shared, usize::from_le_bytes(*word)))
            && self.last.is_none_or(|word| {
                let last = shared.get(self.whole.len());
                last.is_some_and(|shared| is(shared, word))
            })
    }

    #[cold]
    fn key(&self) -> Option<Key<K>> {
        Key::new(self.name).ok()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::prelude::rust_2024::*;

    use super::{Name, Plain};
    use crate::{
        key::{Key, KeyWords},
        sync::zero_words,
    };

    type Words = [usize; 5];

    const NAME: &str = "abcdefgh/jklmnop/rstuvwx/zABCDEF/HIJKLMN";

    #[test]
    fn a_plain_name_is_found_as_its_key_is() {
        for len in 0..=NAME.len().min(size_of::<Words>()) {
            let name = &NAME[..len];
            let plain = Plain::of::<Words>(name).expect("a plain name");
            let key = Key::<Words>::new(name).expect("a key");
            assert_eq!(Name::<Words>::hash(&plain, 7, 3), key.hash(7, 3), "{name}");
            let table = zero_words!(<Words as KeyWords>::Atomic);
            key.store(&table);
            assert!(Name::<Words>::equals(&plain, &table), "{name}");
            if let Some(shorter) = len.checked_sub(1).map(|len| &NAME[..len]) {
                let mut other = shorter.as_bytes().to_vec();
                other.push(b'~');
                let other = core::str::from_utf8(&other).expect("text");
                let other = Plain::of::<Words>(other).expect("a plain name");
                assert!(!Name::<Words>::equals(&other, &table), "{name}");
            }
        }
    }

    #[test]
    fn what_is_spelt_in_another_way_than_its_key_is_not_plain() {
        let too_long = NAME.repeat(2);
        for name in ["__overflow__", "___overflow__", &too_long] {
            assert!(Plain::of::<Words>(name).is_none(), "{name}");
        }
        assert!(Plain::of::<Words>("_overflow__").is_some());
    }
}
