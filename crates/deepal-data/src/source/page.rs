//! `docs/data.md`: what is recognised in a user's own data, made from the lists in the code.

use super::roles::{ANSWER, ANSWERS, ID, INDEX, INDEX_TOO, LABEL, LABEL_TOO, SPLIT, TEXT, TOOL};
use super::{classes, labels};
use crate::formats::columns::{MISSING, SEPARATORS};
use std::fmt::Write;
use std::path::Path;

const INTRO: &str = "# Your own data

Made from the lists in `crates/deepal-data/src` by `UPDATE_DOCS=1 cargo test -p deepal-data --lib page`; do not edit.

`deepal data inspect SOURCE` shows what was recognised: the role of every column, every assumption as a note, every doubt as a
warning. The settings in the last column go in `data.toml` (in a folder) or `SOURCE.data.toml` (beside a file). When a wrong
guess would change a result, the command stops and asks for one of them.
";

const END: &str = "
## Features

| source | default | override |
| --- | --- | --- |
| texts | up to 128 principal components of TF-IDF weights, fewer if they hold 90 % of the variance | `components = 64`; `components = 0`: the weights |
| tables of which most columns are categories | one column for each value; the part outside the first principal components is multiplied by 0.3 | `components = 10`: the first 10; `components = 0`: all count alike |
| tables of which most columns of numbers have heavy tails | those columns become normal quantiles of their ranks | `scale = \"standard\"` |

The first components of a table are those that vary more than any does once each column has been shuffled by itself. All of this looks
at no label and needs 100 rows; with fewer the weights and columns stay as they are. Components are fitted to up to 10,000 rows that are
not the test set.

## Scale

| source | default | override |
| --- | --- | --- |
| columns of single numbers | mean 0 and standard deviation 1 | see above |
| arrays of features and list columns | mean 0, and all divided by one number, so that their mean variance is 1; fitted to all rows that are not the test set | `scale = \"standard\"` (each by its own deviation), `\"none\"` |
| input of a pretrained model | lists as they are | none |

Features and scale are fitted once and are stored with a trained net, so new rows become inputs in the same way. A column whose values are all equal is
only shifted.

## Labels

