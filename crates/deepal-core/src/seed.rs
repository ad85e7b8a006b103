//! Where randomness comes from: every draw starts from [`derive()`], so nothing depends on what ran before it.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What a seed is for. Draws for one purpose never move the draws for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Drawing the first labelled set.
    Initial,
    /// The strategy's own draws.
    Query,
    /// A net's draws while it computes signals (dropout masks).
    Signals,
    /// A net's initialisation, the order of its batches and its dropout masks.
    Train,
}

/// The seed for one purpose in one round of a run.
///
/// It depends on nothing else, and not on the strategy: with one run seed all strategies share the initial set
/// and, round by round, the initialisation of the net, so that their results are paired.
pub fn derive(run_seed: u64, round: u32, purpose: Purpose) -> u64 {
    mix(mix(run_seed, u64::from(round)), purpose as u64)
}

/// Mixes `value` into `key`; a change of any bit of either changes about half of the result's bits.
///
/// The finaliser is SplitMix64's (Steele, Lea and Flood, OOPSLA 2014).
pub fn mix(key: u64, value: u64) -> u64 {
    let mut z = (key ^ value.wrapping_mul(0xd6e8_feb8_6659_fd93)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The generator behind every draw of the core.
pub(crate) fn generator(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_key_counts() {
        let seeds = [
            derive(1, 0, Purpose::Initial),
            derive(2, 0, Purpose::Initial),
            derive(1, 1, Purpose::Initial),
            derive(1, 0, Purpose::Query),
        ];
        for (i, a) in seeds.iter().enumerate() {
            assert!(seeds[i + 1..].iter().all(|b| (a ^ b).count_ones() > 10));
        }
    }
}
