//! From the bytes of a picture's file to pixels.

use super::limits::Limits;
use super::transform::Picture;
use crate::error::{self, Error};
use image::{ColorType, DynamicImage, ImageDecoder, ImageError, ImageReader};
use std::io::Cursor;
use std::path::Path;

/// The bits of a value in a file of 16 bits that uses all of them.
pub(super) const DEEP: u32 = 16;

/// Bytes that a decoder may use for what is in a file before its pixels.
const BEFORE_PIXELS: u64 = 64 << 20;

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

/// A picture, and what its file says of its values.
#[derive(Debug, PartialEq)]
pub(super) struct Decoded {
    pub(super) picture: Picture,
    /// The largest value, if the file has 16 bits for each.
    pub(super) peak: Option<u16>,
}

/// Height and width in pixels of a picture, as it is to be looked at; `path` stands for it in errors. Any size is right, as no
/// pixel is decoded.
///
/// # Errors
/// Bytes that are no picture.
pub fn picture_size(path: &Path, bytes: &[u8]) -> error::Result<[usize; 2]> {
    let any = Limits { pixels: u64::MAX, ..Limits::default() };
    let found = header(bytes, &any).map_err(|why| Error::Unfit { path: path.into(), why })?;
    Ok([found.height, found.width])
}

/// Whether a file with these first bytes is a picture of a kind that can be decoded.
pub(super) fn is_picture(start: &[u8]) -> bool {
    image::guess_format(start).is_ok_and(|format| format.reading_enabled())
}

/// # Errors
/// In words.
pub(super) fn header(bytes: &[u8], limits: &Limits) -> Result<Header, String> {
    let mut decoder = decoder(bytes, limits)?;
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
/// transparent. Of values with 16 bits the lowest `bits` are used.
///
/// # Errors
/// In words.
pub(super) fn decode(bytes: &[u8], limits: &Limits, bits: u32) -> Result<Decoded, String> {
    // The decoder fills what is missing of a JPEG with grey.
    if bytes.starts_with(&JPEG) && !has_end(bytes) {
        return Err("is damaged or of a kind that cannot be decoded (the end of the JPEG is missing)".into());
    }
    let mut decoder = decoder(bytes, limits)?;
    let _room = limits.enter(decoder.total_bytes());
    let orientation = decoder.orientation().map_err(words)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(words)?;
    picture.apply_orientation(orientation);
    let (height, width) = (picture.height() as usize, picture.width() as usize);
    let (has_color, has_alpha) = (picture.color().has_color(), picture.color().has_alpha());
    let (pixels, peak) = match shallow(&picture, bits) {
        Some((pixels, peak)) => (pixels, Some(peak)),
        None => (raw(picture), None),
    };
    let pixels = match (has_color, has_alpha) {
        (_, false) => pixels,
        (false, true) => on_white::<2>(&pixels),
        (true, true) => on_white::<4>(&pixels),
    };
    let channels = if has_color { 3 } else { 1 };
    Ok(Decoded { picture: Picture { height, width, channels, pixels }, peak })
}

/// The values of a picture in 8 bits, `[height, width, channels]`; opacity is the last channel.
fn raw(picture: DynamicImage) -> Vec<u8> {
    match (picture.color().has_color(), picture.color().has_alpha()) {
        (false, false) => picture.into_luma8().into_raw(),
        (true, false) => picture.into_rgb8().into_raw(),
        (false, true) => picture.into_luma_alpha8().into_raw(),
        (true, true) => picture.into_rgba8().into_raw(),
    }
}

/// The same of a picture that has 16 bits and uses the lowest `bits` of them, and its largest value.
fn shallow(picture: &DynamicImage, bits: u32) -> Option<(Vec<u8>, u16)> {
    let values = match picture {
        DynamicImage::ImageLuma16(picture) => picture.as_raw(),
        DynamicImage::ImageLumaA16(picture) => picture.as_raw(),
        DynamicImage::ImageRgb16(picture) => picture.as_raw(),
        DynamicImage::ImageRgba16(picture) => picture.as_raw(),
        _ => return None,
    };
    let channels = usize::from(picture.color().channel_count());
    let opacity = if picture.color().has_alpha() { channels - 1 } else { channels };
    let scaled = |value: u16, bits: u32| {
        let most = (1_u32 << bits) - 1;
        ((u32::from(value).min(most) * 255 + most / 2) / most) as u8
    };
    let (mut pixels, mut peak) = (Vec::with_capacity(values.len()), 0);
    for pixel in values.chunks_exact(channels) {
        peak = pixel[..opacity].iter().fold(peak, |peak, value| peak.max(*value));
        pixels.extend(pixel[..opacity].iter().map(|value| scaled(*value, bits)));
        pixels.extend(pixel[opacity..].iter().map(|value| scaled(*value, DEEP)));
    }
    Some((pixels, peak))
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

fn decoder<'a>(bytes: &'a [u8], limits: &Limits) -> Result<impl ImageDecoder + use<'a>, String> {
    let mut reader =
        ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|cause| cause.to_string())?;
    if reader.format().is_none() {
        return Err("is no JPEG, PNG, WebP, BMP, GIF or TIFF".into());
    }
    if let Some(frame) = first_frame(bytes) {
        limits.check(" in its first frame", frame)?;
    }
    let mut memory = image::Limits::default();
    // What is before the pixels, such as colour profiles, which small files can make large.
    memory.max_alloc = Some(limits.memory().min(BEFORE_PIXELS));
    reader.limits(memory.clone());
    let mut decoder = reader.into_decoder().map_err(words)?;
    // Decoders limit what they need on the way; here are the pixels themselves.
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err("has no pixels".into());
    }
    limits.check("", [width, height])?;
    if decoder.total_bytes() > limits.memory() {
        return Err(too_much());
    }
    memory.max_alloc = Some(limits.memory());
    decoder.set_limits(memory).map_err(words)?;
    Ok(decoder)
}

