//! Pictures, decoded and encoded anew: a user's file is never sent as it is.

use crate::refusal::{Refusal, Reply};
use axum::http::StatusCode;
use deepal_data::source::{Encoded, Shown};
use deepal_engine::Error;
use deepal_project::Project;

/// The longest side of a picture, and of a small one, in pixels.
const SIDES: [u32; 2] = [1600, 256];

/// The picture of a sample.
pub(crate) fn picture(project: &Project, row: usize, is_small: bool) -> Reply<Encoded> {
    let shown = project.source().show(row).map_err(Error::from)?;
    let Shown::Picture(pixels) = shown else {
        return Err(Refusal::new(StatusCode::NOT_FOUND, "this sample is no picture"));
    };
    Ok(pixels.encode(SIDES[usize::from(is_small)]).map_err(Error::from)?)
}
