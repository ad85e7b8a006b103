//! `labels.csv`.

use super::*;

fn pets(labels: &str) -> deepal_data::Result<Source> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("pets");
    for name in ["a/1.png", "a/2.png", "b/2.png", "b/3.png"] {
        fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
        fs::write(root.join(name), png(1)).unwrap();
    }
    fs::write(root.join("labels.csv"), labels.replace("ROOT", &root.to_string_lossy())).unwrap();
    Source::open(&root, &Open::default())
}

#[test]
fn every_usual_spelling_of_a_path_finds_its_picture() {
    for spelling in [
        "a/1.png",
        "./a/1.png",
        "a\\1.png",
        "1.png",
        "pets/a/1.png",
        "ROOT/a/1.png",
        "\"ROOT/a/1.png\"",
        "C:\\x\\pets\\a\\1.png",
    ] {
        for separator in [",", ";", "\t"] {
            let own = pets(&format!("id{separator}label\n{spelling}{separator}b\n")).unwrap();
            assert_eq!(label_names(&own)[0], Some("b"), "{spelling}");
            assert!(own.problems.is_empty(), "{:?}", own.problems);
        }
    }
    let own = pets("id,label\n2.png,b\na/1.png,b\n").unwrap();
    has(&problems(&own), &["`2.png`", "no sample or several"]);
    has(
        &pets("id,label\nA-1.png,b\nx.png,b\n").unwrap_err().to_string(),
        &["none is about a sample", "`A-1.png`", "nearest there is `a/1.png`"],
    );
}

#[test]
fn two_answers_for_one_id_are_an_error_and_empty_ones_are_not_asked_again() {
    let error = pets("id,label\na/1.png,a\nb/2.png,b\nROOT/a/1.png,b\n").unwrap_err().to_string();
    has(&error, &["two answers for `a/1.png`", "`a` in row 1", "`b` in row 3"]);
    assert!(pets("id,label\na/1.png,b\n./a/1.png,b\n").is_ok(), "the same twice");
    let own = pets("id,label\na/1.png,\na/2.png,skip\nb/2.png,Skip\nb/3.png,a\n").unwrap();
    assert_eq!((own.skipped.join(" "), label_names(&own)[3]), ("a/1.png a/2.png b/2.png".into(), Some("a")));
    assert!(own.labels[..3].iter().all(Option::is_none));
    has(&notes(&own), &["1 answers", "3 are empty or `skip`"]);
}

#[test]
fn labels_beside_a_table_count_as_in_a_folder() {
    let table = rows(12, ",", ".");
    let with = |labels: &str| open_all(&[("x.csv", table.as_bytes()), ("labels.csv", labels.as_bytes())]);
    let own = with("id,label\nr0,spam\nr2,skip\n").unwrap();
    assert_eq!(label_names(&own)[..4], [Some("spam"), Some("spam"), None, Some("spam")]);
    assert_eq!(own.skipped, ["r2"]);
    has(&with("id,label\nrow0,spam\n").unwrap_err().to_string(), &["none is about", "`r0`", "`labels`"]);
    let alone = open("labels.csv", &table, "").unwrap();
    assert_eq!(alone.ids.len(), 12, "a table of this name is not its own labels");
}
