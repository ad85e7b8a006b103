//! A folder of pictures for the examples: the one named on the command line, or one made of the embedded digits.

use deepal::datasets::{self, Downloads};
use image::GrayImage;
use std::path::PathBuf;

/// The folder that the first argument names; without one, 400 digits as `CLASS/NUMBER.png` in a new folder.
pub(crate) fn given_or_made(name: &str) -> Result<PathBuf, Box<dyn std::error::Error>> {
    if let Some(folder) = std::env::args().nth(1) {
        return Ok(folder.into());
    }
    let folder = std::env::temp_dir().join(format!("deepal-{name}-{}", std::process::id()));
    let data = (datasets::by_name("digits")?.load)(&Downloads::default())?;
    let [_, height, width] = data.train.meta().shape;
    let (least, greatest) = data.train.meta().range[0];
    for id in deepal::SampleId::first(400) {
        let pixels =
            data.train.inputs(&[id])?.mapv(|x| (255.0 * (x - least) / (greatest - least)).round() as u8);
        let class = &data.train.meta().classes[data.train_labels[id.index()].index()];
        let class = folder.join(class);
        std::fs::create_dir_all(&class)?;
        let picture = GrayImage::from_raw(width as u32, height as u32, pixels.into_raw_vec_and_offset().0);
        picture.ok_or("as many pixels as the shape says")?.save(class.join(format!("{:03}.png", id.0)))?;
    }
    Ok(folder)
}
