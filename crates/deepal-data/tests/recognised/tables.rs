//! Separators, numbers, encodings, headings, indices and texts.

use super::*;

// Separators and numbers.

#[test]
fn separators_and_decimal_commas_give_the_same_table() {
    let expected = open("x.csv", rows(40, ",", "."), "").unwrap();
    let all = (0..40).collect::<Vec<_>>();
    let quoted = rows(40, "\",\"", ",").lines().map(|line| format!("\"{line}\"\n")).collect::<String>();
    let cases = [
        ("x.csv", rows(40, "\t", ".")),
        ("x.csv", rows(40, ";", ".")),
        ("x.csv", rows(40, ";", ",")),
        ("x.csv", rows(40, "\t", ",")),
        ("x.csv", rows(40, "|", ".")),
        ("x.csv", format!("sep=;\n{}", rows(40, ";", ","))),
        ("x.csv", format!("\u{feff}\"sep=\t\"\r\n{}", rows(40, "\t", "."))),
        ("x.csv", quoted),
        ("x.tsv", rows(40, "\t", ".")),
        ("x.tsv", rows(40, ",", ".")),
        ("x.tsv", rows(40, ";", ",")),
        ("x.csv", rows(40, ",", ".").replace('\n', ",\n")),
    ];
    for (name, text) in cases {
        let own = open(name, &text, "").unwrap();
        assert_eq!((&own.ids, &own.labels), (&expected.ids, &expected.labels), "{text}");
        let inputs = |own: &Source| own.inputs.inputs(&all).unwrap();
        assert_eq!(inputs(&own), inputs(&expected), "{text}");
    }
    let own = open("x.csv", rows(40, ";", ","), "").unwrap();
    has(&notes(&own), &["semicolons", "`separator`", "commas are before decimals in a, b", "`decimal"]);
    let said = open("x.csv", rows(40, "^", ","), "separator = \"^\"\ndecimal = \",\"").unwrap();
    assert_eq!(said.inputs.inputs(&all).unwrap(), expected.inputs.inputs(&all).unwrap());
}

#[test]
fn separators_that_are_not_sure_are_refused_by_name() {
    for (separator, name) in [(" ", "space"), (":", "colon"), ("^", "caret"), ("~", "tilde")] {
        has(&error("x.csv", rows(20, separator, "."), ""), &[name, "`separator = "]);
    }
    let text = "text\n".to_owned() + &(0..9).map(|i| format!("one two {i}\n")).collect::<String>();
    assert!(open("x.csv", text, "").is_ok(), "one column of texts");
}

#[test]
fn commas_that_are_not_clear_are_a_question() {
    let table = |a: &dyn Fn(usize) -> String| {
        (0..20).fold("id,a,label\n".to_owned(), |text, i| {
            text + &format!("r{i},\"{}\",{}\n", a(i), ["x", "y"][i % 2])
        })
    };
    let either = table(&|i| format!("{},{:03}", i + 1, (i * 37) % 1000));
    has(&error("x.csv", &either, ""), &["column `a`", "1,000", "row 1", "`decimal = \",\"`"]);
    let as_said = |decimal: &str| open("x.csv", &either, &format!("decimal = \"{decimal}\"")).unwrap();
    let first = |own: &Source| own.inputs.inputs(&[0, 1]).unwrap();
    assert!(
        (first(&as_said(",")) - first(&as_said("."))).iter().all(|x| x.abs() < 1e-6),
        "a factor does not count"
    );
    let grouped = table(&|i| format!("{},{:03}.5", i + 1, (i * 37) % 1000));
    has(&notes(&open("x.csv", grouped, "").unwrap()), &["between thousands in a"]);
    let mixed = table(&|i| if i == 3 { "0.5".into() } else { format!("0,{i}") });
    has(&error("x.csv", mixed, ""), &["column `a`", "`0.5` in row 4"]);
    // Another column of the file shows which.
    let hinted = either
        .replace("id,a,label", "id,a,c,label")
        .replace("\",x", "\",\"0,5\",x")
        .replace("\",y", "\",\"1,5\",y");
    has(&notes(&open("x.csv", hinted, "").unwrap()), &["before decimals in a, c"]);
}

// Byte order marks, encodings, ragged rows, headings.

