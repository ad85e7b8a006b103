//! Tables: CSV, TSV, JSON lines, Parquet, packed and not, and files of answers.

use super::{Reader, as_it_is, gzip, look};
use deepal::formats::columns::Columns;
use deepal::source::{Open, Source};
use std::fs;
use std::path::Path;

fn text(separator: &str) -> Vec<u8> {
    let rows = (0..30).map(|i| {
        let cells =
            [i.to_string(), format!("{}.5", i * 7 % 11), format!("word {}", i % 5), format!("c{}", i % 3)];
        cells.join(separator) + "\n"
    });
    let heading = ["id", "a", "b", "label"].join(separator) + "\n";
    (heading + &rows.collect::<String>()).into_bytes()
}

fn lines() -> Vec<u8> {
    let line = |i: usize| {
        format!("{{\"id\":{i},\"x\":[{i},0.5,null],\"label\":\"c{}\",\"n\":{{\"m\":1}}}}\n", i % 3)
    };
    (0..20).map(line).collect::<String>().into_bytes()
}

/// A table of picks, which has numbers, texts and columns with gaps.
fn parquet() -> Vec<Vec<u8>> {
    use deepal::outputs::tables::{self, Pick};
    let ids = ["s1", "s2", "sample three"];
    let pick = |i: usize| Pick {
        rank: i,
        id: Some(ids[i % 3]),
        row: i,
        score: i.is_multiple_of(2).then_some(0.5 * i as f64),
    };
    vec![tables::picks(&(0..40).map(pick).collect::<Vec<_>>()).unwrap()]
}

fn table(path: &Path) {
    look(path);
    let _ = Columns::read(path);
    let _ = Columns::peek(path, "*");
}

fn hold(test: &str, file: &str, seeds: Vec<Vec<u8>>, wrap: fn(&[u8]) -> Vec<u8>) {
    Reader { test, file, seeds, wrap, beside: &|_| {}, read: &table }.hold();
}

#[test]
fn csv() {
    let crlf = String::from_utf8(text(";")).unwrap().replace('\n', "\r\n").into_bytes();
    let quoted = b"\xef\xbb\xbfid,text,label\n1,\"one, \"\"two\"\"\nthree\",u\n2,four,v\n".to_vec();
    hold("tables::csv", "x.csv", vec![text(","), crlf, quoted], as_it_is);
}

#[test]
fn tsv() {
    hold("tables::tsv", "x.tsv", vec![text("\t")], as_it_is);
}

#[test]
fn jsonl() {
    hold("tables::jsonl", "x.jsonl", vec![lines(), b"{\"a\":[[[[[[1]]]]]]}\n".to_vec()], as_it_is);
}

#[test]
fn gzip_of_csv() {
    hold("tables::gzip_of_csv", "x.csv.gz", vec![text(",")], gzip);
}

#[test]
fn gzip_itself() {
    hold("tables::gzip_itself", "x.jsonl.gz", vec![gzip(&lines()), gzip(&vec![b'a'; 1 << 20])], as_it_is);
}

#[test]
fn parquets() {
    hold("tables::parquets", "x.parquet", parquet(), as_it_is);
}

#[test]
fn labels() {
    let beside = |folder: &Path| fs::write(folder.join("x.csv"), text(",")).unwrap();
    let seeds = vec![b"id,label\n1,c0\n2,skip\n3,\n99,c1\n".to_vec(), text(",")];
    let read = |path: &Path| look(&path.with_file_name("x.csv"));
    Reader {
        test: "tables::labels",
        file: "labels.csv",
        seeds,
        wrap: as_it_is,
        beside: &beside,
        read: &read,
    }
    .hold();
}

fn answers(test: &str, file: &str, seeds: Vec<Vec<u8>>) {
    let beside = |folder: &Path| fs::write(folder.join("x.csv"), text(",")).unwrap();
    let read = |path: &Path| {
        let source = Source::open(&path.with_file_name("x.csv"), &Open::default()).unwrap();
        let _ = source.answers(path);
    };
    Reader { test, file, seeds, wrap: as_it_is, beside: &beside, read: &read }.hold();
}

#[test]
fn answers_of_label_studio() {
    let choice = r#"{"type":"choices","value":{"choices":["c0"]}}"#;
    let task = format!(r#"[{{"id":1,"data":{{"id":"1"}},"annotations":[{{"result":[{choice}]}}]}}]"#);
    answers("tables::answers_of_label_studio", "answers.json", vec![task.into()]);
}

#[test]
fn answers_of_prodigy() {
    let line = b"{\"id\":\"1\",\"label\":\"c0\",\"answer\":\"accept\"}\n".to_vec();
    answers("tables::answers_of_prodigy", "answers.jsonl", vec![line]);
}
