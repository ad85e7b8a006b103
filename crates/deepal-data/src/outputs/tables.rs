//! Rounds as Parquet tables, for Polars, DuckDB or pandas.
//!
//! The same rounds give the same bytes. Strings are UTF-8, ids and classes are unsigned integers, counts are signed ones.
//! Format: <https://parquet.apache.org/docs/file-format/>.

use crate::datasets;
use crate::error::Result;
use crate::stores::run::RoundRecord;
use deepal_core::metric::{ClassCounts, Metric};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::errors::Result as ParquetResult;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The rows of a row group; one column of that many is in memory at a time.
const GROUP: usize = 1 << 20;

/// The bytes of a Parquet file with a row for each round, in the order given.
///
/// Its columns are `dataset`, `net`, `strategy`, `seed`, `round`, `labels`, `accuracy` (0 to 1), `train_seconds`,
/// `query_seconds` and `predict_seconds`, as in [`RoundRecord`]; then `balanced_accuracy` and `macro_f1` (0 to 1), and the lists
/// `support` (test samples), `recall` and `precision`, a number for each class. Null is what a run of an earlier version did not
/// record, the recall of a class without samples, and the precision of one that is never predicted.
///
/// # Errors
/// A name of more than 2 GiB.
pub fn metrics(rounds: &[RoundRecord]) -> Result<Vec<u8>> {
    let columns: [(&str, Values<&RoundRecord>); 15] = [
        ("dataset", Values::Text(|round| &round.dataset)),
        ("net", Values::Text(|round| &round.net)),
        ("strategy", Values::Text(|round| &round.strategy)),
        ("seed", Values::Seed(|round| round.seed)),
        ("round", Values::Count(|round| round.round)),
        ("labels", Values::Count(|round| round.labels)),
        ("accuracy", Values::Number(|round| round.accuracy)),
        ("train_seconds", Values::Number(|round| round.train_seconds)),
        ("query_seconds", Values::Number(|round| round.query_seconds)),
        ("predict_seconds", Values::Number(|round| round.predict_seconds)),
        ("balanced_accuracy", Values::MaybeNumber(|round| round.metric(Metric::BalancedAccuracy))),
        ("macro_f1", Values::MaybeNumber(|round| round.metric(Metric::MacroF1))),
        ("support", Values::MaybeCounts(|round| Some(&round.test.as_ref()?.actual))),
        ("recall", Values::MaybeNumbers(|round| of_classes(round, ClassCounts::recall))),
        ("precision", Values::MaybeNumbers(|round| of_classes(round, ClassCounts::precision))),
    ];
    table(&columns, rounds.iter())
}

/// A figure of each class.
fn of_classes(round: &RoundRecord, of: fn(&ClassCounts, usize) -> Option<f64>) -> Option<Vec<Option<f64>>> {
    let counts = round.test.as_deref()?;
    Some((0..counts.n_classes()).map(|class| of(counts, class)).collect())
}

/// The bytes of a Parquet file with a row for each label, in the order of rounds and picks.
///
/// Its columns are `dataset`, `net`, `strategy`, `seed`, `round`, `rank` (from 1), `sample_id`, `id`, `score`, `label` and
/// `label_name`. `own` has the ids and classes of the user's own data sets, by their names; of those in [`datasets::ALL`] the
/// classes are known. `id` is null where there is none, `score` where the strategy does not rank, `label` where the run did not
/// record the class, `label_name` where its name is not known.
///
/// # Errors
/// A name of more than 2 GiB.
pub fn selections(rounds: &[RoundRecord], own: &BTreeMap<String, Names>) -> Result<Vec<u8>> {
    let columns: [(&str, Values<Bought<'_>>); 11] = [
        ("dataset", Values::Text(|pick| &pick.round.dataset)),
        ("net", Values::Text(|pick| &pick.round.net)),
        ("strategy", Values::Text(|pick| &pick.round.strategy)),
        ("seed", Values::Seed(|pick| pick.round.seed)),
        ("round", Values::Count(|pick| pick.round.round)),
        ("rank", Values::Count(|pick| pick.at + 1)),
        ("sample_id", Values::Id(|pick| pick.sample_id)),
        ("id", Values::MaybeText(Bought::id)),
        ("score", Values::MaybeNumber(Bought::score)),
        ("label", Values::MaybeClass(Bought::class)),
        ("label_name", Values::MaybeText(Bought::class_name)),
    ];
    let picks = rounds.iter().flat_map(|round| {
        let own = own.get(&round.dataset);
        let sample_ids = round.picks.iter().enumerate();
        sample_ids.map(move |(at, sample_id)| Bought { round, own, at, sample_id: *sample_id })
    });
    table(&columns, picks)
}

/// What the samples and classes of a user's own data set are called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// The id of each sample, by its number in the events of a run.
    pub ids: HashMap<u32, String>,
    /// The classes, in their order.
    pub classes: Vec<String>,
}