#[test]
fn byte_order_marks_are_no_part_of_a_text() {
    let table = rows(10, ",", ".");
    let quoted = table.replacen("id", "\"id\"", 1);
    for text in [&table, &quoted] {
        let own = open("x.csv", format!("\u{feff}{text}"), "").unwrap();
        assert_eq!((own.ids[0].as_str(), own.classes.join(" ")), ("r0", "ham spam".into()));
    }
    let label_first = "\"label\",a\n".to_owned()
        + &(0..9).map(|i| format!("{},0.{i}\n", ["u", "v"][i % 2])).collect::<String>();
    assert_eq!(open("x.csv", format!("\u{feff}{label_first}"), "").unwrap().classes, ["u", "v"]);
    let lines = (0..9).map(|i| format!("{{\"id\": \"r{i}\", \"a\": {i}.5}}\n")).collect::<String>();
    assert_eq!(open("x.jsonl", format!("\u{feff}{lines}"), "").unwrap().ids[0], "r0");
    let manifest = "\u{feff}source = \"x.csv\"\nname = \"n\"\n";
    assert_eq!(open_all(&[("x.toml", manifest.as_bytes()), ("x.csv", table.as_bytes())]).unwrap().name, "n");
    let labels = "\u{feff}\"id\",label\nr3,spam\n";
    let own = open_all(&[("x.csv", table.as_bytes()), ("labels.csv", labels.as_bytes())]).unwrap();
    assert_eq!(label_names(&own)[3], Some("spam"));
}

#[test]
fn other_encodings_and_ragged_rows_are_refused_with_a_remedy() {
    let table = rows(10, ",", ".");
    let wide = |big: bool| {
        let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        ["\u{feff}", table.as_str()].concat().encode_utf16().flat_map(bytes).collect::<Vec<_>>()
    };
    for bytes in [wide(false), wide(true), wide(false)[2..].to_vec()] {
        has(&error("x.csv", &bytes, ""), &["x.csv", "UTF-16", "save it as UTF-8"]);
        has(&error("x.jsonl", &bytes, ""), &["UTF-16"]);
    }
    let latin = [table.as_bytes(), b"caf\xe9,1,2,ham\n"].concat();
    has(&error("x.csv", latin, ""), &["line 12", "Latin-1", "iconv"]);
    has(&error("x.jsonl", b"{\"id\": \"caf\xe9\", \"a\": 1}\n", ""), &["line 1", "Latin-1"]);
    has(
        &error("x.csv", format!("{table}r99,1,2\n"), ""),
        &["line 12 has 3 cells, and the heading 4", "double quotes"],
    );
    has(&error("x.csv", format!("{table}r99,1,2,ham,more\n"), ""), &["line 12 has 5 cells"]);
    has(&error("x.jsonl", "[{\"a\": 1}]\n", ""), &["line 1", "without a list"]);
    has(&error("x.jsonl", "{\"a\": NaN}\n", ""), &["line 1", "write null"]);
}

#[test]
fn a_missing_heading_is_noticed() {
    let numbers =
        (0..30).map(|i| format!("0.{i:02},-1.{i:02},{}\n", ["ham", "spam"][i % 2])).collect::<String>();
    let whole =
        (0..30).map(|i| format!("{},{},{}\n", 7 * (i % 4), 3 + i % 5, ["u", "v"][i % 2])).collect::<String>();
    let texts =
        (0..30).map(|i| format!("free money {i} now,{}\n", ["ham", "spam"][i % 2])).collect::<String>();
    let ids = (0..30).map(|i| format!("r{i}\t{}\t{}\n", i % 7, ["u", "v"][i % 3 / 2])).collect::<String>();
    for text in [&numbers, &whole, &texts, &ids, &numbers.replace(',', ";").replace('.', ",")] {
        has(&error("x.csv", text, ""), &["no heading row", "`heading = false`", "`heading = true`"]);
    }
    let own = open("x.csv", &numbers, "heading = false\nlabel = \"3\"").unwrap();
    assert_eq!((own.ids.len(), own.inputs.shape()), (30, [2, 1, 1]), "no row is lost");
    assert_eq!(own.classes, ["ham", "spam"]);
    assert_eq!(open("x.csv", &numbers, "heading = true").unwrap().ids.len(), 29);
    // Numbers as names, and words that are names.
    let counted = format!("0,1,label\n{numbers}");
    assert_eq!(open("x.csv", counted, "").unwrap().classes, ["ham", "spam"]);
    let years = format!("2019,2020,label\n{numbers}");
    assert_eq!(open("x.csv", years, "").unwrap().ids.len(), 30);
    let words = "sex,label\n".to_owned()
        + &(0..9).map(|i| format!("{},{}\n", ["m", "f"][i % 2], ["u", "v"][i % 3 / 2])).collect::<String>();
    assert_eq!(open("x.csv", words, "").unwrap().ids.len(), 9);
}

// Index columns.

