//! Which column has the classes, and what labels mean.

use super::*;

#[test]
fn labels_under_usual_names_are_found_and_unclear_ones_are_a_question() {
    let table = |label: &str| rows(20, ",", ".").replacen("label", label, 1);
    for label in [
        "label",
        "Labels",
        "class",
        "target",
        "TARGETS",
        "y",
        "category",
        "sentiment",
        "species",
        "gold_label",
    ] {
        let own = open("x.csv", table(label), "").unwrap();
        assert_eq!((own.classes.join(" "), of_role(&own, "label")), ("ham spam".into(), vec![label]));
        assert_eq!(own.inputs.shape(), [2, 1, 1]);
    }
    let own = open("x.csv", table("kind"), "").unwrap();
    assert!(own.labels.iter().all(Option::is_none));
    has(&notes(&own), &["no column has a usual name of the classes", "`label = \"…\"`", "id, a, b, kind"]);
    has(&problems(&own), &["column `kind`", "name it as `label` in data.toml"]);
    let texts = "text,labels\n".to_owned()
        + &(0..20).map(|i| format!("a word and {} more,{}\n", i % 4, ["u", "v"][i % 2])).collect::<String>();
    let own = open("x.csv", texts, "").unwrap();
    assert_eq!((of_role(&own, "text"), own.classes.join(" ")), (vec!["text"], "u v".into()));
    let two = |names: &str, second: &dyn Fn(usize) -> &'static str| {
        (0..20).fold(format!("a,{names}\n"), |text, i| {
            text + &format!("{}.5,{},{}\n", i * 7 % 11, ["u", "v"][i % 2], second(i))
        })
    };
    let other = |i: usize| ["p", "q", "r"][i % 3];
    let same = |i: usize| ["p", "q"][i % 2];
    has(
        &error("x.csv", two("label,class", &other), ""),
        &["label, class", "`label = \"label\"`", "a, label, class"],
    );
    assert!(open("x.csv", two("label,class", &other), "label = \"class\"").is_ok());
    assert_eq!(open("x.csv", two("target,class", &same), "").unwrap().inputs.shape(), [1, 1, 1]);
    assert_eq!(
        of_role(&open("x.csv", two("label,category", &other), "").unwrap(), "feature"),
        ["a", "category"]
    );
    // Coordinates.
    let points = (0..30)
        .fold("id,x,y\n".to_owned(), |text, i| text + &format!("p{i},{}.5,{}.25\n", i * 7 % 11, i * 5 % 13));
    assert_eq!(of_role(&open("x.csv", points, "").unwrap(), "feature"), ["x", "y"]);
}

#[test]
fn a_feature_that_determines_the_class_is_named() {
    let table = |name: &str, twin: &dyn Fn(usize) -> String| {
        (0..30).fold(format!("a,label,{name}\n"), |text, i| {
            text + &format!("{}.5,{},{}\n", i * 7 % 11, i % 3, twin(i))
        })
    };
    let twin = |i: usize| ["ham", "spam", "eggs"][i % 3].to_owned();
    let number = |i: usize| (10.5 * (i % 3) as f64).to_string();
    for (name, of, features) in [
        ("label_text", &twin as &dyn Fn(usize) -> String, &["a"][..]),
        ("label_name", &twin, &["a"]),
        ("class_code", &number, &["a"]),
        ("colour", &twin, &["a", "colour"]),
        ("size", &number, &["a", "size"]),
    ] {
        let own = open("x.csv", table(name, of), "").unwrap();
        has(&problems(&own), &[&format!("column `{name}`"), "determines the class", "`features`"]);
        assert_eq!(of_role(&own, "feature"), features);
        assert!(own.roles.iter().any(|role| role.column == name && !role.is_sure));
        let said = open("x.csv", table(name, of), &format!("features = [\"{name}\"]")).unwrap();
        has(&problems(&said), &["determines the class"]);
        assert!(said.inputs.shape()[0] > 0);
    }
    let own = open("x.csv", table("colour", &|i| if i == 5 { "ham".into() } else { twin(i) }), "").unwrap();
    assert!(!problems(&own).contains("determines"), "{}", problems(&own));
}