/// A row that was picked to be labelled.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Pick<'a> {
    /// From 1, the most wanted first.
    pub rank: usize,
    /// The sample's id, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    /// The row in the source, from 0.
    pub row: usize,
    /// The strategy's score, if it ranks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

/// The bytes of a Parquet file with a row for each pick: `rank`, `id` (null without ids), `row` and `score` (null where the
/// strategy does not rank).
///
/// # Errors
/// An id of more than 2 GiB.
pub fn picks(picks: &[Pick<'_>]) -> Result<Vec<u8>> {
    let columns: [(&str, Values<Pick<'_>>); 4] = [
        ("rank", Values::Count(|pick| pick.rank)),
        ("id", Values::MaybeText(|pick| pick.id)),
        ("row", Values::Count(|pick| pick.row)),
        ("score", Values::MaybeNumber(|pick| pick.score)),
    ];
    table(&columns, picks.iter().copied())
}

/// A label: the pick at place `at` of a round.
struct Bought<'a> {
    round: &'a RoundRecord,
    /// `None` for a data set of the list.
    own: Option<&'a Names>,
    at: usize,
    sample_id: u32,
}

impl Bought<'_> {
    fn score(&self) -> Option<f64> {
        self.round.scores.as_ref()?.get(self.at).copied()
    }

    fn class(&self) -> Option<u16> {
        self.round.classes.get(self.at).copied()
    }

    fn id(&self) -> Option<&str> {
        self.own?.ids.get(&self.sample_id).map(String::as_str)
    }

    fn class_name(&self) -> Option<&str> {
        let class = usize::from(self.class()?);
        if let Some(own) = self.own {
            return own.classes.get(class).map(String::as_str);
        }
        let entry = datasets::ALL.iter().find(|entry| entry.name == self.round.dataset)?;
        entry.classes.get(class).copied()
    }
}

/// The type of a column, and what a row has in it.
enum Values<Row> {
    Text(fn(&Row) -> &str),
    Seed(fn(&Row) -> u64),
    Count(fn(&Row) -> usize),
    Id(fn(&Row) -> u32),
    Number(fn(&Row) -> f64),
    MaybeNumber(fn(&Row) -> Option<f64>),
    MaybeClass(fn(&Row) -> Option<u16>),
    MaybeText(fn(&Row) -> Option<&str>),
    MaybeCounts(fn(&Row) -> Option<&[u32]>),
    MaybeNumbers(fn(&Row) -> Option<Vec<Option<f64>>>),
}

impl<Row> Values<Row> {
    /// The column in the language of Parquet's schemas.
    fn schema(&self, name: &str) -> String {
        match self {
            Self::Text(_) => format!("REQUIRED BYTE_ARRAY {name} (STRING);"),
            Self::Seed(_) => format!("REQUIRED INT64 {name} (INTEGER(64, false));"),
            Self::Count(_) => format!("REQUIRED INT64 {name};"),
            Self::Id(_) => format!("REQUIRED INT32 {name} (INTEGER(32, false));"),
            Self::Number(_) => format!("REQUIRED DOUBLE {name};"),
            Self::MaybeNumber(_) => format!("OPTIONAL DOUBLE {name};"),
            Self::MaybeClass(_) => format!("OPTIONAL INT32 {name} (INTEGER(16, false));"),
            Self::MaybeText(_) => format!("OPTIONAL BYTE_ARRAY {name} (STRING);"),
            Self::MaybeCounts(_) => list(name, "INT64"),
            Self::MaybeNumbers(_) => list(name, "DOUBLE"),
        }
    }

    /// Writes the column for the rows. Unsigned integers go with the bits that they have, as the format asks.
    fn write(&self, column: &mut SerializedColumnWriter<'_>, rows: &[Row]) -> ParquetResult<()> {
        let rows = rows.iter();
        match self {
            Self::Text(value) => required::<ByteArrayType>(column, rows.map(|row| value(row).into())),
            Self::Seed(value) => required::<Int64Type>(column, rows.map(|row| value(row) as i64)),
            Self::Count(value) => required::<Int64Type>(column, rows.map(|row| value(row) as i64)),
            Self::Id(value) => required::<Int32Type>(column, rows.map(|row| value(row) as i32)),
            Self::Number(value) => required::<DoubleType>(column, rows.map(value)),
            Self::MaybeNumber(value) => optional::<DoubleType>(column, rows.map(value)),
            Self::MaybeClass(value) => {
                optional::<Int32Type>(column, rows.map(|row| value(row).map(i32::from)))
            }
            Self::MaybeText(value) => {
                optional::<ByteArrayType>(column, rows.map(|row| value(row).map(ByteArray::from)))
            }
            Self::MaybeCounts(value) => {
                let lists = rows.map(|row| Some(value(row)?.iter().map(|n| Some(i64::from(*n))).collect()));
                optional_lists::<Int64Type>(column, lists)
            }
            Self::MaybeNumbers(value) => optional_lists::<DoubleType>(column, rows.map(value)),
        }
    }
}

