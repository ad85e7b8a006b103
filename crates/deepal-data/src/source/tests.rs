//! Tests of what holds for every kind of source.

use super::*;
use crate::files::MOST_UNPACKED;
use deepal_core::SampleId;
use ndarray::Array2;
use std::fs;

/// A source of numbered samples, `s0`, `s1` …
fn found(labels: &[Option<&str>]) -> Found {
    let n = labels.len();
    Found {
        kind: "test".into(),
        ids: (0..n).map(|i| format!("s{i}")).collect(),
        labels: labels.iter().map(|label| label.map(String::from)).collect(),
        split: vec![None; n],
        classes: Vec::new(),
        inputs: Arc::new(Array2::from_shape_fn((n, 2), |(i, j)| (10 * i + j) as f32)),
        problems: Vec::new(),
        notes: Vec::new(),
        image: None,
        bits: None,
        encoding: None,
        skipped: Vec::new(),
        n_chosen: 0,
        roles: Vec::new(),
        table: None,
    }
}

fn understand(manifest: Manifest, found: Found) -> Result<Source> {
    Source::understand(Path::new("pool.csv"), Path::new(""), manifest, found)
}

fn error(manifest: Manifest, found: Found) -> String {
    understand(manifest, found).unwrap_err().to_string()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn classes_are_declared_or_of_the_source_or_told_to_be_guessed() {
    let labels = [Some("10"), None, Some("2"), Some("2")];
    let own = understand(Manifest::default(), found(&labels)).unwrap();
    assert_eq!(own.classes, ["2", "10"], "numbers in their order");
    assert_eq!(own.labels, [Some(Class(1)), None, Some(Class(0)), Some(Class(0))]);
    assert!(own.notes[0].contains("declare all as `classes`"), "{:?}", own.notes);

    let declared = Manifest { classes: names(&["10", "2", "rare"]), ..Manifest::default() };
    let own = understand(declared, found(&labels)).unwrap();
    assert_eq!(own.classes, ["10", "2", "rare"], "also one without any label, in the order declared");
    assert!(own.notes.is_empty());

    let folders = Found { classes: names(&["2", "empty", "10"]), ..found(&labels) };
    assert_eq!(understand(Manifest::default(), folders).unwrap().classes, ["2", "empty", "10"]);
}

/// The list of a manifest that is written while only some classes have labels would refuse the others.
#[test]
fn classes_that_labels_name_do_not_get_into_the_manifest() {
    let labels = [Some("cat"), None, Some("dog"), Some("cat")];
    let own = understand(Manifest::default(), found(&labels)).unwrap();
    assert_eq!((own.classes.len(), own.manifest.classes.len()), (2, 0));
    let later = [Some("cat"), Some("cow"), Some("dog"), Some("cat")];
    assert_eq!(understand(own.manifest, found(&later)).unwrap().classes, ["cat", "cow", "dog"]);

    let folders = Found { classes: names(&["cat", "dog"]), ..found(&labels) };
    assert_eq!(understand(Manifest::default(), folders).unwrap().manifest.classes, ["cat", "dog"]);
    let declared = Manifest { classes: names(&["dog", "cat", "cow"]), ..Manifest::default() };
    assert_eq!(understand(declared, found(&labels)).unwrap().manifest.classes, ["dog", "cat", "cow"]);
}

#[test]
fn a_class_outside_the_list_is_named_with_its_sample() {
    let manifest = Manifest { classes: names(&["cat", "dog"]), ..Manifest::default() };
    let text = error(manifest, found(&[Some("cat"), Some("cow")]));
    assert!(text.contains("`s1` has the class `cow`, which is none of cat, dog"), "{text}");
}

#[test]
fn ids_must_be_different_and_samples_there() {
    let twice = Found { ids: names(&["a", "b", "a"]), ..found(&[None, None, None]) };
    assert!(error(Manifest::default(), twice).contains("two samples have the id `a`"));
    let skipped = vec![Problem { what: "x.jpg".into(), why: "is damaged".into() }];
    let text = error(Manifest::default(), Found { problems: skipped, ..found(&[]) });
    assert!(text.contains("no sample") && text.contains("`x.jpg` is damaged"), "{text}");
}

#[test]
fn the_test_set_is_said_or_chosen_by_id_so_that_it_stays() {
    let said = Found { split: vec![Some(Split::Test), None, Some(Split::Train)], ..found(&[Some("a"); 3]) };
    assert_eq!(
        understand(Manifest::default(), said).unwrap().split,
        [Split::Test, Split::Train, Split::Train]
    );

    let labels = vec![Some("a"); 3000];
    let all = understand(Manifest::default(), found(&labels)).unwrap();
    let share = all.split.iter().filter(|split| **split == Split::Test).count() as f64 / 3000.0;
    assert!((share - 0.2).abs() < 0.03, "{share}");
    assert_eq!(all.manifest.test_fraction, Some(0.2));
    let mut fewer = found(&labels[..2000]);
    fewer.ids = (1000..3000).map(|i| format!("s{i}")).collect();
    assert_eq!(understand(Manifest::default(), fewer).unwrap().split, all.split[1000..]);
    let unlabeled = understand(Manifest::default(), found(&[None; 50])).unwrap();
    assert!(!unlabeled.split.contains(&Split::Test), "a sample without label tests nothing");
}

#[test]
fn pool_and_test_set_have_the_labelled_samples_alone() {
    let labels = [Some("a"), None, Some("b"), Some("b"), Some("a")];
    let split = [Split::Train, Split::Train, Split::Train, Split::Test, Split::Test];
    let source = Found { split: split.map(Some).to_vec(), ..found(&labels) };
    let labeled = understand(Manifest::default(), source).unwrap().labeled().unwrap();
    let at = labeled.ids.iter().position(|id| id == "s2").unwrap();
    assert_eq!((labeled.ids.len(), labeled.ids[1 - at].as_str()), (2, "s0"));
    assert_eq!((labeled.data.train_labels[at], labeled.data.train_labels[1 - at]), (Class(1), Class(0)));
    assert_eq!(labeled.data.train.inputs(&[SampleId::from(at)]).unwrap(), ndarray::array![[20.0, 21.0]]);
    let mut test = labeled.data.test_labels.to_vec();
    test.sort();
    assert_eq!(test, [Class(0), Class(1)]);
    assert!(labeled.data.train.inputs(&[SampleId(2)]).is_err());

    let without = |labels: &[Option<&str>]| understand(Manifest::default(), found(labels)).unwrap().labeled();
    assert!(without(&[None, None]).unwrap_err().to_string().contains("has no label"));
    assert!(without(&[Some("a"), Some("a")]).unwrap_err().to_string().contains("fewer than two classes"));
}

#[test]
fn the_first_part_of_a_sorted_folder_has_all_classes() {
    let labels = (0..1000).map(|i| Some(if i < 500 { "a" } else { "b" })).collect::<Vec<_>>();
    let labeled = understand(Manifest::default(), found(&labels)).unwrap().labeled().unwrap();
    let first = labeled.data.with_pool(200).unwrap().train_labels;
    let share = first.iter().filter(|class| **class == Class(0)).count();
    assert!((70..130).contains(&share), "{share} of 200");
}

#[test]
fn the_digest_stands_for_ids_labels_and_classes() {
    let digest = |labels: &[Option<&str>], change: &dyn Fn(&mut Found)| {
        let n = labels.len();
        let split = (0..n).map(|i| Some(if i < n / 2 { Split::Train } else { Split::Test })).collect();
        let mut source = Found { split, ..found(labels) };
        change(&mut source);
        understand(Manifest::default(), source).unwrap().labeled().unwrap().digest
    };
    let labels = [Some("a"), Some("b"), Some("a"), Some("b")];
    let same = digest(&labels, &|_| ());
    assert_eq!(same, digest(&labels, &|source| source.notes.push("other".into())));
    let others = [
        digest(&[Some("b"), Some("b"), Some("a"), Some("b")], &|_| ()),
        digest(&labels, &|source| source.ids[0] = "x".into()),
        digest(&labels, &|source| source.classes = names(&["a", "b", "c"])),
        digest(&labels, &|source| source.split[1] = Some(Split::Test)),
    ];
    assert!(others.iter().all(|other| *other != same));
}

#[test]
fn labels_come_by_id_from_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("labels.csv");
    fs::write(&table, "note,File_Name,label\nx,s2,dog\ny,s0,cat\n,s9,cat\n,s1,\n").unwrap();
    let manifest = Manifest { labels: Some("labels.csv".into()), ..Manifest::default() };
    let source = || found(&[None, Some("cat"), None]);
    let own = Source::understand(Path::new("pool"), folder.path(), manifest.clone(), source()).unwrap();
    assert_eq!(own.labels, [Some(Class(0)), None, Some(Class(1))], "an empty cell takes a label back");
    assert!(own.problems[0].why.contains("`s9`, which fits no sample or several"), "{:?}", own.problems);

    let beside = Source::understand(folder.path(), Path::new(""), Manifest::default(), source()).unwrap();
    assert_eq!(beside.labels, own.labels, "`labels.csv` in the folder needs no mention");

    for (text, words) in [
        ("id,animal\n", "its columns are id, animal"),
        ("id,label\na\n", "line 2 has 1 cells"),
        ("id,label\ns9,cat\n", "none is about a sample"),
    ] {
        fs::write(&table, text).unwrap();
        let error =
            Source::understand(Path::new("pool"), folder.path(), manifest.clone(), source()).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn a_manifest_is_found_beside_its_source_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("pool.csv");
    let (none, base) = Manifest::of(&source).unwrap();
    assert_eq!((none.source, base), (source.clone(), "".into()));
    let path = Manifest::path(&source);
    let manifest = Manifest {
        source: "pool.csv".into(),
        classes: names(&["a", "b"]),
        test_fraction: Some(0.5),
        image: Some(Transform::new([16, 16], 3)),
        ..Manifest::default()
    };
    fs::write(&path, manifest.to_toml().unwrap()).unwrap();
    for named in [&source, &path] {
        assert_eq!(Manifest::of(named).unwrap(), (manifest.clone(), folder.path().into()));
    }
    for (text, words) in [
        ("surce = 1", "surce"),
        ("source = 'x'\ntest_fraction = 1.0", "below 1"),
        ("source = 'x'\nclasses = ['a', 'a']", "`a` is named twice"),
        ("source = 'x'\nvocabulary = 0", "at least 1"),
        ("source = 'x'\nbits = 7", "bits must be 8 to 16, got 7"),
        ("source = 'x'\nmax_pixels = 0", "max_pixels must be at least 1"),
        ("source = 'x'\nmax_bytes = 0", "max_bytes must be at least 1"),
        ("source = 'x'\nmax_unpacked = 0", "max_unpacked must be at least 1"),
        ("source = 'x'\nclasses_from = 'dates'", "classes_from"),
        ("source = 'x'\n[image]\nsize = [0, 3]\nchannels = 1\nmean = [1]\nstd = [1]", "from 1 to 4096"),
        ("source = 'x'\n[image]\nsize = [3, 3]\nchannels = 2\nmean = [1]\nstd = [1]", "1 or 3"),
        ("source = 'x'\n[image]\nsize = [3, 3]\nchannels = 3\nmean = [1]\nstd = [1]", "3 numbers"),
        ("source = 'x'\n[image]\nsize = [3, 3]\nchannels = 1\nmean = [1]\nstd = [0]", "above 0"),
    ] {
        fs::write(&path, text).unwrap();
        let error = Manifest::of(&source).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn what_is_no_source_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let open =
        |name: &str| Source::open(&folder.path().join(name), &Open::default()).unwrap_err().to_string();
    assert!(open("absent.csv").contains("cannot read"));
    fs::write(folder.path().join("empty.csv"), "").unwrap();
    assert!(open("empty.csv").contains("is empty"));
    fs::write(folder.path().join("movie.mp4"), "x").unwrap();
    assert!(open("movie.mp4").contains("no known kind; known are"));
    fs::write(folder.path().join("pool.csv"), "id,x,label\na,1.5,cat\nb,2.5,dog\n").unwrap();
    fs::write(folder.path().join("pool.csv.data.toml"), "source = 'pool.csv'\nclasses_from = 'folders'\n")
        .unwrap();
    assert!(open("pool.csv").contains("has no folders; leave `classes_from`"));
}

#[test]
fn the_comments_of_a_manifest_name_every_key_and_would_be_one() {
    let all = Manifest {
        name: Some("pets".into()),
        source: "pictures".into(),
        id: Some("key".into()),
        label: Some("class".into()),
        labels: Some("labels.csv".into()),
        classes: names(&["cat", "dog"]),
        classes_from: Some(ClassesFrom::Labels),
        text: Some("body".into()),
        vocabulary: Some(2000),
        components: Some(128),
        features: names(&["x*", "y"]),
        split: Some("part".into()),
        scale: Some(Scaling::Even),
        missing: names(&["-1", "unknown"]),
        separator: Some(';'),
        decimal: Some(','),
        heading: Some(true),
        test_fraction: Some(0.2),
        bits: Some(12),
        max_pixels: Some(MOST_PIXELS),
        max_bytes: Some(MOST_BYTES),
        max_unpacked: Some(MOST_UNPACKED),
        image: Some(Transform::new([32, 32], 3)),
        model: Some(Model { file: "features.onnx".into(), ..Model::default() }),
    };
    let text = all.to_toml().unwrap();
    assert_eq!(toml::from_str::<Manifest>(&text).unwrap(), all);
    // The comments alone, without what they explain.
    let lines = text.lines().filter_map(|line| line.strip_prefix("# "));
    let keys = lines.filter(|line| line.contains(" = ") || line.starts_with('[')).map(|line| {
        let end = line.find("  ").or_else(|| line.find("] what").map(|at| at + 1)).unwrap_or(line.len());
        &line[..end]
    });
    let keys = keys.collect::<Vec<_>>().join("\n");
    assert_eq!(toml::from_str::<Manifest>(&keys).unwrap(), all, "{keys}");
}