#[test]
fn missing_values_are_one_list_for_features_and_labels() {
    let words = [
        "", "?", "NA", "N/A", "n/a", "nan", "NaN", "null", "NULL", "None", "<NA>", "#N/A", "\\N", ".", "NaT",
    ];
    for (at, word) in words.into_iter().enumerate() {
        let table = (0..30).fold("id,a,colour,label\n".to_owned(), |text, i| {
            let a = if i % 3 == 1 { word.to_owned() } else { format!("{}.5", i * 7 % 11) };
            let colour = if i % 5 == 2 { word } else { ["red", "blue"][i % 2] };
            let label = if i % 4 == 3 { word } else { ["cat", "dog"][i % 2] };
            text + &format!("r{i},{a},{colour},{label}\n")
        });
        let own = open("x.csv", &table, "").unwrap();
        assert_eq!(own.classes, ["cat", "dog"], "{word}");
        assert_eq!(own.labels.iter().filter(|label| label.is_none()).count(), 7);
        assert_eq!(own.inputs.shape(), [4, 1, 1], "a, and blue, red and missing: {word}");
        has(&notes(&own), &["10 missing values of `a` became its median"]);
        let lines = table.lines().skip(1).map(|line| {
            let cells = line.split(',').map(|cell| cell.replace('\\', "\\\\")).collect::<Vec<_>>();
            let a = cells[1]
                .parse::<f64>()
                .ok()
                .filter(|a| a.is_finite())
                .map_or(format!("\"{}\"", cells[1]), |a| a.to_string());
            format!(
                "{{\"id\":\"{}\",\"a\":{a},\"colour\":\"{}\",\"label\":\"{}\"}}\n",
                cells[0], cells[2], cells[3]
            )
        });
        let json = open("x.jsonl", lines.collect::<String>(), "").unwrap();
        let all = (0..30).collect::<Vec<_>>();
        assert_eq!(json.inputs.inputs(&all).unwrap(), own.inputs.inputs(&all).unwrap(), "{word}");
        assert_eq!(json.labels, own.labels);
        if at > 0 {
            has(&notes(&own), &[&format!("`{word}` (7)"), "`classes`"]);
            let declared = format!("classes = ['cat', 'dog', '{word}']");
            assert_eq!(
                open("x.csv", &table, &declared).unwrap().labels.iter().flatten().count(),
                30,
                "a class is called so"
            );
        }
    }
    let other = (0..30).fold("id,a,label\n".to_owned(), |text, i| {
        text + &format!(
            "r{i},{},{}\n",
            if i % 4 == 1 { "unknown".into() } else { (i * i).to_string() },
            i % 2
        )
    });
    has(&error("x.csv", &other, ""), &["column `a`", "`unknown` in row 2", "`missing`"]);
    assert_eq!(open("x.csv", &other, "missing = [\"unknown\"]").unwrap().inputs.shape(), [1, 1, 1]);
}

