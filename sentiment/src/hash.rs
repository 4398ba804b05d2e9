//! One fixed hash for the lexicon and the features: the artefact depends on it, so it never changes by
//! itself.

const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

/// Mixes one value into a running hash.
#[inline]
pub(crate) fn mix(state: u64, value: u64) -> u64 {
    (state.rotate_left(23) ^ value).wrapping_mul(MULTIPLIER)
}

/// Spreads the state over all bits; done once, before the hash is cut down to an index.
#[inline]
pub(crate) fn finish(state: u64) -> u64 {
    let folded = (state ^ (state >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    folded ^ (folded >> 29)
}

/// The hash of some bytes.
#[inline]
pub(crate) fn bytes(seed: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut state = mix(seed, bytes.len() as u64);
    for word in words {
        state = mix(state, u64::from_le_bytes(*word));
    }
    let mut last = 0;
    for &byte in rest {
        last = (last << 8) | u64::from(byte);
    }
    finish(mix(state, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_stays_what_the_artefact_was_trained_with() {
        assert_eq!(bytes(0, b"mantap"), bytes(0, b"mantap"));
        assert_ne!(bytes(0, b"mantap"), bytes(1, b"mantap"));
        assert_ne!(bytes(0, b"ab"), bytes(0, b"ba"));
        assert_ne!(bytes(0, b"a\0"), bytes(0, b"a"));
    }
}