/// A column of lists, as the format asks: <https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists>.
fn list(name: &str, element: &str) -> String {
    format!("OPTIONAL GROUP {name} (LIST) {{ REPEATED GROUP list {{ OPTIONAL {element} element; }} }}")
}

fn required<T: DataType>(
    column: &mut SerializedColumnWriter<'_>,
    values: impl Iterator<Item = T::T>,
) -> ParquetResult<()> {
    let values = values.collect::<Vec<_>>();
    column.typed::<T>().write_batch(&values, None, None)?;
    Ok(())
}

/// Parquet keeps the values that there are, and a level for each row: 1 where there is one, 0 where there is none.
fn optional<T: DataType>(
    column: &mut SerializedColumnWriter<'_>,
    values: impl Iterator<Item = Option<T::T>>,
) -> ParquetResult<()> {
    let values = values.collect::<Vec<_>>();
    let levels = values.iter().map(|value| i16::from(value.is_some())).collect::<Vec<_>>();
    let values = values.into_iter().flatten().collect::<Vec<_>>();
    column.typed::<T>().write_batch(&values, Some(&levels), None)?;
    Ok(())
}

/// Levels say how much there is: 0 no list, 1 an empty one, 2 a missing element, 3 an element; and 1 goes on with the list of before.
fn optional_lists<T: DataType>(
    column: &mut SerializedColumnWriter<'_>,
    lists: impl Iterator<Item = Option<Vec<Option<T::T>>>>,
) -> ParquetResult<()> {
    let (mut values, mut levels, mut goes_on) = (Vec::new(), Vec::new(), Vec::new());
    for list in lists {
        let list = list.map_or_else(
            || vec![(0, None)],
            |list| match list.is_empty() {
                true => vec![(1, None)],
                false => list.into_iter().map(|value| (2 + i16::from(value.is_some()), value)).collect(),
            },
        );
        for (at, (level, value)) in list.into_iter().enumerate() {
            values.extend(value);
            levels.push(level);
            goes_on.push(i16::from(at > 0));
        }
    }
    column.typed::<T>().write_batch(&values, Some(&levels), Some(&goes_on))?;
    Ok(())
}

fn table<Row>(columns: &[(&str, Values<Row>)], rows: impl Iterator<Item = Row>) -> Result<Vec<u8>> {
    table_in_groups(columns, rows, GROUP).map_err(|cause| {
        let why = format!(
            "the rounds do not fit into a Parquet table ({cause}); use `results.csv` and `events.jsonl`"
        );
        deepal_core::Error::other(why).into()
    })
}

fn table_in_groups<Row>(
    columns: &[(&str, Values<Row>)],
    mut rows: impl Iterator<Item = Row>,
    group: usize,
) -> ParquetResult<Vec<u8>> {
    let schema = columns.iter().map(|(name, values)| values.schema(name)).collect::<String>();
    let schema = Arc::new(parse_message_type(&format!("message deepal {{ {schema} }}"))?);
    let program = concat!("deepal version ", env!("CARGO_PKG_VERSION"));
    let properties = Arc::new(WriterProperties::builder().set_created_by(program.into()).build());
    let mut file = SerializedFileWriter::new(Vec::new(), schema, properties)?;
    loop {
        let rows = rows.by_ref().take(group).collect::<Vec<_>>();
        if rows.is_empty() {
            return file.into_inner();
        }
        let mut group = file.next_row_group()?;
        for (_, values) in columns {
            if let Some(mut column) = group.next_column()? {
                values.write(&mut column, &rows)?;
                column.close()?;
            }
        }
        group.close()?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    #[test]
    fn rows_beyond_a_group_go_to_the_next() {
        let columns: [(&str, Values<usize>); 2] = [
            ("count", Values::Count(|row| *row)),
            ("odd", Values::MaybeNumber(|row| (row % 2 == 1).then_some(*row as f64))),
        ];
        for (rows, groups) in [(0, vec![]), (3, vec![3]), (4, vec![4]), (9, vec![4, 4, 1])] {
            let bytes = table_in_groups(&columns, 0..rows, 4).unwrap();
            let mut file = tempfile::tempfile().unwrap();
            std::io::Write::write_all(&mut file, &bytes).unwrap();
            let file = SerializedFileReader::new(file).unwrap();
            let found = file.metadata().row_groups().iter().map(|group| group.num_rows()).collect::<Vec<_>>();
            assert_eq!(found, groups);
            let mut found = 0;
            for (at, row) in file.into_iter().enumerate() {
                let row = row.unwrap();
                let fields = row.get_column_iter().map(|(_, field)| field).collect::<Vec<_>>();
                let odd = if at % 2 == 1 { Field::Double(at as f64) } else { Field::Null };
                assert_eq!(fields, [&Field::Long(at as i64), &odd]);
                found += 1;
            }
            assert_eq!(found, rows);
        }
    }
}
