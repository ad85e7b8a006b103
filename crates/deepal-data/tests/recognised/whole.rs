//! All of it together, and arrays without anything in them.

use super::*;
use std::collections::BTreeMap;

/// The inputs and the label of each id.
fn by_id(own: &Source) -> BTreeMap<String, (Vec<u32>, Option<String>)> {
    let inputs = own.inputs.inputs(&(0..own.ids.len()).collect::<Vec<_>>()).unwrap();
    let bits = |row: ndarray::ArrayView1<'_, f32>| row.iter().map(|x| x.to_bits()).collect();
    let labels = label_names(own).into_iter().map(|label| label.map(str::to_owned));
    own.ids.iter().cloned().zip(inputs.outer_iter().map(bits).zip(labels)).collect()
}

/// A cell of a text table, quoted if it must be or by chance.
fn cell(text: &str, separator: &str, numbers: &mut Numbers) -> String {
    let must = text.contains([',', ';', '\t', '|', '"', '\n']) || text.contains(separator);
    if must || numbers.below(3) == 0 { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.into() }
}

#[test]
fn any_order_separator_quoting_line_end_and_mark_give_the_same_table_to_the_bit() {
    let heading = ["", "id", "x", "count", "colour", "with, comma", "label"];
    let colours = ["red", "blue", "dark \"green\"", "a;b", ""];
    let table = (0..60).map(|i| {
        vec![
            i.to_string(),
            format!("r{:02}", i * 37 % 100),
            format!("{}.{:03}", i * 7 % 13, i * 7919 % 1000),
            if i % 9 == 4 { "NA".into() } else { (i * i % 31).to_string() },
            colours[i % 5].to_owned(),
            format!("-0.{}", i * 101 % 97),
            ["cat", "dog", "?"][i % 3].to_owned(),
        ]
    });
    let table = table.collect::<Vec<_>>();
    let mut expected = None;
    for seed in 0..60 {
        let mut numbers = Numbers(seed);
        let (mut rows, mut order) = (table.clone(), (0..heading.len()).collect::<Vec<_>>());
        if seed > 0 {
            numbers.shuffle(&mut rows);
            numbers.shuffle(&mut order);
        }
        let separator = [",", ";", "\t", "|"][seed as usize % 4];
        let end = ["\n", "\r\n"][numbers.below(2)];
        let has_commas = separator != "," && numbers.below(2) == 0;
        let mut text = ["", "\u{feff}"][numbers.below(2)].to_owned();
        for row in std::iter::once(heading.map(str::to_owned).to_vec()).chain(rows) {
            let number = |text: &String| {
                let is_decimal = has_commas && text.contains('.') && text.parse::<f64>().is_ok();
                if is_decimal { text.replace('.', ",") } else { text.clone() }
            };
            let cells = order.iter().map(|at| number(&row[*at])).collect::<Vec<_>>();
            let cells = cells.iter().map(|text| cell(text, separator, &mut numbers)).collect::<Vec<_>>();
            text += &(cells.join(separator) + end);
        }
        let name = ["x.csv", "x.tsv"][numbers.below(2)];
        let found = by_id(&open(name, &text, "").unwrap_or_else(|error| panic!("{error}\n{text}")));
        assert!(found.values().any(|(_, label)| label.is_none()));
        assert_eq!(*expected.get_or_insert_with(|| found.clone()), found, "seed {seed}\n{text}");
    }
}

#[test]
fn zero_size_and_huge_arrays_are_refused_by_name() {
    let npy = |descriptor: &str, shape: &str| {
        let text = format!("{{'descr': '{descriptor}', 'fortran_order': False, 'shape': {shape}, }}\n");
        [b"\x93NUMPY\x01\x00", &u16::try_from(text.len()).unwrap().to_le_bytes()[..], text.as_bytes()]
            .concat()
    };
    for (descriptor, shape) in [
        ("<f4", "(4294967296, 0)"),
        ("<f4", "(1152921504606846976, 0, 3)"),
        ("|S0", "(1152921504606846976,)"),
        ("<U0", "(3,)"),
        ("<f4", "(0, 1152921504606846976)"),
        ("<f4", "(2, 0)"),
        ("<f4", "(1152921504606846976, 1152921504606846976)"),
    ] {
        let bytes = npy(descriptor, shape);
        let text = open_all(&[("x.npy", &bytes)]).unwrap_err().to_string();
        has(&text, &["x.npy", "shape"]);
        let (two, data) = (npy("<f4", "(2, 2)"), [0; 16]);
        let x = [&two[..], &data].concat();
        for key in ["id", "label"] {
            let manifest = format!("source = \"x.npy\"\n{key} = \"s.npy\"\n");
            let text = open_all(&[("x.toml", manifest.as_bytes()), ("x.npy", &x), ("s.npy", &bytes)])
                .unwrap_err()
                .to_string();
            has(&text, &["s.npy"]);
        }
    }
}
