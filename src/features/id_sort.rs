//! Sorting of a text's feature ids: a few hundred small numbers, for which passes over their digits take about half the
//! time of comparisons.

/// Bits of a digit: few enough that counting its values is nothing beside moving the ids.
const DIGIT: u32 = 7;
const VALUES: usize = 1 << DIGIT;
/// From so many ids on; for 60 both take as long.
const WORTH_IT: usize = 64;

/// Sorts `ids`, each of which is less than `features`, with `room` to move them to.
pub(super) fn sort_ids(ids: &mut Vec<u32>, room: &mut Vec<u32>, features: usize) {
    if ids.len() < WORTH_IT {
        ids.sort_unstable();
        return;
    }
    room.clear();
    room.resize(ids.len(), 0);
    let digits = (usize::BITS - features.leading_zeros()).div_ceil(DIGIT);
    for digit in 0..digits {
        let value = |id: u32| (id >> (digit * DIGIT)) as usize % VALUES;
        let mut next = [0_usize; VALUES];
        for &id in ids.iter() {
            next[value(id)] += 1;
        }
        let mut before = 0;
        for place in &mut next {
            before += std::mem::replace(place, before);
        }
        for &id in ids.iter() {
            let place = &mut next[value(id)];
            room[*place] = id;
            *place += 1;
        }
        std::mem::swap(ids, room);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ids_are_sorted_whatever_their_number_and_size(
            features in prop::sample::select(vec![1_usize, 127, 128, 129, 16_384, 532_314, 1 << 21, u32::MAX as usize]),
            seeds in prop::collection::vec(any::<u32>(), 0..400),
        ) {
            let features_less_one = u32::try_from(features - 1).unwrap_or(u32::MAX);
            let mut ids: Vec<u32> = seeds.iter().map(|seed| seed % features_less_one.max(1)).collect();
            ids.extend(seeds.first().map(|_| features_less_one));
            let mut expected = ids.clone();
            expected.sort_unstable();
            let mut room = vec![7; 3];
            sort_ids(&mut ids, &mut room, features);
            prop_assert_eq!(ids, expected);
        }
    }
}