#[test]
fn columns_that_count_the_rows_are_no_features() {
    let table = |heading: &str, index: &dyn Fn(usize) -> String| {
        (0..40).fold(format!("{heading},a,label\n"), |text, i| {
            text + &format!(
                "{},{},{}\n",
                index(i),
                (i * 37 % 101) as f64 / 7.0,
                if i < 20 { "u" } else { "v" }
            )
        })
    };
    let filtered = |i: usize| (3 * i + 2).to_string();
    let cases: [(&str, &dyn Fn(usize) -> String); 14] = [
        ("", &|i| i.to_string()),
        ("", &filtered),
        ("Unnamed: 0", &filtered),
        ("Unnamed: 0.1", &filtered),
        ("__index_level_0__", &filtered),
        ("index", &filtered),
        ("rownames", &|i| (i + 1).to_string()),
        ("row.names", &filtered),
        ("number", &|i| i.to_string()),
        ("number", &|i| (i + 1).to_string()),
        ("number", &|i| (i * 7 % 40).to_string()),
        ("PassengerId", &filtered),
        ("user_id", &|i| (1_000_000 - 7 * i).to_string()),
        ("number", &|i| format!("{i}.0")),
    ];
    for (heading, index) in cases {
        let own = open("x.csv", table(heading, index), "").unwrap();
        assert_eq!((own.inputs.shape(), of_role(&own, "feature")), ([1, 1, 1], vec!["a"]), "{heading}");
        let shown = if heading.is_empty() { "Unnamed: 0" } else { heading };
        has(&notes(&own), &["left out", shown, "`features`"]);
        let said = open("x.csv", table(heading, index), &format!("features = [\"a\", \"{shown}\"]")).unwrap();
        assert_eq!(said.inputs.shape(), [2, 1, 1], "the user wants it");
    }
    // Numbers with gaps, twice, or with a fraction are features.
    let features: [&dyn Fn(usize) -> String; 3] =
        [&filtered, &|i| (i / 2).to_string(), &|i| (i as f64 + 0.5).to_string()];
    for index in features {
        assert_eq!(open("x.csv", table("age", index), "").unwrap().inputs.shape(), [2, 1, 1]);
    }
    // R's names of rows have no heading at all.
    let r = table("", &|i| format!("\"row {i}\"")).replacen(',', "", 1);
    assert_eq!(of_role(&open("x.csv", r, "").unwrap(), "feature"), ["a"]);
    let lines = (0..20)
        .map(|i| format!("{{\"n\": {i}, \"a\": {}.5, \"label\": \"{}\"}}\n", i * 7 % 11, i % 2))
        .collect::<String>();
    assert_eq!(of_role(&open("x.jsonl", lines, "").unwrap(), "left out"), ["n"]);
}

// Texts.

#[test]
fn texts_without_spaces_are_runs_of_letters() {
    let chinese =
        ["今天天气很好我们去公园", "这个产品质量太差不推荐", "我非常喜欢这部电影", "股票市场今天大幅下跌"];
    let thai = ["วันนี้อากาศดีมาก", "สินค้านี้ไม่ดีเลย", "อากาศวันนี้ร้อน", "สินค้าดีมาก"];
    let japanese = ["今日はとても天気がいい", "この映画が好きです", "天気が悪い", "映画はとてもいい"];
    let genes = [
        "ACGTTGCAACGTTGCAACGTACGTACGTTT",
        "TTGGCCAATTGGCCAATTGGCCAATTGGCC",
        "ACGTTGCAACGTTGCAACGTACGTACGAAA",
        "TTGGCCAATTGGCCAATTGGCCAATTGACC",
    ];
    for (texts, unit) in [
        (chinese, "pairs of letters"),
        (thai, "pairs of letters"),
        (japanese, "pairs of letters"),
        (genes, "one to three letters"),
    ] {
        let table = (0..12).fold("id,text,label\n".to_owned(), |table, i| {
            table + &format!("r{i},{},{}\n", texts[i % 4], i % 2)
        });
        let own = open("x.csv", table, "").unwrap();
        assert_eq!(of_role(&own, "text"), ["text"]);
        has(&notes(&own), &[unit]);
        let inputs = own.inputs.inputs(&(0..4).collect::<Vec<_>>()).unwrap();
        assert!(inputs.rows().into_iter().all(|row| (row.dot(&row) - 1.0).abs() < 1e-5), "{inputs}");
        assert_ne!(inputs.row(0), inputs.row(1));
    }
    // The encoding keeps what is counted, also through a file.
    let own =
        open("x.csv", (0..8).fold("text\n".to_owned(), |table, i| table + genes[i % 4] + "\n"), "").unwrap();
    let encoding = serde_json::from_str(&serde_json::to_string(&own.encoding).unwrap()).unwrap();
    assert_eq!(own.encoding, encoding);
}

#[test]
fn what_is_left_out_is_named_when_nothing_is_left() {
    let table =
        (0..9).fold("n,same,name,label\n".to_owned(), |text, i| text + &format!("{i},7,name{i},{}\n", i % 2));
    has(
        &error("x.csv", table, ""),
        &["no column to learn from", "`n` (it counts the rows)", "`same` (all", "`name` (it is text"],
    );
}
