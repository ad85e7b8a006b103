//! Recorded data with hidden labels, written as tables that projects are about.

use crate::Result;
use deepal::datasets::{self, Downloads};
use deepal::files::csv_row;
use deepal::formats::columns::Columns;
use deepal::{SampleId, seed, select};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Samples of a data set that are used.
const MOST: usize = 10_000;

/// Samples as rows of a table, and their hidden classes.
pub(crate) struct Recorded {
    pub(crate) name: String,
    /// The classes' names.
    pub(crate) classes: Vec<String>,
    /// The position of each sample's class.
    pub(crate) hidden: Vec<u32>,
    /// The net that learns them: `mlp` for pixels, as in projects about pictures; `None`: the default of tables.
    pub(crate) net: Option<String>,
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Recorded {
    /// A data set of the list, or else the table `NAME.csv.gz` in `tables/` of a folder, with columns `id`, `split`, features and `label`.
    pub(crate) fn named(name: &str, folder: Option<&Path>) -> Result<Self> {
        if datasets::by_name(name).is_ok() {
            return Self::published(name, folder);
        }
        let folder = folder
            .ok_or_else(|| format!("`{name}` is not part of the program; name its folder with --data"))?;
        Self::table(name, &folder.join("tables").join(format!("{name}.csv.gz")))
    }

    /// Inputs of a data set as columns; the first 10,000 samples at most.
    fn published(name: &str, folder: Option<&Path>) -> Result<Self> {
        let downloads = Downloads {
            data_dir: folder.map(|folder| folder.join(name)),
            offline: true,
            ..Downloads::default()
        };
        let data = (datasets::by_name(name)?.load)(&downloads)?;
        let (mut rows, mut hidden) = (Vec::new(), Vec::new());
        for (part, classes) in [(&data.train, &data.train_labels), (&data.test, &data.test_labels)] {
            let n = part.len().min(MOST - rows.len());
            let inputs = part.inputs(&SampleId::first(n))?;
            rows.extend(
                inputs.outer_iter().map(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>()),
            );
            hidden.extend(classes.iter().take(n).map(|class| u32::from(class.0)));
        }
        let heading = (0..rows[0].len()).map(|at| format!("x{at}")).collect();
        Ok(Self {
            name: name.into(),
            classes: data.train.meta().classes.clone(),
            hidden,
            net: Some("mlp".into()),
            heading,
            rows,
        })
    }

    fn table(name: &str, path: &Path) -> Result<Self> {
        let table = Columns::read(path)?;
        let texts = |name: &str| Ok::<_, deepal::DataError>(table.column(name)?.texts());
        let labels = texts("label")?.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>();
        let classes = labels.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect::<Vec<_>>();
        let hidden = labels.iter().filter_map(|label| classes.binary_search(label).ok()).map(|at| at as u32);
        let features = table.names().iter().filter(|name| !["id", "split", "label"].contains(&name.as_str()));
        let heading = features.cloned().collect::<Vec<_>>();
        let mut rows = vec![Vec::with_capacity(heading.len()); labels.len()];
        for name in &heading {
            let cells = texts(name)?.into_iter().map(Option::unwrap_or_default);
            rows.iter_mut().zip(cells).for_each(|(row, cell)| row.push(cell));
        }
        Ok(Self { name: name.into(), hidden: hidden.collect(), classes, net: None, heading, rows })
    }

    /// A pool of `n` samples drawn at random, and all others.
    pub(crate) fn split(&self, n: usize, seed: u64) -> (Vec<usize>, Vec<usize>) {
        let mut order = select::random(self.rows.len(), self.rows.len(), seed::mix(seed, 1));
        let others = order.split_off(n.min(order.len()));
        (order, others)
    }

    /// Writes samples as a table without labels; ids are their numbers.
    pub(crate) fn write(&self, samples: &[usize], path: &Path) -> Result<PathBuf> {
        let heading = std::iter::once("id").chain(self.heading.iter().map(String::as_str));
        let mut table = csv_row(heading);
        for sample in samples {
            let id = sample.to_string();
            table.extend(csv_row(
                std::iter::once(id.as_str()).chain(self.rows[*sample].iter().map(String::as_str)),
            ));
        }
        fs::write(path, table)?;
        Ok(path.into())
    }
}