| label | what happens | override |
| --- | --- | --- |
| a missing value | no label, with a note | `classes = [\"None\", …]` declares a class of this name |
| `-1` beside `1` alone | two classes, with a note | `missing = [\"-1\"]` |
| `-1` beside other labels | error: it is a class or means no label | `missing = [\"-1\"]`, or all `classes` |
| a list, or classes joined by a sign | error: several labels for a sample are not supported yet | `classes` |
| many different numbers | error: regression is not supported | `classes` |
| two classes that differ in upper and lower case, spaces, `_`, `-` or as `1` and `1.0` | warning | correct the labels |
| a feature that determines the class | warning; left out if its name says so, as `label_text` does | `features` |
| an id with an empty answer or `skip` in `labels.csv` | it is not picked again | remove the row |
| two different answers for one id in `labels.csv` | error that names both | remove one |
| `labels.csv` has `strategy` in a column `asked_by` (a project's labels), or is a run's export by a strategy other than `random` | \
`run` warns: chosen labels are no random sample | label samples drawn at random |

## Files

| file | what happens |
| --- | --- |
| byte order mark, any line end, quoted cells | read |
| UTF-16, Latin-1 | error with the remedy |
| a row with more or fewer cells | error that names the line |
| no heading row | error; `heading = false` numbers the columns, `heading = true` takes the row as names |
| `0,5` | a number, with a note; `1,234` alone is an error that asks for `decimal` |
| Parquet: snappy, gzip, zstd, brotli, LZ4; decimals, timestamps | read; decimals and timestamps are numbers |
| Parquet: bytes, or Hugging Face's `bytes` and `path` | pictures, if they are some; else left out by name |
| texts in Chinese, Japanese, Thai and other scripts without spaces | single letters and pairs of letters are counted |
| texts that are one long word each | runs of one to three letters are counted |
| whole numbers, booleans, float16, bfloat16 (safetensors) in arrays | read like float32 |
| `labels.csv` in a folder or zip, or beside a zip, table or array | its answers win over the source's labels; one beside a zip is read instead of one in it |
| paths in `labels.csv`: absolute, `\\`, without folders, other Unicode forms | found, if one picture fits |

## Folders, zips and pictures

| what | what happens | override |
| --- | --- | --- |
| one folder of pictures for each class | classes | `classes_from = \"labels\"` |
| a folder around the class folders, such as `PetImages/Cat` | skipped over, in a folder and in a zip | none |
| folders named as dates, years and months, cameras or batches | an unlabelled album, with a note | `classes_from = \"folders\"` |
| a `labels.csv` that names none of the folders | an album with those labels | `classes_from = \"folders\"` |
| `train/cat` and `cat/train`, also `Training_Set` | a split | rename the folder |
| folders of systems (`@eaDir`, `$RECYCLE.BIN`, `lost+found`) and backup files (`x.png~`) | left out, with a note | rename it |
| links to what is inside the folder | followed; a folder is read once | none |
| links that lead out of the folder | not followed; a note says how many | put the files themselves there |
| zips with backslashes, `./`, drive letters | read as they were meant | none |
| camera raw files, `.tar`, `.7z`, `.rar` | named, with the remedy | convert or unpack it |
| a picture of more than 100 million pixels, or a file of more than 256 MB | skipped and named, before memory is taken | `max_pixels`, `max_bytes` |
| a packed table or array that unpacks to more than 4 GiB | refused | unpack it, or `max_unpacked` |
| a row of a text table of more than 64 MB, a table that does not fit into the memory | refused, before memory is taken | fewer rows or columns |
| 1,000 classes or more | a note; refused if most come once, as ids do, or if their probabilities do not fit into the memory | `label = \"…\"`, `classes = […]` |
| colour where grey is wanted | weights of BT.601, as in Pillow and OpenCV | none |
| 16-bit files of which all use only 8, 10, 12 or 14 bits | stretched, with a note | `bits` |
";

fn list<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> String {
    // A pipe would end the cell.
    let word = |word: S| match word.as_ref() {
        "" => "an empty cell".into(),
        word => format!("`{}`", word.replace('|', "\\|")),
    };
    words.into_iter().map(word).collect::<Vec<_>>().join(", ")
}

fn page() -> String {
    let mut page =
        format!("{INTRO}\n## Words and names\n\n| what | recognised | override |\n| --- | --- | --- |\n");
    let index = INDEX.map(|(start, end)| format!("{start}0{end}"));
    let separators = SEPARATORS.map(|(_, name)| name);
    let rows = [
        ("column of ids", list(ID), "`id = \"…\"`"),
        ("column of labels", list(LABEL), "`label = \"…\"`"),
        ("column of labels, if no other is", list(LABEL_TOO), "`label = \"…\"`"),
        ("column of `train` and `test`", list(SPLIT), "`split = \"…\"`"),
        ("column of texts, used alone", list(TEXT), "`text = \"…\"`, `features = […]`"),
        ("index, no feature", format!("an empty heading, {}", list(index)), "`features = […]`"),
        (
            "index, if whole numbers differ in all rows",
            format!("{}, names that end in `_id` or `Id`", list(INDEX_TOO)),
            "`features = […]`",
        ),
        (
            "index, by its values",
            "whole numbers that count the rows from 0 or 1, in any order".into(),
            "`features = […]`",
        ),
        ("columns of labelling tools, no features", list(TOOL), "`features = […]`"),
        (
            "answers of labelling tools",
            format!("column `{ANSWER}` with {}", list(ANSWERS)),
            "`features = […]`",
        ),
        (
            "missing values, features and labels",
            list(MISSING),
            "`missing = […]` adds words; `classes = […]` makes one a class",
        ),
        ("separators", format!("{}; Excel's line `sep=;`", separators.join(", ")), "`separator = \"…\"`"),
        ("signs that join labels", list(classes::JOINTS.map(String::from)), "`classes = […]`"),
        ("column of ids in `labels.csv`", list(labels::IDS), "rename it"),
        (
            "answer that no label is wanted",
            format!("an empty cell, {}", list([labels::SKIP])),
            "remove the row",
        ),
    ];
    for (what, recognised, instead) in rows {
        writeln!(page, "| {what} | {recognised} | {instead} |").unwrap();
    }
    page + END
}

#[test]
fn the_page_about_own_data_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/data.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, page()).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == page(), "docs/data.md is stale: run UPDATE_DOCS=1 cargo test -p deepal-data --lib page");
}
