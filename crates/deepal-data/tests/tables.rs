//! Tables as a user's own data, against what pyarrow wrote and NumPy computed (`testdata/formats/tables/make.py`).
#![expect(clippy::unwrap_used, reason = "test helpers")]

use deepal_core::Class;
use deepal_data::formats::columns::{Column, Columns, Part};
use deepal_data::source::{Open, Source, Split};
use ndarray::array;
use std::f32::consts::FRAC_1_SQRT_2;
use std::fs;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/formats/tables").join(name)
}

/// What becomes of a table with this text, and of a manifest beside it.
fn open(name: &str, text: &str, manifest: &str) -> deepal_data::Result<Source> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    if !manifest.is_empty() {
        let text = format!("source = \"{name}\"\n{manifest}");
        fs::write(folder.path().join(format!("{name}.data.toml")), text).unwrap();
    }
    Source::open(&path, &Open::default())
}

fn error(name: &str, text: &str, manifest: &str) -> String {
    open(name, text, manifest).unwrap_err().to_string()
}

fn texts(columns: &Columns, name: &str) -> Vec<String> {
    let texts = columns.column(name).unwrap().texts();
    texts.into_iter().map(|text| text.unwrap_or_else(|| "missing".into())).collect()
}

#[test]
fn parquet_of_every_kind_is_what_pyarrow_wrote() {
    for codec in ["none", "snappy", "zstd", "gzip"] {
        let columns = Columns::read(&fixture(&format!("kinds_{codec}.parquet"))).unwrap();
        assert_eq!(columns.len(), 5, "three row groups");
        let ids = ["9223372036854775809", "9223372036854775810", "9007199254740992", "9007199254740993", "5"];
        assert_eq!(texts(&columns, "id"), ids, "no digit is lost");
        assert_eq!(
            texts(&columns, "signed"),
            ["-9007199254740993", "-9007199254740992", "missing", "0", "1"]
        );
        assert_eq!(texts(&columns, "single"), ["0.1", "missing", "2.5", "-1", "3"]);
        assert_eq!(texts(&columns, "flag"), ["true", "false", "missing", "true", "false"]);
        assert_eq!(texts(&columns, "text"), ["é", "missing", "", "b", "c"]);
        let half = columns.matrix(&["half"]).unwrap();
        assert_eq!(half.column(0).to_vec(), [0.5, -1.25, 2.0, 65504.0, f64::from(5.960_464_5e-8_f32)]);
        let double = columns.matrix(&["double"]).unwrap();
        assert!(double[[0, 0]] == 0.1 && double[[2, 0]].is_nan() && double[[4, 0]] == 3.0);
        let list = columns.matrix(&["list"]).unwrap();
        assert_eq!(list.row(4), array![9.0, 10.0]);
        assert!(list[[1, 1]].is_nan() && list[[1, 0]] == 3.0, "a missing number in a list");
        assert_eq!(columns.matrix(&["halves"]).unwrap().row(2), array![0.5, 1.0]);
        assert_eq!(columns.matrix(&["whole"]).unwrap().row(2), array![1.0, 2.0]);
        assert_eq!(texts(&columns, "price"), ["1.5"; 5], "a decimal");
        assert_eq!(*columns.column("bytes").unwrap(), Column::Bytes(vec![Some(vec![0xff]); 5]));
        let error = columns.column("nested").unwrap_err().to_string();
        assert!(error.contains("kind that cannot be read"), "{error}");
    }
}

