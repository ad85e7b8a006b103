//! From the bytes of a picture's file to pixels.

use super::transform::Picture;
use crate::error::{self, Error};
use image::{ColorType, DynamicImage, ImageDecoder, ImageReader, Limits};
use std::io::Cursor;
use std::path::Path;

/// No picture may be larger in a file or in memory, in bytes.
pub(super) const MOST_BYTES: u64 = 1 << 30;

/// The first bytes of every JPEG (ITU-T T.81, annex B).
const JPEG: [u8; 3] = [0xff, 0xd8, 0xff];

/// What the header of a picture's file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// As it is to be looked at, not as it is stored.
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) is_grey: bool,
}

/// Height and width in pixels of a picture, as it is to be looked at; `path` stands for it in errors.
///
/// # Errors
/// Bytes that are no picture.
pub fn picture_size(path: &Path, bytes: &[u8]) -> error::Result<[usize; 2]> {
    let found = header(bytes).map_err(|why| Error::Unfit { path: path.into(), why })?;
    Ok([found.height, found.width])
}

/// Whether a file with these first bytes is a picture of a kind that can be decoded.
pub(super) fn is_picture(start: &[u8]) -> bool {
    image::guess_format(start).is_ok_and(|format| format.reading_enabled())
}

/// # Errors
/// In words.
pub(super) fn header(bytes: &[u8]) -> Result<Header, String> {
    let mut decoder = decoder(bytes)?;
    let (width, height) = decoder.dimensions();
    let is_turned = decoder.orientation().is_ok_and(|turn| {
        use image::metadata::Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
        matches!(turn, Rotate90 | Rotate90FlipH | Rotate270 | Rotate270FlipH)
    });
    let (width, height) = if is_turned { (height, width) } else { (width, height) };
    let is_grey =
        matches!(decoder.color_type(), ColorType::L8 | ColorType::L16 | ColorType::La8 | ColorType::La16);
    Ok(Header { height: height as usize, width: width as usize, is_grey })
}

/// The picture as it is to be looked at: turned as its camera says, the first of an animation, in 8 bits, on white where it is
/// transparent.
///
/// # Errors
/// In words.
pub(super) fn decode(bytes: &[u8]) -> Result<Picture, String> {
    // The decoder fills what is missing of a JPEG with grey.
    if bytes.starts_with(&JPEG) && !has_end(bytes) {
        return Err("is damaged or of a kind that cannot be decoded (the end of the JPEG is missing)".into());
    }
    let mut decoder = decoder(bytes)?;
    let orientation = decoder.orientation().map_err(words)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(words)?;
    picture.apply_orientation(orientation);
    let (height, width) = (picture.height() as usize, picture.width() as usize);
    let (channels, pixels) = match (picture.color().has_color(), picture.color().has_alpha()) {
        (false, false) => (1, picture.into_luma8().into_raw()),
        (true, false) => (3, picture.into_rgb8().into_raw()),
        (false, true) => (1, on_white::<2>(&picture.into_luma_alpha8().into_raw())),
        (true, true) => (3, on_white::<4>(&picture.into_rgba8().into_raw())),
    };
    Ok(Picture { height, width, channels, pixels })
}

/// Whether a JPEG has pixels and, after them, the marker of its end. One inside a preview does not count.
fn has_end(bytes: &[u8]) -> bool {
    let (mut at, mut has_pixels) = (0, false);
    // A marker is ff and a byte that is no filling (ff), escape (00) or restart (d0 to d7) among the pixels.
    let is_marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xff | 0xd0..=0xd7);
    while let Some(next) = bytes.get(at..).and_then(|rest| rest.windows(2).position(is_marker)) {
        at += next + 2;
        match bytes[at - 1] {
            0xd9 => return has_pixels,
            // Start, and a marker for coders: nothing belongs to them.
            0xd8 | 0x01 => {}
            marker => {
                has_pixels |= marker == 0xda;
                let Some(&[high, low]) = bytes.get(at..at + 2) else { return false };
                at += usize::from(u16::from_be_bytes([high, low]));
            }
        }
    }
    false
}

/// Pixels of which the last of `N` channels says how opaque they are.
fn on_white<const N: usize>(pixels: &[u8]) -> Vec<u8> {
    let blend =
        |value: u8, opacity: u32| ((u32::from(value) * opacity + 255 * (255 - opacity) + 127) / 255) as u8;
    let blended = pixels.chunks_exact(N).flat_map(|pixel| {
        let opacity = u32::from(pixel[N - 1]);
        pixel[..N - 1].iter().map(move |value| blend(*value, opacity))
    });
    blended.collect()
}

fn decoder(bytes: &[u8]) -> Result<impl ImageDecoder + '_, String> {
    let mut reader =
        ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|cause| cause.to_string())?;
    if reader.format().is_none() {
        return Err("is no JPEG, PNG, WebP, BMP, GIF or TIFF".into());
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(words)?;
    // Decoders limit what they need on the way; here are the pixels themselves.
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err("has no pixels".into());
    }
    if decoder.total_bytes() > MOST_BYTES {
        return Err(format!("is too large, {width}×{height} pixels"));
    }
    Ok(decoder)
}

fn words(error: image::ImageError) -> String {
    format!("is damaged or of a kind that cannot be decoded ({error})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageFormat, RgbImage};

    fn jpeg() -> Vec<u8> {
        let picture =
            RgbImage::from_fn(40, 24, |x, y| image::Rgb([(6 * x) as u8, (10 * y) as u8, (x * y) as u8]));
        let mut bytes = Vec::new();
        picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Jpeg).unwrap();
        bytes
    }

    #[test]
    fn a_jpeg_cut_anywhere_is_an_error() {
        let whole = jpeg();
        assert_eq!(decode(&whole).map(|picture| (picture.width, picture.height)), Ok((40, 24)));
        for end in 0..whole.len() {
            assert!(decode(&whole[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn what_follows_a_jpeg_does_no_harm_and_the_end_of_its_preview_is_not_its_own() {
        let whole = jpeg();
        assert!(decode(&[&whole[..], b"after the end"].concat()).is_ok());
        // A segment for applications, ffe1, with a preview that has pixels and an end.
        let preview = [&[0xff, 0xe1, 0, 10][..], &[0xff, 0xda, 0, 2, 0xff, 0xd9, 0, 0]].concat();
        let with_preview = [&whole[..2], &preview, &whole[2..]].concat();
        assert_eq!(decode(&with_preview), decode(&whole));
        assert!(decode(&with_preview[..with_preview.len() - 2]).is_err());
    }

    #[test]
    fn what_is_transparent_is_white() {
        assert_eq!(on_white::<2>(&[0, 255, 0, 0, 0, 128, 200, 51]), [0, 255, 127, 244]);
        assert_eq!(on_white::<4>(&[10, 20, 30, 255, 10, 20, 30, 0]), [10, 20, 30, 255, 255, 255]);
    }
}
