//! Changes of bytes to which formats are sensitive: lengths, counts, ends.

use proptest::prelude::*;
use proptest::sample::Index;

/// Numbers at which readers go wrong: around zero, and around the ends of every width.
const NUMBERS: [u64; 16] = [
    0,
    1,
    2,
    0x7f,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    1 << 40,
    1 << 60,
    (1 << 63) - 1,
    1 << 63,
    u64::MAX,
];
/// The same in texts, and what is no number.
const WORDS: [&str; 18] = [
    "0",
    "-1",
    "1",
    "255",
    "65536",
    "4294967296",
    "9223372036854775807",
    "18446744073709551616",
    "1e308",
    "-1e309",
    "1e-400",
    "NaN",
    "inf",
    "",
    "\"",
    "\0",
    "\u{feff}",
    "null",
];

/// A change of bytes.
#[derive(Debug, Clone)]
pub(crate) enum Mutation {
    Cut(Index),
    Flip(Index, u8),
    Set(Index, u8),
    /// A number in so many bytes, the highest first or last.
    Number(Index, usize, bool, u64),
    /// A number or a word in the place of digits.
    Word(Index, &'static str),
    Remove(Index, usize),
    Repeat(Index, usize, usize),
}

pub(crate) fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<Index>;
    let number = proptest::sample::select(NUMBERS.to_vec());
    let width = proptest::sample::select(vec![1_usize, 2, 4, 8]);
    prop_oneof![
        1 => at().prop_map(Mutation::Cut),
        3 => (at(), 0..8_u8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        2 => (at(), any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        4 => (at(), width, any::<bool>(), number).prop_map(|(at, width, big, n)| Mutation::Number(at, width, big, n)),
        3 => (at(), proptest::sample::select(WORDS.to_vec())).prop_map(|(at, word)| Mutation::Word(at, word)),
        1 => (at(), 1..20_usize).prop_map(|(at, n)| Mutation::Remove(at, n)),
        1 => (at(), 1..20_usize, 1..200_usize).prop_map(|(at, n, times)| Mutation::Repeat(at, n, times)),
    ]
}

impl Mutation {
    pub(crate) fn apply(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        if bytes.is_empty() {
            return bytes;
        }
        let len = bytes.len();
        let end = |at: usize, n: usize| (at + n).min(len);
        match self {
            Self::Cut(at) => bytes.truncate(at.index(len)),
            Self::Flip(at, bit) => bytes[at.index(len)] ^= 1 << bit,
            Self::Set(at, byte) => bytes[at.index(len)] = *byte,
            Self::Number(at, width, big, number) => {
                let at = at.index(len);
                let number = if *big { number << (64 - 8 * width) } else { *number };
                let digits = if *big { number.to_be_bytes() } else { number.to_le_bytes() };
                for (place, digit) in (at..end(at, *width)).zip(digits) {
                    bytes[place] = digit;
                }
            }
            Self::Word(at, word) => {
                let is_digit = |at: &usize| bytes[*at].is_ascii_digit();
                let start = at.index(len);
                let start = (start..len).chain(0..start).find(is_digit).unwrap_or(start);
                let stop = (start..len).find(|at| !is_digit(at)).unwrap_or(len);
                bytes.splice(start..stop, word.bytes());
            }
            Self::Remove(at, n) => {
                let at = at.index(len);
                bytes.drain(at..end(at, *n));
            }
            Self::Repeat(at, n, times) => {
                let at = at.index(len);
                let piece = bytes[at..end(at, *n)].repeat(*times);
                bytes.splice(at..at, piece);
            }
        }
        bytes
    }
}
