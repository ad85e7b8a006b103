//! Small files that would become much: refused by name, before memory is taken.

use super::*;
use flate2::{Compression, write::GzEncoder};
use std::io::Write;

fn packed(parts: &[(&[u8], usize)]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    for (part, times) in parts {
        let block = part.repeat((1 << 16) / part.len());
        for _ in 0..times * part.len() / block.len() {
            packed.write_all(&block).unwrap();
        }
        packed.write_all(&part.repeat(times % (block.len() / part.len()))).unwrap();
    }
    packed.finish().unwrap()
}

#[test]
fn a_packed_table_or_array_that_becomes_too_much_is_refused_with_the_remedy() {
    let table = packed(&[(b"a,b,label\n", 1), (b"1.5,2.25,u\n2.5,1.25,v\n", 10_000)]);
    let lines = packed(&[(b"{\"a\":1.5,\"label\":\"u\"}\n{\"a\":2.5,\"label\":\"v\"}\n", 10_000)]);
    let mut array = b"\x93NUMPY\x01\x00\x46\x00".to_vec();
    array.extend(
        format!("{:<69}\n", "{'descr': '<f4', 'fortran_order': False, 'shape': (50000, 1), }").bytes(),
    );
    let array = packed(&[(&array, 1), (&[0, 0, 128, 63], 50_000)]);
    for (name, bytes) in [("x.csv.gz", &table), ("x.jsonl.gz", &lines), ("x.npy.gz", &array)] {
        assert!(bytes.len() < 10_000, "{name}");
        assert!(open(name, bytes, "").is_ok(), "{name}");
        assert!(open(name, bytes, "max_unpacked = 10000000").is_ok(), "{name}");
        let text = error(name, bytes, "max_unpacked = 100000");
        has(
            &text,
            &[name, "unpacks to more than 100000 bytes", "unpack it yourself", "`max_unpacked` in data.toml"],
        );
    }
}

#[test]
fn a_row_without_end_is_refused() {
    let endless = packed(&[(b"a,b,label\n1,\"", 1), (b"x", 70_000_000)]);
    has(&error("x.csv.gz", &endless, ""), &["has a row of more than 64 MB", "a quote is never closed"]);
    let endless = packed(&[(b"{\"a\":\"", 1), (b"x", 70_000_000)]);
    has(&error("x.jsonl.gz", &endless, ""), &["line 1 has 67108864 bytes or more", "one object a line"]);
}

#[test]
fn ids_are_no_classes_and_many_classes_are_said() {
    let table = |classes: usize| {
        (0..6000).fold("a,b,label\n".to_owned(), |mut text, i| {
            let _ = writeln!(text, "{}.5,{}.25,u{}", i % 7, i % 11, i % classes);
            text
        })
    };
    has(
        &error("x.csv", table(6000), ""),
        &["has 6000 different labels in 6000 rows", "`label` in data.toml"],
    );
    // Where most rows have none yet, labels that come once are how labelling begins.
    let begun = (0..2500).fold("a,b,label\n".to_owned(), |mut text, i| {
        let label = if i < 1100 { format!("u{i}") } else { String::new() };
        let _ = writeln!(text, "{}.5,{}.25,{label}", i % 7, i % 11);
        text
    });
    assert_eq!(open("x.csv", begun, "").unwrap().classes.len(), 1100);
    let few = open("x.csv", table(999), "").unwrap();
    assert!(!notes(&few).contains("classes, and"), "{}", notes(&few));
    let many = open("x.csv", table(1000), "").unwrap();
    has(&notes(&many), &["there are 1000 classes, and 6000 samples have a label"]);
}