/// Some rows of some columns are those of the whole table, in every format, and errors name the file's own rows.
#[test]
fn a_part_of_a_table_is_what_the_whole_has_there() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name)
    };
    let csv = write("x.csv", "id,list,more\na,1,x\nb,2,\nc,x,y\nd,4,z\ne,5,\n");
    let json =
        (0..5).map(|i| format!("{{\"id\": {i}, \"list\": [{i}, 1], \"more\": {{}}}}\n")).collect::<String>();
    let json = write("x.jsonl", &json);
    for path in [fixture("kinds_zstd.parquet"), fixture("kinds_none.parquet"), csv.clone(), json] {
        let whole = Columns::read(&path).unwrap();
        let (ids, lists) = (whole.column("id").unwrap().texts(), whole.column("list").unwrap().texts());
        let wants = |name: &str| ["id", "list"].contains(&name);
        for rows in [&[0, 1, 2, 3, 4][..], &[1, 3], &[4], &[0, 2, 4], &[]] {
            let part = Part { columns: Some(&wants), rows: Some(rows) };
            let part = Columns::read_part(&path, &part).unwrap();
            assert_eq!((part.len(), part.names().len()), (rows.len(), 2), "{}", path.display());
            let of =
                |cells: &[Option<String>]| rows.iter().map(|row| cells[*row].clone()).collect::<Vec<_>>();
            assert_eq!(part.column("id").unwrap().texts(), of(&ids));
            assert_eq!(part.column("list").unwrap().texts(), of(&lists));
            let unknown = part.column("lisst").unwrap_err().to_string();
            assert!(unknown.contains("did you mean `list`?") && unknown.contains(", "), "{unknown}");
        }
    }
    let rows = Part { columns: None, rows: Some(&[1, 2, 4]) };
    let error = Columns::read_part(&csv, &rows).unwrap().into_singles("list").unwrap_err().to_string();
    assert!(error.contains("`x` in row 3"), "{error}");
    let rows = Part { columns: None, rows: Some(&[0, 2]) };
    let error = Columns::read_part(&fixture("ragged_list.parquet"), &rows).unwrap_err().to_string();
    assert!(error.contains("row 3"), "{error}");
    let rows = Part { columns: None, rows: Some(&[0]) };
    assert!(Columns::read_part(&fixture("ragged_list.parquet"), &rows).is_ok(), "other rows do not count");
}

#[test]
fn a_table_of_parquet_tells_its_size_before_it_is_read() {
    let peek = |name: &str, pattern: &str| Columns::peek(&fixture(name), pattern).unwrap();
    assert_eq!(peek("long.parquet", "emb"), Some([100_000, 64]));
    assert_eq!(peek("embeddings.parquet", "*"), Some([3, 3]), "an id and lists of two");
    assert_eq!(peek("kinds_zstd.parquet", "double"), Some([5, 1]));
    assert_eq!(peek("texts.jsonl", "id"), None);
    let embeddings = Columns::read(&fixture("long.parquet")).unwrap().into_singles("e*").unwrap();
    assert_eq!((embeddings.dim(), embeddings[[99_999, 63]]), ((100_000, 64), 63.0));
}

