//! Look-up of 64-bit hashes, as fast as the cache allows.

use wide::u32x8;

/// Hashes that fit in a line of the cache.
const LINE: usize = 7;
/// Lines a hash, as a fraction: half full on average, so that one line in forty is too small.
const LINES: (usize, usize) = (2, 7);
/// Stands for "not here, but the line was too small".
const GO_ON: u32 = u32::MAX;

/// From hashes to ids: lines of the cache of seven hashes each, half full. The lower half of a hash names its line, in
/// which the upper half is found; what does not fit is in the next line. An unknown hash is mistaken for a known one
/// with a chance of about 2⁻²⁹.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct HashIndex {
    lines: Vec<Line>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[repr(align(64))]
struct Line {
    /// What hashes are known by, none of which is 0; 0 where nothing is, and at the end.
    tags: [u32; LINE + 1],
    /// Their ids plus one. At the end what is said of all others: 0 that they are unknown, or [`GO_ON`].
    ids: [u32; LINE + 1],
}

impl HashIndex {
    /// Ids are the places in `hashes`, which are at most 2³² − 2.
    pub(super) fn new(hashes: &[u64]) -> Self {
        let lines = hashes.len() * LINES.0 / LINES.1 + 1;
        let mut index = Self {
            lines: vec![Line::default(); lines],
        };
        for (id, &hash) in (1_u32..).zip(hashes) {
            let (mut at, tag) = index.start(hash);
            // There is room for more than all.
            while !index.lines[at].put(tag, id) {
                at = index.after(at);
            }
        }
        index
    }

    /// The line in which to look for a hash first, and what it is known by there.
    #[allow(clippy::cast_possible_truncation)] // the halves of the hash are used separately
    fn start(&self, hash: u64) -> (usize, u32) {
        let line = (hash & u64::from(u32::MAX)) * self.lines.len() as u64;
        ((line >> 32) as usize, (hash >> 32) as u32 | 1)
    }

    fn after(&self, line: usize) -> usize {
        if line + 1 == self.lines.len() {
            0
        } else {
            line + 1
        }
    }

    /// Replaces `known` by those of `hashes` that are known, in their order: the place among `hashes`, and the id.
    ///
    /// Whether one is known cannot be foreseen, so nothing branches on it, and the processor waits for many lines at a
    /// time.
    pub(super) fn find(&self, hashes: &[u64], known: &mut Vec<(u32, u32)>) {
        known.clear();
        known.resize(hashes.len(), (0, 0));
        let mut count = 0;
        for (place, &hash) in (0_u32..).zip(hashes) {
            let (line, tag) = self.start(hash);
            let mut id = self.lines[line].get(tag);
            if id == GO_ON {
                id = self.find_later(line, tag);
            }
            known[count] = (place, id.wrapping_sub(1));
            count += usize::from(id != 0);
        }
        known.truncate(count);
    }

    /// The id plus one of a hash that is not in its first line, which was too small; 0 if it is unknown.
    #[cold]
    fn find_later(&self, mut line: usize, tag: u32) -> u32 {
        // Not all lines were too small.
        loop {
            line = self.after(line);
            match self.lines[line].get(tag) {
                GO_ON => {}
                id => return id,
            }
        }
    }
}

impl Line {
    /// Whether there was room. Where there is none, the line says from now on that one has to go on.
    fn put(&mut self, tag: u32, id: u32) -> bool {
        let free = self.tags[..LINE].iter().position(|&known| known == 0);
        match free {
            Some(free) => (self.tags[free], self.ids[free]) = (tag, id),
            None => self.ids[LINE] = GO_ON,
        }
        free.is_some()
    }

    /// The id plus one of what is known by `tag`; 0 if nothing is; [`GO_ON`] if the next line has to be asked.
    fn get(&self, tag: u32) -> u32 {
        let matches = u32x8::new(self.tags).simd_eq(u32x8::splat(tag));
        let first = (matches.to_bitmask() | 1 << LINE).trailing_zeros();
        self.ids[first as usize % (LINE + 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(index: &HashIndex, hashes: &[u64]) -> Vec<Option<u32>> {
        let mut known = vec![(3, 9)];
        index.find(hashes, &mut known);
        let mut found = vec![None; hashes.len()];
        for (place, id) in known {
            found[place as usize] = Some(id);
        }
        found
    }

    #[test]
    fn every_hash_is_found_and_no_other() {
        let mut random = fastrand::Rng::with_seed(3);
        for size in [0, 1, 3, 4, 8, 100, 5_000] {
            let hashes: Vec<u64> = (0..size).map(|_| random.u64(..)).collect();
            let index = HashIndex::new(&hashes);
            let expected: Vec<_> = (0..size).map(Some).collect();
            assert_eq!(find(&index, &hashes), expected);
            let others: Vec<u64> = (0..10_000).map(|_| random.u64(..)).collect();
            assert_eq!(find(&index, &others), [None; 10_000]);
        }
    }

    #[test]
    fn hashes_of_one_line_are_found_beyond_it_and_round_the_end() {
        // All belong in the last of 29 lines.
        let hashes: Vec<u64> = (0..100_u64).map(|i| i << 33 | 0xFFFF_FFFF).collect();
        let index = HashIndex::new(&hashes);
        assert_eq!(
            find(&index, &hashes),
            (0..100).map(Some).collect::<Vec<_>>()
        );
        assert_eq!(find(&index, &[200 << 33 | 0xFFFF_FFFF, 0]), [None, None]);
    }

    #[test]
    fn a_hash_of_zeros_is_not_taken_for_an_empty_place() {
        assert_eq!(find(&HashIndex::new(&[7 << 32]), &[0]), [None]);
        assert_eq!(find(&HashIndex::new(&[7 << 32, 0]), &[0]), [Some(1)]);
    }
}
