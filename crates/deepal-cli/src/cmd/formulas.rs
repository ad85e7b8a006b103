//! `--no-formulas`: CSV that a spreadsheet may open.

use clap::Args;
use deepal::files::without_formulas;
use std::borrow::Cow;

/// The option of commands that write CSV.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct FormulaArgs {
    /// Put `'` before CSV cells that a spreadsheet would run as formulas
    ///
    /// File names of others may be such cells. Other programs read the `'` too.
    #[arg(long)]
    pub(crate) no_formulas: bool,
}

impl FormulaArgs {
    /// Rows of CSV as they are to be written.
    pub(crate) fn rows(self, rows: &[u8]) -> Cow<'_, [u8]> {
        if self.no_formulas { Cow::Owned(without_formulas(rows)) } else { Cow::Borrowed(rows) }
    }
}