#[test]
fn parquet_that_does_not_fit_is_told_by_its_row() {
    for (name, words) in [("null_list", "row 2"), ("ragged_list", "row 3"), ("latin", "row 2")] {
        let error = Columns::read(&fixture(&format!("{name}.parquet"))).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn parquet_cut_or_changed_anywhere_never_panics() {
    let whole = fs::read(fixture("kinds_snappy.parquet")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    for end in (0..whole.len()).step_by(37) {
        fs::write(&path, &whole[..end]).unwrap();
        assert!(Columns::read(&path).is_err(), "cut at {end}");
    }
    for at in (0..whole.len()).step_by(53) {
        let mut changed = whole.clone();
        changed[at] ^= 0x55;
        fs::write(&path, &changed).unwrap();
        // A changed value may go unnoticed; what counts is that nothing panics.
        drop(Columns::read(&path));
    }
}

#[test]
fn embeddings_are_scaled_unless_they_are_to_stay_as_they_are() {
    let own = Source::open(&fixture("embeddings.parquet"), &Open::default()).unwrap();
    assert_eq!(own.ids, ["a", "b", "c"]);
    let deviation = (8.0_f32 / 3.0).sqrt();
    let expected = array![[2.0 / deviation, 2.0 / deviation], [-2.0 / deviation, -2.0 / deviation]];
    assert!((own.inputs.inputs(&[2, 0]).unwrap() - expected).iter().all(|x| x.abs() < 1e-6));
    // What was fitted here holds for a row that comes alone.
    let encoding = own.encoding.unwrap();
    let line = "{\"id\": \"z\", \"x\": [5, 2]}\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.jsonl");
    fs::write(&path, line).unwrap();
    let new = Source::open(&path, &Open { encoding: Some(&encoding), ..Open::default() }).unwrap();
    let first = new.inputs.inputs(&[0]).unwrap();
    assert!((first - array![[2.0 / deviation, -2.0 / deviation]]).iter().all(|x| x.abs() < 1e-6));
    let plain =
        Source::open(&fixture("embeddings.parquet"), &Open { unscaled: true, ..Open::default() }).unwrap();
    assert_eq!(plain.inputs.inputs(&[2, 0]).unwrap(), array![[5.0, 6.0], [1.0, 2.0]]);
    let lines = "{\"id\": \"a\", \"x\": [5, 2]}\n{\"id\": \"b\", \"x\": [1, 2]}\n";
    let plain = open("x.jsonl", lines, "scale = \"none\"").unwrap();
    assert_eq!(plain.inputs.inputs(&[0, 1]).unwrap(), array![[5.0, 2.0], [1.0, 2.0]]);
}

#[test]
fn weights_of_words_are_those_of_the_formula() {
    let own = Source::open(&fixture("texts.jsonl"), &Open::default()).unwrap();
    assert_eq!(own.ids, ["0", "1", "2", "3", "4"]);
    assert_eq!(own.inputs.shape(), [3, 1, 1], "cat, dog_1, ran: the words that two texts share");
    let inputs = own.inputs.inputs(&[0, 1, 2, 3, 4]).unwrap();
    let expected = array![
        [0.8566058, 0.0, 0.5159714],
        [0.0, FRAC_1_SQRT_2, FRAC_1_SQRT_2],
        [0.6387106, 0.7694471, 0.0],
        [1.0, 0.0, 0.0],
        [0.0, 0.0, 0.0]
    ];
    assert!((&inputs - &expected).iter().all(|difference: &f32| difference.abs() < 1e-6), "{inputs}");
    assert!(own.notes.iter().any(|note| note.contains("TF-IDF")), "{:?}", own.notes);
}

/// Texts of three topics, each with words of its own and words of all.
fn topics(rows: std::ops::Range<usize>) -> String {
    let text = |row: usize| {
        let word = |i: usize| format!("t{}w{}", row % 3, (row * 7 + i * i) % 40);
        let common = |i: usize| format!("c{}", (row * (i + 3) + i) % 30);
        let words = (0..12).map(|i| if i % 2 == 0 { word(i) } else { common(i) });
        format!("{{\"id\": \"r{row}\", \"text\": \"{}\"}}\n", words.collect::<Vec<_>>().join(" "))
    };
    rows.map(text).collect()
}

/// A table of 12 categories, of which the first 4 follow the row's kind.
fn categories(rows: std::ops::Range<usize>) -> String {
    let row = |row: usize| {
        let cell = |column: usize| match column {
            0..4 => ["a", "b", "c"][(row % 3 + column) % 3],
            _ => ["x", "y", "z"][(row * row * (column + 7) / 5 + row * column) % 3],
        };
        let cells = (0..12).map(cell).collect::<Vec<_>>();
        format!("r{row},{}\n", cells.join(","))
    };
    let names = (0..12).map(|column| format!("c{column}")).collect::<Vec<_>>();
    format!("id,{}\n{}", names.join(","), rows.map(row).collect::<String>())
}

/// Columns of heavy tails, and one that has none.
fn heavy(rows: std::ops::Range<usize>) -> String {
    let row = |row: usize| {
        let x = if row.is_multiple_of(20) { 100 * row } else { row % 7 };
        format!("r{row},{x},{},{}\n", 3 * x + 1, row % 11)
    };
    format!("id,u,v,w\n{}", rows.map(row).collect::<String>())
}

/// Texts, categories and columns of heavy tails become other inputs than without `plain`; new rows become the same by what was
/// fitted, after it has been in a file; and the content has another digest.
#[test]
fn features_that_suit_a_table_are_fitted_once_and_can_be_refused() {
    type Table = fn(std::ops::Range<usize>) -> String;
    let cases: [(&str, Table, &str, &str, bool); 3] = [
        ("pool.jsonl", topics, "components = 0", "principal components, with", true),
        ("pool.csv", categories, "components = 0", "first principal components of the columns", false),
        ("pool.csv", heavy, "scale = \"standard\"", "2 columns of numbers have heavy tails", false),
    ];
    for (name, table, plain, note, is_narrower) in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, table(0..300)).unwrap();
        let own = Source::open(&path, &Open::default()).unwrap();
        assert!(own.notes.iter().any(|found| found.contains(note)), "{note}: {:?}", own.notes);
        let encoding = own.encoding.clone().unwrap();
        encoding.check().unwrap();
        let read = serde_json::from_str(&serde_json::to_string(&encoding).unwrap()).unwrap();
        assert_eq!(encoding, read);
        let digest = |own: &Source| own.content_digest_in(None, &|_, _| {}).unwrap();
        let fitted = digest(&own);
        let inputs = own.inputs.inputs(&(250..300).collect::<Vec<_>>()).unwrap();
        // Other rows in front do not matter any more.
        fs::write(&path, table(200..300)).unwrap();
        let new = Source::open(&path, &Open { encoding: Some(&read), ..Open::default() }).unwrap();
        assert_eq!(new.inputs.inputs(&(50..100).collect::<Vec<_>>()).unwrap(), inputs, "{name}");
        fs::write(&path, table(0..300)).unwrap();
        let manifest = folder.path().join(format!("{name}.data.toml"));
        fs::write(manifest, format!("source = \"{name}\"\n{plain}\n")).unwrap();
        let own = Source::open(&path, &Open::default()).unwrap();
        assert!(!own.notes.iter().any(|found| found.contains(note)), "{plain}: {:?}", own.notes);
        assert_ne!(digest(&own), fitted, "{plain}");
        let width = own.inputs.shape()[0];
        assert!(if is_narrower { width > inputs.ncols() } else { width == inputs.ncols() }, "{width}");
        assert_ne!(own.inputs.inputs(&[250]).unwrap().row(0), inputs.row(0));
    }
}