/// Width and height of the first frame of a GIF, which is decoded whole even if the canvas is smaller (GIF89a, sections 18 to
/// 26). `None` if there is none, or if it is no GIF.
fn first_frame(bytes: &[u8]) -> Option<[u32; 2]> {
    if !bytes.starts_with(b"GIF8") {
        return None;
    }
    let side = |at: usize| Some(u32::from(u16::from_le_bytes([*bytes.get(at)?, *bytes.get(at + 1)?])));
    let colours = *bytes.get(10)?;
    let mut at = 13 + if colours & 0x80 == 0 { 0 } else { 6 << (colours & 7) };
    loop {
        match *bytes.get(at)? {
            0x2c => return Some([side(at + 5)?, side(at + 7)?]),
            // An extension: blocks with their sizes, the last of which is 0.
            0x21 => {
                at += 2;
                while *bytes.get(at)? > 0 {
                    at += 1 + usize::from(bytes[at]);
                }
                at += 1;
            }
            _ => return None,
        }
    }
}

fn too_much() -> String {
    "is too large to be decoded within the limit of memory; make it smaller, or set `max_pixels` in data.toml"
        .into()
}

fn words(error: ImageError) -> String {
    match error {
        ImageError::Limits(_) => too_much(),
        error => format!("is damaged or of a kind that cannot be decoded ({error})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageBuffer, ImageFormat, Luma, LumaA, RgbImage};

    fn decode(bytes: &[u8]) -> Result<Picture, String> {
        super::decode(bytes, &Limits::default(), DEEP).map(|decoded| decoded.picture)
    }

    /// A GIF with one frame of one pixel, on a canvas and in a frame of these sizes.
    fn gif(canvas: [u16; 2], frame: [u16; 2]) -> Vec<u8> {
        let mut bytes = b"GIF89a".to_vec();
        bytes.extend(canvas.iter().flat_map(|side| side.to_le_bytes()));
        bytes.extend([0x80, 0, 0, 0, 0, 0, 255, 255, 255]);
        // A comment before it.
        bytes.extend([0x21, 0xfe, 2, b'h', b'i', 0, 0x2c, 0, 0, 0, 0]);
        bytes.extend(frame.iter().flat_map(|side| side.to_le_bytes()));
        bytes.extend([0, 2, 2, 0x44, 1, 0, 0x3b]);
        bytes
    }

    #[test]
    fn a_canvas_or_frame_above_the_limit_is_refused_by_its_header() {
        assert!(decode(&gif([1, 1], [1, 1])).is_ok());
        for (canvas, frame, words) in [
            ([16_000, 16_000], [1, 1], "is too large, 16000×16000 pixels, and at most 100000000 are read"),
            ([1, 1], [16_000, 16_000], "is too large, 16000×16000 pixels in its first frame"),
            ([65_535, 65_535], [65_535, 65_535], "is too large, 65535×65535 pixels"),
        ] {
            for text in [
                decode(&gif(canvas, frame)).unwrap_err(),
                header(&gif(canvas, frame), &Limits::default()).unwrap_err(),
            ] {
                assert!(text.contains(words) && text.contains("`max_pixels`"), "{text}");
            }
        }
        let few = Limits { pixels: 3, ..Limits::default() };
        assert!(super::decode(&gif([2, 2], [1, 1]), &few, DEEP).is_err());
        assert!(super::decode(&gif([3, 1], [1, 1]), &few, DEEP).is_ok());
        let size = picture_size(Path::new("x.gif"), &gif([16_000, 16_000], [1, 1])).unwrap();
        assert_eq!(size, [16_000, 16_000], "a size costs nothing");
        for end in 0..gif([1, 1], [1, 1]).len() {
            first_frame(&gif([1, 1], [1, 1])[..end]);
        }
    }

    /// Headers of a few bytes that promise 60,000 × 60,000 pixels.
    #[test]
    fn no_kind_of_file_is_believed_what_it_promises() {
        let side = 60_000_u32.to_le_bytes();
        let bmp =
            [b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".as_slice(), &side, &side, &[1, 0, 24, 0], &[0; 40]];
        let tag = |tag: u16, kind: u16, value: u32| {
            [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &1_u32.to_le_bytes(), &value.to_le_bytes()].concat()
        };
        let tags = [
            tag(256, 4, 60_000),
            tag(257, 4, 60_000),
            tag(258, 3, 8),
            tag(259, 3, 1),
            tag(262, 3, 1),
            tag(273, 4, 8),
            tag(277, 3, 1),
            tag(278, 4, 60_000),
            tag(279, 4, 9),
        ];
        let tiff = [b"II*\0\x08\0\0\0\x09\0".as_slice(), &tags.concat(), &[0; 32]];
        // A canvas of 16,384² for an animation.
        let webp =
            [b"RIFF\x46\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0".as_slice(), &[0xff, 0x3f, 0, 0xff, 0x3f, 0]];
        let webp = [&webp.concat()[..], b"ANIM\x06\0\0\0\0\0\0\0\0\0", b"ANMF\x20\0\0\0", &[0; 32]];
        for (kind, bytes) in [("bmp", bmp.concat()), ("tiff", tiff.concat()), ("webp", webp.concat())] {
            for end in 0..bytes.len() {
                assert!(decode(&bytes[..end]).is_err(), "{kind} cut at {end}");
            }
            let text = decode(&bytes).unwrap_err();
            assert!(text.contains("too large") || kind == "webp", "{kind}: {text}");
        }
    }

    #[test]
    fn values_of_sixteen_bits_are_scaled_by_the_bits_that_are_used() {
        let grey = DynamicImage::ImageLuma16(
            ImageBuffer::<Luma<u16>, _>::from_raw(4, 1, vec![0, 1000, 2048, 4095]).unwrap(),
        );
        assert_eq!(shallow(&grey, 12), Some((vec![0, 62, 128, 255], 4095)));
        assert_eq!(shallow(&grey, 16), Some((vec![0, 4, 8, 16], 4095)));
        assert_eq!(shallow(&grey, 10), Some((vec![0, 249, 255, 255], 4095)), "more is the most");
        let alpha = ImageBuffer::<LumaA<u16>, _>::from_raw(2, 1, vec![4095, 65_535, 0, 0]).unwrap();
        let alpha = DynamicImage::ImageLumaA16(alpha);
        assert_eq!(shallow(&alpha, 12), Some((vec![255, 255, 0, 0], 4095)), "opacity has all its bits");
        assert_eq!(shallow(&DynamicImage::new_rgb8(1, 1), 12), None);
        // As the decoder's own conversion, which rounds.
        let all = (0..=u16::MAX).step_by(7).collect::<Vec<_>>();
        let all = ImageBuffer::<Luma<u16>, _>::from_raw(all.len() as u32, 1, all).unwrap();
        let all = DynamicImage::ImageLuma16(all);
        assert_eq!(shallow(&all, DEEP).unwrap().0, all.to_luma8().into_raw());
    }

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
