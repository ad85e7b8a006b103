//! A contact sheet: what the samples look like, in one picture.

use super::{Source, Transform};
use crate::error::{Error, Result};
use image::{ImageFormat, Rgb, RgbImage, imageops};
use std::io::Cursor;

/// What a contact sheet is called if nobody says otherwise; a file of this name is never a sample.
pub const SHEET: &str = "contact-sheet.png";
/// Classes on a sheet: of more there would be no picture that anyone can open.
pub const MOST_CLASSES: usize = 40;
/// Pictures of a class in a row, and rows of pictures without label.
const COLUMNS: usize = 12;
/// The least height and width of a picture on the sheet: smaller ones are shown larger.
const SIDE: usize = 48;
/// Pixels between pictures.
const GAP: usize = 4;

impl Source {
    /// A PNG with up to 12 samples of each class in a row, of the first [`MOST_CLASSES`] that have samples, and up to 48 without label below; `None` if the samples are no
    /// pictures.
    ///
    /// # Errors
    /// A sample that cannot be read any more.
    pub fn contact_sheet(&self) -> Result<Option<Vec<u8>>> {
        let inputs = self.original.as_ref().unwrap_or(&self.inputs);
        let ([channels, height, width], range) = (inputs.shape(), inputs.range());
        if !matches!(channels, 1 | 3) || range.len() != channels || height < 2 || width < 2 {
            return Ok(None);
        }
        let scale = SIDE.div_ceil(height.min(width)).max(1);
        let (tall, wide) = (height * scale + GAP, width * scale + GAP);
        let rows = self.sheet_rows();
        let size = [COLUMNS * wide + GAP, rows.len() * tall + GAP].map(|side| side as u32);
        let mut sheet = RgbImage::from_pixel(size[0], size[1], Rgb([255; 3]));
        for (line, samples) in rows.iter().enumerate() {
            for (column, input) in inputs.inputs(samples)?.outer_iter().enumerate() {
                let byte = |channel: usize, pixel: usize| {
                    let (least, greatest) = range[channel];
                    let share = (input[channel * height * width + pixel] - least) / (greatest - least);
                    (255.0 * share).round().clamp(0.0, 255.0) as u8
                };
                let picture = RgbImage::from_fn(width as u32, height as u32, |x, y| {
                    let pixel = y as usize * width + x as usize;
                    Rgb(std::array::from_fn(|channel| byte(channel.min(channels - 1), pixel)))
                });
                let (w, h) = ((width * scale) as u32, (height * scale) as u32);
                let picture = imageops::resize(&picture, w, h, imageops::FilterType::Nearest);
                let (x, y) = (GAP + column * wide, GAP + line * tall);
                imageops::replace(&mut sheet, &picture, x as i64, y as i64);
            }
        }
        let mut bytes = Vec::new();
        let written = sheet.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png);
        written.map_err(|error| Error::Core(deepal_core::Error::other(error)))?;
        Ok(Some(bytes))
    }

    /// The samples of each line of the sheet.
    fn sheet_rows(&self) -> Vec<Vec<usize>> {
        let spread = |rows: Vec<usize>, most: usize| {
            let n = rows.len().min(most);
            (0..n).map(|i| rows[i * rows.len() / n]).collect::<Vec<_>>()
        };
        let of = |class: Option<usize>| {
            let is_it = |row: &usize| self.labels[*row].map(|label| label.index()) == class;
            (0..self.ids.len()).filter(is_it).collect::<Vec<_>>()
        };
        let mut lines =
            (0..self.classes.len()).map(|class| spread(of(Some(class)), COLUMNS)).collect::<Vec<_>>();
        lines.retain(|line| !line.is_empty());
        lines.truncate(MOST_CLASSES);
        lines.extend(spread(of(None), 4 * COLUMNS).chunks(COLUMNS).map(<[usize]>::to_vec));
        lines
    }
}

/// How a picture becomes an input, in words.
impl std::fmt::Display for Transform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let colours = if self.channels == 1 { "grey" } else { "colour" };
        let resize = match self.resize {
            super::Resize::Crop => "their largest middle part",
            super::Resize::Squash => "stretched",
            super::Resize::Pad => "with black borders",
        };
        write!(
            f,
            "{}×{} {colours} (others: {resize}, resized), minus {:?}, divided by {:?}",
            self.size[1], self.size[0], self.mean, self.std
        )
    }
}