/// The order of the rows does not show where rows have ids.
#[test]
fn components_do_not_depend_on_the_order_of_the_rows() {
    let text = topics(0..200);
    let backwards = text.lines().rev().map(|line| format!("{line}\n")).collect::<String>();
    let open = |text: &str| open("pool.jsonl", text, "").unwrap();
    assert_eq!(open(&text).encoding, open(&backwards).encoding);
}

#[test]
fn few_rows_and_columns_without_dependence_are_left_as_they_are() {
    let few = open("few.jsonl", &topics(0..60), "").unwrap();
    assert!(few.notes.iter().any(|note| note.contains("they need 100 rows")), "{:?}", few.notes);
    assert_eq!(
        few.inputs.shape(),
        open("few.jsonl", &topics(0..60), "components = 0").unwrap().inputs.shape()
    );
    let said = open("said.jsonl", &topics(0..150), "components = 7").unwrap();
    assert_eq!(said.inputs.shape(), [7, 1, 1]);
}

#[test]
fn numbers_are_standardised_missing_ones_the_median_and_categories_columns() {
    let text =
        "id,Label,x,colour,same\na,cat,1,red,7\nb,,2,blue,7\nc,dog,,red,7\nd,cat,4,,7\ne, dog ,10,red,7\n";
    let own = open("pool.csv", text, "").unwrap();
    assert_eq!((own.ids.join(" "), own.classes.join(" ")), ("a b c d e".into(), "cat dog".into()));
    let labels = [Some(Class(0)), None, Some(Class(1)), Some(Class(0)), Some(Class(1))];
    assert_eq!(own.labels, labels, "trimmed");
    let inputs = own.inputs.inputs(&[0, 1, 2, 3, 4]).unwrap();
    assert_eq!(inputs.ncols(), 4, "missing, blue and red, and x: columns by name");
    let x = [-0.948_683_3, -0.632_455_5, -0.316_227_8, 0.0, 1.897_366_6];
    assert!(inputs.column(3).iter().zip(x).all(|(a, b): (&f32, f32)| (a - b).abs() < 1e-6), "{inputs}");
    assert_eq!(inputs.slice(ndarray::s![.., ..3]).rows().into_iter().map(|row| row.sum()).sum::<f32>(), 5.0);
    let notes = own.notes.join("\n");
    for words in ["1 missing", "median, 3", "same", "colour"] {
        assert!(notes.contains(words), "{words}: {notes}");
    }
}

#[test]
fn tsv_and_json_lines_are_the_same_table_and_a_column_says_the_split() {
    let csv = open("t.csv", "id,x,label,split\n1,0.5,a,train\n2,1.5,b,test\n3,9,a,\n", "").unwrap();
    let tsv =
        open("t.tsv", "id\tx\tlabel\tsplit\n1\t0.5\ta\ttrain\n2\t1.5\tb\ttest\n3\t9\ta\t\n", "").unwrap();
    let lines = "{\"id\":1,\"x\":0.5,\"label\":\"a\",\"split\":\"train\"}\n\n\
                 {\"id\":2,\"x\":1.5,\"label\":\"b\",\"split\":\"test\"}\n{\"id\":3,\"x\":9,\"label\":\"a\"}\n";
    let json = open("t.jsonl", lines, "").unwrap();
    for own in [&tsv, &json] {
        assert_eq!((&own.ids, &own.labels, &own.split), (&csv.ids, &csv.labels, &csv.split));
        assert_eq!(own.inputs.inputs(&[0, 1, 2]).unwrap(), csv.inputs.inputs(&[0, 1, 2]).unwrap());
    }
    assert_eq!(csv.split, [Split::Train, Split::Test, Split::Train]);
    assert!(error("t.csv", "id,x,split\n1,2,train\n2,3,tset\n", "").contains("tset"));
}

