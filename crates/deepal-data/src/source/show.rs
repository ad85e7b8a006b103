//! [`Shown`]: what a person sees of a sample.

use super::Source;
use super::transform::Picture;
use crate::error::{Error, Result};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, RgbImage};
use std::path::Path;

/// Pictures with at most so many pixels are encoded without loss.
const LOSSLESS: usize = 256 * 256;
/// The quality of other pictures, of 100.
const QUALITY: u8 = 88;

/// What a person sees of a sample.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// A picture.
    Picture(Pixels),
    /// A text.
    Text(String),
    /// Cells of a row: the name of each column, and what it holds.
    Fields(Vec<(String, String)>),
    /// Nothing that could be shown, as of rows of an array.
    Nothing,
}

/// A decoded picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Pixels(Picture);

/// A picture's file, made from decoded pixels: nothing of the user's file is in it but what it looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// `image/png` or `image/jpeg`.
    pub media_type: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
}

impl Source {
    /// What a person sees of a sample: of pictures the whole picture, not the net's inputs.
    ///
    /// # Errors
    /// A sample that cannot be read any more.
    pub fn show(&self, row: usize) -> Result<Shown> {
        self.original.as_ref().unwrap_or(&self.inputs).show(row)
    }

    /// Whether its samples are pictures.
    pub fn has_pictures(&self) -> bool {
        self.manifest.image.is_some()
    }
}

impl Shown {
    /// A picture.
    pub(super) fn of(picture: Picture) -> Self {
        Self::Picture(Pixels(picture))
    }
}

impl Pixels {
    /// The picture as a PNG if it is small, else as a JPEG; made smaller if a side is longer than `side`.
    ///
    /// # Errors
    /// Pixels that do not fit to the size.
    pub fn encode(self, side: u32) -> Result<Encoded> {
        let Picture { height, width, channels, pixels } = self.0;
        let (w, h) = (width as u32, height as u32);
        let picture = match channels {
            1 => GrayImage::from_raw(w, h, pixels).map(DynamicImage::ImageLuma8),
            _ => RgbImage::from_raw(w, h, pixels).map(DynamicImage::ImageRgb8),
        };
        let wrong =
            || Error::corrupt(Path::new("picture"), format!("{width}×{height} pixels"), "other bytes");
        let mut picture = picture.ok_or_else(wrong)?;
        if w.max(h) > side {
            let share = f64::from(side) / f64::from(w.max(h));
            let part = |length: u32| ((f64::from(length) * share).round() as u32).max(1);
            // Halving without weights first: a filter over all pixels of a large photo takes longer than decoding it.
            let small = if w.max(h) > 4 * side {
                imageops::thumbnail(&picture, part(2 * w), part(2 * h)).into()
            } else {
                picture
            };
            picture = small.resize_exact(part(w), part(h), FilterType::Triangle);
        }
        let (mut bytes, is_small) = (Vec::new(), (picture.width() * picture.height()) as usize <= LOSSLESS);
        let written = match is_small {
            true => picture.write_with_encoder(PngEncoder::new(&mut bytes)),
            false => picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY)),
        };
        written.map_err(|error| Error::Core(deepal_core::Error::other(error)))?;
        Ok(Encoded { media_type: if is_small { "image/png" } else { "image/jpeg" }, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Open;

    fn open(path: &Path) -> Source {
        Source::open(path, &Open::default()).unwrap()
    }

    #[test]
    fn a_picture_is_shown_whole_and_encoded_anew() {
        let folder = tempfile::tempdir().unwrap();
        let large = RgbImage::from_fn(900, 300, |x, _| image::Rgb([(x / 4) as u8, 10, 200]));
        large.save(folder.path().join("large.png")).unwrap();
        RgbImage::from_pixel(20, 10, image::Rgb([1, 2, 3])).save(folder.path().join("small.bmp")).unwrap();
        let source = open(folder.path());
        assert!(source.has_pictures());
        let encoded = |id: &str, side| {
            let row = source.ids.iter().position(|other| other == id).unwrap();
            let Shown::Picture(pixels) = source.show(row).unwrap() else { panic!("{id} is a picture") };
            let encoded = pixels.encode(side).unwrap();
            (encoded.media_type, image::load_from_memory(&encoded.bytes).unwrap().to_rgb8())
        };
        let (kind, small) = encoded("small.bmp", 500);
        assert_eq!((kind, small.dimensions(), small.get_pixel(19, 9).0), ("image/png", (20, 10), [1, 2, 3]));
        let (kind, whole) = encoded("large.png", 900);
        assert_eq!((kind, whole.dimensions()), ("image/jpeg", (900, 300)));
        let (_, less) = encoded("large.png", 90);
        assert_eq!(less.dimensions(), (90, 30));
        let middle = less.get_pixel(45, 15).0;
        assert!(middle[0].abs_diff(113) < 4 && middle[2].abs_diff(200) < 4, "{middle:?}");
    }

    #[test]
    fn a_row_is_shown_as_it_is_in_the_table_but_for_its_label() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people.csv");
        let table = "id,age,city,name,label\na,31,Bonn,Ada Lovelace,yes\nb,,Köln,Alan Turing,\nc,40,Bonn,Grace Hopper,no\n";
        std::fs::write(&path, table).unwrap();
        let source = open(&path);
        let cells = |row| match source.show(row).unwrap() {
            Shown::Fields(fields) => fields,
            other => panic!("{other:?}"),
        };
        let pairs = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, cell)| ((*name).to_owned(), (*cell).to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(cells(0), pairs(&[("age", "31"), ("city", "Bonn"), ("name", "Ada Lovelace")]));
        assert_eq!(cells(1), pairs(&[("age", ""), ("city", "Köln"), ("name", "Alan Turing")]));
    }

    #[test]
    fn a_table_that_lost_rows_since_it_was_opened_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people.csv");
        std::fs::write(&path, "id,age,city\na,1,Bonn\nb,2,Köln\nc,3,Bonn\n").unwrap();
        let source = open(&path);
        std::fs::write(&path, "id,age,city\na,1,Bonn\n").unwrap();
        let error = source.show(0).unwrap_err().to_string();
        assert!(error.contains("has 1 rows now, and had 3"), "{error}");
    }

    #[test]
    fn a_text_is_shown_and_a_row_of_numbers_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("texts.csv");
        std::fs::write(&path, "id,text\na,one good film here\nb,\"<b>one</b> bad film, here\"\n").unwrap();
        assert_eq!(open(&path).show(1).unwrap(), Shown::Text("<b>one</b> bad film, here".into()));
        let path = folder.path().join("x.npy");
        ndarray_npy::write_npy(&path, &ndarray::array![[1.0_f32, 2.0], [3.0, 5.0]]).unwrap();
        assert_eq!(open(&path).show(0).unwrap(), Shown::Nothing);
        let path = folder.path().join("pictures.npy");
        ndarray_npy::write_npy(&path, &ndarray::Array3::<u8>::from_elem((2, 3, 4), 9)).unwrap();
        assert!(matches!(open(&path).show(1).unwrap(), Shown::Picture(_)));
    }
}
