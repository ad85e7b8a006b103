//! [`Inputs`]: the rows of a source, and [`Rows`], some of them as a data set.

use super::show::Shown;
use crate::error::{Error, Result};
use deepal_core::{Dataset, Meta, SampleId};
use ndarray::Array2;
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::Arc;

/// The inputs of all samples of a source, by row. It knows nothing of ids, labels or splits.
pub trait Inputs: Send + Sync {
    /// The shape of one item, `[channels, height, width]`; a vector of `d` numbers is `[d, 1, 1]`.
    fn shape(&self) -> [usize; 3];

    /// For each channel the least and the greatest possible input; empty when there are no such limits.
    fn range(&self) -> Vec<(f32, f32)> {
        Vec::new()
    }

    /// How many rows there are.
    fn len(&self) -> usize;

    /// Whether there is no row.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The inputs of some rows, `[rows.len(), channels · height · width]`, finite. Rows are below [`len`](Self::len).
    ///
    /// # Errors
    /// A sample that cannot be read any more.
    fn inputs(&self, rows: &[usize]) -> Result<Array2<f32>>;

    /// The file that a row is, as it is; `None` where rows are no files.
    ///
    /// # Errors
    /// A file that cannot be read any more.
    fn file(&self, _row: usize) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }

    /// What a person sees of a row.
    ///
    /// # Errors
    /// A sample that cannot be read any more.
    fn show(&self, _row: usize) -> Result<Shown> {
        Ok(Shown::Nothing)
    }

    /// The file on disk that a row's file is, or is packed in; `None` where rows are no files.
    fn on_disk(&self, _row: usize) -> Option<PathBuf> {
        None
    }

    /// What a row contains, as a SHA-256: of a file where the row is one, else of its inputs.
    ///
    /// # Errors
    /// As [`inputs`](Self::inputs).
    fn digest(&self, row: usize) -> Result<[u8; 32]> {
        let inputs = self.inputs(&[row])?;
        let mut hash = Sha256::new();
        inputs.iter().for_each(|x| hash.update(x.to_le_bytes()));
        Ok(hash.finalize().into())
    }
}

/// A matrix held in memory.
impl Inputs for Array2<f32> {
    fn shape(&self) -> [usize; 3] {
        [self.ncols(), 1, 1]
    }

    fn len(&self) -> usize {
        self.nrows()
    }

    fn inputs(&self, rows: &[usize]) -> Result<Array2<f32>> {
        Ok(self.select(ndarray::Axis(0), rows))
    }
}

/// Some rows of a source, as a data set.
#[derive(Clone)]
pub(crate) struct Rows {
    pub(crate) meta: Meta,
    pub(crate) inputs: Arc<dyn Inputs>,
    pub(crate) rows: Vec<usize>,
}

impl Dataset for Rows {
    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn inputs(&self, ids: &[SampleId]) -> deepal_core::Result<Array2<f32>> {
        let row = |id: &SampleId| match self.rows.get(id.index()) {
            Some(&row) => Ok(row),
            None => Err(deepal_core::Error::UnknownSample { id: *id, len: self.len() }),
        };
        let rows = ids.iter().map(row).collect::<deepal_core::Result<Vec<_>>>()?;
        Ok(self.inputs.inputs(&rows)?)
    }
}

/// The first row with a number that is not finite is an error.
pub(crate) fn all_finite(what: &'static str, matrix: &Array2<f32>) -> Result<()> {
    for (row, values) in matrix.outer_iter().enumerate() {
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return Err(Error::Core(deepal_core::Error::NotFinite { what, row, value: f64::from(*value) }));
        }
    }
    Ok(())
}
