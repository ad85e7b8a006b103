//! Pictures in a column of a table, as their files' bytes.

use super::decode::{DEEP, decode, header, is_picture};
use super::images::suitable;
use super::limits::Limits;
use super::show::Shown;
use super::transform::Picture;
use super::{Inputs, Manifest, Open, Problem, Transform};
use crate::error::{Error, Result};
use ndarray::Array2;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// Pictures by row. Those that there is room for are kept decoded.
pub(super) struct TablePictures {
    path: PathBuf,
    files: Vec<Vec<u8>>,
    /// `[channels, height, width]` of the first rows
    fitted: Vec<Box<[u8]>>,
    pub(super) transform: Transform,
    limits: Limits,
    /// How many of 16 bits are used.
    bits: u32,
    /// Whether some have 16.
    is_deep: bool,
}

/// Whether bytes are pictures, all that are there.
pub(super) fn are_pictures(cells: &[Option<Vec<u8>>]) -> bool {
    cells.iter().any(Option::is_some) && cells.iter().flatten().all(|cell| is_picture(cell))
}

impl TablePictures {
    /// The pictures of a column, and the rows that have one that can be decoded.
    pub(super) fn read(
        path: &Path,
        cells: Vec<Option<Vec<u8>>>,
        manifest: &Manifest,
        open: &Open<'_>,
        notes: &mut Vec<String>,
        problems: &mut Vec<Problem>,
    ) -> Result<(Self, Vec<usize>)> {
        let (limits, bits) = (Limits::of(manifest, open), open.bits.or(manifest.bits).unwrap_or(DEEP));
        let headers =
            cells.par_iter().flatten().filter_map(|cell| header(cell, &limits).ok()).collect::<Vec<_>>();
        let transform = match open.image.or(manifest.image.as_ref()) {
            Some(transform) => transform.clone(),
            None => suitable(&headers, notes),
        };
        transform.check()?;
        let room = open.cache_bytes / transform.shape().iter().product::<usize>().max(1);
        let decoded = |cell: &Option<Vec<u8>>| match cell {
            None => Err("has no picture".to_owned()),
            Some(bytes) => {
                let decoded = decode(bytes, &limits, bits);
                decoded.and_then(|decoded| Ok((fitted(&transform, decoded.picture)?, decoded.peak.is_some())))
            }
        };
        let (n, mut all, mut kept, mut files) = (cells.len(), Vec::new(), Vec::new(), Vec::new());
        let mut is_deep = false;
        let mut rows = cells.into_iter().enumerate();
        loop {
            let chunk = rows.by_ref().take(1024).collect::<Vec<_>>();
            if chunk.is_empty() {
                break;
            }
            let results = chunk.par_iter().map(|(_, cell)| decoded(cell)).collect::<Vec<_>>();
            for ((row, cell), result) in chunk.into_iter().zip(results) {
                match result {
                    Err(why) => problems
                        .push(Problem { what: format!("row {}", row + 1), why: format!("{why}; skipped") }),
                    Ok((pixels, has_16_bits)) => {
                        is_deep |= has_16_bits;
                        if all.len() == kept.len() && all.len() < room {
                            all.push(pixels);
                        }
                        kept.push(row);
                        files.extend(cell);
                    }
                }
                (open.progress)(row + 1, n);
            }
        }
        Ok((Self { path: path.into(), files, fitted: all, transform, limits, bits, is_deep }, kept))
    }

    /// How many of their 16 bits the pictures use, if some have 16.
    pub(super) fn bits(&self) -> Option<u32> {
        self.is_deep.then_some(self.bits)
    }
}

fn fitted(transform: &Transform, picture: Picture) -> Result<Box<[u8]>, String> {
    transform.fit(picture).map(Vec::into_boxed_slice).map_err(|error| error.to_string())
}

impl Inputs for TablePictures {
    fn shape(&self) -> [usize; 3] {
        self.transform.shape()
    }

    fn range(&self) -> Vec<(f32, f32)> {
        self.transform.range()
    }

    fn len(&self) -> usize {
        self.files.len()
    }

    fn inputs(&self, rows: &[usize]) -> Result<Array2<f32>> {
        let width = self.transform.shape().iter().product::<usize>();
        let mut inputs = vec![0.0; rows.len() * width];
        inputs.par_chunks_exact_mut(width).zip(rows).try_for_each(|(inputs, row)| {
            if let Some(pixels) = self.fitted.get(*row) {
                self.transform.scale(pixels, inputs);
                return Ok(());
            }
            let decoded = decode(&self.files[*row], &self.limits, self.bits);
            let pixels = decoded.and_then(|decoded| fitted(&self.transform, decoded.picture));
            self.transform.scale(&pixels.map_err(|why| Error::unfit(&self.path, why))?, inputs);
            Ok::<_, Error>(())
        })?;
        Array2::from_shape_vec((rows.len(), width), inputs)
            .map_err(|error| deepal_core::Error::other(error).into())
    }

    fn file(&self, row: usize) -> Result<Option<Vec<u8>>> {
        Ok(Some(self.files[row].clone()))
    }

    fn show(&self, row: usize) -> Result<Shown> {
        let decoded = decode(&self.files[row], &self.limits, self.bits);
        let decoded = decoded.map_err(|why| Error::unfit(&self.path, why))?;
        Ok(Shown::of(decoded.picture))
    }

    fn digest(&self, row: usize) -> Result<[u8; 32]> {
        Ok(Sha256::digest(&self.files[row]).into())
    }
}
