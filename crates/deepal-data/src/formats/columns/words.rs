//! Cells of text: which are missing, and which are numbers, with points or commas. One rule for every format.

/// What programs write where a value is missing: R, pandas, spreadsheets, databases, SAS. Compared without spaces around.
pub(crate) const MISSING: [&str; 31] = [
    "", "?", ".", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "NAN", "-NaN", "-nan", "NaT",
    "NULL", "Null", "null", "(null)", "None", "\\N", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!",
    "#VALUE!", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN",
];
/// The length of the longest of them, in bytes.
const LONGEST: usize = 8;

/// Whether a cell is missing; `more` are the words that the user adds.
pub(crate) fn is_missing(text: &str, more: &[String]) -> bool {
    let text = text.trim();
    text.len() <= LONGEST && MISSING.contains(&text) || more.iter().any(|word| word.trim() == text)
}

/// What its commas and points say of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A number without a comma or a point, or with an exponent: no evidence.
    Whole,
    /// A decimal point.
    Point,
    /// A decimal comma for certain, such as `0,5`, `1.234,5`.
    Comma,
    /// Commas between thousands for certain, such as `1,234,567`, `1,234.5`.
    Thousands,
    /// `1,234`, which is either.
    Either,
    /// No number.
    Text,
}

pub(super) fn form(text: &str) -> Form {
    let text = text.trim();
    let (commas, points) = (text.matches(',').count(), text.matches('.').count());
    match (commas, points) {
        (0, 0) if text.parse::<f64>().is_ok() => Form::Whole,
        (0, _) if text.parse::<f64>().is_ok() => Form::Point,
        (0, _) => Form::Text,
        (1, 0) => match (with_comma(text), with_point(text)) {
            (Some(_), Some(_)) => Form::Either,
            (Some(_), None) => Form::Comma,
            _ => Form::Text,
        },
        _ if with_point(text).is_some() => Form::Thousands,
        _ if with_comma(text).is_some() => Form::Comma,
        _ => Form::Text,
    }
}

/// A number with a decimal comma, and points between thousands.
fn with_comma(text: &str) -> Option<f64> {
    let (whole, rest) = text.split_once(',').unwrap_or((text, ""));
    if rest.contains([',', '.']) {
        return None;
    }
    let whole = if whole.contains('.') { ungrouped(whole, '.')? } else { whole.to_owned() };
    format!("{whole}.{rest}").parse().ok()
}

/// A number with a decimal point, and commas between thousands.
fn with_point(text: &str) -> Option<f64> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    if rest.contains(',') {
        return None;
    }
    let whole = if whole.contains(',') { ungrouped(whole, ',')? } else { whole.to_owned() };
    format!("{whole}.{rest}").parse().ok()
}

/// Digits without what is between thousands: groups of three, behind one to three that do not begin with 0.
fn ungrouped(whole: &str, separator: char) -> Option<String> {
    let digits = whole.trim_start_matches(['+', '-']);
    let mut groups = digits.split(separator);
    let is_digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let first = groups
        .next()
        .filter(|first| (1..=3).contains(&first.len()) && !first.starts_with('0') && is_digits(first));
    let is_right = first.is_some() && groups.all(|group| group.len() == 3 && is_digits(group));
    is_right.then(|| whole.replace(separator, ""))
}

/// The numbers of a column of texts.
#[derive(Debug)]
pub(crate) struct Numbers {
    /// Missing ones are NaN.
    pub(crate) values: Vec<f64>,
    /// Whether commas were read, as decimal commas (`','`) or between thousands (`'.'`, the decimals' sign).
    pub(crate) decimal: Option<char>,
}

/// Why a column is not of numbers: the first row that shows it, and what is said about it.
pub(crate) struct NoNumber {
    pub(super) row: usize,
    /// What the row has, and what is wrong with that.
    what: String,
    wrong: String,
    /// Whether the column is one of numbers, and only their commas are unclear.
    pub(super) is_unclear: bool,
}

impl NoNumber {
    fn text(row: usize, text: &str) -> Self {
        Self { row, what: format!("has `{text}`"), wrong: ", which is no number".into(), is_unclear: false }
    }

    /// In words, with the row's number in the file.
    pub(super) fn why(&self, row: usize) -> String {
        format!("{} in row {row}{}", self.what, self.wrong)
    }
}

/// A column of texts as numbers. `decimal` is what the user says of the table, `hint` what other columns show.
pub(crate) fn numbers(
    cells: &[Option<String>],
    decimal: Option<char>,
    hint: Option<char>,
    more: &[String],
) -> Result<Numbers, NoNumber> {
    if decimal != Some(',') {
        match collect(cells, more, |text| text.trim().parse().ok()) {
            Ok(values) => return Ok(Numbers { values, decimal: None }),
            Err(wrong) if !cells[wrong.row].as_deref().unwrap_or_default().contains(',') => {
                return Err(wrong);
            }
            Err(_) => {}
        }
    }
    let decimal = match decimal {
        Some(decimal) => decimal,
        None => evidence(cells, hint, more)?,
    };
    let read = if decimal == ',' { with_comma } else { with_point };
    let values = collect(cells, more, |text| read(text.trim()))?;
    Ok(Numbers { values, decimal: Some(decimal) })
}

