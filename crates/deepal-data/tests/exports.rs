//! Rounds as Parquet and as event files, on the rounds of `testdata/formats`. `check.py` there reads what is written with
//! PyArrow and TensorBoard; `DEEPAL_WRITE_FORMATS` names the folder to write it to.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use deepal_data::Kind;
use deepal_data::outputs::tables::Names;
use deepal_data::outputs::{tables, tensorboard};
use deepal_data::stores::run::RoundRecord;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::printer::print_schema;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

const FORMATS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/formats");

/// The two runs of `rounds.jsonl`, as the reader of Parquet shows a row; the second one did not record classes and scores.
const NEW: &str = r#"dataset: "digits", net: "mlp", strategy: "margin", seed: 18446744073709551615"#;
const OLD: &str = "dataset: \"a/b, \"c\" ünï\n\", net: \"../100%\", strategy: \"\", seed: 0";

fn rounds() -> Vec<RoundRecord> {
    let text = fs::read_to_string(Path::new(FORMATS).join("rounds.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The schema and the rows of a Parquet file in words.
fn read(bytes: &[u8]) -> (String, Vec<String>) {
    let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    fs::write(&path, bytes).unwrap();
    let file = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
    let program = format!("deepal version {}", env!("CARGO_PKG_VERSION"));
    assert_eq!(file.metadata().file_metadata().created_by(), Some(program.as_str()));
    let mut schema = Vec::new();
    print_schema(&mut schema, file.metadata().file_metadata().schema());
    (String::from_utf8(schema).unwrap(), file.into_iter().map(|row| row.unwrap().to_string()).collect())
}

/// Every file below a folder with its content.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = PathBuf::from(path.file_name().unwrap());
        if path.is_dir() {
            found.extend(tree(&path).into_iter().map(|(inner, bytes)| (name.join(inner), bytes)));
        } else {
            found.insert(name, fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn metrics_come_back_as_they_were() {
    let (schema, rows) = read(&tables::metrics(&rounds()).unwrap());
    assert_eq!(
        schema,
        "message deepal {
  REQUIRED BYTE_ARRAY dataset (STRING);
  REQUIRED BYTE_ARRAY net (STRING);
  REQUIRED BYTE_ARRAY strategy (STRING);
  REQUIRED INT64 seed (INTEGER(64,false));
  REQUIRED INT64 round;
  REQUIRED INT64 labels;
  REQUIRED DOUBLE accuracy;
  REQUIRED DOUBLE train_seconds;
  REQUIRED DOUBLE query_seconds;
  REQUIRED DOUBLE predict_seconds;
  OPTIONAL DOUBLE balanced_accuracy;
  OPTIONAL DOUBLE macro_f1;
  OPTIONAL group support (LIST) {
    REPEATED group list {
      OPTIONAL INT64 element;
    }
  }
  OPTIONAL group recall (LIST) {
    REPEATED group list {
      OPTIONAL DOUBLE element;
    }
  }
  OPTIONAL group precision (LIST) {
    REPEATED group list {
      OPTIONAL DOUBLE element;
    }
  }
}
"
    );
    let none = "balanced_accuracy: null, macro_f1: null, support: null, recall: null, precision: null";
    // Recall 4 / 5 and 1, F1 8 / 9 and 20 / 21.
    let counted = "balanced_accuracy: 0.9, macro_f1: 0.9206349206349206, support: [5, 10, 0], recall: [0.8, 1.0, null], \
                   precision: [1.0, 0.9090909090909091, null]";
    let expected = [
        (NEW, "round: 0, labels: 3, accuracy: 0.1", "1.23456", "0E0", "0.25"),
        (OLD, "round: 0, labels: 2, accuracy: 0E0", "0.00001", "2000000000.0", "0E0"),
        (NEW, "round: 1, labels: 300, accuracy: 0.9333333333333333", "2.5", "0.125", "0.5"),
        (OLD, "round: 1, labels: 2, accuracy: 1.0", "0E0", "0E0", "0E0"),
    ];
    let expected = expected.map(|(run, round, train, query, predict)| {
        let seconds = format!("train_seconds: {train}, query_seconds: {query}, predict_seconds: {predict}");
        let classes = if round.starts_with("round: 1, labels: 300") { counted } else { none };
        format!("{{{run}, {round}, {seconds}, {classes}}}")
    });
    assert_eq!(rows, expected);
}

#[test]
fn selections_come_back_as_they_were() {
    let (schema, rows) = read(&tables::selections(&rounds(), &BTreeMap::new()).unwrap());
    assert_eq!(
        schema,
        "message deepal {
  REQUIRED BYTE_ARRAY dataset (STRING);
  REQUIRED BYTE_ARRAY net (STRING);
  REQUIRED BYTE_ARRAY strategy (STRING);
  REQUIRED INT64 seed (INTEGER(64,false));
  REQUIRED INT64 round;
  REQUIRED INT64 rank;
  REQUIRED INT32 sample_id (INTEGER(32,false));
  OPTIONAL BYTE_ARRAY id (STRING);
  OPTIONAL DOUBLE score;
  OPTIONAL INT32 label (INTEGER(16,false));
  OPTIONAL BYTE_ARRAY label_name (STRING);
}
"
    );
    let expected = [
        (NEW, "round: 0, rank: 1, sample_id: 4", "null", "label: 1, label_name: \"1\""),
        (NEW, "round: 0, rank: 2, sample_id: 0", "null", "label: 0, label_name: \"0\""),
        (NEW, "round: 0, rank: 3, sample_id: 4294967295", "null", "label: 65535, label_name: null"),
        (OLD, "round: 0, rank: 1, sample_id: 7", "null", "label: null, label_name: null"),
        (OLD, "round: 0, rank: 2, sample_id: 5", "null", "label: null, label_name: null"),
        (NEW, "round: 1, rank: 1, sample_id: 9", "0.30000000000000004", "label: 9, label_name: \"9\""),
        (NEW, "round: 1, rank: 2, sample_id: 8", "0.3", "label: 8, label_name: \"8\""),
        (NEW, "round: 1, rank: 3, sample_id: 1", "-1E-300", "label: 7, label_name: \"7\""),
    ];
    let expected = expected
        .map(|(run, pick, score, label)| format!("{{{run}, {pick}, id: null, score: {score}, {label}}}"));
    assert_eq!(rows, expected);
}

#[test]
fn selections_of_ones_own_data_have_ids_and_classes() {
    let own = Names {
        ids: HashMap::from([(4, "a/é.png".into()), (1, String::new())]),
        classes: vec!["cat".into(), "dog".into()],
    };
    // A data set of one's own may have a name of the list.
    let own = BTreeMap::from([("digits".to_owned(), own)]);
    let (_, rows) = read(&tables::selections(&rounds(), &own).unwrap());
    let end = |row: &String| row[row.find("sample_id").unwrap()..].to_owned();
    let expected = [
        "sample_id: 4, id: \"a/é.png\", score: null, label: 1, label_name: \"dog\"}",
        "sample_id: 0, id: null, score: null, label: 0, label_name: \"cat\"}",
        "sample_id: 4294967295, id: null, score: null, label: 65535, label_name: null}",
        "sample_id: 7, id: null, score: null, label: null, label_name: null}",
    ];
    assert_eq!(rows.iter().take(4).map(end).collect::<Vec<_>>(), expected);
    assert!(rows[7].contains("id: \"\","), "{}", rows[7]);
}

#[test]
fn no_rounds_are_a_table_without_rows_and_no_event_file() {
    for bytes in [tables::metrics(&[]).unwrap(), tables::selections(&[], &BTreeMap::new()).unwrap()] {
        assert_eq!(read(&bytes).1, [""; 0]);
    }
    let folder = tempfile::tempdir().unwrap();
    tensorboard::write(folder.path(), &[], 1.0).unwrap();
    assert!(tree(folder.path()).is_empty());
}

#[test]
fn the_same_rounds_give_the_same_bytes() {
    let tables = || {
        let rounds = rounds();
        [tables::metrics(&rounds), tables::selections(&rounds, &BTreeMap::new())].map(Result::unwrap)
    };
    assert_eq!(tables(), tables());
}

#[test]
fn event_files_are_byte_for_byte_those_of_tensorboards_own_writer() {
    let temporary = tempfile::tempdir().unwrap();
    let given = std::env::var_os("DEEPAL_WRITE_FORMATS").map(PathBuf::from);
    let folder = given.as_deref().unwrap_or(temporary.path());
    let mut rounds = rounds();
    let event_files = folder.join("tensorboard");
    fs::create_dir_all(&event_files).unwrap();
    fs::write(folder.join("metrics.parquet"), tables::metrics(&rounds).unwrap()).unwrap();
    fs::write(folder.join("selections.parquet"), tables::selections(&rounds, &BTreeMap::new()).unwrap())
        .unwrap();
    rounds.reverse();
    tensorboard::write(&event_files, &rounds, 1_700_000_000.75).unwrap();
    assert!(tree(&event_files) == tree(&Path::new(FORMATS).join("tensorboard")), "{}", folder.display());
}

#[test]
fn event_files_are_replaced_and_others_left() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("digits/mlp/margin/seed-18446744073709551615");
    fs::create_dir_all(&run).unwrap();
    for name in ["events.out.tfevents.0000000001.host", "notes.deepal", "events.out.tfevents.7.deepal.1.tmp"]
    {
        fs::write(run.join(name), "").unwrap();
    }
    for wall_time in [2e9, 1e9, 1e9] {
        tensorboard::write(folder.path(), &rounds()[..1], wall_time).unwrap();
    }
    let left = tree(&run).into_keys().map(|name| name.display().to_string()).collect::<Vec<_>>();
    assert_eq!(
        left,
        ["events.out.tfevents.0000000001.host", "events.out.tfevents.1000000000.deepal", "notes.deepal"]
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_an_output_error() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = tensorboard::write(file.path(), &rounds(), 1.0).unwrap_err();
    assert_eq!(error.kind(), Kind::Output);
    let text = error.to_string();
    assert!(text.contains(&file.path().display().to_string()) && text.contains("choose a folder"), "{text}");
}
