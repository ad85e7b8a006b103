//! Rounds as event files for TensorBoard.
//!
//! A file is a sequence of records of
//! [TensorFlow's format](https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details), each an `Event`
//! of [event.proto] with scalars of [summary.proto], in the
//! [encoding of protocol buffers](https://protobuf.dev/programming-guides/encoding/).
//!
//! [event.proto]: https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto
//! [summary.proto]: https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/summary.proto

use crate::error::{Error, Result};
use crate::files;
use crate::stores::run::RoundRecord;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What TensorBoard knows an event file by.
const START: &str = "events.out.tfevents.";
/// What marks a file as ours.
const END: &str = ".deepal";

/// Writes a TensorBoard run for each data set, net, strategy and seed: `DATASET/NET/STRATEGY/seed-SEED` in `folder`,
/// with an event file in it. `wall_time` is in seconds since 1970 (UTC) and becomes the time of every event.
///
/// The x axis (TensorBoard's step) counts labels. The curves are `accuracy` (0 to 1), `seconds/train`, `seconds/query`
/// and `seconds/predict`, narrowed to `f32`. An event file of an earlier call is replaced; other files stay.
/// In the names of folders, what is neither an ASCII letter or digit nor one of `-_~.` is percent-encoded, and so is a
/// dot at either end; a long name is cut and gets a hash.
///
/// # Errors
/// A folder or file that cannot be written.
pub fn write(folder: &Path, rounds: &[RoundRecord], wall_time: f64) -> Result<()> {
    let mut runs = BTreeMap::<PathBuf, Vec<&RoundRecord>>::new();
    for round in rounds {
        runs.entry(run_folder(folder, round)).or_default().push(round);
    }
    // `as` takes times before 1970 and beyond all years to the nearest number that there is.
    let name = format!("{START}{:010}{END}", wall_time as u64);
    for (folder, mut rounds) in runs {
        rounds.sort_by_key(|round| round.round);
        fs::create_dir_all(&folder).map_err(Error::write(&folder))?;
        files::write_atomically(&folder.join(&name), &event_file(&rounds, wall_time))?;
        remove_earlier(&folder, &name)?;
    }
    Ok(())
}

fn run_folder(folder: &Path, round: &RoundRecord) -> PathBuf {
    let names = [&round.dataset, &round.net, &round.strategy].map(|name| safe(name));
    folder.join(names.iter().collect::<PathBuf>()).join(format!("seed-{}", round.seed))
}

/// A name as one part of a path, different for different names: percent-encoded as in RFC 3986. A dot at either end, as in
/// `..`, is encoded too; an empty name becomes `%`; a long one is cut and gets a hash.
fn safe(name: &str) -> String {
    let mut part = String::new();
    for (at, byte) in name.bytes().enumerate() {
        let is_end = at == 0 || at + 1 == name.len();
        let is_safe = byte.is_ascii_alphanumeric() || b"-_~".contains(&byte);
        if is_safe || (byte == b'.' && !is_end) {
            part.push(char::from(byte));
        } else {
            part.push_str(&format!("%{byte:02X}"));
        }
    }
    if part.is_empty() { "%".into() } else { files::file_name(&part) }
}

/// Removes our event files but `name`, and what a process killed while writing one has left: TensorBoard would show them
/// as well.
fn remove_earlier(folder: &Path, name: &str) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(Error::write(folder))?.flatten() {
        let other = entry.file_name();
        let is_ours = other.to_str().is_some_and(|other| other.starts_with(START) && other.contains(END));
        if is_ours && other != name {
            fs::remove_file(entry.path()).map_err(Error::write(entry.path()))?;
        }
    }
    Ok(())
}

/// The events of one run: the version of the format first, as TensorBoard wants it, then one event a round.
fn event_file(rounds: &[&RoundRecord], wall_time: f64) -> Vec<u8> {
    let mut version = wall_time_field(wall_time);
    bytes_field(&mut version, 3, b"brain.Event:2");
    let mut file = Vec::new();
    record(&mut file, &version);
    for round in rounds {
        record(&mut file, &event(round, wall_time));
    }
    file
}

