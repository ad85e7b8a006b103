//! What people really have: each kind of table is read rightly, or refused by name. All inputs are made here.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod answers;
mod labels;
mod limits;
mod parquets;
mod tables;
mod whole;

use deepal_data::source::{Open, Source};
use std::fmt::Write as _;
use std::fs;

/// What becomes of files, the first of which is opened.
fn open_all(files: &[(&str, &[u8])]) -> deepal_data::Result<Source> {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    Source::open(&folder.path().join(files[0].0), &Open::default())
}

/// What becomes of a table with this text, and of a manifest beside it.
fn open(name: &str, text: impl AsRef<[u8]>, manifest: &str) -> deepal_data::Result<Source> {
    let manifest = format!("source = \"{name}\"\n{manifest}");
    open_all(&[(name, text.as_ref()), (&format!("{name}.data.toml"), manifest.as_bytes())])
}

fn error(name: &str, text: impl AsRef<[u8]>, manifest: &str) -> String {
    open(name, text, manifest).unwrap_err().to_string()
}

/// Checks that all words are in a text.
fn has(text: &str, words: &[&str]) {
    assert!(words.iter().all(|word| text.contains(word)), "{words:?}: {text}");
}

fn notes(own: &Source) -> String {
    own.notes.join("\n")
}

fn problems(own: &Source) -> String {
    own.problems.iter().map(|problem| format!("{} {}\n", problem.what, problem.why)).collect()
}

fn label_names(own: &Source) -> Vec<Option<&str>> {
    own.labels.iter().map(|label| label.map(|class| own.classes[class.index()].as_str())).collect()
}

/// The columns that are of a role.
fn of_role<'a>(own: &'a Source, role: &str) -> Vec<&'a str> {
    own.roles.iter().filter(|found| found.role == role).map(|found| found.column.as_str()).collect()
}

/// A small generator, so that cases are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        (1..items.len()).for_each(|at| items.swap(at, self.below(at + 1)));
    }
}

/// Ids, two numbers and a label: `r0;0.5;…`, with what is between the cells and before the decimals.
fn rows(n: usize, separator: &str, decimal: &str) -> String {
    let mut text = ["id", "a", "b", "label"].join(separator) + "\n";
    for i in 0..n {
        let a = format!("{}{decimal}{}", i % 5, 125 * (i % 8));
        let b = format!("-{}{decimal}{:02}", i % 3, (i * 37) % 100);
        let label = ["ham", "spam"][i % 2];
        writeln!(text, "{}", [&format!("r{i}"), &a, &b, label].join(separator)).unwrap();
    }
    text
}

fn png(seed: u8) -> Vec<u8> {
    let picture = image::RgbImage::from_fn(8, 6, |x, y| image::Rgb([seed, x as u8 * 20, y as u8 * 30]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}