/// A `.npz` with features and whole numbers as labels.
fn npz(labels: &[i64]) -> Vec<u8> {
    let npy = |descriptor: &str, shape: String, body: Vec<u8>| {
        let text = format!("{{'descr': '{descriptor}', 'fortran_order': False, 'shape': {shape}, }}\n");
        let len = u16::try_from(text.len()).unwrap().to_le_bytes();
        [b"\x93NUMPY\x01\x00", &len[..], text.as_bytes(), &body].concat()
    };
    let x = (0..2 * labels.len()).flat_map(|i| ((i * 7 % 13) as f32).to_le_bytes()).collect();
    let y = labels.iter().flat_map(|label| label.to_le_bytes()).collect();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in [
        ("x.npy", npy("<f4", format!("({}, 2)", labels.len()), x)),
        ("y.npy", npy("<i8", format!("({},)", labels.len()), y)),
    ] {
        zip.start_file(name, stored).unwrap();
        std::io::Write::write_all(&mut zip, &bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn minus_one_is_a_question_in_every_format_and_one_less_loses_no_class() {
    let formats = |labels: &[i64]| {
        let row = |i: usize| format!("{}.5", i * 7 % 13);
        let lines = labels.iter().enumerate();
        let csv = lines
            .clone()
            .fold("a,label\n".to_owned(), |text, (i, label)| text + &format!("{},{label}\n", row(i)));
        let json = lines
            .map(|(i, label)| format!("{{\"a\": {}, \"label\": {label}}}\n", row(i)))
            .collect::<String>();
        [("x.csv", csv.into_bytes()), ("x.jsonl", json.into_bytes()), ("x.npz", npz(labels))]
    };
    for (name, bytes) in formats(&[-1, 1, 1, -1, 1, -1]) {
        let own = open(name, bytes, "").unwrap();
        assert_eq!(
            (own.classes.join(" "), own.labels.iter().flatten().count()),
            ("-1 1".into(), 6),
            "{name}"
        );
        has(&notes(&own), &["-1 and 1", "`missing = [\"-1\"]`"]);
    }
    for labels in
        [&[-1, 0, 1, -1, 0, 1][..], &[-1, 0, 1, 2, 3, -1], &[-1, -1, -1, -1, -1, -1], &[0, -1, 0, 0, 0, 0]]
    {
        for (name, bytes) in formats(labels) {
            has(&error(name, &bytes, ""), &["label -1", "`missing = [\"-1\"]`", "`classes`"]);
            let missing = open(name, &bytes, "missing = [\"-1\"]").unwrap();
            assert!(!missing.classes.contains(&"-1".to_owned()));
            assert_eq!(
                missing.labels.iter().flatten().count(),
                labels.iter().filter(|label| **label != -1).count()
            );
            let all = "classes = [\"-1\", \"0\", \"1\", \"2\", \"3\"]";
            assert_eq!(open(name, &bytes, all).unwrap().labels.iter().flatten().count(), 6);
            has(
                &error(name, &bytes, "classes = [\"0\", \"1\", \"2\", \"3\"]"),
                &["`-1`", "`missing = [\"-1\"]`"],
            );
        }
    }
}

#[test]
fn answers_of_labelling_tools_are_no_labels_and_their_own_columns_no_features() {
    let line = |i: usize| {
        let answer = ["accept", "reject", "ignore", "accept", "Accept"][i % 5];
        format!(
            "{{\"text\": \"some free words {} here\", \"label\": \"{}\", \"answer\": \"{answer}\", \"_input_hash\": {}, \
             \"_task_hash\": {}, \"_session_id\": \"s{}\", \"_view_id\": \"v\", \"meta\": {{\"source\": \"x\"}}}}\n",
            i % 3,
            ["SPAM", "HAM"][i % 2],
            i * 7919 % 1000,
            i * 31,
            i % 2
        )
    };
    let own = open("x.jsonl", (0..20).map(line).collect::<String>(), "").unwrap();
    assert_eq!(own.labels.iter().flatten().count(), 12);
    assert_eq!(own.skipped, ["row-13", "row-18", "row-3", "row-8"], "ignored ones are not asked again");
    assert_eq!(of_role(&own, "text"), ["text"]);
    has(&notes(&own), &["4 labels were rejected and 4 rows ignored"]);
    // Without a text the rest is no feature either.
    let lines = (0..20).map(|i| line(i).replace("\"text\": \"some free words", "\"a\": 1.5, \"b\": \"x"));
    let lines =
        lines.enumerate().map(|(i, line)| line.replace("1.5", &format!("{}.5", i % 7))).collect::<String>();
    assert_eq!(of_role(&open("x.jsonl", lines, "").unwrap(), "feature"), ["a", "b"]);
    let own = open("x.csv", "q,answer,label\n0.5,yes,u\n1.5,no,v\n2.5,yes,u\n0.1,no,u\n", "").unwrap();
    assert_eq!(of_role(&own, "feature"), ["q", "answer"], "other answers are a category");
}

#[test]
fn classes_that_look_alike_cause_a_warning() {
    for (pair, warned) in [
        (["1", "1.0"], true),
        (["Cat", "cat"], true),
        (["ice cream", "ice_cream"], true),
        (["cat", "dog"], false),
    ] {
        let table = (0..20)
            .fold("a,label\n".to_owned(), |text, i| text + &format!("{}.5,{}\n", i * 7 % 11, pair[i % 2]));
        let own = open("x.csv", table, "").unwrap();
        assert_eq!(problems(&own).contains("look like one class"), warned, "{pair:?}");
        assert_eq!(own.classes.len(), 2);
    }
}

#[test]
fn several_labels_for_a_row_are_refused() {
    let table = |labels: [&str; 3]| {
        (0..21).fold("text;label\n".to_owned(), |text, i| {
            text + &format!("some words {} here;{}\n", i % 4, labels[i % 3])
        })
    };
    for labels in [
        ["ham", "spam", "ham#spam"],
        ["a", "b", "b|a"],
        ["a|b", "b|c", "a|c"],
        ["x", "y", "x, y"],
        ["['a', 'b']", "['a']", "[]"],
    ] {
        has(&error("x.csv", table(labels), ""), &["several labels", "split them", "`classes`"]);
        let declared = format!("classes = {}", serde_json::to_string(&labels).unwrap());
        assert_eq!(open("x.csv", table(labels), &declared).unwrap().classes.len(), 3);
    }
    for lists in ["[\"a\", \"b\"]", "[1, 0]", "[\"a\", 2]"] {
        let lines = (0..9)
            .map(|i| format!("{{\"text\": \"some words {i} here\", \"label\": {lists}}}\n"))
            .collect::<String>();
        has(
            &error("x.jsonl", lines, ""),
            &["column `label` has lists", "not supported yet", "zeros and ones"],
        );
    }
    let single = (0..9).map(|i| {
        format!("{{\"text\": \"some words {} here\", \"label\": [\"{}\"]}}\n", i % 2, ["u", "v"][i % 2])
    });
    assert_eq!(open("x.jsonl", single.collect::<String>(), "").unwrap().classes, ["u", "v"], "lists of one");
}

#[test]
fn many_different_numbers_as_labels_are_regression() {
    let table = |n: usize, label: &dyn Fn(usize) -> f64| {
        (0..n).fold("a,target\n".to_owned(), |text, i| text + &format!("{}.5,{}\n", i * 7 % 11, label(i)))
    };
    for (n, label) in [
        (200, &(|i: usize| i as f64 * 0.37) as &dyn Fn(usize) -> f64),
        (300, &|i: usize| (i * 7919 % 100_003) as f64),
        (25, &|i: usize| i as f64 / 8.0),
    ] {
        has(&error("x.csv", table(n, label), ""), &["regression", "`classes`"]);
    }
    for (n, label) in [
        (200, &(|i: usize| (i % 10) as f64) as &dyn Fn(usize) -> f64),
        (300, &|i: usize| (i % 9) as f64 / 2.0),
    ] {
        assert!(open("x.csv", table(n, label), "").unwrap().classes.len() > 8);
    }
}
