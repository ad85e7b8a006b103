//! [`without_formulas`]: CSV that a spreadsheet may open whoever wrote the cells.

use super::csv_row;

/// The same rows of CSV, with an apostrophe before each cell that a spreadsheet would run as a formula: one that begins with `=`, `+`,
/// `-`, `@`, a tab or a carriage return and is no number. Spreadsheets hide the apostrophe; other programs read it as a part of the
/// cell.
///
/// ```
/// use deepal_data::files::without_formulas;
///
/// assert_eq!(without_formulas(b"=1+1,-0.5,cat\n"), b"'=1+1,-0.5,cat\n");
/// ```
pub fn without_formulas(rows: &[u8]) -> Vec<u8> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(rows);
    // In memory and with rows of any length nothing can fail.
    let rows = reader.byte_records().flatten();
    rows.flat_map(|row| csv_row(row.iter().map(|cell| [apostrophe(cell), cell].concat()))).collect()
}

fn apostrophe(cell: &[u8]) -> &'static [u8] {
    let starts = matches!(cell, [b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r', ..]);
    let number = std::str::from_utf8(cell).ok().and_then(|text| text.parse::<f64>().ok());
    if starts && !number.is_some_and(f64::is_finite) { b"'" } else { b"" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_get_an_apostrophe_and_all_else_stays_to_the_byte() {
        let formulas =
            ["=HYPERLINK(\"http://x\")", "+1+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "-", "=1\n=2"];
        let harmless = ["-1.5", "+3", "-1e-300", "cat", "", "a=b", "1-2", "'=1", " x", "é, \"q\""];
        let row = csv_row(formulas.iter().chain(&harmless));
        let safe = formulas.iter().map(|cell| format!("'{cell}"));
        let expected = csv_row(safe.chain(harmless.map(String::from)));
        assert_eq!(without_formulas(&row), expected);
        let plain =
            [csv_row(["rank", "id"]), csv_row(["1", "a,b"]), csv_row(["", ""]), csv_row(["x"])].concat();
        assert_eq!(without_formulas(&plain), plain);
    }
}