fn collect(
    cells: &[Option<String>],
    more: &[String],
    read: impl Fn(&str) -> Option<f64>,
) -> Result<Vec<f64>, NoNumber> {
    let number = |(row, cell): (usize, &Option<String>)| match cell {
        None => Ok(f64::NAN),
        Some(text) => match read(text) {
            Some(number) => Ok(number),
            None if is_missing(text, more) => Ok(f64::NAN),
            None => Err(NoNumber::text(row, text)),
        },
    };
    cells.iter().enumerate().map(number).collect()
}

/// The decimals' sign of a column that has commas.
fn evidence(cells: &[Option<String>], hint: Option<char>, more: &[String]) -> Result<char, NoNumber> {
    let mut first = [None; 4];
    for (row, text) in cells.iter().enumerate().filter_map(|(row, cell)| Some((row, cell.as_deref()?))) {
        let kind = match form(text) {
            Form::Whole => continue,
            Form::Point => 0,
            Form::Comma => 1,
            Form::Thousands => 2,
            Form::Either => 3,
            Form::Text if is_missing(text, more) => continue,
            Form::Text => return Err(NoNumber::text(row, text)),
        };
        first[kind].get_or_insert(row);
    }
    let [point, comma, thousands, either] = first;
    let unclear = |row: usize, other: Option<usize>| {
        let cell = |row: usize| cells[row].as_deref().unwrap_or_default();
        let both =
            other.map_or(String::new(), |other| format!(" and `{}` in row {}", cell(other), other + 1));
        let wrong = format!(
            "{both}: a comma may stand before decimals or between thousands; say `decimal = \",\"` or `decimal = \".\"` in \
             data.toml, or write points"
        );
        NoNumber { row, what: format!("has `{}`", cell(row)), wrong, is_unclear: true }
    };
    // Points between thousands go with decimal commas, so a point alone is no evidence against them.
    let is_grouped = |row: usize| cells[row].as_deref().is_some_and(|text| with_comma(text.trim()).is_some());
    match (comma, thousands.or(point.filter(|row| comma.is_none() || !is_grouped(*row)))) {
        (Some(_), None) => Ok(','),
        (None, Some(_)) => Ok('.'),
        (Some(comma), Some(other)) => Err(unclear(comma, Some(other))),
        (None, None) => match (either, hint) {
            (_, Some(hint)) => Ok(hint),
            (either, None) => Err(unclear(either.unwrap_or_default(), None)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cells: &[&str]) -> Result<Vec<f64>, String> {
        let cells = cells.iter().map(|cell| Some((*cell).to_owned())).collect::<Vec<_>>();
        numbers(&cells, None, None, &[])
            .map(|numbers| numbers.values)
            .map_err(|wrong| wrong.why(wrong.row + 1))
    }

    #[test]
    fn commas_are_decimals_or_thousands_by_the_evidence_of_the_column() {
        assert_eq!(read(&["0,5", "2", "-1,25"]).unwrap(), [0.5, 2.0, -1.25]);
        assert_eq!(read(&["1.234,5", "2.000", "7"]).unwrap(), [1234.5, 2000.0, 7.0]);
        assert_eq!(read(&["1,234", "0.5"]).unwrap(), [1234.0, 0.5]);
        assert_eq!(read(&["1,234,567", "1,000"]).unwrap(), [1_234_567.0, 1000.0]);
        assert_eq!(read(&["1,234", "12,5"]).unwrap(), [1.234, 12.5]);
        assert_eq!(read(&[" 1,5 ", "3,0e2"]).unwrap(), [1.5, 300.0]);
        assert!(read(&["1,234", "5,678"]).unwrap_err().contains("`decimal = \",\"`"));
        assert!(read(&["0,5", "0.5"]).unwrap_err().contains("`0,5` in row 1 and `0.5` in row 2"));
        assert!(read(&["0,5", "x"]).unwrap_err().contains("`x`"));
        assert!(read(&["a,b"]).unwrap_err().contains("`a,b`"));
        let hinted = numbers(&[Some("1,234".into())], None, Some(','), &[]);
        assert_eq!(hinted.ok().unwrap().values, [1.234]);
    }

    #[test]
    fn missing_words_are_one_list_and_the_users() {
        for word in MISSING {
            assert!(is_missing(&format!(" {word} "), &[]), "{word}");
            assert!(read(&["1", word, "2"]).unwrap()[1].is_nan(), "{word}");
        }
        assert_eq!(MISSING.iter().map(|word| word.len()).max(), Some(LONGEST));
        assert!(!is_missing("none of these", &[]) && !is_missing("-", &[]) && !is_missing("-1", &[]));
        assert!(is_missing("unbekannt und lang", &["unbekannt und lang".into()]));
    }
}
