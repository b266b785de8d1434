//! How often each feature occurs in a text: ids without repeats, in the order in which they came.

/// Ids and how often each was added.
#[derive(Debug, Default)]
pub(super) struct IdCounts {
    /// Each id once; the first `len` are in use.
    ids: Vec<u32>,
    /// How often each was added.
    counts: Vec<u32>,
    len: usize,
    /// Open addressing with linear probing, at most at half load: places among the ids, plus one.
    places: Vec<u32>,
    /// What is left of a hash once so many bits are shifted out is a place's index.
    shift: u32,
}

/// Spreads neighbouring ids (Knuth's multiplicative hashing).
const MULTIPLIER: u32 = 0x9E37_79B1;
/// Fewest places, in bits.
const MIN_BITS: u32 = 8;

impl IdCounts {
    /// Forgets all ids and makes room for at most `most` others.
    pub(super) fn clear(&mut self, most: usize) {
        self.len = 0;
        self.ids.resize(most, 0);
        self.counts.resize(most, 0);
        let bits = (most * 2)
            .next_power_of_two()
            .trailing_zeros()
            .max(MIN_BITS);
        self.shift = u32::BITS - bits;
        self.places.clear();
        self.places.resize(1 << bits, 0);
    }

    /// Counts an id once more; returns its place among the ids.
    #[inline]
    pub(super) fn add(&mut self, id: u32) -> u32 {
        let mask = self.places.len() - 1;
        let mut at = (id.wrapping_mul(MULTIPLIER) >> self.shift) as usize & mask;
        loop {
            match self.places[at] {
                0 => {
                    #[allow(clippy::cast_possible_truncation)] // fewer than there are ids
                    let place = self.len as u32;
                    (self.ids[self.len], self.counts[self.len]) = (id, 1);
                    self.places[at] = place + 1;
                    self.len += 1;
                    return place;
                }
                place if self.ids[place as usize - 1] == id => {
                    self.counts[place as usize - 1] += 1;
                    return place - 1;
                }
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// Each id once, in the order in which they were added.
    pub(super) fn ids(&self) -> &[u32] {
        &self.ids[..self.len]
    }

    /// How often each of the ids was added.
    pub(super) fn counts(&self) -> &[u32] {
        &self.counts[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_id_is_counted_in_the_order_of_its_first_coming(
            texts in prop::collection::vec(
                prop::collection::vec(prop_oneof![0..40_u32, Just(u32::MAX), any::<u32>()], 0..600),
                1..3,
            ),
        ) {
            // One after the other, as a thread counts its tickets.
            let mut counted = IdCounts::default();
            for text in texts {
                counted.clear(text.len());
                let places: Vec<u32> = text.iter().map(|&id| counted.add(id)).collect();
                let at_places: Vec<u32> = places.iter().map(|&at| counted.ids()[at as usize]).collect();
                prop_assert_eq!(&at_places, &text);
                let mut ids: Vec<u32> = Vec::new();
                for &id in &text {
                    if !ids.contains(&id) {
                        ids.push(id);
                    }
                }
                let count = |id: &u32| text.iter().filter(|other| *other == id).count() as u32;
                prop_assert_eq!(counted.counts(), ids.iter().map(count).collect::<Vec<_>>());
                prop_assert_eq!(counted.ids(), ids);
            }
        }
    }
}