#[test]
fn a_manifest_names_columns() {
    let text = "key,a1,a2,b,kind\nk1,1,5,9,u\nk2,2,7,9,v\nk3,4,6,8,u\n";
    let manifest =
        "id = \"key\"\nlabel = \"kind\"\nfeatures = [\"a*\", \"a1\"]\nclasses = [\"v\", \"u\", \"w\"]\n";
    let own = open("t.csv", text, manifest).unwrap();
    assert_eq!((own.ids[0].as_str(), own.inputs.shape()), ("k1", [2, 1, 1]));
    assert_eq!(own.labels, [Some(Class(1)), Some(Class(0)), Some(Class(1))]);
    assert!(error("t.csv", text, "id = \"keys\"").contains("did you mean `key`?"));
    assert!(error("t.csv", text, "features = [\"z*\"]").contains("z*"));
    let classes = "label = \"kind\"\nclasses = [\"u\"]";
    assert!(error("t.csv", text, classes).contains("has the class `v`, which is none of u"));
}

#[test]
fn tables_that_cannot_be_understood_are_told() {
    let cases = [
        ("ragged.csv", "id,x\n1,2\n3\n", "line 3 has 1 cells, and the heading 2"),
        ("twice.csv", "id,x,x\n1,2,3\n", "`x`"),
        ("ids.csv", "id,x\na,1\na,2\n", "two samples have the id `a`"),
        ("id.csv", "id,x\na,1\n,2\n", "row 2 has no id"),
        ("only.csv", "id,label\na,1\nb,2\n", "no column to learn from"),
        ("infinite.csv", "id,x\na,1\nb,inf\n", "inf in row 2"),
        ("no.jsonl", "{\"id\": 1, \"x\": 2}\nnonsense\n", "line 2"),
        ("list.jsonl", "{\"id\":1,\"x\":[1,2]}\n{\"id\":2,\"x\":[1]}\n", "row 2"),
        ("none.csv", "id,x\n", "no row"),
    ];
    for (name, text, words) in cases {
        let error = error(name, text, "");
        assert!(error.contains(words) && error.contains(name), "{error}");
    }
    let typo = (0..20).map(|i| format!("{i},{}\n", if i == 7 { "12O".into() } else { i.to_string() }));
    let error = error("typo.csv", &format!("id,x\n{}", typo.collect::<String>()), "");
    assert!(error.contains("12O") && error.contains("row 8"), "{error}");
}

#[test]
fn whole_numbers_of_json_that_would_lose_digits_are_refused() {
    let id = |id: &str| format!("{{\"id\": 5, \"x\": 1}}\n{{\"id\": {id}, \"x\": 2}}\n");
    let error = error("x.jsonl", &id("18446744073709551617"), "");
    assert!(
        error.contains("line 2 has `18446744073709551617` as `id`") && error.contains("in quotes"),
        "{error}"
    );
    assert!(self::error("x.jsonl", &id("-9223372036854775809"), "").contains("-9223372036854775809"));
    let ids = |text: &str| open("x.jsonl", &id(text), "").unwrap().ids;
    assert_eq!(ids("18446744073709551615"), ["5", "18446744073709551615"], "64 bits hold this");
    assert_eq!(ids("\"18446744073709551617\"")[1], "18446744073709551617");
    let floats = "{\"id\": \"18446744073709551617\", \"x\": 1e19}\n{\"id\": \"b\", \"x\": 2.5}\n";
    assert_eq!(open("x.jsonl", floats, "").unwrap().ids[0], "18446744073709551617", "no whole number");
}

#[test]
fn a_column_that_says_the_class_is_not_missed_because_of_its_kind() {
    let lines =
        "{\"id\": 1, \"label\": {\"name\": \"cat\"}, \"x\": 1}\n{\"id\": 2, \"label\": {}, \"x\": 2}\n";
    let error = error("x.jsonl", lines, "");
    assert!(error.contains("column `label` is of a kind that cannot be read (nested values)"), "{error}");
}

#[test]
fn a_packed_file_that_gzip_packed_again_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["x.npz.gz", "x.zip.gz", "x.parquet.gz"] {
        let path = folder.path().join(name);
        fs::write(&path, [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]).unwrap();
        let error = Source::open(&path, &Open::default()).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("unpack it with `gunzip`"), "{error}");
    }
}
