//! Look-up of 64-bit hashes, as fast as the cache allows.

/// From hashes to ids: open addressing with linear probing at half load; a slot holds the upper half of the hash and
/// the id plus one. An unknown hash is mistaken for a known one with a chance of about 2⁻³¹.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct HashIndex {
    slots: Vec<(u32, u32)>,
    mask: usize,
}

impl HashIndex {
    /// Ids are the places in `hashes`.
    pub(super) fn new(hashes: &[u64]) -> Self {
        let capacity = (hashes.len() * 2).next_power_of_two().max(2);
        let mut table = Self {
            slots: vec![(0, 0); capacity],
            mask: capacity - 1,
        };
        for (id, &hash) in (0_u32..).zip(hashes) {
            let (mut slot, tag) = table.start(hash);
            while table.slots[slot].1 != 0 {
                slot = (slot + 1) & table.mask;
            }
            table.slots[slot] = (tag, id + 1);
        }
        table
    }

    #[allow(clippy::cast_possible_truncation)] // the halves of the hash are used separately
    fn start(&self, hash: u64) -> (usize, u32) {
        (hash as usize & self.mask, (hash >> 32) as u32)
    }

    /// The ids of hashes, in their order, for which `slots` is used. All first slots are read before any is looked
    /// at, so that the processor waits for many at a time.
    pub(super) fn get_all<'a>(
        &'a self,
        hashes: &'a [u64],
        slots: &'a mut Vec<(u32, u32)>,
    ) -> impl Iterator<Item = Option<u32>> + 'a {
        slots.clear();
        slots.extend(hashes.iter().map(|&hash| self.slots[self.start(hash).0]));
        hashes
            .iter()
            .zip(slots.iter())
            .map(|(&hash, &slot)| self.get_from(hash, slot))
    }

    /// The id of a hash whose first slot holds `content`.
    fn get_from(&self, hash: u64, mut content: (u32, u32)) -> Option<u32> {
        let (mut slot, tag) = self.start(hash);
        loop {
            let (found, id) = content;
            if id == 0 {
                return None;
            }
            if found == tag {
                return Some(id - 1);
            }
            slot = (slot + 1) & self.mask;
            content = self.slots[slot];
        }
    }
}
