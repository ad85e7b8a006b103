//! [`WithCells`]: rows of a table as inputs, and as they are in the file.

use super::inputs::Inputs;
use super::roles::Role;
use super::show::Shown;
use crate::error::{Error, Result};
use crate::formats::columns::{Column, Columns, Layout, Part};
use ndarray::Array2;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The most columns that are shown of a row.
const MOST: usize = 200;

/// The inputs of a table's rows. Its cells are read again when a row is first shown: few who open a table look at its rows.
pub(super) struct WithCells {
    inputs: Arc<dyn Inputs>,
    path: PathBuf,
    layout: Layout,
    /// The columns that are shown, in the table's order.
    names: Vec<String>,
    cells: Mutex<Option<Arc<Cells>>>,
}

/// A column of texts for each name.
type Cells = Vec<(String, Vec<Option<String>>)>;

impl WithCells {
    /// Shown are the features, and what is left out, which may help a person.
    pub(super) fn new(inputs: Arc<dyn Inputs>, path: &Path, layout: Layout, roles: &[Role]) -> Self {
        let shown = roles.iter().filter(|role| matches!(role.role, "feature" | "left out"));
        let names = shown.map(|role| role.column.clone()).take(MOST).collect();
        Self { inputs, path: path.into(), layout, names, cells: Mutex::default() }
    }

    fn cells(&self) -> Result<Arc<Cells>> {
        let mut held = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cells) = &*held {
            return Ok(cells.clone());
        }
        let wanted = |name: &str| self.names.iter().any(|other| other == name);
        let part = Part { columns: Some(&wanted), rows: None };
        let columns = Columns::read_as(&self.path, &part, &self.layout)?;
        if columns.len() != self.len() {
            let why = format!("has {} rows now, and had {} when it was opened", columns.len(), self.len());
            return Err(Error::unfit(&self.path, format!("{why}; start again")));
        }
        let mut cells = Cells::new();
        for name in &self.names {
            if !matches!(columns.column(name)?, Column::Lists(_) | Column::Bytes(_)) {
                cells.push((name.clone(), columns.cells(name)?));
            }
        }
        Ok(held.insert(Arc::new(cells)).clone())
    }
}

impl Inputs for WithCells {
    fn shape(&self) -> [usize; 3] {
        self.inputs.shape()
    }

    fn range(&self) -> Vec<(f32, f32)> {
        self.inputs.range()
    }

    fn len(&self) -> usize {
        self.inputs.len()
    }

    fn inputs(&self, rows: &[usize]) -> Result<Array2<f32>> {
        self.inputs.inputs(rows)
    }

    fn digest(&self, row: usize) -> Result<[u8; 32]> {
        self.inputs.digest(row)
    }

    fn show(&self, row: usize) -> Result<Shown> {
        let cells = self.cells()?;
        let cell = |(name, column): &(String, Vec<Option<String>>)| {
            (name.clone(), column[row].clone().unwrap_or_default())
        };
        match cells.is_empty() {
            true => Ok(Shown::Nothing),
            false => Ok(Shown::Fields(cells.iter().map(cell).collect())),
        }
    }
}
