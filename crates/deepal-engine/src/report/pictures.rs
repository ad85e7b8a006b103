//! Samples as PNG: those that strategies asked for, inside the page.

use crate::pixels::{check, png};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use deepal_core::{Data, SampleId};
use deepal_data::stores::run::RoundRecord;

/// How many images of a round are shown.
const SHOWN: usize = 12;
/// Larger images are thinned out to at most so many pixels a side.
const SIDE: usize = 64;

/// An image and its class.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) source: String,
    pub(crate) class: String,
}

/// The first picks of a round with their classes.
///
/// # Errors
/// In words: data that are not images, or that lack the picks.
pub(crate) fn first_picks(round: &RoundRecord, data: &Data) -> Result<Vec<Picture>, String> {
    let meta = data.train.meta();
    check(meta)?;
    let step = meta.shape[1].max(meta.shape[2]).div_ceil(SIDE);
    let ids = round.picks.iter().take(SHOWN).map(|id| SampleId(*id)).collect::<Vec<_>>();
    let inputs = data.train.inputs(&ids).map_err(|error| error.to_string())?;
    let mut pictures = Vec::new();
    for (id, input) in ids.iter().zip(inputs.outer_iter()) {
        let class = data.train_labels.get(id.index()).and_then(|class| meta.classes.get(class.index()));
        let png = png(&input.to_vec(), meta, step).map_err(|error| error.to_string())?;
        pictures.push(Picture {
            source: format!("data:image/png;base64,{}", STANDARD.encode(png)),
            class: class.cloned().unwrap_or_default(),
        });
    }
    Ok(pictures)
}
