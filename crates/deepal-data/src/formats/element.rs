//! [`Element`]: the types of array files, and what their bytes mean as numbers and as text.

/// The type of an array's elements. Lengths of strings are in bytes and in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    Bool,
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
    F16,
    BF16,
    F32,
    F64,
    /// Strings of bytes, filled up with zeros.
    Bytes(usize),
    /// Strings of 32-bit characters, filled up with zeros.
    Unicode(usize),
}

impl Element {
    /// Of NumPy's type string, such as `<f4`; the second says whether bytes are big-endian.
    pub(crate) fn of_numpy(descriptor: &str) -> Option<(Self, bool)> {
        let mut letters = descriptor.chars();
        let (order, kind) = (letters.next()?, letters.next()?);
        let size = letters.as_str().parse::<usize>().ok()?;
        let element = match (kind, size) {
            ('b', 1) => Self::Bool,
            ('u', 1) => Self::U8,
            ('u', 2) => Self::U16,
            ('u', 4) => Self::U32,
            ('u', 8) => Self::U64,
            ('i', 1) => Self::I8,
            ('i', 2) => Self::I16,
            ('i', 4) => Self::I32,
            ('i', 8) => Self::I64,
            ('f', 2) => Self::F16,
            ('f', 4) => Self::F32,
            ('f', 8) => Self::F64,
            ('S', size) => Self::Bytes(size),
            ('U', size) => Self::Unicode(size),
            _ => return None,
        };
        matches!(order, '<' | '>' | '|').then_some((element, order == '>'))
    }

    /// Bytes of one.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 | Self::F16 | Self::BF16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
            Self::Bytes(len) => len,
            Self::Unicode(len) => len.saturating_mul(4),
        }
    }

    /// Whether it is a number (or a boolean, which is 0 or 1).
    pub(crate) fn is_number(self) -> bool {
        !matches!(self, Self::Bytes(_) | Self::Unicode(_))
    }

    /// Whether it may have a fraction.
    pub(crate) fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::BF16 | Self::F32 | Self::F64)
    }

    /// In words, for errors.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::U8 => "uint8",
            Self::U16 => "uint16",
            Self::U32 => "uint32",
            Self::U64 => "uint64",
            Self::I8 => "int8",
            Self::I16 => "int16",
            Self::I32 => "int32",
            Self::I64 => "int64",
            Self::F16 => "float16",
            Self::BF16 => "bfloat16",
            Self::F32 => "float32",
            Self::F64 => "float64",
            Self::Bytes(_) | Self::Unicode(_) => "strings",
        }
    }

    /// The numbers of whole elements, one after the other; none for strings. Integers above 2⁵³ are rounded.
    pub(crate) fn numbers(self, big: bool, bytes: &[u8], mut each: impl FnMut(f64)) {
        /// `$number` of each array of `$n` bytes, as little-endian.
        macro_rules! decode {
            ($n:literal, $number:expr) => {
                for item in bytes.as_chunks::<$n>().0 {
                    let mut item = *item;
                    if big {
                        item.reverse();
                    }
                    each($number(item))
                }
            };
        }
        match self {
            Self::Bool => decode!(1, |x: [u8; 1]| f64::from(u8::from(x[0] != 0))),
            Self::U8 => decode!(1, |x: [u8; 1]| f64::from(x[0])),
            Self::I8 => decode!(1, |x| f64::from(i8::from_le_bytes(x))),
            Self::U16 => decode!(2, |x| f64::from(u16::from_le_bytes(x))),
            Self::I16 => decode!(2, |x| f64::from(i16::from_le_bytes(x))),
            Self::U32 => decode!(4, |x| f64::from(u32::from_le_bytes(x))),
            Self::I32 => decode!(4, |x| f64::from(i32::from_le_bytes(x))),
            Self::U64 => decode!(8, |x| u64::from_le_bytes(x) as f64),
            Self::I64 => decode!(8, |x| i64::from_le_bytes(x) as f64),
            Self::F16 => decode!(2, |x| half(u16::from_le_bytes(x))),
            Self::BF16 => {
                decode!(2, |x| f64::from(f32::from_bits(u32::from(u16::from_le_bytes(x)) << 16)))
            }
            Self::F32 => decode!(4, |x| f64::from(f32::from_le_bytes(x))),
            Self::F64 => decode!(8, f64::from_le_bytes),
            Self::Bytes(_) | Self::Unicode(_) => {}
        }
    }

    /// One element as text: integers in decimal, also floats that are whole numbers; `None` for other floats, and for strings
    /// that are no text.
    pub(crate) fn text(self, big: bool, item: &[u8]) -> Option<String> {
        match self {
            Self::Bool => Some((item.first() != Some(&0)).to_string()),
            Self::Bytes(_) => {
                let end = item.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                String::from_utf8(item[..end].to_vec()).ok()
            }
            Self::Unicode(_) => {
                let letter = |bytes: &[u8; 4]| {
                    char::from_u32(if big { u32::from_be_bytes(*bytes) } else { u32::from_le_bytes(*bytes) })
                };
                let text = item.as_chunks().0.iter().map(letter).collect::<Option<String>>()?;
                Some(text.trim_end_matches('\0').to_owned())
            }
            Self::F16 | Self::BF16 | Self::F32 | Self::F64 => {
                let mut number = f64::NAN;
                self.numbers(big, item, |x| number = x);
                (number == number.trunc() && number.abs() <= 2_f64.powi(53))
                    .then(|| (number as i64).to_string())
            }
            // Exactly, where a float would round.
            _ => {
                let place = |at: usize| 8 * if big { item.len() - 1 - at } else { at };
                let bits = (item.iter().enumerate())
                    .fold(0, |bits, (at, byte)| bits | u64::from(*byte) << place(at));
                let unused = 64 - 8 * item.len() as u32;
                Some(match self {
                    Self::U8 | Self::U16 | Self::U32 | Self::U64 => bits.to_string(),
                    _ => ((bits << unused) as i64 >> unused).to_string(),
                })
            }
        }
    }
}