/// `Event { wall_time = 1, step = 2, summary = 5 }` with `Summary { value = 1 }` and `Value { tag = 1, simple_value = 2 }`.
fn event(round: &RoundRecord, wall_time: f64) -> Vec<u8> {
    let scalars = [
        ("accuracy", round.accuracy),
        ("seconds/train", round.train_seconds),
        ("seconds/query", round.query_seconds),
        ("seconds/predict", round.predict_seconds),
    ];
    let mut summary = Vec::new();
    for (tag, scalar) in scalars {
        let mut value = Vec::new();
        bytes_field(&mut value, 1, tag.as_bytes());
        key(&mut value, 2, FOUR_BYTES);
        value.extend((scalar as f32).to_le_bytes());
        bytes_field(&mut summary, 1, &value);
    }
    let mut event = wall_time_field(wall_time);
    key(&mut event, 2, VARINT);
    varint(&mut event, round.labels as u64);
    bytes_field(&mut event, 5, &summary);
    event
}

/// The first field of an `Event`, a double.
fn wall_time_field(wall_time: f64) -> Vec<u8> {
    let mut event = Vec::new();
    key(&mut event, 1, EIGHT_BYTES);
    event.extend(wall_time.to_le_bytes());
    event
}

// How protocol buffers tell the length of a field.
const VARINT: u64 = 0;
const EIGHT_BYTES: u64 = 1;
const WITH_LENGTH: u64 = 2;
const FOUR_BYTES: u64 = 5;

/// The start of a field.
fn key(message: &mut Vec<u8>, number: u64, kind: u64) {
    varint(message, number << 3 | kind);
}

/// A field that is text or a message.
fn bytes_field(message: &mut Vec<u8>, number: u64, bytes: &[u8]) {
    key(message, number, WITH_LENGTH);
    varint(message, bytes.len() as u64);
    message.extend(bytes);
}

/// Seven bits a byte, the lowest first; the top bit says that there are more.
fn varint(message: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        message.push(value as u8 | 0x80);
        value >>= 7;
    }
    message.push(value as u8);
}

/// A record: its length, the length's check sum, the data, the data's check sum.
fn record(file: &mut Vec<u8>, data: &[u8]) {
    let len = (data.len() as u64).to_le_bytes();
    file.extend(len);
    file.extend(masked(crc32c(&len)).to_le_bytes());
    file.extend(data);
    file.extend(masked(crc32c(data)).to_le_bytes());
}

/// TensorFlow rotates check sums and adds a constant, so that sums of data with sums in it are sound.
fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32C (Castagnoli), as in RFC 3720, appendix B.4.
fn crc32c(data: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| CRC_TABLE[usize::from(crc as u8 ^ byte)] ^ crc >> 8;
    !data.iter().fold(!0, step)
}

/// The remainders of all bytes by the reversed polynomial.
static CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_sums_are_the_published_ones() {
        // The catalogue's check value, and the first two examples of RFC 3720, appendix B.4.
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(crc32c(b""), 0);
        // By the `masked_crc32c` of the Python package tensorboard 2.21.0.
        assert_eq!(masked(crc32c(b"123456789")), 0xc78a_b0e5);
        assert_eq!(masked(0), 0xa282_ead8);
    }

    #[test]
    fn varints_are_as_in_the_documentation_of_protocol_buffers() {
        for (value, expected) in [
            (0, &[0][..]),
            (1, &[1]),
            (127, &[127]),
            (128, &[0x80, 1]),
            (150, &[0x96, 1]),
            (u64::MAX, &[255, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
        ] {
            let mut message = Vec::new();
            varint(&mut message, value);
            assert_eq!(message, expected);
        }
    }

    #[test]
    fn names_become_one_part_of_a_path_and_stay_different() {
        for (name, expected) in [
            ("k-center_greedy~1.5", "k-center_greedy~1.5"),
            ("", "%"),
            (".", "%2E"),
            ("..", "%2E%2E"),
            ("../a", "%2E.%2Fa"),
            ("a/b\\c:d", "a%2Fb%5Cc%3Ad"),
            ("100% é", "100%25%20%C3%A9"),
            ("a%2Fb", "a%252Fb"),
        ] {
            assert_eq!(safe(name), expected, "{name}");
        }
    }
}