/// A 16-bit float of IEEE 754.
pub(crate) fn half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3ff);
    let size = match bits >> 10 & 0x1f {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1024.0 + fraction) * 2_f64.powi(i32::from(exponent) - 25),
    };
    if bits >> 15 == 1 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(element: Element, big: bool, bytes: &[u8]) -> f64 {
        let mut numbers = Vec::new();
        element.numbers(big, bytes, |x| numbers.push(x));
        assert_eq!(numbers.len(), 1);
        numbers[0]
    }

    #[test]
    fn half_floats_are_as_the_standard_says() {
        let cases: [(u16, f64); 9] = [
            (0x0000, 0.0),
            (0x0001, 1.0 / 16_777_216.0),
            (0x03ff, 1023.0 / 16_777_216.0),
            (0x0400, 1.0 / 16_384.0),
            (0x3555, 0.333_251_953_125),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65_504.0),
            (0xfc00, f64::NEG_INFINITY),
        ];
        for (bits, expected) in cases {
            assert_eq!(number(Element::F16, false, &bits.to_le_bytes()), expected, "{bits:#x}");
            assert_eq!(number(Element::F16, true, &bits.to_be_bytes()), expected, "{bits:#x}");
        }
        assert!(number(Element::F16, false, &0x7e00_u16.to_le_bytes()).is_nan());
        assert_eq!(number(Element::BF16, false, &[0x80, 0xbf]), -1.0);
    }

    #[test]
    fn integers_are_exact_as_text() {
        let text = |element: Element, big, bytes: &[u8]| element.text(big, bytes).unwrap();
        assert_eq!(text(Element::U64, false, &u64::MAX.to_le_bytes()), u64::MAX.to_string());
        assert_eq!(text(Element::I64, true, &i64::MIN.to_be_bytes()), i64::MIN.to_string());
        assert_eq!(text(Element::I64, false, &(i64::MAX - 1).to_le_bytes()), (i64::MAX - 1).to_string());
        assert_eq!(text(Element::I16, true, &(-2_i16).to_be_bytes()), "-2");
        assert_eq!(text(Element::I8, false, &[0x80]), "-128");
        assert_eq!(text(Element::U8, false, &[0x80]), "128");
        assert_eq!(text(Element::Bool, false, &[1]), "true");
        assert_eq!(text(Element::F32, false, &(-7.0_f32).to_le_bytes()), "-7");
        assert_eq!(Element::F32.text(false, &0.5_f32.to_le_bytes()), None);
        assert_eq!(Element::F64.text(false, &f64::INFINITY.to_le_bytes()), None);
    }

    #[test]
    fn strings_end_before_the_zeros_and_must_be_text() {
        assert_eq!(Element::Bytes(4).text(false, b"a\0b\0").as_deref(), Some("a\0b"));
        assert_eq!(Element::Bytes(2).text(false, b"\xff\0"), None);
        assert_eq!(Element::Unicode(2).text(true, b"\0\0\0a\0\0\0\0").as_deref(), Some("a"));
        // Half of a surrogate pair is no character.
        assert_eq!(Element::Unicode(1).text(false, &0xd800_u32.to_le_bytes()), None);
    }

    #[test]
    fn numpys_type_strings_are_understood_or_not() {
        assert_eq!(Element::of_numpy(">f8"), Some((Element::F64, true)));
        assert_eq!(Element::of_numpy("|S7"), Some((Element::Bytes(7), false)));
        assert_eq!(Element::of_numpy("<U12"), Some((Element::Unicode(12), false)));
        for other in ["", "<", "|O", "<c16", "<M8[ns]", "<f16", "f4", "|V4", "<é4"] {
            assert_eq!(Element::of_numpy(other), None, "{other}");
        }
    }
}
